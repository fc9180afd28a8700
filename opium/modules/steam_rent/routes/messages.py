"""`/messages`: the texts to buyers (contract 9.8)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from opium.kit import Invalid, visit
from opium.modules.steam_rent import messages, module
from opium.modules.steam_rent.routes.bodies import Texts
from opium.modules.steam_rent.texts import CATALOGUE
from opium.schema import typed
from opium.text import MessagesPage

MAX_TEMPLATE = 2000


class ChangedMessages(MessagesPage):
    ok: bool


@typed
def get_messages() -> MessagesPage:
    """Texts in force, defaults, groups and what the placeholders mean."""
    here = visit(module)
    with here.read() as db:
        return CATALOGUE.page(messages.overrides(db, here.account_id))


@typed
def put_messages(body: Texts) -> ChangedMessages:
    """Change the texts that are given; one with unknown placeholders is marked as stale."""
    extra = body.__pydantic_extra__
    given = {key: extra[key] for key in extra if key in CATALOGUE.templates}
    for key, text in given.items():
        _check(key, text)
    here = visit(module)
    with here.work() as work:
        for key, text in given.items():
            messages.change(work.db, here.account_id, key, text)
        work.db.flush()
        page = CATALOGUE.page(messages.overrides(work.db, here.account_id))
    return {"ok": True, **page}


def register(routes: Blueprint) -> None:
    routes.get("/messages")(get_messages)
    routes.put("/messages")(put_messages)


def _check(key: str, text: Any) -> None:
    if text is None or text == "":
        return
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_TEMPLATE:
        raise Invalid(f"{key} must be a text of at most {MAX_TEMPLATE} characters, or null.")
