"""steam_rent: rents out Steam accounts (contract 9, 10)."""

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
from opium.modules.steam_rent import models, routes, rows  # noqa: E402, F401
