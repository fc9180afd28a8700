"""A database of every released version is upgraded whole, or stays what it was."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from driver import Driver
from release import CHANGED, KEY, RELEASED, changed, dump, listed, load, steps
from sqlalchemy import text
from test_db_migrate import MODULES, differences

from opium.backup.copies import Counts, check, counts
from opium.config import ROOT
from opium.core import DATABASE
from opium.db import guards, migrate
from opium.db.migrate import CORE, Branch, SchemaError
from opium.module import Found, find
from sandbox.world import World

RELEASES = sorted(RELEASED.glob("*.sql.gz"))
LATEST = RELEASES[-1]
GROWS = {"settings", "audit", "alerts"}
"""Tables in which a start leaves rows of its own."""

ADDS = 'op.add_column("accounts", sa.Column("motto", sa.Text))'
REBUILDS = (
    'with op.batch_alter_table("{table}", recreate="always") as batch:\n'
    '        batch.add_column(sa.Column("mood", sa.Text))'
)
STEP = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "{name}_{number:03d}", "{name}_{before:03d}"

def upgrade():
    {body}
"""

Start = Callable[[], Driver]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An instance folder with the newest stored database."""
    load(LATEST, tmp_path / "instance" / DATABASE)
    return tmp_path / "instance"


@pytest.fixture
def start(world: World, folder: Path) -> Iterator[Start]:
    """Starts the server on that folder."""
    started: list[Driver] = []

    def go() -> Driver:
        started.append(Driver(world, folder, data_key=KEY))
        return started[-1]

    yield go
    for opium in started:
        opium.core.db.close()


def add_step(branch: Branch, tmp_path: Path, number: int, body: str) -> Branch:
    """The branch with one more step, in a folder of its own."""
    folder = tmp_path / f"steps-{branch.name}"
    if branch.folder != folder:
        shutil.copytree(branch.folder, folder)
    code = STEP.format(name=branch.name, number=number, before=number - 1, body=body)
    (folder / f"{number:03d}_next.py").write_text(code, encoding="utf-8")
    return Branch(branch.name, folder)


def next_release(monkeypatch: pytest.MonkeyPatch, core: Branch) -> None:
    for place in ("opium.db.migrate.CORE", "opium.core.CORE"):
        monkeypatch.setattr(place, core)


def rows(path: Path) -> Counts:
    with closing(sqlite3.connect(path)) as db:
        return counts(db)


def content(path: Path) -> list[str]:
    """Everything but the server's own settings: a copy counts itself there."""
    lines = gzip.decompress(dump(path)).decode().splitlines()
    return [line for line in lines if not line.startswith('INSERT INTO "settings"')]


