"""Opium: the parts and their life. `boot` starts them, `shutdown` stops them in reverse.

Building one starts nothing: no thread, no network, no table.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random, SystemRandom
from typing import IO
from zoneinfo import ZoneInfo

from flask import g, has_request_context
from requests.adapters import BaseAdapter
from sqlalchemy import text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from opium import alerts, module, tidy
from opium.accounts import Accounts
from opium.attachments import Attachments
from opium.backup import epoch
from opium.backup.copies import CopyError
from opium.backup.disk import Disk
from opium.backup.keeper import EVERY, Keeper
from opium.backup.mode import Reconcile, newest_messages
from opium.clock import Clock
from opium.config import Config, ConfigError
from opium.db.migrate import CORE, Branch, pending, upgrade
from opium.db.session import Database, after_commit
from opium.db.tables import Alert
from opium.inside import Inside
from opium.keys import stored as keys
from opium.lock import try_lock
from opium.logs import Logging
from opium.metrics.counters import Counters
from opium.metrics.page import Page
from opium.security import actor, audit, passwords
from opium.tools import Tools
from opium.vault import CANARY, CANARY_CONTEXT, Vault, VaultError, load_keys
from opium.wishes import Wishes
from opium.workers.ends import Ends
from opium.workers.hire import Hire
from opium.workers.registry import Registry
from opium.workers.scheduler import Scheduler

log = logging.getLogger("opium.core")

DATABASE = "opium.db"
SPARE_CONNECTIONS = 20
MODULES_LEAVE = 1.0
"""Seconds for a thread of a module, after the workers have ended."""


class Opium:
    """One server. `adapter` replaces the network and `wait` the gate's waiting in tests."""

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock | None = None,
        random: Random | None = None,
        adapter: BaseAdapter | None = None,
        wait: Callable[[threading.Condition, float], object] | None = None,
        found: module.Found | None = None,
        lines: Logging | None = None,
    ) -> None:
        self.config = config
        self.clock = clock or Clock()
        self.zone = _zone(config)
        self.ready = False
        self.stopping = False
        self.unusable: str | None = None
        """Why nothing but health can be answered, if the database is of no use."""
        self._unreadable: str | None = None
        self._lock: IO[str] | None = None
        self._prepare_folder()
        database = config.instance / DATABASE
        self._existed = database.exists() and database.stat().st_size > 0
        self.vault = self._open_vault()
        self.db = Database(database, pool_size=config.web_threads + SPARE_CONNECTIONS)
        self.disk = Disk(
            config.instance,
            self.clock,
            alert_mib=config.disk_alert_mib,
            stop_mib=config.disk_stop_mib,
        )
        self.keeper = Keeper(self.db, config.instance, self.clock, self.disk)
        self.reconcile = Reconcile(self.db)
        self.ends = Ends()
        self.attachments = Attachments(
            self.db, self.vault, self.clock, found or module.find(), self._modules_changed
        )
        self.inside: Inside = Inside()
        self.tools = Tools(
            db=self.db,
            vault=self.vault,
            clock=self.clock,
            random=random or SystemRandom(),
            zone=self.zone,
            attachments=self.attachments,
            ring=self._ring,
            client=lambda account_id: self.registry.client(account_id),
            running=lambda account_id: self.registry.running(account_id),
            account_changed=lambda account_id: self.accounts.refresh(account_id),
            reconcile=self.reconcile,
            disk=self.disk,
            config=config,
            wait=partial(wait, threading.Condition()) if wait else time.sleep,
            adapter=adapter,
            inside=self.inside,
            counters=Counters(self.clock),
            lines=lines,
        )
        self.hire = Hire(self.tools, config, self.ends, adapter, wait)
        self.registry = Registry(self.tools, self.hire)
        self.accounts = Accounts(self.db, self.vault, self.clock, self.attachments, self.registry)
        self.wishes = Wishes(self.tools, self.registry, self.ends, self._audit_in)
        self.scheduler = Scheduler(
            self.tools,
            [
                ("backup", EVERY, self.keeper.run),
                ("tidy", tidy.EVERY, lambda: tidy.tidy(self.db, self.clock)),
            ],
        )
        self.metrics = Page(self.tools, self.accounts, self.registry, self.scheduler).text

    @property
    def modules(self) -> Attachments:
        return self.attachments

    def boot(self, *, threads: bool = True) -> None:
        """Check and upgrade the database, then let the accounts run.

        A damaged database is left alone: `unusable` says what to do, and nothing is started.
        """
        self.unusable = self._unreadable or self._damage()
        if self.unusable is not None:
            log.critical("%s", self.unusable)
            return
        with self.db.in_words():
            self.open_database()
        self._count_start()
        if threads:
            self.registry.start()
            self.scheduler.start()
        self.ready = True
        log.info("Ready: %d accounts", self.accounts.count())

    def open_database(self) -> None:
        """Migrations, the key's proof, the first password, the copies in memory."""
        branches = [
            Branch(m.name, m.migrations) for m in self.attachments.ready.values() if m.migrations
        ]
        if self._existed and any(pending(self.db, branch) for branch in (CORE, *branches)):
            self._keep_a_copy()
        for name, reason in upgrade(self.db, branches).items():
            self.attachments.ready.pop(name)
            self.attachments.broken[name] = reason
        with self.db.write() as db:
            keys.settle(db, self.vault)
            self._tell_broken(db)
        passwords.ensure_password(self.db, self.config)
        self.attachments.load()
        self.accounts.load()

    def release(self, db: Session, account_id: str) -> None:
        """A person has seen what a restore has lost: the account may send again."""
        self.reconcile.release(db, account_id, self.clock.now())
        after_commit(db, lambda: self._ring(account_id))

    def _count_start(self) -> None:
        """Raise the epoch. A database behind it was put back: all its accounts are held."""
        instance, now = self.config.instance, self.clock.now()
        with self.db.read() as db:
            inside, marks = epoch.stored(db), newest_messages(db)
        since = datetime.fromisoformat(inside.at) if inside else None
        self.reconcile.load(marks, since)
        if epoch.is_behind(inside, epoch.outside(instance)):
            with self.db.write() as db:
                self.reconcile.enter(db, since, now)
        epoch.raise_at_start(self.db, instance, now)

    def _keep_a_copy(self) -> None:
        try:
            self.keeper.take("before-migration")
        except CopyError as exc:
            raise ConfigError(
                f"The tables must be changed, and the backup before that failed: {exc}"
            ) from None

    def _tell_broken(self, db: Session) -> None:
        """An alert for each module that cannot be used; those that were mended lose theirs."""
        now = self.clock.now()
        lines = {
            f"module:{name}": f"Module {name} cannot be used: {reason}."
            for name, reason in self.attachments.broken.items()
        }
        mended = (Alert.kind == "module", Alert.closed_at.is_(None), Alert.key.not_in(lines))
        db.execute(update(Alert).where(*mended).values(closed_at=now))
        for key, line in lines.items():
            alerts.open_alert(db, "module", key, line, now)

    def shutdown(self) -> None:
        """Stop everything, in reverse."""
        self.quiesce()
        self.close()

    def quiesce(self) -> None:
        """Let waiting views go and end the workers; what they were sending is written down."""
        self.stopping = True
        self.ends.close()
        self.scheduler.stop()
        leaving = [threading.Thread(target=stop, daemon=True) for stop in self.tools.stops]
        for thread in leaving:
            thread.start()
        self.registry.stop()
        for thread in leaving:
            thread.join(MODULES_LEAVE)

    def close(self) -> None:
        """Write everything down; the last step."""
        if self.unusable is None:
            self.db.checkpoint()
        self.db.close()

    def lock(self) -> None:
        """Become the only server on this instance folder; ConfigError if there is another."""
        self._lock = try_lock(self.config.instance)
        if self._lock is None:
            raise ConfigError(
                f"Another Opium runs on {self.config.instance}: stop it, or choose another "
                "folder with OPIUM_INSTANCE."
            )

    def audit(self, action: str, target: str, result: str = "ok") -> None:
        """Leave a line in the audit log, in a transaction of its own."""
        with self.db.write() as db:
            self._audit_in(db, action, target, result)

    def _audit_in(self, db: Session, action: str, target: str, result: str) -> None:
        who, ip = ("server", "")
        if has_request_context():
            who, ip = actor(), g.address.text
        audit.record(db, who, action, target, result, ip, at=self.clock.now())

    def _ring(self, account_id: str) -> None:
        self.registry.ring(account_id)

    def _modules_changed(self, account_id: str) -> None:
        self.registry.ring(account_id)
        self.scheduler.nudge()

    def _prepare_folder(self) -> None:
        """Only the owner may look into the folder; wrong modes are repaired with a warning."""
        folder = self.config.instance
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in (folder, *folder.rglob("*")):
                _close_to_others(path)
        except OSError as exc:
            reason = exc.strerror or "it is not writable"
            raise ConfigError(f"The instance folder {folder} cannot be used: {reason}.") from None

    def _open_vault(self) -> Vault:
        """The vault, proven with the stored canary; nothing is written if the proof fails."""
        try:
            proof, may_create = _stored_canary(self.config), True
        except sqlite3.OperationalError:  # it cannot be asked now; `boot` says why
            proof, may_create = None, False
        except sqlite3.DatabaseError as exc:
            proof, may_create = None, False
            self._unreadable = _damaged(exc)
        given = self.config.data_key.get_secret_value() if self.config.data_key else None
        may_create = may_create and proof is None
        vault = Vault(load_keys(self.config.instance, given, may_create=may_create))
        if proof is not None:
            try:
                vault.open(proof.encode(), CANARY_CONTEXT)
            except VaultError:
                raise VaultError(
                    "The data key does not fit this database: put the right data.key back."
                ) from None
        return vault

    def _damage(self) -> str | None:
        try:
            with self.db.read() as db:
                found = db.execute(text("PRAGMA quick_check(1)")).scalar()
        except (DatabaseError, sqlite3.DatabaseError) as exc:
            return _damaged(getattr(exc, "orig", exc))
        return None if found == "ok" else _damaged(found)


