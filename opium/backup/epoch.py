"""A counter that tells a restored database from the one that was running.

It is raised at each start and after each copy, first in the database and then in a file beside
it. A database that is behind the file was replaced by an older one. Raising it after a copy makes
every copy older than the file, also while the same server runs.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from opium.db.session import Database
from opium.db.tables import Setting
from opium.vault import write_private

log = logging.getLogger("opium.backup")

FILE = "epoch"
KEY = "epoch"


@dataclass(frozen=True, slots=True)
class Epoch:
    """What the database knows: the counter, and when it was last raised."""

    n: int
    at: str


def stored(db: Session) -> Epoch | None:
    """What is in the database; None if it was never raised."""
    row = db.get(Setting, KEY)
    return Epoch(**json.loads(row.value)) if row else None


def outside(instance: Path) -> int | None:
    """What the file says; None without a readable one."""
    try:
        return int((instance / FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def is_behind(inside: Epoch | None, file: int | None) -> bool:
    """Whether the database is older than the file, or comes from another folder."""
    if inside is None:
        return file is not None
    return file is None or inside.n < file


def raise_at_start(database: Database, instance: Path, at: datetime) -> None:
    """A new start: every copy taken before it is behind."""
    with database.write() as db:
        last = stored(db)
        n = max(last.n if last else 0, outside(instance) or 0) + 1
        db.merge(Setting(key=KEY, value=json.dumps(asdict(Epoch(n, at.isoformat())))))
    _write(instance, n)


def raise_after_copy(database: Database, instance: Path, at: datetime) -> None:
    """A copy was taken: from now on it is behind. Nothing, if it was never started."""
    with database.read() as db:
        started = stored(db) is not None
    if started:
        raise_at_start(database, instance, at)


def put_ahead(instance: Path, inside: int) -> None:
    """A database with this counter is about to be put in place: let the file be ahead of it."""
    write_private(instance / FILE, f"{max(inside, outside(instance) or 0) + 1}\n")


def _write(instance: Path, n: int) -> None:
    """After the commit: a crash in between leaves the database ahead, which means nothing."""
    try:
        write_private(instance / FILE, f"{n}\n")
    except OSError as exc:
        log.error("%s cannot be written: %s", instance / FILE, exc.strerror)
