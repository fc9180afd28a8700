"""Nothing that is sealed can be forgotten."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from keys_cast import DATABASE, LINES, key_of, tables_of, tokens
from sqlalchemy import LargeBinary, create_engine
from sqlalchemy.pool import StaticPool

from opium import module
from opium.backup.copies import open_read_only
from opium.db.tables import Base
from opium.keys import census
from opium.keys.places import Place, sealed_lines, tables


def test_every_column_of_bytes_says_that_it_is_sealed() -> None:
    """Rotation finds them by this name. A module that keeps bytes in the clear must store text."""
    assert not module.find().broken
    columns = [column for table in Base.metadata.tables.values() for column in table.columns]
    found = [str(column) for column in columns if isinstance(column.type, LargeBinary)]
    assert len(found) > 10
    assert [name for name in found if not name.endswith("_sealed")] == []


def test_every_sealed_column_of_the_schema_is_used_by_the_furnished_shop(folder: Path) -> None:
    """So that the stories of this folder are about all of them."""
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        columns = {
            f"{name}.{row[1]}"
            for name in tables_of(db)
            for row in db.execute(f'PRAGMA table_info("{name}")')
            if row[1].endswith("_sealed")
        }
    used = {place.rpartition(".")[0] for place in tokens(folder) if "." in place}
    assert sorted(columns - used) == []
    assert used - columns == {"settings.value"}


def test_what_looks_sealed_lies_where_rotation_looks(folder: Path) -> None:
    """Whatever begins as a ciphertext in any table or file is counted, and nothing else."""
    with closing(open_read_only(folder / DATABASE)) as db:
        engine = create_engine("sqlite://", creator=lambda: db, poolclass=StaticPool)
        with engine.connect() as connection:
            counts = census.take(connection, folder, key_of(folder))
    places = Counter(place.split(".")[0] for place in tokens(folder))
    lines = sum(places.pop(place) for place in list(places) if place.startswith("line"))
    assert {count.place: count.newest for count in counts} == {**places, LINES: lines}
    assert not any(count.older or count.unreadable for count in counts)


def test_a_table_of_a_module_that_is_gone_is_found_too(folder: Path) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        db.execute("CREATE TABLE gone_things (who TEXT, what TEXT, a_sealed BLOB, n INT, "
                   "b_sealed BLOB, PRIMARY KEY (what, who))")  # fmt: skip
    engine = create_engine(f"sqlite:///{folder / DATABASE}")
    with engine.connect() as connection:
        found = {place.name: place for place in tables(connection)}
    engine.dispose()
    place = Place("gone_things", ("what", "who"), ("a_sealed", "b_sealed"))
    assert found["gone_things"] == place


def test_a_line_that_was_cut_off_holds_nothing() -> None:
    content = b'\n{"sealed": "A"}\n\n{"sealed": "B\n[1]\n{"sealed": 5}\n\xff\n{"sealed": "C"}'
    assert list(sealed_lines(content)) == [(2, b"A"), (8, b"C")]
