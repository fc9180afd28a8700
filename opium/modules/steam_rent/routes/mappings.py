"""`/lot-mappings`: which lots rent out which game, and for how long."""

from __future__ import annotations

from flask import Blueprint
from typing_extensions import TypedDict

from opium.kit import Invalid, Work, visit
from opium.modules.steam_rent import games, mappings, module
from opium.modules.steam_rent.models import LotMapping
from opium.modules.steam_rent.routes.answers import Ok
from opium.modules.steam_rent.routes.bodies import Mapping
from opium.schema import closed, typed


@closed
class MappingView(TypedDict):
    mapping_id: str
    lot_pattern: str
    lot_id: int | None
    game_id: str
    rent_minutes: int
    bonus_minutes: int
    min_rating_for_bonus: int


@typed
def list_mappings() -> list[MappingView]:
    """All mappings, oldest first; the place in this list is a mapping's index."""
    here = visit(module)
    with here.read() as db:
        return [view(row) for row in mappings.of_account(db, here.account_id)]


@typed(errors=(409,))
def create_mapping(body: Mapping) -> MappingView:
    """A new mapping; it concerns orders that are paid from now on."""
    here = visit(module)
    with here.work() as work:
        row = LotMapping(account_id=here.account_id, mapping_id=mappings.new_id())
        _store(work, row, body)
        return view(row)


@typed(errors=(409,))
def change_mapping(key: str, body: Mapping) -> MappingView:
    """Replace a mapping; `key` is its index or its id, and a `mapping_id` goes before an index."""
    here = visit(module)
    with here.work() as work:
        row = mappings.find(work.db, here.account_id, key, body.mapping_id)
        _store(work, row, body)
        return view(row)


@typed
def delete_mapping(key: str) -> Ok:
    """Forget a mapping; rentals and waiting orders keep what they were bought as."""
    here = visit(module)
    with here.work() as work:
        work.db.delete(mappings.find(work.db, here.account_id, key))
    return {"ok": True}


def register(routes: Blueprint) -> None:
    routes.get("/lot-mappings")(list_mappings)
    routes.post("/lot-mappings")(create_mapping)
    routes.put("/lot-mappings/<key>")(change_mapping)
    routes.delete("/lot-mappings/<key>")(delete_mapping)


def _store(work: Work, row: LotMapping, body: Mapping) -> None:
    game = games.of(work.db, work.account.id, body.game_id)
    if game is None:
        raise Invalid("game_id must name a game that exists.")
    with work.db.no_autoflush:
        mappings.set_pattern(row, body.lot_pattern, body.lot_id)
        mappings.refuse_twin(work.db, row)
    row.game_id = game.game_id
    row.rent_minutes, row.bonus_minutes = body.rent_minutes, body.bonus_minutes
    row.min_rating = body.min_rating_for_bonus
    work.db.add(row)
    work.db.flush()


def view(row: LotMapping) -> MappingView:
    return {
        "mapping_id": row.mapping_id,
        "lot_pattern": row.lot_pattern,
        "lot_id": row.lot_id,
        "game_id": row.game_id,
        "rent_minutes": row.rent_minutes,
        "bonus_minutes": row.bonus_minutes,
        "min_rating_for_bonus": row.min_rating,
    }
