"""Bring the database to the schema this code knows: core first, then each module (Alembic).

Each has its own version table, so a module can come and go. Alembic is imported only when a
revision differs: at most starts nothing has to be done.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, inspect, text

from opium.db import guards
from opium.db.session import Database

log = logging.getLogger("opium.db")

CORE_VERSIONS = Path(__file__).parent / "migrations"
REVISION = re.compile(r"^(?P<n>\d{3})_\w+\.py$")


class SchemaError(Exception):
    """The database is newer than this code, or a step failed; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A line of migrations: files `001_what.py`, `002_…`, each with revision `<name>_<number>`."""

    name: str
    folder: Path

    @property
    def version_table(self) -> str:
        return "alembic_version" if self.name == "core" else f"alembic_version_{self.name}"

    @property
    def head(self) -> str | None:
        """The newest revision in the folder, without importing anything."""
        numbers = sorted(
            match["n"] for path in self.folder.glob("*.py") if (match := REVISION.match(path.name))
        )
        return f"{self.name}_{numbers[-1]}" if numbers else None


CORE = Branch("core", CORE_VERSIONS)


def upgrade(db: Database, modules: Iterable[Branch]) -> dict[str, str]:
    """Upgrade everything that is behind; returns the modules that failed, with the reason.

    Raises SchemaError if the core itself cannot be upgraded or is newer than this code.
    """
    try:
        _upgrade(db, CORE)
    except SchemaError:
        raise
    except Exception as exc:
        raise SchemaError(
            f"The tables cannot be upgraded to {CORE.head} and are as they were: {_short(exc)}. "
            "Install the former version of Opium again and report this."
        ) from exc
    broken = {}
    for branch in modules:
        try:
            _upgrade(db, branch)
        except Exception as exc:
            log.exception("The tables of module %s cannot be upgraded", branch.name)
            broken[branch.name] = f"its tables cannot be upgraded: {_short(exc)}"
    with db.engine.begin() as connection:
        guards.install(connection)
    return broken


def pending(db: Database, branch: Branch) -> bool:
    """Whether an upgrade would do something. SchemaError if the core is newer than this code:
    then nothing is to be written, not even a copy."""
    stored = _stored(db, branch)
    if branch.name == CORE.name:
        _refuse_newer(branch, stored)
    return branch.head is not None and (stored is None or stored < branch.head)


def _stored(db: Database, branch: Branch) -> str | None:
    with db.engine.connect() as connection:
        if not inspect(connection).has_table(branch.version_table):
            return None
        found = connection.execute(text(f"SELECT version_num FROM {branch.version_table}"))  # noqa: S608 — our own name
        return found.scalar()


def _upgrade(db: Database, branch: Branch) -> None:
    stored, head = _stored(db, branch), branch.head
    if head is None or stored == head:
        return
    _refuse_newer(branch, stored)
    with _rebuilding(db) as connection:
        _run(connection, branch)
    log.info("Tables of %s are at %s", branch.name, head)


def _refuse_newer(branch: Branch, stored: str | None) -> None:
    if stored is not None and branch.head is not None and stored > branch.head:
        raise SchemaError(
            f"The database has schema {stored}, newer than this version of Opium knows "
            f"({branch.head}): install the newer version again, or restore a backup made before "
            "the update (python app.py restore PATH)."
        )


@contextmanager
def _rebuilding(db: Database) -> Iterator[Connection]:
    """One transaction in which a table may be rebuilt: all steps, or none of them.

    A rebuild drops the old table. With foreign keys on, SQLite would delete its rows first, and
    with them those that refer to it; so they are off here, and checked before the commit. The
    switch works outside of a transaction only.
    """
    with db.engine.connect() as connection:
        driver = cast(sqlite3.Connection, connection.connection.driver_connection)
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                guards.remove(connection)
                yield connection
                guards.install(connection)
                loose = connection.execute(text("PRAGMA foreign_key_check")).first()
                if loose is not None:
                    raise ValueError(f"rows of {loose[0]} would refer to nothing in {loose[2]}")
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def _short(exc: Exception) -> str:
    """The first line of an error: SQLAlchemy adds statements, which are for the log."""
    return (str(exc).splitlines() or [type(exc).__name__])[0].rstrip(".")


def _run(connection: Connection, branch: Branch) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(CORE_VERSIONS))
    config.set_main_option("version_locations", str(branch.folder))
    config.set_main_option("path_separator", "newline")
    script = ScriptDirectory.from_config(config)
    with EnvironmentContext(
        config, script, fn=lambda rev, _context: script._upgrade_revs("head", rev)
    ) as environment:
        environment.configure(
            connection=connection, version_table=branch.version_table, render_as_batch=True
        )
        environment.run_migrations()
