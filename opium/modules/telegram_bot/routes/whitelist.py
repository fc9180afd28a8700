"""`/whitelist`: who may use the bot."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint
from typing_extensions import TypedDict

from opium.kit import visit
from opium.modules.telegram_bot import module, whitelist
from opium.modules.telegram_bot.routes.answers import Ok
from opium.modules.telegram_bot.routes.bodies import NewUser, TelegramId, UserPatch
from opium.schema import closed, typed


@closed
class UserView(TypedDict):
    telegram_id: int
    label: str


@closed
class Added(TypedDict):
    ok: Literal[True]
    telegram_id: int


@typed
def list_users() -> list[UserView]:
    """All users of the bot, oldest first."""
    here = visit(module)
    with here.read() as db:
        found = whitelist.users(db, here.account_id)
        return [{"telegram_id": row.telegram_id, "label": row.label} for row in found]


@typed(errors=(409,))
def add_user(body: NewUser) -> Added:
    """Let somebody see the notices and press the buttons."""
    here = visit(module)
    with here.work() as work:
        whitelist.add(work, body.telegram_id, body.label)
    here.audit("TELEGRAM_USER_ADDED", f"{here.account_id}: {body.telegram_id}")
    return {"ok": True, "telegram_id": body.telegram_id}


@typed
def rename_user(telegram_id: TelegramId, body: UserPatch) -> Ok:
    """Give him another label."""
    here = visit(module)
    with here.work() as work:
        whitelist.find(work.db, here.account_id, telegram_id).label = body.label
    return {"ok": True}


@typed
def remove_user(telegram_id: TelegramId) -> Ok:
    """From now on the bot does not know him."""
    here = visit(module)
    with here.work() as work:
        work.db.delete(whitelist.find(work.db, here.account_id, telegram_id))
    here.audit("TELEGRAM_USER_REMOVED", f"{here.account_id}: {telegram_id}")
    return {"ok": True}


def register(routes: Blueprint) -> None:
    routes.get("/whitelist")(list_users)
    routes.post("/whitelist")(add_user)
    routes.patch("/whitelist/<telegram_id>")(rename_user)
    routes.delete("/whitelist/<telegram_id>")(remove_user)
