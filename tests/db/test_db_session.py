"""Database: who may read and write when, and what is said when it cannot be used."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from opium.db import session
from opium.db.migrate import upgrade
from opium.db.session import Database, after_commit
from opium.db.tables import Ban, Setting
from opium.errors import Unavailable

THREADS, CLAIMS = 8, 40
QUICK = (*(p for p in session.PRAGMAS if "busy" not in p), "busy_timeout=20")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "opium.db")
    upgrade(database, [])
    yield database
    database.close()


@pytest.fixture
def hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database that waits for nobody."""
    monkeypatch.setattr(session, "PRAGMAS", QUICK)
    database = Database(tmp_path / "opium.db")
    upgrade(database, [])
    yield database
    database.close()


def put(db: Database, key: str, value: str = "1") -> None:
    with db.write() as work:
        work.add(Setting(key=key, value=value))


def keys(db: Database) -> set[str]:
    with db.read() as work:
        return set(work.scalars(select(Setting.key)))


# --- writing


def test_eight_threads_that_count_together_lose_nothing(db: Database) -> None:
    """Read, decide, write: right only if the lock is taken before the first read."""
    put(db, "counter", "0")

    def count(_n: int) -> None:
        for _ in range(CLAIMS):
            with db.write() as work:
                row = work.get_one(Setting, "counter")
                row.value = str(int(row.value) + 1)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(count, range(THREADS)))
    with db.read() as work:
        assert work.get_one(Setting, "counter").value == str(THREADS * CLAIMS)


def test_eight_threads_claim_each_row_once(db: Database) -> None:
    with db.write() as work:
        work.add_all(Setting(key=f"row{n:03d}", value="free") for n in range(100))

    def claim(n: int) -> int:
        mine = 0
        while True:
            with db.write() as work:
                free = select(Setting.key).where(Setting.value == "free").limit(1)
                key = work.scalar(free)
                if key is None:
                    return mine
                work.execute(update(Setting).where(Setting.key == key).values(value=f"by {n}"))
                mine += 1

    with ThreadPoolExecutor(THREADS) as pool:
        taken = list(pool.map(claim, range(THREADS)))
    assert sum(taken) == 100


def test_a_writer_holds_the_lock_from_its_first_read_on(hasty: Database) -> None:
    with hasty.write() as work:
        assert work.scalar(select(func.count()).select_from(Setting)) == 0
        other = sqlite3.connect(hasty.path, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_an_error_undoes_everything(db: Database) -> None:
    def divide() -> None:
        with db.write() as work:
            work.add(Setting(key="a", value="1"))
            work.flush()
            assert 1 / 0

    def repeat() -> None:
        with db.write() as work:
            work.add(Setting(key="b", value="1"))
            work.flush()
            work.execute(text("INSERT INTO settings VALUES ('b', '2')"))

    with pytest.raises(ZeroDivisionError):
        divide()
    with pytest.raises(IntegrityError):
        repeat()
    assert keys(db) == set()


def test_what_is_changed_in_a_read_is_not_stored(db: Database) -> None:
    put(db, "a", "1")
    with db.read() as work:
        work.get_one(Setting, "a").value = "2"
        work.flush()
    with db.read() as work:
        assert work.get_one(Setting, "a").value == "1"


def test_what_was_read_can_be_used_afterwards(db: Database) -> None:
    put(db, "a", "1")
    with db.read() as work:
        row = work.get_one(Setting, "a")
    with db.write() as work:
        other = work.get_one(Setting, "a")
    assert (row.value, other.value) == ("1", "1")


def test_bells_ring_after_the_commit_and_not_without_one(db: Database) -> None:
    rung: list[set[str]] = []

    def store(key: str, number: float) -> None:
        with db.write() as work:
            after_commit(work, lambda: rung.append(keys(db)))
            work.add(Setting(key=key, value=str(1 / number)))

    store("a", 1)
    with pytest.raises(ZeroDivisionError):
        store("b", 0)
    assert rung == [{"a"}]


def test_moments_keep_their_zone(db: Database) -> None:
    moment = datetime(2026, 11, 20, 9, tzinfo=UTC)
    with db.write() as work:
        work.add(Ban(address="a", until=moment))
    with db.read() as work:
        assert work.get_one(Ban, "a").until == moment


# --- reading


def test_a_read_sees_one_moment(db: Database) -> None:
    put(db, "a")
    with db.read() as work:
        before = work.scalar(select(func.count()).select_from(Setting))
        put(db, "b")
        after = work.scalar(select(func.count()).select_from(Setting))
    assert (before, after) == (1, 1)
    assert keys(db) == {"a", "b"}


def test_readers_and_a_writer_do_not_wait_for_each_other(hasty: Database) -> None:
    with hasty.read() as reader:
        assert reader.scalar(select(func.count()).select_from(Setting)) == 0
        put(hasty, "a")
    with hasty.write() as writer:
        writer.add(Setting(key="b", value="1"))
        writer.flush()
        assert keys(hasty) == {"a"}


# --- who holds a transaction (D13)


def test_a_thread_knows_whether_it_holds_a_transaction(db: Database) -> None:
    assert not db.in_transaction
    with db.read():
        assert db.in_transaction
        with db.read():
            assert db.in_transaction
        assert db.in_transaction
    with db.write():
        seen: list[bool] = []
        other = threading.Thread(target=lambda: seen.append(db.in_transaction))
        other.start()
        other.join()
        assert seen == [False]
        assert db.in_transaction
    assert not db.in_transaction


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, Unavailable])
def test_after_an_error_no_transaction_is_held(db: Database, error: type[BaseException]) -> None:
    with pytest.raises(error), db.write():
        raise error("x")
    assert not db.in_transaction
    put(db, "a")


