"""Opium: the parts and their life. `boot` starts them, `shutdown` stops them in reverse.

Building one starts nothing: no thread, no network, no table.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from random import Random, SystemRandom
from typing import IO
from zoneinfo import ZoneInfo

from flask import g, has_request_context
from requests.adapters import BaseAdapter
from sqlalchemy import text
from sqlalchemy.orm import Session

from opium import alerts, module
from opium.accounts import Accounts
from opium.attachments import Attachments
from opium.clock import Clock
from opium.config import Config, ConfigError
from opium.db.migrate import Branch, upgrade
from opium.db.session import Database
from opium.db.tables import Setting
from opium.security import actor, audit, passwords
from opium.vault import Vault, VaultError, load_keys
from opium.wishes import Wishes
from opium.work import Tools
from opium.workers.ends import Ends
from opium.workers.hire import Hire
from opium.workers.registry import Registry
from opium.workers.scheduler import Scheduler

log = logging.getLogger("opium.core")

DATABASE = "opium.db"
LOCK = "opium.lock"
CANARY = "key_canary"
CANARY_CONTEXT = "settings:key_canary:value"
SPARE_CONNECTIONS = 20


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
    ) -> None:
        self.config = config
        self.clock = clock or Clock()
        self.zone = _zone(config)
        self.ready = False
        self.stopping = False
        self._lock: IO[str] | None = None
        self._prepare_folder()
        self.vault = self._open_vault()
        self.db = Database(
            config.instance / DATABASE, pool_size=config.web_threads + SPARE_CONNECTIONS
        )
        self.ends = Ends()
        self.attachments = Attachments(
            self.db, self.vault, self.clock, found or module.find(), self._modules_changed
        )
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
        )
        self.hire = Hire(self.tools, config, self.ends, adapter, wait)
        self.registry = Registry(self.tools, self.hire)
        self.accounts = Accounts(self.db, self.vault, self.clock, self.attachments, self.registry)
        self.wishes = Wishes(self.tools, self.registry, self.ends, self._audit_in)
        self.scheduler = Scheduler(self.tools)

    @property
    def modules(self) -> Attachments:
        return self.attachments

    def boot(self, *, threads: bool = True) -> None:
        """Check and upgrade the database, then let the accounts run."""
        self._check_database()
        self.open_database()
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
        for name, reason in upgrade(self.db, branches).items():
            self.attachments.ready.pop(name)
            self.attachments.broken[name] = reason
        with self.db.write() as db:
            if db.get(Setting, CANARY) is None:
                proof = self.vault.seal("opium", CANARY_CONTEXT).decode()
                db.add(Setting(key=CANARY, value=proof))
            for name, reason in self.attachments.broken.items():
                line = f"Module {name} cannot be used: {reason}."
                alerts.open_alert(db, "module", f"module:{name}", line, self.clock.now())
        passwords.ensure_password(self.db, self.config)
        self.attachments.load()
        self.accounts.load()

    def shutdown(self) -> None:
        """Let waiting views go, end the workers, write everything down."""
        self.stopping = True
        self.ends.close()
        self.scheduler.stop()
        self.registry.stop()
        self.db.checkpoint()
        self.db.close()

    def lock(self) -> None:
        """Become the only server on this instance folder; ConfigError if there is another."""
        file = (self.config.instance / LOCK).open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(
                f"Another Opium runs on {self.config.instance}: stop it, or choose another "
                "folder with OPIUM_INSTANCE."
            ) from None
        self._lock = file

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
            if folder.stat().st_mode & 0o077:
                log.warning("%s was open to others; closing it", folder)
                folder.chmod(0o700)
            for path in folder.glob("*"):
                if path.is_file() and path.stat().st_mode & 0o077:
                    path.chmod(0o600)
        except OSError as exc:
            reason = exc.strerror or "it is not writable"
            raise ConfigError(f"The instance folder {folder} cannot be used: {reason}.") from None

    def _open_vault(self) -> Vault:
        """The vault, proven with the stored canary; nothing is written if the proof fails."""
        proof = _stored_canary(self.config)
        given = self.config.data_key.get_secret_value() if self.config.data_key else None
        vault = Vault(load_keys(self.config.instance, given, may_create=proof is None))
        if proof is not None:
            try:
                vault.open(proof.encode(), CANARY_CONTEXT)
            except VaultError:
                raise VaultError(
                    "The data key does not fit this database: put the right data.key back."
                ) from None
        return vault

    def _check_database(self) -> None:
        with self.db.read() as db:
            found = db.execute(text("PRAGMA quick_check(1)")).scalar()
        if found != "ok":
            raise ConfigError(f"The database is damaged ({found}): restore a backup.")


def _stored_canary(config: Config) -> str | None:
    path = config.instance / DATABASE
    if not path.exists() or path.stat().st_size == 0:
        return None
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        row = connection.execute("SELECT value FROM settings WHERE key=?", (CANARY,)).fetchone()
    except sqlite3.OperationalError:
        return None
    except sqlite3.DatabaseError as exc:
        raise ConfigError(f"The database {path} is damaged ({exc}): restore a backup.") from None
    finally:
        connection.close()
    return row[0] if row else None


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
