"""Which product an order gets (pure).

Only the order's own short description selects goods: it is the lot's title, which the buyer cannot
write. Spaces and case are folded; inside one step the longest pattern wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

How = Literal["lot_id", "exact", "prefix", "substring"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A usable mapping: `text` is folded, and empty for `lot_id`."""

    mapping_id: str
    product: int
    how: How
    text: str
    lot_id: int | None


@dataclass(frozen=True, slots=True)
class OwnLot:
    """A lot of the seller: `title` is folded."""

    lot_id: int
    title: str
    active: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """The mapping for an order. `unsure`: lots of the same title lead to different goods."""

    pattern: Pattern
    unsure: bool = False


def fold(text: str) -> str:
    """The text in one case and on one line, runs of spaces as one."""
    return " ".join(text.split()).casefold()


def by_title(title: str, patterns: Iterable[Pattern]) -> Pattern | None:
    """The best mapping for a folded title: exact, then prefix, then substring."""
    found = [p for p in patterns if p.how != "lot_id" and p.text and _hits(p, title)]
    return min(found, key=lambda p: (_STEPS.index(p.how), -len(p.text)), default=None)


def by_lot(lot_id: int, patterns: Iterable[Pattern]) -> Pattern | None:
    """The mapping made for this very lot."""
    return next((p for p in patterns if p.how == "lot_id" and p.lot_id == lot_id), None)


def choose(lot_title: str, patterns: Sequence[Pattern], lots: Iterable[OwnLot]) -> Choice | None:
    """The mapping for an order of the lot with this title; None if it is not ours."""
    title = fold(lot_title)
    if not title:
        return None
    general = by_title(title, patterns)
    outcomes = _outcomes([lot for lot in lots if lot.title == title], patterns, general)
    first = next((pattern for pattern in outcomes if pattern), None)
    if first is None:
        return None
    return Choice(first, unsure=len({p.product if p else None for p in outcomes}) > 1)


def _outcomes(
    same: Sequence[OwnLot], patterns: Sequence[Pattern], general: Pattern | None
) -> list[Pattern | None]:
    """What each lot of the title leads to; a switched-off lot without a mapping of its own is
    not what the buyer bought."""
    own = [(lot, by_lot(lot.lot_id, patterns)) for lot in same]
    counted = [pattern or general for lot, pattern in own if pattern or lot.active]
    return counted or [general]


def _hits(pattern: Pattern, title: str) -> bool:
    if pattern.how == "exact":
        return title == pattern.text
    if pattern.how == "prefix":
        return title.startswith(pattern.text)
    return pattern.text in title


_STEPS: tuple[How, ...] = ("exact", "prefix", "substring")
