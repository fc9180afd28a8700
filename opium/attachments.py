"""Which modules are attached to which account, with their settings; a copy in memory.

The rows are the truth; every change of ours refreshes the copy, so that a poll asks no database
who listens. Settings are sealed as one JSON text, since they may hold tokens and passwords.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint
from pydantic import ValidationError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from opium.clock import Clock
from opium.db.session import Database, after_commit
from opium.db.tables import Attachment
from opium.errors import Invalid, NotFound, Refused
from opium.events import Event
from opium.funpay.models import OrderRow
from opium.module import Found, Module, Settings
from opium.vault import Vault

log = logging.getLogger("opium.modules")

MASK = "***"


@dataclass(frozen=True, slots=True)
class Attached:
    """A ready module on an account, in attach order, with its effective settings."""

    module: Module
    settings: Settings
    hears: frozenset[str] | None = None
    """The kinds of events that the module wants here; None: all it handles."""

    def listens(self, kind: str) -> bool:
        """Whether the module handles events of this kind, and wants them on this account."""
        return kind in self.module.handlers and (self.hears is None or kind in self.hears)


class Attachments:
    """The modules of all accounts."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        clock: Clock,
        found: Found,
        changed: Callable[[str], None] = lambda _account_id: None,
    ) -> None:
        self._db, self._vault, self._clock = db, vault, clock
        self._found = found
        self._changed = changed
        self._lock = threading.Lock()
        self._by_account: dict[str, dict[str, Attached]] = {}
        self._names: dict[str, tuple[str, ...]] = {}

    def load(self) -> None:
        """Fill the copy from the rows; called once after the migrations."""
        with self._db.read() as db:
            ids = db.scalars(select(Attachment.account_id).distinct()).all()
            for account_id in ids:
                self._refresh(db, account_id)

    @property
    def ready(self) -> dict[str, Module]:
        return self._found.ready

    @property
    def broken(self) -> dict[str, str]:
        return self._found.broken

    def available(self) -> list[str]:
        """Names of the modules that can be attached, sorted."""
        return sorted(self._found.ready)

    def attached(self, account_id: str) -> list[tuple[str, dict[str, Any]]]:
        """Name and shown settings of each attached module; a broken one shows {}."""
        usable = self._by_account.get(account_id, {})
        return [
            (name, shown(usable[name].settings) if name in usable else {})
            for name in self.names(account_id)
        ]

    def config(self, account_id: str, name: str) -> dict[str, Any]:
        """The effective settings of an attached module, secrets masked."""
        return shown(self.get(account_id, name).settings)

    def blueprints(self) -> list[tuple[str, Blueprint]]:
        """The routes of all ready modules, made anew at each call."""
        return [(m.name, m.blueprint()) for m in self._found.ready.values() if m.blueprint]

    def tags(self, account_id: str, orders: Sequence[OrderRow] | None) -> dict[str, Any]:
        """Whose business the orders are, see `opium.tags`."""
        from opium.tags import order_tags

        return order_tags(self._db, self, account_id, orders)

    def names(self, account_id: str) -> tuple[str, ...]:
        """Attached module names in attach order, broken ones too."""
        return self._names.get(account_id, ())

    def count(self) -> int:
        """Module instances over all accounts."""
        return sum(len(names) for names in self._names.values())

    def of(self, account_id: str) -> list[Attached]:
        """The usable modules of an account in attach order."""
        return list(self._by_account.get(account_id, {}).values())

    def get(self, account_id: str, name: str) -> Attached:
        """One attached module; NotFound if it is not attached, or broken."""
        attached = self._by_account.get(account_id, {}).get(name)
        if attached is None:
            raise NotFound("Module not found")
        return attached

    def accounts_with(self, name: str) -> list[str]:
        """Accounts that the module is attached to."""
        return [account for account, modules in self._by_account.items() if name in modules]

    def listeners(self, account_id: str, kind: str) -> list[str]:
        """Modules of the account that handle this kind of event, in attach order."""
        modules = self._by_account.get(account_id, {})
        return [name for name, attached in modules.items() if attached.listens(kind)]

    def takers(self, account_id: str, kind: str, event: Event) -> list[str]:
        """Modules of the account that want this very event, in attach order."""
        modules = self._by_account.get(account_id, {})
        return [
            name
            for name, attached in modules.items()
            if attached.listens(kind) and attached.module.wants(kind, event)
        ]

    def attach(self, account_id: str, name: str, config: dict[str, Any] | None) -> None:
        """Attach a module; Refused if it is unknown or attached, Invalid if `config` is bad."""
        module = self._known(name)
        settings = checked(module, config or {})
        with self._db.write() as db:
            if db.get(Attachment, (account_id, name)) is not None:
                raise Refused(f"Module {name} is attached already.")
            last = db.scalar(
                select(func.max(Attachment.position)).where(Attachment.account_id == account_id)
            )
            db.add(
                Attachment(
                    account_id=account_id,
                    module=name,
                    position=(last or 0) + 1,
                    settings_sealed=self._seal(account_id, name, settings),
                    attached_at=self._clock.now(),
                )
            )
            db.flush()
            self._refresh(db, account_id)
        self._changed(account_id)

    def replace(self, account_id: str, name: str, config: dict[str, Any]) -> dict[str, Any]:
        """Replace a module's settings whole; absent keys fall to their defaults.

        A masked secret keeps its stored value. Returns the new settings as answers show them.
        """
        current = self.get(account_id, name)
        kept = {
            key: getattr(current.settings, key)
            for key in current.module.settings.secret
            if config.get(key) == MASK
        }
        settings = checked(current.module, config | kept)
        with self._db.write() as db:
            self.store(db, account_id, name, settings)
        return shown(settings)

    def store(self, db: Session, account_id: str, name: str, settings: Settings) -> None:
        """Write a module's settings inside a transaction of the caller."""
        row = db.get(Attachment, (account_id, name))
        if row is None:
            raise NotFound("Module not found")
        row.settings_sealed = self._seal(account_id, name, settings)
        db.flush()
        self._refresh(db, account_id)
        after_commit(db, lambda: self._changed(account_id))

    def hear_anew(self, db: Session, account_id: str) -> None:
        """Inside a transaction that changed what a module `hears`."""
        db.flush()
        self._refresh(db, account_id)
        after_commit(db, lambda: self._changed(account_id))

    def detach(self, account_id: str, name: str) -> None:
        """Detach a module; its data stay."""
        with self._db.write() as db:
            if db.get(Attachment, (account_id, name)) is None:
                raise NotFound("Module not found")
            db.execute(
                delete(Attachment).where(
                    Attachment.account_id == account_id, Attachment.module == name
                )
            )
            self._refresh(db, account_id)
        self._changed(account_id)

    def forget(self, account_id: str) -> None:
        """The rows of this account are gone."""
        with self._lock:
            self._by_account.pop(account_id, None)
            self._names.pop(account_id, None)

    def _known(self, name: str) -> Module:
        module = self._found.ready.get(name)
        if module is None:
            raise Refused("There is no such module; GET /api/modules/available lists them.")
        return module

    def _seal(self, account_id: str, name: str, settings: Settings) -> bytes:
        return self._vault.seal(settings.model_dump_json(), _context(account_id, name))

    def _refresh(self, db: Session, account_id: str) -> None:
        rows = db.scalars(
            select(Attachment)
            .where(Attachment.account_id == account_id)
            .order_by(Attachment.position)
        ).all()
        usable = {}
        for row in rows:
            module = self._found.ready.get(row.module)
            if module is None:
                continue
            text = self._vault.open(row.settings_sealed, _context(account_id, row.module))
            usable[row.module] = Attached(
                module, _read(module, text), _heard(module, db, account_id)
            )
        with self._lock:
            self._by_account[account_id] = usable
            self._names[account_id] = tuple(row.module for row in rows)