def triggers(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(
            db.execute("SELECT count(*) FROM sqlite_master WHERE type='trigger'").fetchone()[0]
        )


def sealed(path: Path) -> list[bytes]:
    """Everything that only the data key opens."""
    found: list[bytes] = []
    with closing(sqlite3.connect(path)) as db:
        for table in counts(db):
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            for column in (name for name in columns if name.endswith("_sealed")):
                query = f"SELECT {column} FROM {table} WHERE length({column}) > 1"
                found += [row[0] for row in db.execute(query)]
    return found


def copies(folder: Path) -> list[Path]:
    return sorted((folder / "backups").glob("*before-migration.db"))


# --- what was released


@pytest.mark.parametrize("stored", RELEASES, ids=lambda path: path.name.removesuffix(".sql.gz"))
def test_a_database_of_this_release_is_taken_over_whole(
    stored: Path, world: World, tmp_path: Path
) -> None:
    path = tmp_path / "instance" / DATABASE
    load(stored, path)
    before, secrets = rows(path), sealed(path)
    branches = [CORE, *(Branch(n, m.migrations) for n, m in MODULES.items() if m.migrations)]
    opium = Driver(world, path.parent, data_key=KEY)
    assert opium.core.attachments.broken == {}
    assert not any(migrate.pending(opium.core.db, branch) for branch in branches)
    assert differences(opium.core.db, (), core=True) == []
    for name in MODULES:
        assert differences(opium.core.db, (f"{name}_",), core=False) == []
    assert opium.get("/api/accounts/shop/config")["golden_key"]
    assert len(opium.get("/api/accounts/shop/modules")) == 4
    opium.core.db.checkpoint()
    opium.core.db.close()
    check(path, thorough=True)
    after = rows(path)
    lost = {t: (n, after.get(t)) for t, n in before.items() if t not in GROWS and after.get(t) != n}
    assert lost == {}
    assert all(after[table] >= before[table] for table in GROWS)
    key = Fernet(KEY)
    assert len(secrets) > 30
    assert all(key.decrypt(secret) for secret in sealed(path))
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert triggers(path) == len([known for known in guards.GUARDS if known.table in after])


def test_each_release_keeps_a_furnished_database_and_the_sums_of_its_migrations() -> None:
    names = {path.name.removesuffix(".sql.gz") for path in RELEASES}
    assert names == {path.stem for path in RELEASED.glob("*.sha256")} != set()


@pytest.mark.parametrize("sums", sorted(RELEASED.glob("*.sha256")), ids=lambda path: path.stem)
def test_released_migrations_are_history(sums: Path) -> None:
    wrong = changed(listed(sums), steps())
    assert not wrong, f"{CHANGED} ({', '.join(wrong)})"


def test_a_changed_or_missing_migration_is_found() -> None:
    now = steps()
    first, second, *_rest = now
    assert changed(now, now) == []
    assert changed(now, {**now, "more.py": "x"}) == []
    assert changed(now, {**now, first: "x"}) == [first]
    assert changed(now, {path: now[path] for path in now if path != second}) == [second]
    assert (ROOT / first).is_file()


# --- the next revision, tried on the last release


def test_a_start_without_anything_to_do_makes_no_copy(folder: Path, start: Start) -> None:
    start()
    assert copies(folder) == []


@pytest.mark.parametrize("table", ["commands", "handouts", "events"])
def test_a_rebuilt_table_keeps_its_rows_those_that_refer_to_it_and_its_guards(
    table: str, folder: Path, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / DATABASE
    before, guarded = rows(path), triggers(path)
    core = add_step(CORE, tmp_path, 2, ADDS)
    next_release(monkeypatch, add_step(core, tmp_path, 3, REBUILDS.format(table=table)))
    opium = start()
    with opium.core.db.read() as db:
        assert db.scalar(text("SELECT version_num FROM alembic_version")) == "core_003"
        assert db.scalars(text(f"SELECT mood FROM {table}")).first() is None
        assert db.scalar(text("PRAGMA foreign_keys")) == 1
    [copy] = copies(folder)
    assert check(copy, thorough=True) == before
    after = rows(path)
    assert {t: after[t] for t in before if t not in GROWS} == {
        t: n for t, n in before.items() if t not in GROWS
    }
    assert triggers(path) == guarded
    with (
        pytest.raises(sqlite3.IntegrityError, match="forbidden move"),
        closing(sqlite3.connect(path)) as raw,
    ):
        raw.execute("UPDATE commands SET state = 'waiting' WHERE state = 'done'")


def test_rows_that_a_step_leaves_referring_to_nothing_undo_it(
    folder: Path, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = 'op.execute("DELETE FROM events")'
    next_release(monkeypatch, add_step(CORE, tmp_path, 2, body))
    before = content(folder / DATABASE)
    with pytest.raises(SchemaError, match="rows of handlings would refer to nothing in events"):
        start()
    assert content(folder / DATABASE) == before


def test_a_step_that_fails_leaves_the_old_revision_whole_and_the_start_says_so(
    folder: Path, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = add_step(CORE, tmp_path, 2, ADDS + "\n    " + REBUILDS.format(table="commands"))
    core = add_step(core, tmp_path, 3, 'op.execute("DROP TABLE bans"); raise ValueError("no luck")')
    before = content(folder / DATABASE)
    with monkeypatch.context() as patch:
        next_release(patch, core)
        with pytest.raises(SchemaError) as told:
            start()
    assert str(told.value) == (
        "The tables cannot be upgraded to core_003 and are as they were: no luck. "
        "Install the former version of Opium again and report this."
    )
    assert content(folder / DATABASE) == before
    assert len(copies(folder)) == 1
    assert start().get("/api/accounts/shop")["account_id"] == "shop"


def test_a_module_whose_step_fails_is_broken_alone(
    folder: Path, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find()
    raises = found.ready["auto_raise"]
    assert raises.migrations is not None
    branch = Branch("auto_raise", raises.migrations)
    bad = add_step(branch, tmp_path, 2, 'op.drop_table("auto_raise_log"); raise ValueError("no")')
    monkeypatch.setattr(raises, "migrations", bad.folder)
    monkeypatch.setattr("driver.find", lambda: Found(dict(found.ready), {}))
    before = rows(folder / DATABASE)
    opium = start()
    assert set(opium.get("/api/modules/available")["modules"]) == set(MODULES) - {"auto_raise"}
    alerts = [item["text"] for item in opium.get("/api/alerts?open=true")["items"]]
    sentence = "Module auto_raise cannot be used: its tables cannot be upgraded: no."
    assert sentence in alerts
    assert rows(folder / DATABASE)["auto_raise_log"] == before["auto_raise_log"]
    assert len(opium.get("/api/accounts/shop/modules/auto_delivery/products")) == 4


# --- an older version on a newer database


def test_a_newer_core_is_refused_before_a_byte_is_written(folder: Path, start: Start) -> None:
    path = folder / DATABASE
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE alembic_version SET version_num = 'core_999'")
    before = path.read_bytes()
    with pytest.raises(SchemaError) as told:
        start()
    assert str(told.value) == (
        "The database has schema core_999, newer than this version of Opium knows "
        f"({CORE.head}): install the newer version again, or restore a backup made before the "
        "update (python app.py restore PATH)."
    )
    assert path.read_bytes() == before
    assert not (folder / "backups").exists()


def test_newer_tables_of_a_module_stay_and_it_says_what_to_do(folder: Path, start: Start) -> None:
    path = folder / DATABASE
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE alembic_version_steam_rent SET version_num = 'steam_rent_999'")
    before = rows(path)
    opium = start()
    alerts: list[Any] = opium.get("/api/alerts?open=true")["items"]
    [line] = [a["text"] for a in alerts if "steam_rent_999" in a["text"]]
    assert "install the newer version again, or restore a backup made before the update" in line
    after = rows(path)
    assert {t: n for t, n in after.items() if t.startswith("steam_rent_")} == {
        t: n for t, n in before.items() if t.startswith("steam_rent_")
    }
    assert copies(folder) == []
