"""`/lot-mappings` and `/lots`: which lots sell which product."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import select
from typing_extensions import TypedDict

from opium.kit import Invalid, NotFound, Work, visit
from opium.modules.auto_delivery import lots, mappings, module, products
from opium.modules.auto_delivery.matching import Pattern, by_lot
from opium.modules.auto_delivery.models import Lot, Mapping, Product
from opium.modules.auto_delivery.routes.answers import Done
from opium.modules.auto_delivery.routes.bodies import MappingPatch, NewMapping, Trial
from opium.schema import closed, typed


@closed
class MappingView(TypedDict):
    mapping_id: str
    product_id: str
    match: str
    pattern: str | None
    lot_id: int | None
    enabled: bool


@closed
class Tried(TypedDict):
    matched: bool
    mapping_id: str | None
    product_id: str | None
    match: str | None


@closed
class LotView(TypedDict):
    lot_id: int
    title: str
    active: bool
    mapping_id: str | None


@typed
def list_mappings() -> list[MappingView]:
    """All mappings, oldest first."""
    here = visit(module)
    rows = (
        select(Mapping, Product.product_id)
        .join(Product, Product.id == Mapping.product)
        .where(Mapping.account_id == here.account_id)
        .order_by(Mapping.id)
    )
    with here.read() as db:
        return [_view(row, name) for row, name in db.execute(rows)]


@typed(errors=(409,))
def create_mapping(body: NewMapping) -> MappingView:
    """A new mapping; it concerns orders that are paid from now on."""
    here = visit(module)
    with here.work() as work:
        row = Mapping(
            account_id=here.account_id, mapping_id=mappings.new_id(), enabled=body.enabled
        )
        given = body.model_dump(exclude={"product_id", "enabled"})
        _store(work, row, given, body.product_id)
        return _view(row, body.product_id)


@typed(errors=(409,))
def change_mapping(mapping_id: str, body: MappingPatch) -> MappingView:
    """Change what is given."""
    here = visit(module)
    given = body.model_dump(exclude_unset=True)
    with here.work() as work:
        row = mappings.find(work.db, here.account_id, mapping_id)
        product_id = (
            given.pop("product_id", None) or work.db.get_one(Product, row.product).product_id
        )
        row.enabled = given.pop("enabled", row.enabled)
        kept = {"match": row.match, "pattern": row.pattern, "lot_id": row.lot_id}
        _store(work, row, kept | given, product_id)
        return _view(row, product_id)


@typed
def delete_mapping(mapping_id: str) -> Done:
    """Forget a mapping; orders that wait because of it go on waiting."""
    here = visit(module)
    with here.work() as work:
        work.db.delete(mappings.find(work.db, here.account_id, mapping_id))
    return {"ok": True}


@typed
def try_mappings(body: Trial) -> Tried:
    """Which mapping an order with this short description gets. Nothing is handed out."""
    here = visit(module)
    with here.read() as db:
        patterns = mappings.usable(db, here.account_id)
        found = by_lot(body.lot_id, patterns) if body.lot_id else None
        if found is None:
            choice = mappings.for_title(db, here.account_id, body.description)
            found = choice.pattern if choice and not choice.unsure else None
        name = db.get_one(Product, found.product).product_id if found else None
    return _tried(found, name)


@typed
def list_lots() -> list[LotView]:
    """The account's own lots, read from FunPay now, each with the mapping it leads to."""
    here = visit(module)
    lots.refresh(here, here.account_id, here.funpay())
    with here.read() as db:
        patterns = mappings.usable(db, here.account_id)
        return [
            _lot(row, mappings.for_lot(row, patterns))
            for row in lots.of_account(db, here.account_id)
        ]


def register(routes: Blueprint) -> None:
    routes.get("/lot-mappings")(list_mappings)
    routes.post("/lot-mappings")(create_mapping)
    routes.put("/lot-mappings/<mapping_id>")(change_mapping)
    routes.delete("/lot-mappings/<mapping_id>")(delete_mapping)
    routes.post("/lot-mappings/test")(try_mappings)
    routes.get("/lots")(list_lots)


def _store(work: Work, row: Mapping, given: dict[str, Any], product_id: str) -> None:
    """Check and store; a lot mapping has no pattern, and the others no lot."""
    try:
        product = products.find(work.db, work.account.id, product_id)
    except NotFound:
        raise Invalid("product_id names no product.") from None
    by_number = given["match"] == "lot_id"
    pattern = None if by_number else (given["pattern"] or "").strip()
    lot_id = given["lot_id"] if by_number else None
    with work.db.no_autoflush:
        row.key = mappings.checked_key(given["match"], pattern, lot_id)
        row.product, row.match, row.pattern, row.lot_id = (
            product.id,
            given["match"],
            pattern,
            lot_id,
        )
        mappings.refuse_twin(work.db, row)
    work.db.add(row)
    work.db.flush()
    lots.read_soon(work)


def _view(row: Mapping, product_id: str) -> MappingView:
    return {
        "mapping_id": row.mapping_id,
        "product_id": product_id,
        "match": row.match,
        "pattern": row.pattern,
        "lot_id": row.lot_id,
        "enabled": row.enabled,
    }


def _tried(found: Pattern | None, product_id: str | None) -> Tried:
    return {
        "matched": found is not None,
        "mapping_id": found.mapping_id if found else None,
        "product_id": product_id,
        "match": found.how if found else None,
    }


def _lot(row: Lot, pattern: Pattern | None) -> LotView:
    return {
        "lot_id": row.lot_id,
        "title": row.title,
        "active": row.active,
        "mapping_id": pattern.mapping_id if pattern else None,
    }