# --- when it cannot be used


def refused(do: Callable[[], object]) -> str:
    with pytest.raises(Unavailable) as told:
        do()
    assert told.value.retry_after == 1
    assert str(told.value).count(".") == 1
    return str(told.value)


def test_a_locked_database_is_busy(hasty: Database) -> None:
    with hasty.write() as work:
        work.execute(select(Setting))
        assert refused(lambda: put(hasty, "a")) == "The database is busy; try again."
    assert not hasty.in_transaction
    put(hasty, "a")


def test_no_connection_left_is_busy_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = create_engine
    monkeypatch.setattr(
        "opium.db.session.create_engine",
        lambda url, **more: plain(url, **{**more, "max_overflow": 0, "pool_timeout": 0.02}),
    )
    small = Database(tmp_path / "small.db", pool_size=1)
    with small.read():
        assert refused(lambda: keys(small)) == "The database is busy; try again."
    small.close()


def test_a_full_disk_is_said_and_leaves_everything_as_it_was(db: Database) -> None:
    put(db, "a")
    with db.engine.connect() as connection:
        pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())

    def fill() -> None:
        with db.write() as work:
            work.execute(text(f"PRAGMA max_page_count={pages + 2}"))
            work.add(Setting(key="big", value="x" * 100_000))

    assert refused(fill) == "The disk is full; free some space."
    assert keys(db) == {"a"}
    db.close()
    put(db, "b")


def test_a_read_only_database_is_said(db: Database) -> None:
    def write() -> None:
        with db.write() as work:
            work.execute(text("PRAGMA query_only=ON"))
            work.add(Setting(key="a", value="1"))

    sentence = "The database cannot be written: its file system is read-only."
    assert refused(write) == sentence
    db.close()
    put(db, "a")


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    gone = Database(tmp_path / "nowhere" / "opium.db")
    assert "cannot be opened: " in refused(lambda: keys(gone))
    gone.close()


def test_a_wrong_statement_is_not_taken_for_a_full_disk(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def ask() -> None:
        with db.read() as work:
            work.execute(text("SELECT full_name FROM busy_or_locked"))

    assert refused(ask) == "The database cannot be used; see the log."
    assert "busy_or_locked" in caplog.text


def test_a_damaged_file_is_an_error_and_not_an_empty_database(tmp_path: Path) -> None:
    path = tmp_path / "opium.db"
    path.write_bytes(b"this is no database, and it is long enough to be looked at" * 100)
    damaged = Database(path)
    with pytest.raises(DatabaseError), damaged.read() as work:
        work.execute(text("SELECT 1 FROM settings"))
    assert path.read_bytes().startswith(b"this is no database")
    damaged.close()


# --- how it is kept


def test_what_was_committed_is_on_the_disk(db: Database) -> None:
    """`synchronous=FULL`: a claim that was forgotten would sell a key twice."""
    with db.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
        }
        waits = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
    }
    assert waits == 5000


def test_a_checkpoint_moves_everything_into_the_file(db: Database) -> None:
    put(db, "a")
    log = db.path.with_name("opium.db-wal")
    assert log.stat().st_size > 0
    db.checkpoint()
    assert log.stat().st_size == 0
    assert os.path.getsize(db.path) > 0
