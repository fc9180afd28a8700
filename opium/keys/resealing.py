"""Sealing values anew with the newest key, a batch at a time.

What is sealed with it already is left as it is, so that this can be done again after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Update, column, table, update
from sqlalchemy.orm import Session

from opium.db.overhaul import triggers_lifted
from opium.db.session import Database
from opium.failpoints import hit
from opium.keys.census import Ring
from opium.keys.places import Place, sealed_lines
from opium.vault import write_private

ROWS, BYTES = 500, 8 * 1024 * 1024
"""How much one transaction takes at most; a single row may be larger."""

Done = Callable[[int], object]
"""Is told how many values a batch has sealed."""


def reseal_table(db: Database, place: Place, ring: Ring, done: Done) -> None:
    """All rows, one transaction for each batch."""
    last: Sequence[Any] | None = None
    while rows := _batch(db, place, last):
        with db.write() as session:
            changed = reseal_rows(session, place, rows, ring)
        hit("keys_batch")
        done(changed)
        last = rows[-1][: len(place.key)]


def reseal_rows(session: Session, place: Place, rows: Sequence[Row[Any]], ring: Ring) -> int:
    """How many values of these rows were sealed anew, in the caller's transaction.

    Triggers look away: some forbid that a value changes, and here none does.
    """
    changes = [(row, new) for row in rows if (new := _renewed(place, row, ring))]
    if not changes:
        return 0
    connection = session.connection()
    with triggers_lifted(connection, place.name):
        for row, new in changes:
            connection.execute(_update(place, row, new))
    return sum(len(new) for _row, new in changes)


def reseal_file(path: Path, ring: Ring) -> int:
    """The same for the lines of a file, which is replaced at once; other lines stay as they are."""
    content = path.read_bytes()
    lines, changed = content.split(b"\n"), 0
    for number, sealed in sealed_lines(content):
        if not ring.is_newest(sealed):
            lines[number - 1] = lines[number - 1].replace(sealed, ring.renewed(sealed))
            changed += 1
    if changed:
        write_private(path, b"\n".join(lines))
    return changed


def _batch(db: Database, place: Place, after: Sequence[Any] | None) -> list[Row[Any]]:
    """The next rows, read one by one: nobody else writes, and few large ones are enough."""
    rows: list[Row[Any]] = []
    size = 0
    with db.read() as session:
        for row in session.execute(place.batch(after, ROWS), execution_options={"yield_per": 1}):
            rows.append(row)
            size += sum(len(sealed) for sealed in row[len(place.key) :] if sealed is not None)
            if size > BYTES:
                break
    return rows


def _renewed(place: Place, row: Row[Any], ring: Ring) -> dict[str, bytes | str]:
    """The new values of a row by column; those that need none are left out."""
    found: dict[str, bytes | str] = {}
    for name, sealed in zip(place.columns, row[len(place.key) :], strict=True):
        if sealed is not None and not ring.is_newest(sealed):
            new = ring.renewed(sealed)
            found[name] = new.decode() if isinstance(sealed, str) else new
    return found


def _update(place: Place, row: Row[Any], new: dict[str, bytes | str]) -> Update:
    source = table(place.name, *(column(name) for name in (*place.key, *place.columns)))
    ours = (source.c[name] == value for name, value in zip(place.key, row, strict=False))
    return update(source).where(*ours).values(new)
