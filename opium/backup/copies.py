"""Taking a copy of a database and checking it. Both run beside the server.

A copy holds one commit point: SQLite's backup reads inside one transaction, in which the rows are
counted too. Copying the file alone would lose what is still in the write-ahead log.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

Counts = dict[str, int]


class CopyError(Exception):
    """The copy could not be made or is not good; the text is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was checked: where it is, and the rows of each table."""

    path: Path
    size: int
    rows: Counts


def take(source: Path, target: Path) -> Copy:
    """Copy the database `source` to the new file `target`, whole and checked, or not at all.

    Only the owner may read it. Raises CopyError.
    """
    if target.exists():
        raise CopyError(f"{target} exists already.")
    draft = target.with_name(f"{target.name}.part")
    try:
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        rows = _copy(source, draft)
        _flush(draft)
        if check(draft) != rows:
            raise CopyError(f"The copy of {source.name} does not hold the same rows.")
        draft.replace(target)
        _flush(target.parent)
    except OSError as exc:
        raise CopyError(f"{target.parent} cannot be written: {exc.strerror}.") from None
    except sqlite3.Error as exc:
        raise CopyError(f"{source.name} cannot be copied: {exc}.") from None
    finally:
        draft.unlink(missing_ok=True)
    return Copy(target, target.stat().st_size, rows)


def check(path: Path, *, thorough: bool = False) -> Counts:
    """The rows of each table of a copy; CopyError if it is damaged.

    `thorough` compares indexes with their tables too, which takes longer.
    """
    try:
        with closing(_open_copy(path)) as db:
            pragma = "integrity_check(1)" if thorough else "quick_check(1)"
            verdict = db.execute(f"PRAGMA {pragma}").fetchone()[0]
            if verdict != "ok":
                raise CopyError(f"{path.name} is damaged: {_one_line(verdict)}.")
            return counts(db)
    except sqlite3.Error as exc:
        raise CopyError(f"{path.name} is not a usable database: {exc}.") from None


def counts(db: sqlite3.Connection) -> Counts:
    """Rows of each table."""
    tables = db.execute(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
    )
    names = sorted(row[0] for row in tables)
    quoted = [(name, name.replace('"', '""')) for name in names]
    return {
        name: int(db.execute(f'SELECT count(*) FROM "{safe}"').fetchone()[0])  # noqa: S608 — quoted
        for name, safe in quoted
    }


def open_read_only(path: Path) -> sqlite3.Connection:
    """A connection that can change nothing; the server may run meanwhile."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=5, isolation_level=None)


def _open_copy(path: Path) -> sqlite3.Connection:
    """A copy is one file that nobody writes: nothing is left beside it by looking."""
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def _copy(source: Path, draft: Path) -> Counts:
    with closing(open_read_only(source)) as live, closing(sqlite3.connect(draft)) as copy:
        live.execute("BEGIN")
        rows = counts(live)
        live.backup(copy)
        live.execute("ROLLBACK")
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    return rows


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
