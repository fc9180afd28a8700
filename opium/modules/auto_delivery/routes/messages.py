"""`/messages`: the texts to buyers (the shape of contract 9.8)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from pydantic import ConfigDict

from opium.kit import Invalid, visit
from opium.modules.auto_delivery import messages, module
from opium.schema import Body, typed
from opium.text import MessagesPage

MAX_TEMPLATE = 2000


class Texts(Body):
    """Key → text; null or "" brings the default back. Unknown keys are ignored."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any]


class ChangedMessages(MessagesPage):
    ok: bool


@typed
def get_messages() -> MessagesPage:
    """Texts in force, defaults, groups and what the placeholders mean."""
    here = visit(module)
    with here.read() as db:
        return messages.CATALOGUE.page(messages.overrides(db, here.account_id))


@typed
def put_messages(body: Texts) -> ChangedMessages:
    """Change the texts that are given. One that would send no goods is refused."""
    given = {key: body.__pydantic_extra__[key] for key in _known(body)}
    for key, text in given.items():
        _check(key, text)
    here = visit(module)
    with here.work() as work:
        for key, text in given.items():
            messages.change(work.db, here.account_id, key, text)
        work.db.flush()
        page = messages.CATALOGUE.page(messages.overrides(work.db, here.account_id))
    return {"ok": True, **page}


def register(routes: Blueprint) -> None:
    routes.get("/messages")(get_messages)
    routes.put("/messages")(put_messages)


def _known(body: Texts) -> list[str]:
    return [key for key in body.__pydantic_extra__ if key in messages.CATALOGUE.templates]


def _check(key: str, text: Any) -> None:
    if text is None or text == "":
        return
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_TEMPLATE:
        raise Invalid(f"{key} must be a text of at most {MAX_TEMPLATE} characters, or null.")
    if lacking := messages.CATALOGUE.lacking(key, text):
        raise Invalid(f"{key} must contain {{{lacking[0]}}}.")
