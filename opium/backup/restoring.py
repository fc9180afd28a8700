"""Putting a copy in the database's place, with the server stopped.

The order makes every crash safe: the copy is checked before anything is touched, the counter is
put ahead so that the next start knows, the present files get a second name aside, and then one
rename decides. Nothing is ever deleted but the log of the database that was set aside.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from opium.backup import copies, epoch, names
from opium.backup.copies import CopyError
from opium.config import Config
from opium.db.migrate import CORE
from opium.vault import (
    CANARY,
    CANARY_CONTEXT,
    KEY_FILE,
    Vault,
    VaultError,
    formers,
    key_file,
    load_keys,
    read_keys,
)

BACKUPS = "backups"
ASIDE = "set-aside"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done: the copy used, and where the former database is now, if there was one."""

    copy: Path
    aside: Path | None
    rows: copies.Counts


def chosen(config: Config, which: str) -> Path:
    """The file that a person means: a path, or `latest` of the backups. CopyError if none."""
    if which != "latest":
        path = Path(which).expanduser()
        if not path.is_file():
            raise CopyError(f"There is no file {path}.")
        return path
    found = names.in_folder(config.instance / BACKUPS)
    if not found:
        raise CopyError(f"There are no backups in {config.instance / BACKUPS}.")
    return found[-1][1]


def restore(config: Config, database: Path, which: Path, now: datetime) -> Restored:
    """Replace `database` by a checked copy of `which`. The caller holds the lock.

    Raises CopyError, with everything as it was.
    """
    if database.exists() and which.resolve() == database.resolve():
        raise CopyError("This is the database itself.")
    draft = database.with_name(f"{database.name}.restoring")
    draft.unlink(missing_ok=True)
    copy = copies.take(which, draft)
    try:
        inside = _refuse_unusable(config, draft)
        epoch.put_ahead(config.instance, inside)
        aside = _set_aside(database, config.instance / ASIDE / names.stamp(now))
        draft.replace(database)
    finally:
        draft.unlink(missing_ok=True)
    return Restored(which, aside, copy.rows)


def _refuse_unusable(config: Config, path: Path) -> int:
    """The copy's epoch; CopyError if this code, or this data key, cannot use the copy."""
    with closing(copies.open_read_only(path)) as db:
        schema = _one(db, f"SELECT version_num FROM {CORE.version_table}")  # noqa: S608 — our name
        proof = _one(db, "SELECT value FROM settings WHERE key=?", CANARY)
        counter = _one(db, "SELECT value FROM settings WHERE key=?", epoch.KEY)
    if schema is None:
        raise CopyError("This file is not a database of Opium.")
    if CORE.head is not None and schema > CORE.head:
        raise CopyError(f"It has schema {schema}, newer than this version of Opium ({CORE.head}).")
    if proof is not None:
        _refuse_other_key(config, proof)
    return int(json.loads(counter)["n"]) if counter else 0


def _refuse_other_key(config: Config, proof: str) -> None:
    given = config.data_key.get_secret_value() if config.data_key else None
    if _fits(proof, lambda: load_keys(config.instance, given, may_create=False)):
        return
    path = key_file(config) or config.instance / KEY_FILE
    for former in formers(path):
        if _fits(proof, partial(read_keys, former)):
            raise CopyError(
                f"This copy is sealed with the former key {former}: add that to the present one "
                f"(cat {former} >> {path}) and restore again."
            )
    raise CopyError(
        "The data key here does not fit this copy: put the data.key that belongs to it "
        "into the instance folder first."
    )


def _fits(proof: str, keys: Callable[[], list[str]]) -> bool:
    try:
        Vault(keys()).open(proof.encode(), CANARY_CONTEXT)
    except VaultError:
        return False
    return True


def _set_aside(database: Path, folder: Path) -> Path | None:
    """Give the present files a second name; the database keeps its own until it is replaced."""
    if not database.exists():
        return None
    logs = [database.with_name(database.name + end) for end in ("-wal", "-shm")]
    _fold_log(database)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (database, *logs):
        if path.exists():
            os.link(path, folder / path.name)
    for path in logs:  # a log beside another database would damage it
        path.unlink(missing_ok=True)
    return folder / database.name


def _fold_log(database: Path) -> None:
    """Move the write-ahead log into the database; a damaged one keeps it, and is kept with it."""
    try:
        with closing(sqlite3.connect(database, timeout=5, isolation_level=None)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error:
        return


def _one(db: sqlite3.Connection, sql: str, *values: str) -> str | None:
    try:
        row = db.execute(sql, values).fetchone()
    except sqlite3.Error:
        return None
    return str(row[0]) if row else None
