"""Migrations: core first, then each module; nothing is imported when there is nothing to do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from driver import Driver
from sqlalchemy import Integer, inspect, text
from workers_cast import greeter

from opium.config import ROOT
from opium.db import migrate
from opium.db.migrate import CORE, Branch, SchemaError, pending, upgrade
from opium.db.session import Database
from opium.db.tables import Base
from opium.module import Module, find
from sandbox.world import World

MODULES = {name: module for name, module in find().ready.items() if module.migrations}

STEP = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "{name}_{number}", {before!r}

def upgrade() -> None:
    {body}
"""


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "opium.db")
    yield database
    database.close()


def step(folder: Path, number: int, body: str, name: str = "tried") -> Branch:
    folder.mkdir(exist_ok=True)
    before = f"{name}_{number - 1:03d}" if number > 1 else None
    code = STEP.format(name=name, number=f"{number:03d}", before=before, body=body)
    (folder / f"{number:03d}_step.py").write_text(code)
    return Branch(name, folder)


def table(name: str) -> str:
    return f'op.create_table("{name}", sa.Column("id", sa.Integer, primary_key=True))'


def tables(db: Database) -> set[str]:
    return set(inspect(db.engine).get_table_names())


def differences(db: Database, prefixes: tuple[str, ...], *, core: bool) -> list[Any]:
    """What Alembic would still change in these tables, if it could."""

    def ours(name: str | None) -> bool:
        modules = tuple(f"{module}_" for module in MODULES)
        return bool(name) and (
            not str(name).startswith(modules) if core else str(name).startswith(prefixes)
        )

    def include(_object: Any, name: str | None, kind: str, _reflected: bool, _to: Any) -> bool:
        if kind == "table":
            return ours(name) and not str(name).startswith("alembic_version")
        return True

    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": differs, "include_object": include}
        )
        return list(compare_metadata(context, Base.metadata))


def differs(_context: Any, _inspected: Any, _column: Any, stored: Any, wanted: Any) -> bool | None:
    """Numbers are numbers to SQLite, long or short; of the rest Alembic knows best."""
    if isinstance(stored, Integer) and isinstance(wanted, Integer):
        return False
    return None


# --- the schema is that of the tables


def test_a_fresh_core_is_what_its_tables_say(db: Database) -> None:
    upgrade(db, [])
    assert differences(db, (), core=True) == []


@pytest.mark.parametrize("name", MODULES)
def test_a_fresh_module_is_what_its_tables_say(db: Database, name: str) -> None:
    folder = MODULES[name].migrations
    assert folder is not None
    assert upgrade(db, [Branch(name, folder)]) == {}
    assert differences(db, (f"{name}_",), core=False) == []
    assert {t for t in Base.metadata.tables if t.startswith(f"{name}_")} <= tables(db)


def test_the_comparison_sees_a_difference(db: Database) -> None:
    upgrade(db, [])
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE settings ADD COLUMN more TEXT"))
    assert len(differences(db, (), core=True)) == 1


# --- steps


