"""Which mapping a paid order gets (pure).

Only the order's own short description decides: it is the lot's title, which the buyer cannot
write. Spaces and case are folded; a mapping of one lot goes before those of a text, and of those
the longest text wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pattern:
    """A mapping: `text` is folded and counts unless there is a `lot_id`; 0 `minutes`: inactive."""

    mapping_id: str
    text: str
    lot_id: int | None
    game_id: str
    minutes: int
    bonus_minutes: int = 0
    min_rating: int = 4

    @property
    def offer(self) -> tuple[str, int, int, int]:
        """What the buyer gets by it."""
        return self.game_id, self.minutes, self.bonus_minutes, self.min_rating


@dataclass(frozen=True, slots=True)
class OwnLot:
    """A lot of the seller: `title` is folded."""

    lot_id: int
    title: str
    active: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """The mapping for an order. `unsure`: lots of the same title are offers of different things."""

    pattern: Pattern
    unsure: bool = False


def fold(text: str) -> str:
    """The text in one case and on one line, runs of spaces as one."""
    return " ".join(text.split()).casefold()


def choose(lot_title: str, patterns: Iterable[Pattern], lots: Iterable[OwnLot]) -> Choice | None:
    """The mapping for an order of the lot with this title; None if it is not ours.

    `patterns` are in stored order, the tie-break of equally long ones.
    """
    title = fold(lot_title)
    if not title:
        return None
    active = [pattern for pattern in patterns if pattern.minutes > 0]
    general = by_title(title, active)
    outcomes = _outcomes([lot for lot in lots if lot.title == title], active, general)
    first = next((pattern for pattern in outcomes if pattern), None)
    if first is None:
        return None
    return Choice(first, unsure=len({p.offer if p else None for p in outcomes}) > 1)


def by_title(title: str, patterns: Iterable[Pattern]) -> Pattern | None:
    """The mapping with the longest text inside this folded title."""
    found = [p for p in patterns if p.minutes > 0 and _fits(p, title)]
    return max(found, key=lambda pattern: len(pattern.text), default=None)  # the first of equals


def by_lot(lot_id: int, patterns: Iterable[Pattern]) -> Pattern | None:
    """The mapping made for this very lot."""
    return next((p for p in patterns if p.lot_id == lot_id and p.minutes > 0), None)


def lot_of_address(text: str) -> int | None:
    """The lot that an address of FunPay's names (`…/lots/offer?id=123`); None for other texts."""
    found = _OFFER.fullmatch(text.strip())
    number = int(found[1]) if found else 0
    return number if 0 < number <= MAX_LOT else None


MAX_LOT = 2**53
_OFFER = re.compile(
    r"(?:https?://)?(?:www\.)?funpay\.com/(?:[a-z]{2}/)?lots/offer/?\?(?:[^#\s]*&)?id=(\d{1,16})"
    r"(?:[&#]\S*)?",
    re.ASCII | re.IGNORECASE,
)


def _fits(pattern: Pattern, title: str) -> bool:
    return pattern.lot_id is None and bool(pattern.text) and pattern.text in title


def _outcomes(
    same: Sequence[OwnLot], patterns: Sequence[Pattern], general: Pattern | None
) -> list[Pattern | None]:
    """What each lot of the title leads to; a switched-off lot without a mapping of its own is
    not what the buyer bought."""
    own = [(lot, by_lot(lot.lot_id, patterns)) for lot in same]
    counted = [pattern or general for lot, pattern in own if pattern or lot.active]
    return counted or [general]
