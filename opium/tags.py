"""Which orders are whose business: the tags of all modules of an account (contract 7.1)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from opium.attachments import Attached, Attachments
from opium.db.session import Database
from opium.funpay.models import OrderRow
from opium.module import TagContext, Tags

log = logging.getLogger("opium.modules")


def order_tags(
    db: Database, attachments: Attachments, account_id: str, orders: Sequence[OrderRow] | None
) -> dict[str, Any]:
    """The answer of `order-tags`; without `orders` the modules tag from their own rows.

    The first module in attach order wins an order; one that raises is skipped and logged.
    """
    tags: dict[str, dict[str, str]] = {}
    modules: list[str] = []
    games: dict[str, list[dict[str, str]]] = {}
    for attached in attachments.of(account_id):
        found = _of_module(db, attached, account_id, tuple(orders or ()))
        if found is None:
            continue
        name = attached.module.name
        if found.by_order:
            modules.append(name)
        for order_id, tag in found.by_order.items():
            tags.setdefault(order_id, {"module": name, **tag})
        if found.games:
            games[name] = [
                {"game_id": game, "game_name": found.games[game]} for game in sorted(found.games)
            ]
    return {"tags": tags, "modules": modules, "games": games}


def _of_module(
    db: Database, attached: Attached, account_id: str, orders: tuple[OrderRow, ...]
) -> Tags | None:
    if attached.module.tagger is None:
        return None
    try:
        with db.read() as session:
            return attached.module.tagger(
                TagContext(session, account_id, attached.settings, orders)
            )
    except Exception:
        log.exception("[%s] The tags of %s failed", account_id, attached.module.name)
        return None
