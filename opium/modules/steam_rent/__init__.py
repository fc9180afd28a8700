"""steam_rent: rents out Steam accounts (contract 9, 10).

orders      a paid order: a rental, or it waits;  pick: which account;  mappings: which game
rentals     from the handing out to the end;  reviews: the bonus;  codes: Guard codes
commands    what buyers write;  say, messages, texts, times: what they are told
release     the end as a journal of jobs;  office, operation, carrying: a job at Steam
accounts    Steam accounts and their secrets;  games, proxies, choosing, health: what is set
steam       the client of Steam
"""

from pathlib import Path

from opium.kit import Module
from opium.modules.steam_rent.settings import SteamRentSettings

module = Module(
    "steam_rent",
    title="Аренда Steam",
    settings=SteamRentSettings,
    blueprint=lambda: routes.blueprint(),
    migrations=Path(__file__).parent / "migrations",
    takes_orders=True,
)

# These record on `module`, so they come after it.
from opium.modules.steam_rent import (  # noqa: E402
    figures,  # noqa: F401
    handlers,  # noqa: F401
    models,  # noqa: F401
    reconcile,  # noqa: F401
    routes,
    rows,  # noqa: F401
    tags,  # noqa: F401
    tasks,  # noqa: F401
)
