"""File names of copies, and which of them are kept (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HOURS, DAYS, LABELLED = 24, 14, 5
"""How many copies are kept: one an hour, one a day, and those made before a migration."""

_NAME = re.compile(r"opium-(?P<at>\d{8}T\d{6}Z)(?:-(?P<label>[a-z][a-z0-9-]*))?\.db")
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """A copy's name: when it was taken (UTC), and why, if not for the hour."""

    at: datetime
    label: str = ""

    @property
    def text(self) -> str:
        label = f"-{self.label}" if self.label else ""
        return f"opium-{stamp(self.at)}{label}.db"


def stamp(at: datetime) -> str:
    """A moment as names carry it."""
    return at.astimezone(UTC).strftime(_STAMP)


def read(text: str) -> Name | None:
    """The name of a copy; None for any other file."""
    match = _NAME.fullmatch(text)
    if match is None:
        return None
    try:
        at = datetime.strptime(match["at"], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Name(at, match["label"] or "")


def kept(names: Iterable[Name]) -> set[Name]:
    """Those that stay: the newest of each of the last 24 hours and 14 days that have any, and the
    newest few with a label. Counted in copies and not from now, so a wrong clock removes none."""
    every = sorted(set(names), reverse=True)
    hourly = [name for name in every if not name.label]
    return (
        _newest_of_each(hourly, lambda at: at.strftime("%Y%m%d%H"), HOURS)
        | _newest_of_each(hourly, lambda at: at.strftime("%Y%m%d"), DAYS)
        | set([name for name in every if name.label][:LABELLED])
    )


def in_folder(folder: Path) -> list[tuple[Name, Path]]:
    """The copies in a folder, oldest first."""
    found = [(name, path) for path in folder.glob("opium-*.db") if (name := read(path.name))]
    return sorted(found)


def _newest_of_each(
    names: Iterable[Name], period: Callable[[datetime], str], most: int
) -> set[Name]:
    """`names` come newest first."""
    newest: dict[str, Name] = {}
    for name in names:
        newest.setdefault(period(name.at), name)
    return set(list(newest.values())[:most])
