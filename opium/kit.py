"""All that a module may import, beside libraries: `docs/modules/writing.md` shows how."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from flask import current_app, g
from sqlalchemy.orm import Session

from opium.backup.rebuilding import OwnChat, OwnMessage
from opium.commands import RaiseLots, Refund, ReplyToReview, SaveOffer, SendImage, SendMessage
from opium.config import Config
from opium.db.guards import forbid, guard
from opium.db.tables import Alert, Base, Handout, Id, Moment, OrderSeen, StoredCommand
from opium.errors import Conflict, Invalid, NotFound, OpiumError, Refused, UpstreamError
from opium.events import (
    ChatMessage,
    CommandEnded,
    MessageReceived,
    OrderFacts,
    OrderPaid,
    OrderRead,
    OrderStatusChanged,
)
from opium.failpoints import hit
from opium.funpay.client import FunPay
from opium.job import Job
from opium.logs import redact
from opium.metrics.figures import Figure
from opium.module import Module, Settings, TagContext, Tags
from opium.observe import order_facts
from opium.paid import chat_of, paid_at, too_late
from opium.vault import Vault, VaultError
from opium.work import AccountView, Part, Work, open_work

if TYPE_CHECKING:
    from opium.core import Opium

__all__ = [
    "AccountView",
    "Alert",
    "Base",
    "ChatMessage",
    "CommandEnded",
    "Config",
    "Conflict",
    "Figure",
    "FunPay",
    "Handout",
    "Id",
    "Invalid",
    "Job",
    "MessageReceived",
    "Module",
    "Moment",
    "NotFound",
    "OpiumError",
    "OrderFacts",
    "OrderPaid",
    "OrderRead",
    "OrderSeen",
    "OrderStatusChanged",
    "OwnChat",
    "OwnMessage",
    "Part",
    "RaiseLots",
    "Refund",
    "Refused",
    "ReplyToReview",
    "SaveOffer",
    "SendImage",
    "SendMessage",
    "Settings",
    "StoredCommand",
    "TagContext",
    "Tags",
    "UpstreamError",
    "Vault",
    "VaultError",
    "Visit",
    "Work",
    "chat_of",
    "forbid",
    "guard",
    "hit",
    "order_facts",
    "paid_at",
    "redact",
    "too_late",
    "visit",
]


class Visit:
    """A request to a module's route: whose account, which module, and what it may do there."""

    def __init__(self, core: Opium, account_id: str, module: Module) -> None:
        self._core = core
        self._module = module
        self.account_id = account_id

    @property
    def now(self) -> datetime:
        return self._core.clock.now()

    @property
    def settings(self) -> Any:
        return self._core.attachments.get(self.account_id, self._module.name).settings

    @property
    def config(self) -> Config:
        return self._core.tools.config

    def job(self) -> Job:
        """The tools of the module's tasks, for work that goes on after the answer."""
        return Job(self._core.tools, self._module)

    @property
    def zone(self) -> ZoneInfo:
        """The server's zone, for "today" and for times in texts."""
        return self._core.zone

    @property
    def vault(self) -> Vault:
        """Opens what a Work has sealed."""
        return self._core.vault

    @property
    def running(self) -> bool:
        return self._core.registry.running(self.account_id)

    def read(self) -> AbstractContextManager[Session]:
        return self._core.db.read()

    @contextmanager
    def work(self) -> Iterator[Work]:
        """One transaction of this module; commits at the end, or rolls back on an error."""
        with open_work(self._core.tools, self.account_id, self._module) as work:
            yield work

    def funpay(self) -> FunPay:
        """The account's client, for live reads outside a Work; 400 if it is not running."""
        return self._core.registry.client(self.account_id)

    def wait(self, seconds: float) -> None:
        """Let the account's worker go on; returns when a command ended, or after `seconds`.

        Raises Unavailable ("busy") if too many requests wait already.
        """
        with current_app.extensions["opium.live"].waiting.place("check"):
            self._core.ends.wait_any(self.account_id, seconds)

    def iso(self, moment: datetime | None) -> str | None:
        """A moment as answers show it: ISO-8601 with offset, in the server's zone."""
        if moment is None:
            return None
        return moment.astimezone(self._core.zone).isoformat(timespec="seconds")

    def audit(self, action: str, target: str, result: str = "ok") -> None:
        """Leave a line in the audit log, with the user and address of this request."""
        self._core.audit(action, target, result)


def visit(module: Module) -> Visit:
    """The current request to one of `module`'s routes."""
    return Visit(cast("Opium", current_app.extensions["opium"]), g.account_id, module)
