"""Mappings as rows: what `matching` is given for an account."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium.kit import Conflict, Invalid, NotFound
from opium.modules.auto_delivery.matching import (
    Choice,
    How,
    OwnLot,
    Pattern,
    by_lot,
    by_title,
    choose,
    fold,
)
from opium.modules.auto_delivery.models import Lot, Mapping, Product


def usable(db: Session, account_id: str) -> list[Pattern]:
    """Enabled mappings of enabled products, in the order they were made."""
    rows = db.scalars(
        select(Mapping)
        .join(Product, Product.id == Mapping.product)
        .where(Mapping.account_id == account_id, Mapping.enabled, Product.enabled)
        .where(~Product.deleted)
        .order_by(Mapping.id)
    )
    return [pattern_of(row) for row in rows]


def pattern_of(row: Mapping) -> Pattern:
    how: How = row.match  # type: ignore[assignment]  # checked when it was stored
    text = "" if how == "lot_id" else row.key
    return Pattern(row.mapping_id, row.product, how, text, row.lot_id)


def for_lot(lot: Lot, patterns: Sequence[Pattern]) -> Pattern | None:
    """The mapping that this one lot leads to."""
    return by_lot(lot.lot_id, patterns) or by_title(fold(lot.title), patterns)


def own_lots(db: Session, account_id: str, section_id: int | None = None) -> list[OwnLot]:
    """The lots as last read; of one section, if it is known."""
    rows = select(Lot).where(Lot.account_id == account_id)
    if section_id is not None:
        rows = rows.where(Lot.section_id == section_id)
    return [OwnLot(row.lot_id, fold(row.title), row.active) for row in db.scalars(rows)]


def for_title(
    db: Session, account_id: str, lot_title: str, section_id: int | None = None
) -> Choice | None:
    """The mapping of an order with this short description."""
    lots = own_lots(db, account_id, section_id)
    return choose(lot_title, usable(db, account_id), lots)


def price_per_piece(
    db: Session, account_id: str, lot_title: str, currency: str | None
) -> Decimal | None:
    """The lowest price of the lots with this title; None if it is not known."""
    rows = db.scalars(select(Lot).where(Lot.account_id == account_id, Lot.price.is_not(None)))
    title = fold(lot_title)
    prices = [
        Decimal(row.price)
        for row in rows
        if row.price and row.currency == currency and fold(row.title) == title
    ]
    return min(prices, default=None)


def find(db: Session, account_id: str, mapping_id: str) -> Mapping:
    row = db.scalar(
        select(Mapping).where(Mapping.account_id == account_id, Mapping.mapping_id == mapping_id)
    )
    if row is None:
        raise NotFound("Mapping not found")
    return row


def new_id() -> str:
    return f"dm_{secrets.token_hex(4)}"


def checked_key(match: str, pattern: str | None, lot_id: int | None) -> str:
    """What makes a mapping unique; Invalid if its parts do not fit together."""
    if match == "lot_id":
        if lot_id is None:
            raise Invalid("lot_id is required when match is lot_id.")
        return str(lot_id)
    key = fold(pattern or "")
    if not key:
        raise Invalid("pattern is required and must not be blank.")
    return key


def refuse_twin(db: Session, row: Mapping) -> None:
    """409 if another mapping of the account has the same match and pattern."""
    twin = select(Mapping.id).where(
        Mapping.account_id == row.account_id, Mapping.match == row.match, Mapping.key == row.key
    )
    with db.no_autoflush:
        known = db.scalars(twin).all()
    if any(id_ != row.id for id_ in known):
        raise Conflict("There is a mapping with this match and pattern already.")
