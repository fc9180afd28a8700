"""What became of an account, told to the person who moves in. No values are in it, only names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

LONGEST = 80


class NotImported(Exception):
    """Nothing of this account was stored; the text is one sentence: place, and what is wrong."""


@dataclass(slots=True)
class Report:
    """One account: `outcome`, what was taken, what was left out and why, what is unknown."""

    account_id: str
    outcome: str = "imported"
    taken: Counter[str] = field(default_factory=Counter)
    left_out: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    failed: bool = False

    def refuse(self, sentence: str) -> None:
        """Nothing was stored: what was counted so far is void."""
        self.outcome, self.failed = f"not imported: {sentence}", True
        self.taken.clear()

    @property
    def new(self) -> bool:
        """Whether anything was stored."""
        return any(self.taken.values())

    def lines(self) -> list[str]:
        """The report as a person reads it."""
        told = [f"{self.account_id}: {self.outcome}"]
        told += [f"  {n} {what}" for what, n in self.taken.items() if n]
        told += [f"  left out: {line}" for line in dict.fromkeys(self.left_out)]
        told += [f"  not understood: {line}" for line in dict.fromkeys(self.unknown)]
        return told


def plain(text: object) -> str:
    """A name from outside, harmless on a terminal."""
    cut = str(text)[:LONGEST]
    return "".join(char if char.isprintable() else "?" for char in cut)
