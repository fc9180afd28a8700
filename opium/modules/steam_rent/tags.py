"""Which orders are shown as steam_rent's, and of which game (contract 7.1)."""

from __future__ import annotations

import re

from sqlalchemy import select

from opium.kit import TagContext, Tags
from opium.modules.steam_rent import games, mappings, module
from opium.modules.steam_rent.matching import choose, fold
from opium.modules.steam_rent.models import Game
from opium.modules.steam_rent.rows import RentOrder


@module.tags
def tags(context: TagContext) -> Tags:
    """Orders that were taken, and those of the list that a mapping fits or that name a game.

    The list's text may hold what a buyer typed: good enough for a tag, never for an account.
    """
    db, account_id = context.db, context.account_id
    known = games.of_account(db, account_id)
    names = {game.game_id: game.name for game in known}
    taken = select(RentOrder.order_id, RentOrder.game_id).where(RentOrder.account_id == account_id)
    found = {row[0]: row[1] for row in db.execute(taken)}
    patterns = [mappings.pattern_of(row) for row in mappings.of_account(db, account_id)]
    lots = mappings.own_lots(db, account_id)
    for order in context.orders:
        if order.order_id in found:
            continue
        text = fold(order.title)
        titles = [lot.title for lot in lots if lot.title and lot.title in text]
        choice = choose(max(titles, key=len, default=text), patterns, lots)
        game_id = choice.pattern.game_id if choice else _named(text, known)
        if game_id is not None:
            found[order.order_id] = game_id
    by_order = {
        order_id: {"game_id": game_id, "game_name": names.get(game_id, game_id)}
        for order_id, game_id in found.items()
    }
    return Tags(by_order, games=names)


def _named(text: str, known: list[Game]) -> str | None:
    """The game whose id or alias stands in the text as a word."""
    for game in known:
        for word in (game.key, *map(fold, game.aliases)):
            if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text):
                return game.game_id
    return None
