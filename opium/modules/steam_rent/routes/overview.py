"""`/overview` and `/config`."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint
from pydantic import ConfigDict
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from opium.kit import visit
from opium.modules.steam_rent import module
from opium.modules.steam_rent.models import Game, LotMapping
from opium.modules.steam_rent.routes.bodies import ConfigPatch
from opium.modules.steam_rent.rows import Rental, RentOrder, SteamAccount
from opium.modules.steam_rent.settings import SteamRentSettings
from opium.schema import Answer, closed, typed


@closed
class Overview(TypedDict):
    active_rentals: int
    total_rentals: int
    free_accounts: int
    total_accounts: int
    total_games: int
    lot_mappings: int
    pending_orders: int


class ChangedConfig(Answer):
    model_config = ConfigDict(extra="forbid")

    ok: Literal[True]
    config: SteamRentSettings


@typed
def overview() -> Overview:
    """Figures for the dashboard. An account that is frozen or not released is not free."""
    here = visit(module)
    ours = here.account_id
    accounts = (SteamAccount.account_id == ours, ~SteamAccount.deleted)
    rentals = Rental.account_id == ours
    with here.read() as db:
        return {
            "active_rentals": _count(db, rentals, Rental.state == "active"),
            "total_rentals": _count(db, rentals),
            "free_accounts": _count(
                db, *accounts, SteamAccount.state == "free", ~SteamAccount.frozen
            ),
            "total_accounts": _count(db, *accounts),
            "total_games": _count(db, Game.account_id == ours),
            "lot_mappings": _count(db, LotMapping.account_id == ours),
            "pending_orders": _count(
                db, RentOrder.account_id == ours, RentOrder.state == "waiting"
            ),
        }


@typed
def get_config() -> SteamRentSettings:
    """The module's settings, with whatever else was stored beside them."""
    config: SteamRentSettings = visit(module).settings
    return config


@typed
def put_config(body: ConfigPatch) -> ChangedConfig:
    """Change the settings that are given; the others stay."""
    here = visit(module)
    with here.work() as work:
        work.save_settings(work.settings.model_copy(update=body.model_dump(exclude_unset=True)))
    return ChangedConfig(ok=True, config=here.settings)


def register(routes: Blueprint) -> None:
    routes.get("/overview")(overview)
    routes.get("/config")(get_config)
    routes.put("/config")(put_config)


def _count(db: Session, *where: ColumnElement[bool]) -> int:
    return db.scalar(select(func.count()).where(*where)) or 0
