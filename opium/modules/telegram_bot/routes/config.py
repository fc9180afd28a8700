"""`/config`: the bot's token, and what it tells."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint
from typing_extensions import TypedDict

from opium.kit import Refused, Visit, visit
from opium.modules.telegram_bot import asking, config, module
from opium.modules.telegram_bot.routes.bodies import ConfigPatch
from opium.modules.telegram_bot.telegram import Me, TelegramError
from opium.schema import closed, typed


@closed
class EventChoice(TypedDict):
    key: config.EventKey
    label: str


@closed
class ConfigView(TypedDict):
    bot_token: str
    has_token: bool
    notify_events: list[str]
    available_events: list[EventChoice]


@closed
class Changed(TypedDict):
    ok: Literal[True]
    restarted: bool


@typed
def get_config() -> ConfigView:
    """The token masked, the events that are told, and all that could be."""
    here = visit(module)
    with here.read() as db:
        row = config.setup(db, here.account_id)
    return {
        "bot_token": config.masked(row),
        "has_token": row.token_sealed is not None,
        "notify_events": row.notify_events,
        "available_events": [{"key": key, "label": config.EVENTS[key]} for key in config.EVENTS],
    }


@typed
def change_config(body: ConfigPatch) -> Changed:
    """Change what is given, all or nothing. Telegram must know a new token; else the old one
    stays in force."""
    here = visit(module)
    given = body.model_fields_set
    token = body.bot_token if "bot_token" in given else config.MASK
    me = _known(here, token) if token and config.MASK not in token else None
    with here.work() as work:
        if "notify_events" in given:
            config.choose_events(work, body.notify_events)
        if me is not None:
            config.put_in_force(work, token, me)
        elif not token:
            config.remove_token(work)
    if me is not None:
        asking.has_answered(here, me.id)
    _audit(here, given, token)
    return {"ok": True, "restarted": me is not None}


def register(routes: Blueprint) -> None:
    routes.get("/config")(get_config)
    routes.patch("/config")(change_config)


def _known(here: Visit, token: str) -> Me:
    """The bot of a new token; Refused if it has none."""
    config.check_form(token)
    try:
        return asking.who(here, token)
    except TelegramError as exc:
        raise Refused(f"The new bot_token is not used, nothing was changed: {exc}") from None


def _audit(here: Visit, given: set[str], token: str) -> None:
    if config.MASK not in token:
        here.audit("BOT_TOKEN_CHANGED" if token else "BOT_TOKEN_REMOVED", here.account_id)
    if "notify_events" in given:
        here.audit("CONFIG_CHANGED", f"{here.account_id}:telegram_bot notify_events")
