"""Database: `read()` gives a session on a snapshot, `write()` one that holds the write lock.

`write()` begins with BEGIN IMMEDIATE: a deferred BEGIN followed by a read and a write fails at
once with BUSY_SNAPSHOT or, with the driver's defaults, lets two threads claim the same row.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from opium.errors import Unavailable
from opium.failpoints import full

log = logging.getLogger("opium.db")

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=5000",
    "journal_size_limit=67108864",
    "trusted_schema=OFF",
)

AFTER = "after_commit"
QUEUE = 5.0
"""Seconds that a writer waits for its turn."""


class Database:
    """One database and its connections; safe to share between threads."""

    def __init__(self, path: Path, *, pool_size: int = 48) -> None:
        self.path = path
        self.engine = _engine(path, pool_size)
        self._open = threading.local()
        self._writer = threading.Lock()
        self._held_since: float | None = None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session on one snapshot; what it changes is never stored."""
        with self._session(immediate=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed at the end, or rolled back on an error.

        Writers of this process queue for a lock of ours: SQLite's own wait sleeps and looks
        again, so that under load one writer may starve. Unavailable after `QUEUE` seconds.
        """
        if not self._writer.acquire(timeout=QUEUE):
            raise Unavailable(BUSY, retry_after=1)
        self._held_since = time.monotonic()
        try:
            with self._session(immediate=True) as session:
                yield session
                if full():
                    raise _full()
                session.commit()
                committed: list[Callable[[], None]] = session.info.get(AFTER, [])
        finally:
            self._held_since = None
            self._writer.release()
        for call in committed:  # not under the lock: they may wait for others who want to write
            call()

    @property
    def in_transaction(self) -> bool:
        """Whether this thread holds a transaction: nobody may use the network then (D13)."""
        return getattr(self._open, "depth", 0) > 0

    def held(self) -> float:
        """Seconds since the writer of now got its turn; 0 without one."""
        since = self._held_since
        return 0.0 if since is None else time.monotonic() - since

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """Unavailable, with a sentence, for what SQLite cannot do now."""
        try:
            yield
        except PoolTimeout as exc:
            raise Unavailable(BUSY, retry_after=1) from exc
        except OperationalError as exc:
            raise Unavailable(_reason(exc), retry_after=1) from exc

    def checkpoint(self) -> None:
        """Move what is in the write-ahead log into the database file; the next start does it
        where somebody still reads."""
        connection = self.engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _session(self, *, immediate: bool) -> Iterator[Session]:
        self._open.depth = getattr(self._open, "depth", 0) + 1
        try:
            with self.in_words(), self.engine.connect() as connection:
                connection = connection.execution_options(opium_immediate=immediate)
                with Session(connection, expire_on_commit=False, autoflush=True) as session:
                    yield session
        finally:
            self._open.depth -= 1


def _engine(path: Path, pool_size: int) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        pool_size=pool_size,
        max_overflow=64,
        pool_timeout=5,
        connect_args={"check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _configure(dbapi: Any, _record: Any) -> None:
        cursor = dbapi.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        immediate = connection.get_execution_options().get("opium_immediate", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


BUSY = "The database is busy; try again."
SENTENCES = {
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_FULL: "The disk is full; free some space.",
    sqlite3.SQLITE_READONLY: "The database cannot be written: its file system is read-only.",
    sqlite3.SQLITE_CANTOPEN: "The database cannot be opened: its file system is read-only, or its "
    "folder is gone or another user's.",
    sqlite3.SQLITE_IOERR: "The database cannot be read or written: the disk has a fault.",
}


def _full() -> OperationalError:
    """What SQLite says when there is no room; for crash tests."""
    log.warning("OPIUM_FAILPOINT: this commit finds the disk full")
    exc = sqlite3.OperationalError("database or disk is full")
    exc.sqlite_errorcode = sqlite3.SQLITE_FULL
    return OperationalError("COMMIT", {}, exc)


def _reason(exc: OperationalError) -> str:
    code = getattr(exc.orig, "sqlite_errorcode", 0) & 0xFF  # without what SQLite adds to it
    if code not in SENTENCES:
        log.error("The database cannot be used: %s", exc.orig)
    return SENTENCES.get(code, "The database cannot be used; see the log.")


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Run `call` once this session has committed (ring a bell, drop a copy in memory)."""
    session.info.setdefault(AFTER, []).append(call)
