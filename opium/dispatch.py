"""Handing stored events to modules: one transaction per event and module (architecture 5).

A handler that raises is rolled back alone and tried again later, at most five times; then its turn
is held with an alert, and the next one goes on.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from opium import alerts
from opium.db.tables import Account, Attachment, Handling, Handout, OrderSeen, StoredEvent
from opium.errors import Unavailable
from opium.events import Event, OrderPaid, load
from opium.tools import Tools
from opium.work import Work

log = logging.getLogger("opium.dispatch")

MOST_ATTEMPTS = 5


class Dispatch:
    """Runs the open handlings of an account, in order."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def handle_open(self, account_id: str) -> datetime | None:
        """Run what is due; when the next postponed handling is due, or None."""
        later: datetime | None = None
        for event_id, module, next_at in self._open(account_id):
            if next_at is None or next_at <= self._tools.clock.now():
                next_at = self._guarded(account_id, event_id, module)
            if next_at is not None:
                later = min(later, next_at) if later else next_at
        return later

    def _open(self, account_id: str) -> list[tuple[int, str, datetime | None]]:
        with self._tools.db.read() as db:
            rows = db.execute(
                select(Handling.event_id, Handling.module, Handling.next_at)
                .outerjoin(
                    Attachment,
                    (Attachment.account_id == Handling.account_id)
                    & (Attachment.module == Handling.module),
                )
                .where(Handling.account_id == account_id, Handling.state == "open")
                .order_by(Handling.event_id, Attachment.position)
            )
            return [(row[0], row[1], row[2]) for row in rows]

    def _guarded(self, account_id: str, event_id: int, module: str) -> datetime | None:
        """One turn; when to try again if it failed."""
        try:
            with self._tools.db.write() as db:
                self._handle(db, account_id, event_id, module)
        except Unavailable:  # the database, not the handler
            raise
        except Exception as exc:
            log.exception("[%s] %s failed with event %d", account_id, module, event_id)
            with self._tools.db.write() as db:
                return self._failed(db, account_id, event_id, module, exc)
        return None

    def _handle(self, db: Session, account_id: str, event_id: int, name: str) -> None:
        handling = db.get(Handling, (event_id, name))
        account = db.get(Account, account_id)
        if handling is None or handling.state != "open" or account is None:
            return
        event = self._event(db, event_id)
        attached = {a.module.name: a.module for a in self._tools.attachments.of(account_id)}
        module = attached.get(name)
        if module is not None and event.fp_user_id == account.fp_id:
            handler = module.handlers.get(handling_kind(db, event_id))
            if handler is not None:
                handler(event, Work(self._tools, db, account, module))
        handling.state = "done"
        db.flush()
        if isinstance(event, OrderPaid):
            self._offered(db, account, event)

    def _failed(
        self, db: Session, account_id: str, event_id: int, module: str, exc: Exception
    ) -> datetime | None:
        handling = db.get(Handling, (event_id, module))
        if handling is None:
            return None
        now = self._tools.clock.now()
        handling.attempts += 1
        handling.error = f"{type(exc).__name__}: {exc}"[:500]
        handling.next_at = now + timedelta(seconds=2**handling.attempts)
        if handling.attempts >= MOST_ATTEMPTS:
            handling.state = "held"
            text = f"Module {module} failed {MOST_ATTEMPTS} times with the same event; see the log."
            alerts.open_alert(db, "held", f"handling:{event_id}:{module}", text, now, account_id)
            return None
        return handling.next_at

    def _event(self, db: Session, event_id: int) -> Event:
        row = db.get_one(StoredEvent, event_id)
        context = f"events:{row.account_id}/{row.kind}/{row.key}:body"
        return load(row.kind, self._tools.vault.open(row.body_sealed, context))

    def _offered(self, db: Session, account: Account, event: OrderPaid) -> None:
        """When all modules had their turn: a paid order that none took is never silent."""
        more = exists().where(
            Handling.event_id == StoredEvent.id,
            Handling.state == "open",
            StoredEvent.account_id == account.id,
            StoredEvent.kind == event.kind,
            StoredEvent.key == event.key,
        )
        mine = (Handout.fp_id == account.fp_id) & (Handout.order_id == event.order_id)
        owner = db.scalar(select(Handout.module).where(mine))
        order = db.get(OrderSeen, (account.fp_id, event.order_id))
        if order is None or order.decision != "offered":
            return
        if owner is not None:  # a person was quicker: the offer came after the handout
            order.decision, order.owner = "taken", owner
            return
        if db.scalar(select(more)):
            return
        order.decision = "unmatched"
        if any(a.module.takes_orders for a in self._tools.attachments.of(account.id)):
            text = (
                f"Order {event.order_id} is paid, but no module takes it: "
                f"«{event.order.lot_title}» matches no mapping."
            )
            now = self._tools.clock.now()
            alerts.open_alert(db, "unmatched", f"order:{event.order_id}", text, now, account.id)


def handling_kind(db: Session, event_id: int) -> str:
    """The kind under which an event was stored: modules subscribe by it."""
    return db.get_one(StoredEvent, event_id).kind
