"""The accounts: their rows, and how they are shown, started and stopped (contract 4).

Rows are the truth; what the list shows is kept in memory and made anew when a row changed, so that
the most frequent request of all asks no database.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from opium import logs
from opium.account_config import AccountConfig, CreateBody, Proxy
from opium.attachments import Attachments
from opium.clock import Clock
from opium.db.session import Database
from opium.db.tables import (
    Account,
    Alert,
    Attachment,
    Baseline,
    ChatSeen,
    Handling,
    StoredEvent,
)
from opium.errors import NotFound, Refused
from opium.vault import Vault
from opium.workers.hire import key_context, proxy_context
from opium.workers.registry import Registry

REBUILDS = {"golden_key", "user_agent", "proxy"}
NOT_YET = ("created", "initializing")


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """An account as the list shows it (contract 4.1)."""

    account_id: str
    username: str | None
    fp_id: int | None
    state: str
    is_running: bool
    last_error: str | None
    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    username: str | None
    fp_id: int | None


class Accounts:
    """All accounts that are not deleted."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        clock: Clock,
        attachments: Attachments,
        registry: Registry,
    ) -> None:
        self._db, self._vault, self._clock = db, vault, clock
        self._attachments, self._registry = attachments, registry
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def load(self) -> None:
        """Fill the copy in memory; called once after the migrations."""
        with self._db.read() as db:
            rows = db.scalars(select(Account).where(Account.deleted.is_(False))).all()
            for row in rows:
                logs.hide(self._vault.open(row.golden_key_sealed, key_context(row.id)))
        with self._lock:
            self._known = {row.id: _Known(row.username, row.fp_id) for row in rows}
        for row in rows:
            if not row.enabled:
                self._registry.status(row.id).state = "stopped"

    def refresh(self, account_id: str) -> None:
        """A row changed: read it again."""
        with self._db.read() as db:
            row = db.get(Account, account_id)
        with self._lock:
            if row is None or row.deleted:
                self._known.pop(account_id, None)
            else:
                self._known[account_id] = _Known(row.username, row.fp_id)

    def count(self) -> int:
        return len(self._known)

    def list(self) -> list[AccountInfo]:
        """All accounts by id; asks neither the database nor the network."""
        return [self._shown(account_id, known) for account_id, known in sorted(self._known.items())]

    def info(self, account_id: str) -> AccountInfo:
        """One account; NotFound if there is none."""
        known = self._known.get(account_id)
        if known is None:
            raise NotFound("Account not found")
        return self._shown(account_id, known)

    def create(self, body: CreateBody) -> None:
        """Store a new account, or a deleted id anew with its old module data; start it."""
        values = body.model_dump(exclude={"account_id"})
        with self._db.write() as db:
            row = db.get(Account, body.account_id)
            if row is not None and not row.deleted:
                raise Refused(f"Account {body.account_id} exists already; choose another id.")
            if row is None:
                row = Account(id=body.account_id, generation=0, created_at=self._clock.now())
                db.add(row)
            row.enabled, row.deleted = True, False
            row.username, row.fp_id = None, None
            self._fill(row, values)
        self._registry.forget(body.account_id)
        self.refresh(body.account_id)
        self._registry.status(body.account_id).state = "initializing"
        self._registry.reconcile_soon()

    def delete(self, account_id: str, *, purge: bool) -> None:
        """Stop and disable for good; rows that guard goods stay even with `purge`."""
        self.info(account_id)
        with self._db.write() as db:
            row = db.get_one(Account, account_id)
            row.enabled, row.deleted = False, True
            row.generation += 1
            if purge:
                _purge(db, account_id)
        if purge:
            self._attachments.forget(account_id)
        self._registry.forget(account_id)
        self.refresh(account_id)

    def config(self, account_id: str) -> AccountConfig:
        """The stored configuration, objects as they were given."""
        self.info(account_id)
        with self._db.read() as db:
            row = db.get_one(Account, account_id)
        return AccountConfig(
            golden_key=self._vault.open(row.golden_key_sealed, key_context(row.id)),
            user_agent=row.user_agent,
            proxy=self._proxy(row),
            anti_detect=_object(row.anti_detect),
            rate_limit=_object(row.rate_limit),
            reconnect=_object(row.reconnect),
            disable_messages=row.disable_messages,
            disable_orders=row.disable_orders,
        )

    def patch(self, account_id: str, changes: dict[str, Any]) -> AccountConfig:
        """Store validated changes and let them act on the running account."""
        before = self.config(account_id)
        with self._db.write() as db:
            self._fill(db.get_one(Account, account_id), changes)
        after = self.config(account_id)
        rebuild = any(getattr(before, name) != getattr(after, name) for name in REBUILDS)
        self._registry.reconfigure(account_id, rebuild=rebuild)
        return after

    def start(self, account_id: str) -> str:
        """Let the account run; the state to answer with. Refused while it is being stopped."""
        state = self.info(account_id).state
        if state in NOT_YET:
            raise Refused(f"Account {account_id} is still initializing; wait until it is ready.")
        if state == "stopping":
            raise Refused(f"Account {account_id} is stopping; start it when it has stopped.")
        self._enable(account_id, True)
        if self._registry.status(account_id).is_running:
            return state
        self._registry.begin_start(account_id)
        return "starting"

    def stop(self, account_id: str) -> str:
        """Let the account rest; the state to answer with."""
        state = self.info(account_id).state
        self._enable(account_id, False)
        if state in ("stopped", "stopping"):
            return state
        self._registry.begin_stop(account_id)
        return "stopping"

    def _enable(self, account_id: str, enabled: bool) -> None:
        with self._db.write() as db:
            db.execute(update(Account).where(Account.id == account_id).values(enabled=enabled))

    def _shown(self, account_id: str, known: _Known) -> AccountInfo:
        status = self._registry.status(account_id)
        return AccountInfo(
            account_id=account_id,
            username=known.username,
            fp_id=known.fp_id,
            state=status.state,
            is_running=status.is_running,
            last_error=status.last_error,
            modules=self._attachments.names(account_id),
        )

    def _fill(self, row: Account, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if name == "golden_key":
                logs.hide(value)
                row.golden_key_sealed = self._vault.seal(value, key_context(row.id))
            elif name == "proxy":
                row.proxy_sealed = (
                    None
                    if value is None
                    else self._vault.seal(json.dumps(value), proxy_context(row.id))
                )
            elif name in ("anti_detect", "rate_limit", "reconnect"):
                setattr(row, name, None if value is None else json.dumps(value))
            else:
                setattr(row, name, value)

    def _proxy(self, row: Account) -> Proxy:
        if row.proxy_sealed is None:
            return None
        found: Proxy = json.loads(self._vault.open(row.proxy_sealed, proxy_context(row.id)))
        return found


def _purge(db: Session, account_id: str) -> None:
    """Everything but what guards goods: handouts, commands and seen orders stay as tombstones."""
    events = select(StoredEvent.id).where(StoredEvent.account_id == account_id)
    db.execute(delete(Handling).where(Handling.event_id.in_(events)))
    for table in (StoredEvent, Attachment, Baseline, ChatSeen, Alert):
        db.execute(delete(table).where(table.account_id == account_id))


def _object(text: str | None) -> dict[str, Any] | None:
    found: dict[str, Any] | None = json.loads(text) if text else None
    return found