def checked(module: Module, config: dict[str, Any]) -> Settings:
    """The settings, or Invalid with one sentence that names the key."""
    try:
        return module.settings.model_validate_json(json.dumps(config))
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "config"
        raise Invalid(f"config.{where}: {first['msg']}.") from None


def shown(settings: Settings) -> dict[str, Any]:
    """Settings as answers show them: effective, secrets masked."""
    values = settings.model_dump(mode="json")
    return {
        key: MASK if key in type(settings).secret and value else value
        for key, value in values.items()
    }


def _read(module: Module, text: str) -> Settings:
    """Stored settings; keys that the module no longer knows are dropped, not fatal."""
    try:
        return module.settings.model_validate_json(text)
    except ValidationError:
        log.warning("Stored settings of %s do not fit any more; using what does", module.name)
    known: dict[str, Any] = {}
    for key, value in json.loads(text).items():
        if key not in module.settings.model_fields:
            continue
        try:
            module.settings.model_validate_json(json.dumps(known | {key: value}))
        except ValidationError:
            continue
        known[key] = value
    return module.settings.model_validate_json(json.dumps(known))


def _heard(module: Module, db: Session, account_id: str) -> frozenset[str] | None:
    if module.hearer is None:
        return None
    try:
        return frozenset(module.hearer(db, account_id))
    except Exception:  # a module's code: it hears too much then, and nothing else stops
        log.exception("[%s] %s does not say what it hears", account_id, module.name)
        return None


def _context(account_id: str, name: str) -> str:
    return f"attachments:{account_id}/{name}:settings"
