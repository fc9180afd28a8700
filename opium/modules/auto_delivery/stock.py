"""The shelf of a product: lines in, lines out. All of it runs inside the caller's transaction.

Every line is free, taken, burned or withdrawn, and the four always add up to what was imported
(D4). Lines are taken by one UPDATE that gives all of them or none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from opium.kit import Conflict, Handout, Work
from opium.modules.auto_delivery.models import Product, StockLine

MAX_ITEM = 4000
FEW = 500
KEPT = timedelta(days=30)
"""How long the text of a withdrawn line is kept, in case an export got lost on its way."""


class Opener(Protocol):
    """The vault, as far as reading needs it."""

    def open(self, sealed: bytes, context: str) -> str: ...

    def fingerprint(self, text: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Added:
    added: int
    skipped_duplicates: int
    skipped_empty: int


def fingerprint(vault: Opener, product: int, text: str) -> str:
    """By what equal texts of a product are found."""
    return vault.fingerprint(f"{product}:{text}")


def count_free(db: Session, product: int) -> int:
    """Lines that can be handed out."""
    return count(db, product, "free")


def count(db: Session, product: int, state: str) -> int:
    return (
        db.scalar(
            select(func.count())
            .select_from(StockLine)
            .where(StockLine.product == product, StockLine.state == state)
        )
        or 0
    )


def add(
    work: Work, product: Product, lines: Iterable[str], *, at_start: bool, skip_duplicates: bool
) -> Added:
    """Put lines on the shelf, at its end or before all others, keeping their order.

    Ends of lines are trimmed and empty ones skipped. A duplicate is a text that this product has
    or had, unless it was withdrawn.
    """
    given = [line.strip() for line in lines]
    texts = [line for line in given if line]
    prints = [fingerprint(work.vault, product.id, text) for text in texts]
    copies = _copies(work.db, product.id, prints)
    rows = []
    for text, mark in zip(texts, prints, strict=True):
        copy = copies.get(mark, -1) + 1
        if copy and skip_duplicates:
            continue
        copies[mark] = copy
        rows.append(
            {
                "product": product.id,
                "body_sealed": work.vault.seal(text, _context(product.id, mark)),
                "fingerprint": mark,
                "copy": copy,
                "state": "free",
                "added_at": work.now,
            }
        )
    first = _first_position(work.db, product.id, len(rows), at_start)
    for number, row in enumerate(rows):
        row["position"] = first + number
    if rows:
        work.db.execute(insert(StockLine), rows)
    return Added(len(rows), len(texts) - len(rows), len(given) - len(texts))


def take(db: Session, product: int, handout_id: str, n: int, now: datetime) -> list[StockLine]:
    """Give `n` lines to a handout, oldest first; [] if there are fewer. One statement (T1)."""
    free = (StockLine.product == product) & (StockLine.state == "free")
    oldest = (
        select(StockLine.id).where(free).order_by(StockLine.position, StockLine.id).limit(n)
    ).scalar_subquery()
    enough = select(func.count()).select_from(StockLine).where(free).scalar_subquery() >= n
    taken = db.scalars(
        update(StockLine)
        .where(StockLine.id.in_(oldest), enough)
        .values(state="taken", handout_id=handout_id, taken_at=now)
        .returning(StockLine)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    return sorted(taken, key=lambda line: (line.position, line.id))


def give_back(db: Session, handout: Handout) -> None:
    """A handout was cancelled before anything was sent: its lines are free again."""
    db.execute(
        update(StockLine)
        .where(StockLine.handout_id == handout.id, StockLine.state == "taken")
        .values(state="free", handout_id=None, taken_at=None)
    )


def burn(db: Session, handout_id: str) -> int:
    """Lines of a handout are replaced: they keep their owner and are never sold again."""
    return _changed(
        db,
        (StockLine.handout_id == handout_id) & (StockLine.state == "taken"),
        state="burned",
    )


def withdraw(db: Session, product: int, now: datetime, ids: Collection[int] | None = None) -> int:
    """Take free lines off the shelf for good; all of them, or those named."""
    free = (StockLine.product == product) & (StockLine.state == "free")
    if ids is None:
        return _changed(db, free, state="withdrawn", copy=None, withdrawn_at=now)
    wanted, gone = list(ids), 0
    for at in range(0, len(wanted), 500):
        some = free & StockLine.id.in_(wanted[at : at + 500])
        gone += _changed(db, some, state="withdrawn", copy=None, withdrawn_at=now)
    if gone != len(wanted):
        raise Conflict("Some of these lines are not available any more.")
    return gone


def wipe(work: Work) -> None:
    """Forget the texts of the account's lines that were withdrawn long ago."""
    mine = select(Product.id).where(Product.account_id == work.account.id)
    work.db.execute(
        update(StockLine)
        .where(
            StockLine.product.in_(mine),
            StockLine.state == "withdrawn",
            StockLine.withdrawn_at < work.now - KEPT,
            StockLine.body_sealed.is_not(None),
        )
        .values(body_sealed=None)
        .execution_options(synchronize_session=False)
    )


def of_handout(db: Session, handout_id: str) -> Sequence[StockLine]:
    """The lines that a handout gives, in the order they were taken."""
    return db.scalars(
        select(StockLine)
        .where(StockLine.handout_id == handout_id, StockLine.state == "taken")
        .order_by(StockLine.taken_at, StockLine.position, StockLine.id)
    ).all()


def text_of(vault: Opener, line: StockLine) -> str:
    """What the buyer gets; "" once it was wiped."""
    if line.body_sealed is None:
        return ""
    return vault.open(line.body_sealed, _context(line.product, line.fingerprint))


def _changed(db: Session, which: ColumnElement[bool], **values: object) -> int:
    result = db.execute(
        update(StockLine).where(which).values(**values).execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]  # a CursorResult at run time


def _copies(db: Session, product: int, prints: Sequence[str]) -> dict[str, int]:
    """The highest copy number of each text that counts as known."""
    known = (
        select(StockLine.fingerprint, func.max(StockLine.copy))
        .where(StockLine.product == product, StockLine.copy.is_not(None))
        .group_by(StockLine.fingerprint)
    )
    if len(prints) <= FEW:  # else one walk through the shelf is the quicker way
        known = known.where(StockLine.fingerprint.in_(prints))
    return {row[0]: row[1] or 0 for row in db.execute(known)}


def _first_position(db: Session, product: int, n: int, at_start: bool) -> int:
    lowest, highest = db.execute(
        select(func.min(StockLine.position), func.max(StockLine.position)).where(
            StockLine.product == product
        )
    ).one()
    if lowest is None:
        return 0
    return int(lowest) - n if at_start else int(highest) + 1


def _context(product: int, fingerprint: str) -> str:
    """The fingerprint is keyed and covers product and text: it is the row's own seal."""
    return f"auto_delivery_stock:{product}/{fingerprint}:body"