def _close_to_others(path: Path) -> None:
    """Repair the modes of a folder or file; a link is left alone, it may lead anywhere."""
    try:
        found = path.lstat().st_mode
        if not stat.S_ISLNK(found) and found & 0o077:
            log.warning("%s was open to others; closing it", path)
            path.chmod(stat.S_IMODE(found) & 0o700)
    except FileNotFoundError:
        return  # a file that a program beside us has just removed


def _stored_canary(config: Config) -> str | None:
    path = config.instance / DATABASE
    if not path.exists() or path.stat().st_size == 0:
        return None
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        row = connection.execute("SELECT 1 FROM sqlite_master WHERE name='settings'").fetchone()
        if row is not None:
            row = connection.execute("SELECT value FROM settings WHERE key=?", (CANARY,)).fetchone()
    finally:
        connection.close()
    return row[0] if row else None


def _damaged(found: object) -> str:
    return (
        f"The database is damaged ({' '.join(str(found).split())}). It is kept as it is; nothing "
        "is read from FunPay or sent. Stop the service and restore a backup: "
        "python app.py restore latest"
    )


def _zone(config: Config) -> ZoneInfo:
    if config.timezone:
        return ZoneInfo(config.timezone)
    name = os.environ.get("TZ") or _system_zone()
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def _system_zone() -> str:
    target = os.path.realpath("/etc/localtime")
    return target.partition("zoneinfo/")[2] or "UTC"
