"""The database itself refuses a move that reliability 3 does not know (D11, D19)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

import opium.modules.auto_delivery  # noqa: F401 — its guards are declared by its tables
from opium.db import guards
from opium.db.migrate import Branch, upgrade
from opium.db.session import Database
from opium.db.tables import Handout, StoredCommand
from opium.modules.auto_delivery import module as auto_delivery

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)

COMMANDS = ("waiting", "started", "unknown", "held", "done", "failed")
COMMAND_MOVES = {
    # reliability 3; `waiting → failed` is a wish withdrawn before it was started
    ("waiting", "started"), ("waiting", "failed"),
    ("started", "done"), ("started", "failed"), ("started", "unknown"), ("started", "waiting"),
    ("unknown", "done"), ("unknown", "waiting"), ("unknown", "held"),
    ("held", "waiting"), ("held", "done"), ("held", "failed"),
}  # fmt: skip

HANDOUTS = ("waiting_stock", "reserved", "delivering", "delivered", "cancelled", "held")
HANDOUT_MOVES = {
    ("waiting_stock", "reserved"), ("reserved", "delivering"), ("delivering", "delivered"),
    ("waiting_stock", "cancelled"), ("reserved", "cancelled"),
    ("waiting_stock", "held"), ("reserved", "held"), ("delivering", "held"),
    ("delivered", "held"), ("cancelled", "held"),
    # a person decides
    ("held", "waiting_stock"), ("held", "reserved"), ("held", "delivering"),
    ("held", "delivered"), ("held", "cancelled"),
}  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "opium.db")
    upgrade(database, branches())
    yield database
    database.close()


def branches() -> list[Branch]:
    assert auto_delivery.migrations is not None
    return [Branch("auto_delivery", auto_delivery.migrations)]


def command(db: Database, state: str) -> int:
    with db.write() as work:
        row = StoredCommand(
            account_id="shop", fp_id=1, kind="send_message", state=state, created_at=NOW
        )
        work.add(row)
        work.flush()
        return row.id


def handout(db: Database, state: str) -> str:
    with db.write() as work:
        row = Handout(
            id=f"h-{state}", fp_id=1, order_id=f"O{state}"[:16], account_id="shop",
            module="m", amount=1, state=state, created_at=NOW,
        )  # fmt: skip
        work.add(row)
        work.flush()
        return row.id


def move(db: Database, table: str, key: int | str, state: str) -> bool:
    """Whether the database lets this row go there; the row is put back."""
    try:
        with db.write() as work:
            sql = text(f"UPDATE {table} SET state = :state WHERE id = :key")
            assert work.execute(sql, {"state": state, "key": key}).rowcount == 1  # type: ignore[attr-defined]
            work.rollback()
    except IntegrityError as exc:
        if f"forbidden move of {table}.state" not in str(exc):
            raise
        return False
    return True


def triggers(connection: Connection) -> set[str]:
    sql = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    return {row[0] for row in connection.exec_driver_sql(sql)}


@pytest.mark.parametrize("start", COMMANDS)
def test_a_command_moves_only_along_its_arrows(db: Database, start: str) -> None:
    row = command(db, start)
    allowed = {end for end in COMMANDS if end != start and move(db, "commands", row, end)}
    assert allowed == {end for one, end in COMMAND_MOVES if one == start}
    assert move(db, "commands", row, start)
    assert not move(db, "commands", row, "nowhere")


@pytest.mark.parametrize("start", HANDOUTS)
def test_a_handout_moves_only_along_its_arrows(db: Database, start: str) -> None:
    row = handout(db, start)
    allowed = {end for end in HANDOUTS if end != start and move(db, "handouts", row, end)}
    assert allowed == {end for one, end in HANDOUT_MOVES if one == start}
    assert move(db, "handouts", row, start)


def test_the_walk_saw_every_pair() -> None:
    assert set(COMMAND_MOVES) <= set(permutations(COMMANDS, 2))
    assert set(HANDOUT_MOVES) <= set(permutations(HANDOUTS, 2))


def test_a_forbidden_move_stores_nothing_of_its_transaction(db: Database) -> None:
    row = command(db, "done")

    def both() -> None:
        with db.write() as work:
            work.execute(text("UPDATE commands SET reason = 'x'"))
            work.execute(text("UPDATE commands SET state = 'waiting'"))

    with pytest.raises(IntegrityError):
        both()
    with db.read() as work:
        assert work.get_one(StoredCommand, row).reason is None


def test_every_guard_is_there_and_comes_back(db: Database) -> None:
    wanted = {f"guard_{known.table}_{known.column}" for known in guards.GUARDS}
    assert {"guard_commands_state", "guard_handouts_state"} < wanted
    assert any(name.startswith("guard_auto_delivery_") for name in wanted)
    with db.engine.begin() as connection:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
        present = {row[0] for row in connection.exec_driver_sql(tables)}
        wanted = {
            f"guard_{known.table}_{known.column}"
            for known in guards.GUARDS
            if known.table in present
        }
        assert triggers(connection) >= wanted
        for name in triggers(connection):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        assert triggers(connection) == set()
    upgrade(db, branches())
    with db.engine.connect() as connection:
        assert triggers(connection) >= wanted
    assert not move(db, "commands", command(db, "done"), "waiting")


def test_installing_twice_changes_nothing(db: Database) -> None:
    with db.engine.begin() as connection:
        before = triggers(connection)
        assert guards.install(connection) == len(before)
        assert triggers(connection) == before


def test_a_guard_that_is_declared_again_replaces_the_former(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "GUARDS", list(guards.GUARDS))
    count = len(guards.GUARDS)
    guards.guard("commands", "state", {"done": {"waiting"}}, extra="NEW.attempt > 3")
    assert len(guards.GUARDS) == count
    with db.engine.begin() as connection:
        guards.install(connection)
    row = command(db, "done")
    assert move(db, "commands", row, "waiting")
    with db.write() as work:
        work.execute(text("UPDATE commands SET attempt = 4"))
    assert not move(db, "commands", row, "waiting")
