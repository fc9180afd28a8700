"""Where sealed values lie, by their names: columns `*_sealed` of every table, the settings that
are sealed, and the member `sealed` of each line of the files `*.jsonl` in the instance folder.

The schema is asked and not the code: a module may be broken or gone, its secrets are still there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnClause, Connection, Select, column, inspect, select, table, tuple_

from opium.db.tables import Setting
from opium.keys.stored import SEALED
from opium.vault import VaultError

ENDING = "_sealed"
FILES = "*.jsonl"


@dataclass(frozen=True, slots=True)
class Place:
    """A table with sealed columns; `only` names the rows (by their key) if not all are sealed."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    only: tuple[str, ...] = ()

    def rows(self) -> Select[Any]:
        """All rows: first the columns of the key, then the sealed ones."""
        source = table(self.name, *(column(name) for name in (*self.key, *self.columns)))
        found = select(*source.c)
        return found.where(source.c[self.key[0]].in_(self.only)) if self.only else found

    def batch(self, after: Sequence[Any] | None, most: int) -> Select[Any]:
        """The next rows in the order of the key."""
        key: list[ColumnClause[Any]] = [column(name) for name in self.key]
        found = self.rows().order_by(*key).limit(most)
        return found if after is None else found.where(tuple_(*key) > tuple_(*after))


SETTINGS = Place(Setting.__tablename__, ("key",), ("value",), SEALED)


def tables(connection: Connection) -> list[Place]:
    """The tables with sealed columns, by name; VaultError if one has no key to go by."""
    schema, found = inspect(connection), []
    for name in sorted(schema.get_table_names()):
        columns = [c["name"] for c in schema.get_columns(name) if c["name"].endswith(ENDING)]
        key = schema.get_pk_constraint(name)["constrained_columns"]
        if columns and not key:
            raise VaultError(f"The table {name} holds sealed values, but has no primary key.")
        if columns:
            found.append(Place(name, tuple(key), tuple(columns)))
    return found


def files(instance: Path) -> list[Path]:
    """The files with sealed lines, by name."""
    return sorted(instance.glob(FILES))


def sealed_lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The sealed values of a file with the numbers of their lines; a torn line holds none."""
    for number, line in enumerate(content.split(b"\n"), start=1):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and isinstance(entry.get("sealed"), str):
            yield number, entry["sealed"].encode()
