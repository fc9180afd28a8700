"""Mappings as rows: what `matching` is given for an account."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from opium.kit import Conflict, Invalid, NotFound
from opium.modules.steam_rent.matching import OwnLot, Pattern, choose, fold, lot_of_address
from opium.modules.steam_rent.models import LotMapping, RentLot

_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Found:
    """The mapping for an order. `unsure`: lots of the same title are offers of other things."""

    mapping: LotMapping
    unsure: bool


def of_account(db: Session, account_id: str) -> list[LotMapping]:
    """All mappings in stored order, which is their index."""
    rows = select(LotMapping).where(LotMapping.account_id == account_id)
    return list(db.scalars(rows.order_by(LotMapping.id)))


def for_title(db: Session, account_id: str, lot_title: str) -> Found | None:
    """The active mapping of an order with this short description; its game may be gone."""
    rows = {row.mapping_id: row for row in of_account(db, account_id)}
    patterns = [pattern_of(row) for row in rows.values()]
    choice = choose(lot_title, patterns, own_lots(db, account_id))
    return Found(rows[choice.pattern.mapping_id], choice.unsure) if choice else None


def pattern_of(row: LotMapping) -> Pattern:
    """The mapping as `matching` knows it."""
    return Pattern(
        mapping_id=row.mapping_id,
        text="" if row.lot_id is not None else row.key,
        lot_id=row.lot_id,
        game_id=row.game_id,
        minutes=row.rent_minutes,
        bonus_minutes=row.bonus_minutes,
        min_rating=row.min_rating,
    )


def own_lots(db: Session, account_id: str) -> list[OwnLot]:
    """The lots as last read."""
    rows = db.scalars(select(RentLot).where(RentLot.account_id == account_id))
    return [OwnLot(row.lot_id, fold(row.title), row.active) for row in rows]


def wants_lots(db: Session, account_id: str) -> bool:
    """Whether some mapping is for one lot, so that the lots must be known."""
    return any(row.lot_id is not None for row in of_account(db, account_id))


def store_lots(db: Session, account_id: str, lots: Iterable[tuple[int, str, bool]]) -> None:
    """Replace what is known of the own lots: (lot id, title, active)."""
    db.execute(delete(RentLot).where(RentLot.account_id == account_id))
    db.add_all(
        RentLot(account_id=account_id, lot_id=lot_id, title=title, active=active)
        for lot_id, title, active in {lot[0]: lot for lot in lots}.values()
    )
    db.flush()


def find(db: Session, account_id: str, key: str, named: str | None = None) -> LotMapping:
    """By index if `key` is digits only, else by mapping_id; `named` goes before an index, since
    the list may have changed since the client saw it."""
    rows = of_account(db, account_id)
    if _is_index(key) and not named:
        rows = rows[int(key) :]
    else:
        wanted = named if _is_index(key) else key
        rows = [row for row in rows if row.mapping_id == wanted]
    if not rows:
        raise NotFound("Lot mapping not found")
    return rows[0]


def set_pattern(row: LotMapping, pattern: str, lot_id: int | None) -> None:
    """Store pattern and lot. An address in the pattern names the lot; a lot that came from an
    address goes with it, since a client sends back what it was shown."""
    before, shown = row.lot_pattern, row.lot_id
    named = lot_of_address(pattern)
    if named is None and before is not None and lot_id == shown == lot_of_address(before):
        lot_id = None
    row.lot_pattern, row.lot_id = pattern, named or lot_id
    # No folded text has two spaces: texts and lots never meet.
    row.key = f"lot  {row.lot_id}" if row.lot_id is not None else fold(pattern)
    if not row.key:
        raise Invalid("lot_pattern must not be blank.")


def refuse_twin(db: Session, row: LotMapping) -> None:
    """409 if another mapping of the account has the same pattern, or is for the same lot."""
    twin = select(LotMapping.id).where(
        LotMapping.account_id == row.account_id, LotMapping.key == row.key
    )
    with db.no_autoflush:
        known = db.scalars(twin).all()
    if any(id_ != row.id for id_ in known):
        what = "pattern" if row.lot_id is None else "lot"
        raise Conflict(f"There is a mapping with this {what} already.")


def new_id() -> str:
    return f"lm_{secrets.token_hex(4)}"


def _is_index(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) <= _MOST_DIGITS
