"""`/bot-info`, `/restart` and `/test`: the bot itself."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint
from typing_extensions import TypedDict

from opium.kit import Refused, Visit, visit
from opium.modules.telegram_bot import asking, config, module, texts, whitelist
from opium.modules.telegram_bot.models import BotSetup
from opium.modules.telegram_bot.routes.answers import Ok
from opium.modules.telegram_bot.routes.bodies import Nothing
from opium.modules.telegram_bot.telegram import Me, TelegramError
from opium.schema import closed, typed


@closed
class BotView(TypedDict):
    online: bool
    username: str | None
    first_name: str | None
    bot_id: int | None


@closed
class Tested(TypedDict):
    ok: Literal[True]
    sent: int
    total: int


@typed
def bot_info() -> BotView:
    """Whether Telegram answers the bot now, and who it is there."""
    here = visit(module)
    row = _setup(here)
    me = None
    if row.token_sealed is not None:
        me = asking.look(here, config.token(here.vault, row), row.token_sealed)
    return {
        "online": me is not None,
        "username": me.username if me else None,
        "first_name": me.first_name if me else None,
        "bot_id": me.id if me else None,
    }


@typed
def restart(body: Nothing | None) -> Ok:
    """Ask Telegram who the bot is, and begin anew to listen to it."""
    here = visit(module)
    row = _setup(here)
    me = _answering(here, row)
    with here.work() as work:
        config.learn(config.setup(work.db, here.account_id), me)
    asking.has_answered(here, me.id)
    here.audit("BOT_RESTARTED", here.account_id)
    return {"ok": True}


@typed
def test_message(body: Nothing | None) -> Tested:
    """Write to everybody on the whitelist now; how many got it."""
    here = visit(module)
    row = _setup(here)
    _answering(here, row)
    with here.read() as db:
        people = [user.telegram_id for user in whitelist.users(db, here.account_id)]
    if not people:
        raise Refused("The whitelist is empty: add a Telegram user first.")
    text = f"[{here.account_id}] {texts.say(here.settings.language, 'test')}"
    told = asking.tell(here, config.token(here.vault, row), people, text)
    with here.work() as work:
        whitelist.heard(work.db, here.account_id, told)
    sent = sum(reason is None for reason in told.values())
    return {"ok": True, "sent": sent, "total": len(people)}


def register(routes: Blueprint) -> None:
    routes.get("/bot-info")(bot_info)
    routes.post("/restart")(restart)
    routes.post("/test")(test_message)


def _setup(here: Visit) -> BotSetup:
    with here.read() as db:
        return config.setup(db, here.account_id)


def _answering(here: Visit, row: BotSetup) -> Me:
    """The bot, which answers now; Refused if there is none, or Telegram does not know it."""
    if row.token_sealed is None:
        raise Refused("The bot is not running: set its bot_token first.")
    try:
        return asking.who(here, config.token(here.vault, row))
    except TelegramError as exc:
        raise Refused(f"The bot is not running: {exc}") from None
