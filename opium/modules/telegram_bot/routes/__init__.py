"""The routes under `/api/accounts/<account>/modules/telegram_bot` (contract 11)."""

from flask import Blueprint

from opium.modules.telegram_bot.routes import bot, buttons, config, events, watchers, whitelist

PARTS = (config, whitelist, events, bot, watchers, buttons)


def blueprint() -> Blueprint:
    """The routes, made anew for each application."""
    routes = Blueprint("telegram_bot", __name__)
    for part in PARTS:
        part.register(routes)
    return routes
