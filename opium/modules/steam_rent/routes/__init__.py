"""The routes under `/api/accounts/<account>/modules/steam_rent` (contract 9)."""

from flask import Blueprint

from opium.modules.steam_rent.routes import (
    accounts,
    games,
    mappings,
    messages,
    overview,
    pending,
    proxies,
    proxy_lists,
    rentals,
    steam,
)

PARTS = (
    overview,
    games,
    mappings,
    accounts,
    proxies,
    proxy_lists,
    messages,
    rentals,
    pending,
    steam,
)


def blueprint() -> Blueprint:
    """The routes, made anew for each application."""
    routes = Blueprint("steam_rent", __name__)
    for part in PARTS:
        part.register(routes)
    return routes