def test_upgrading_twice_does_nothing(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    branches = [Branch(n, m.migrations) for n, m in MODULES.items() if m.migrations]
    assert upgrade(db, branches) == {}
    assert not any(pending(db, branch) for branch in (CORE, *branches))
    monkeypatch.setattr(migrate, "_run", lambda *_: pytest.fail("a step was run again"))
    assert upgrade(db, branches) == {}


def test_each_step_of_a_module_runs_once_and_in_order(db: Database, tmp_path: Path) -> None:
    branch = step(tmp_path / "tried", 1, table("tried_one"))
    assert branch.head == "tried_001"
    assert upgrade(db, [branch]) == {}
    step(tmp_path / "tried", 2, 'op.execute("INSERT INTO tried_one VALUES (7)")')
    assert pending(db, branch)
    for _ in range(2):
        assert upgrade(db, [branch]) == {}
    with db.read() as work:
        assert list(work.scalars(text("SELECT id FROM tried_one"))) == [7]
        assert work.scalar(text("SELECT version_num FROM alembic_version_tried")) == "tried_002"
        assert work.scalar(text("SELECT version_num FROM alembic_version")) == CORE.head


def test_a_step_that_fails_leaves_nothing_and_stops_no_other(db: Database, tmp_path: Path) -> None:
    bad = step(tmp_path / "bad", 1, table("bad_one") + "; raise ValueError('no')", "bad")
    good = step(tmp_path / "good", 1, table("good_one"), "good")
    assert upgrade(db, [bad, good]) == {"bad": "its tables cannot be upgraded: no"}
    assert "good_one" in tables(db)
    assert "bad_one" not in tables(db)
    assert pending(db, bad)
    step(tmp_path / "bad", 1, table("bad_one"), "bad")
    assert upgrade(db, [bad, good]) == {}
    assert "bad_one" in tables(db)


def test_a_server_runs_on_without_a_module_whose_tables_cannot_be_made(
    world: World, tmp_path: Path
) -> None:
    folder = step(tmp_path / "bad", 1, "raise ValueError('no')", "bad").folder
    bad = Module("bad", title="Bad", migrations=folder)
    opium = Driver(world, tmp_path / "instance", {"bad": bad, "greeter": greeter()})
    seller, ann = world.seller("shop"), world.buyer("ann")
    assert opium.get("/api/modules/available")["modules"] == ["greeter"]
    alerts = [item["text"] for item in opium.get("/api/alerts?open=true")["items"]]
    assert alerts == ["Module bad cannot be used: its tables cannot be upgraded: no."]
    opium.watch(seller, "greeter")
    ann.buys(seller.lot("Ключ"))
    opium.poll(seller, 2)
    assert len(ann.messages_from(seller)) == 1
    opium.core.db.close()


def test_tables_of_a_module_that_is_gone_stay(db: Database, tmp_path: Path) -> None:
    branch = step(tmp_path / "tried", 1, table("tried_one"))
    upgrade(db, [branch])
    assert upgrade(db, []) == {}
    assert "tried_one" in tables(db)
    assert upgrade(db, [branch]) == {}


def test_a_newer_core_is_refused_with_a_sentence(db: Database) -> None:
    upgrade(db, [])
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'core_999'"))
    before = tables(db)
    with pytest.raises(SchemaError) as told:
        upgrade(db, [])
    assert "core_999" in str(told.value)
    assert str(CORE.head) in str(told.value)
    assert "install the newer version again, or restore a backup" in str(told.value)
    assert tables(db) == before


def test_a_module_with_newer_tables_is_broken_alone(db: Database, tmp_path: Path) -> None:
    branch = step(tmp_path / "tried", 1, table("tried_one"))
    upgrade(db, [branch])
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version_tried SET version_num = 'tried_002'"))
    broken = upgrade(db, [branch])
    assert list(broken) == ["tried"]
    assert "newer" in broken["tried"]


def test_names_of_steps(tmp_path: Path) -> None:
    for name in ("001_first.py", "010_tenth.py", "002_second.py", "__init__.py", "1_no.py", "x.py"):
        (tmp_path / name).write_text("")
    assert Branch("m", tmp_path).head == "m_010"
    assert Branch("m", tmp_path / "nowhere").head is None
    assert (CORE.version_table, Branch("m", tmp_path).version_table) == (
        "alembic_version",
        "alembic_version_m",
    )


# --- what is imported

START = """
import sys
from opium.config import Config
from opium.core import Opium
core = Opium(Config.load(instance={folder!r}, password_rounds=1000, _env_file=None))
core.boot(threads=False)
print(sorted(name for name in {names!r} if name in sys.modules))
core.db.close()
"""


def imported(folder: Path, *names: str) -> str:
    """Which of these a start has imported, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", START.format(folder=str(folder), names=names)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return run.stdout.strip()


def test_alembic_is_imported_only_when_there_is_something_to_do(tmp_path: Path) -> None:
    assert imported(tmp_path, "alembic") == "['alembic']"
    assert imported(tmp_path, "alembic") == "[]"
