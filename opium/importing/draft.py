"""Where an import is tried: a copy of the instance, which takes its place only when all is well.

So an account is taken over whole or not at all, whatever happens half-way; a dry run works on a
copy of the whole instance that is thrown away.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from opium import create_app
from opium.backup import copies
from opium.backup.copies import CopyError
from opium.backup.disk import Disk
from opium.backup.keeper import Keeper
from opium.clock import Clock
from opium.config import Config
from opium.core import DATABASE, Opium
from opium.db.migrate import SchemaError
from opium.db.session import Database
from opium.db.tables import Account
from opium.errors import OpiumError
from opium.importing.report import NotImported
from opium.inside import Reply
from opium.job import Job
from opium.vault import VaultError, load_keys
from opium.work import Work

ACTOR = "import"
PREFIX = "importing-"


class Draft:
    """The product over a copy, without threads and without the network."""

    def __init__(self, config: Config) -> None:
        self.core = Opium(config)
        self.core.open_database()
        self.core.ready = True
        create_app(self.core)

    def has(self, account_id: str) -> bool:
        return any(info.account_id == account_id for info in self.core.accounts.list())

    def call(self, method: str, path: str, body: Any = None) -> Reply:
        """A route, as a client would call it."""
        return self.core.inside.call(method, path, body, actor=ACTOR)

    def ask(self, where: str, method: str, path: str, body: Any = None) -> Any:
        """The answer of a route. NotImported with its reason; `where` names file and entry."""
        reply = self.call(method, path, body)
        if not reply.ok:
            raise NotImported(f"{where}: {reply.data['detail']}")
        return reply.data

    def work(self, account_id: str, module: str) -> AbstractContextManager[Work]:
        """A Work of a module, for what no route can do."""
        return Job(self.core.tools, self.core.attachments.ready[module]).work(account_id)


class Premises:
    """The instance that somebody moves into. The caller holds the lock."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._path = config.instance / DATABASE
        self._saved = False

    def has(self, account_id: str) -> bool:
        """Whether there is such an account already."""
        if not _there(self._path):
            return False
        with closing(Database(self._path, pool_size=1)) as database, database.read() as db:
            row = db.get(Account, account_id)
        return row is not None and not row.deleted

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """A draft that becomes the database if the block ends without an error. Raises
        NotImported, also for what the machine lacks."""
        try:
            self._save()
            before = self._state()
            with copied(self._config, make_key=True) as config:
                with _opened(config) as draft:
                    yield draft
                if self._state() != before:
                    raise NotImported("the database was changed meanwhile; run the import again.")
                self._move_in(config.instance / DATABASE)
        except (CopyError, OpiumError, SchemaError, VaultError) as exc:
            raise NotImported(str(exc)) from None
        except OSError as exc:
            raise NotImported(f"{self._config.instance}: {exc.strerror}.") from None

    def _save(self) -> None:
        """One backup before the first change. It raises the epoch, so it comes before the copy:
        a database behind its epoch would be taken for one that was put back."""
        if self._saved or not _there(self._path):
            return
        clock = Clock()
        disk = Disk(self._config.instance, clock, alert_mib=0, stop_mib=0)
        with closing(Database(self._path, pool_size=1)) as database:
            Keeper(database, self._config.instance, clock, disk).take("before-import")
        self._saved = True

    def _state(self) -> tuple[int, int] | None:
        if not _there(self._path):
            return None
        with closing(Database(self._path, pool_size=1)) as database:
            database.checkpoint()
        found = self._path.stat()
        return found.st_mtime_ns, found.st_size

    def _move_in(self, draft: Path) -> None:
        """One rename decides. A log beside another database would damage it, so none is left."""
        copies.check(draft)
        _flush(draft)
        for end in ("-wal", "-shm"):
            self._path.with_name(self._path.name + end).unlink(missing_ok=True)
        draft.replace(self._path)
        _flush(self._path.parent)


@contextmanager
def copied(config: Config, *, make_key: bool) -> Iterator[Config]:
    """The settings of a copy of the instance, gone afterwards. Only its owner can look inside."""
    config.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=config.instance))
    try:
        database = config.instance / DATABASE
        there = _there(database)
        changes: dict[str, Any] = {"instance": folder}
        if there or make_key:
            given = config.data_key.get_secret_value() if config.data_key else None
            keys = load_keys(config.instance, given, may_create=not there)
            changes["data_key"] = SecretStr("\n".join(keys))
        if there:
            copies.take(database, folder / DATABASE)
        yield config.model_copy(update=changes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _opened(config: Config) -> Iterator[Draft]:
    """A draft, closed at the end; all that was written is then in its one file."""
    draft = Draft(config)
    try:
        yield draft
        draft.core.db.checkpoint()
    finally:
        draft.core.db.close()


def clear(config: Config) -> None:
    """Remove what an import that was killed has left. The caller holds the lock."""
    for folder in config.instance.glob(f"{PREFIX}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _there(database: Path) -> bool:
    return database.exists() and database.stat().st_size > 0


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
