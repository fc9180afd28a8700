"""Intake of orders: from the sales list, not only from signals (reliability 3.3).

`baseline` is the first contact; `compare` finds what is new or changed; `decide` reads the orders
themselves and offers them to the modules. Each step leaves rows behind, so a crash between two of
them only means that the next start goes on from there.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium import alerts
from opium.db.tables import Baseline, ChatSeen, OrderSeen
from opium.events import Event, OrderFirstSeen, OrderPaid, OrderRead
from opium.failpoints import hit
from opium.funpay.models import Order, OrderRow, OrderStatus
from opium.observe import (
    SalesChange,
    is_old,
    order_facts,
    row_facts,
    row_status,
    sales_changes,
)
from opium.work import record
from opium.workers.desk import Desk
from opium.workers.handwork import Handwork
from opium.workers.lookback import LookBack
from opium.workers.putback import PutBack, reconcile
from opium.workers.sightings import status_changed

log = logging.getLogger("opium.intake")

MOST_PAGES = 200
BATCH = 10


@dataclass(frozen=True, slots=True)
class _Pending:
    order_id: str
    decision: str
    source: str
    owner: str | None
    title: str


class Intake:
    """The sales of one account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._handwork = Handwork(desk)
        self._pending = True
        self._looked_back = False
        self.caught_up = False
        """Whether a complete compare was made since the last outage."""

    def ring(self) -> None:
        """A module may have asked for a look at an order."""
        self._pending = True

    def lost_sight(self) -> None:
        """After an outage: what is found next was missed, and the whole list must be compared."""
        self.caught_up = False
        self._desk.sales_signal = True

    def baseline(self) -> None:
        """First contact of this account with this FunPay user: what is paid now is not ours.

        Set only by a complete, signed-in read; an error leaves nothing behind.
        """
        with self._desk.tools.db.read() as db:
            if db.get(Baseline, (self._desk.account_id, self._desk.fp_id)) is not None:
                return
        ahead = timedelta(seconds=self._desk.client.site_clock_ahead or 0)
        began = self._desk.now + ahead  # orders carry FunPay's time, not ours
        rows = self._all_paid()
        hit("before_baseline")
        with self._desk.write() as (db, _account):
            known = self.known(db, [row.order_id for row in rows])
            new = [row for row in rows if row.order_id not in known]
            self.store(db, new, "baseline", "old")
            db.add(
                Baseline(account_id=self._desk.account_id, fp_id=self._desk.fp_id, taken_at=began)
            )
            events = [
                OrderFirstSeen(
                    fp_user_id=self._desk.fp_id, order_id=row.order_id, order=row_facts(row)
                )
                for row in rows
            ]
            record(self._desk.tools, db, self._desk.account_id, events)
        self.caught_up = True
        self._desk.sales_signal = False
        log.info("[%s] First contact: %d paid orders left alone", self._desk.account_id, len(rows))

    def compare(self, *, whole: bool) -> bool:
        """Read the paid sales and store what is new, changed or gone; whether all were read.

        Unless the `whole` list is due, reading ends as soon as the orders that we knew and those
        that were shown add up to FunPay's own count: then none can be missing or gone.
        """
        open_sales = None if whole or not self.caught_up else self._desk.open_sales
        with self._desk.tools.db.read() as db:
            known_open = set(self.known(db, ()))
        rows, complete = self._paid(known_open, open_sales)
        with self._desk.tools.db.read() as db:
            known = self.known(db, [row.order_id for row in rows])
        if not self._looked_back:
            self._look_back()
        change = sales_changes(rows, known, complete=complete)
        gone = self._read(change.gone)
        if change.new or change.changed or gone:
            hit("before_intake")
            self._store_change(change, gone)
            self._pending = True
        self.caught_up = True
        self._desk.sales_signal = False
        return complete

    def decide(self) -> bool:
        """Read orders that wait for it, and hand them to the modules as events; whether any.

        None while the account is held after a restore.
        """
        decided = False
        if self._desk.tools.reconcile.holds(self._desk.account_id):
            return False
        while self._pending:
            with self._desk.tools.db.read() as db:
                batch = self._next_pending(db)
            if not batch:
                self._pending = False
                break
            decided = True
            orders = self._desk.client.orders([p.order_id for p in batch])
            read_at = self._desk.now
            try:
                by_hand = {
                    p.order_id: self._handwork.written(orders[p.order_id])
                    for p in batch
                    if p.order_id in orders and (p.source == "catchup" or p.decision == "look")
                }
            except PutBack:
                reconcile(self._desk)
                return decided
            hit("before_offer")
            with self._desk.write() as (db, _account):
                for pending in batch:
                    order = orders.get(pending.order_id)
                    self._offer(db, pending, order, read_at, by_hand.get(pending.order_id, False))
        return decided

    def _look_back(self) -> None:
        """Notice an older database before anything is handed out; once after the start."""
        try:
            rows = LookBack(self._desk).run()
        except PutBack:
            reconcile(self._desk)
        else:
            with self._desk.write() as (db, _account):
                self.store(db, rows, "catchup", "closed")
        self._looked_back = True

    def _all_paid(self) -> list[OrderRow]:
        return self._paid(set(), None)[0]

    def _paid(self, known: set[str], open_sales: int | None) -> tuple[list[OrderRow], bool]:
        """The paid sales, newest first, and whether that is all of them."""
        rows: dict[str, OrderRow] = {}
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = self._desk.client.sales(cursor, OrderStatus.PAID)
            rows |= {r.order_id: r for r in page.rows if r.status is OrderStatus.PAID}
            if page.next_cursor is None or page.next_cursor == cursor:
                return list(rows.values()), True
            if len(known | rows.keys()) == open_sales:
                return list(rows.values()), False
            cursor = page.next_cursor
        return list(rows.values()), False

    def known(self, db: Session, ids: Sequence[str]) -> dict[str, str]:
        """Status of the shown orders, as far as known, and of all that were paid last time."""
        known = {}
        mine = OrderSeen.fp_id == self._desk.fp_id
        columns = select(OrderSeen.order_id, OrderSeen.status)
        for row in db.execute(columns.where(mine, OrderSeen.status == "paid")):
            known[row[0]] = row[1]
        for at in range(0, len(ids), 500):
            some = OrderSeen.order_id.in_(ids[at : at + 500])
            for row in db.execute(columns.where(mine, some)):
                known[row[0]] = row[1]
        return known

    def _read(self, ids: Sequence[str]) -> dict[str, Order]:
        return self._desk.client.orders(ids) if ids else {}

    def _store_change(self, change: SalesChange, gone: dict[str, Order]) -> None:
        with self._desk.write() as (db, _account):
            first = db.get_one(Baseline, (self._desk.account_id, self._desk.fp_id))
            source = "poll" if self.caught_up else "catchup"
            old = [row for row in change.new if is_old(row.date, first.taken_at)]
            self.store(db, old, source, "old")
            self.store(db, [row for row in change.new if row not in old], source, "pending")
            for row in change.changed:
                status_changed(self._desk, db, row_facts(row))
            for order in gone.values():
                status_changed(self._desk, db, order_facts(order))

    def store(self, db: Session, rows: Sequence[OrderRow], source: str, decision: str) -> None:
        """Write down orders of the sales list, newest first, that nobody has seen."""
        now = self._desk.now
        db.add_all(
            OrderSeen(
                fp_id=self._desk.fp_id,
                order_id=row.order_id,
                account_id=self._desk.account_id,
                status=row_status(row),
                title=row.title,
                section_text=row.section_text,
                amount=row.amount,
                price=str(row.price.amount),
                currency=row.price.currency,
                buyer=row.buyer,
                buyer_id=row.buyer_id,
                ordered_at=row.date,
                first_seen=now,
                rank=rank,
                source=source,
                decision=decision,
            )
            for rank, row in enumerate(reversed(rows))  # the list is newest first
        )

    def _next_pending(self, db: Session) -> list[_Pending]:
        found = db.scalars(
            select(OrderSeen)
            .where(
                OrderSeen.fp_id == self._desk.fp_id,
                OrderSeen.account_id == self._desk.account_id,
                OrderSeen.decision.in_(("pending", "look")),
            )
            .order_by(OrderSeen.ordered_at, OrderSeen.first_seen, OrderSeen.rank)
            .limit(BATCH)
        )
        return [
            _Pending(row.order_id, row.decision, row.source, row.owner, row.title) for row in found
        ]

    def _offer(
        self,
        db: Session,
        pending: _Pending,
        order: Order | None,
        read_at: datetime,
        by_hand: bool,
    ) -> None:
        row = db.get_one(OrderSeen, (self._desk.fp_id, pending.order_id))
        if order is None:
            text = f"Order {pending.order_id} is in the sales list, but FunPay does not show it."
            alerts.open_alert(
                db, "held", f"order:{pending.order_id}", text, read_at, self._desk.account_id
            )
            row.decision = "held"
            return
        facts = order_facts(order, pending.title).model_copy(
            update={
                "date": order.date or row.ordered_at,
                "chat_id": order.chat_id or self._chat_id(db, order.chat_name),
            }
        )
        row.status = row_status(order)
        events: list[Event] = []
        only = None
        if pending.decision == "look":
            row.decision, only = "taken", pending.owner
            events.append(
                OrderRead(
                    fp_user_id=self._desk.fp_id,
                    order_id=order.order_id,
                    order=facts,
                    seller_wrote=by_hand,
                    read_at=read_at,
                )
            )
        elif facts.status_name != "paid" or facts.delivered_by_site:
            row.decision = "closed"
        else:
            row.decision = "offered"
            events.append(
                OrderPaid(
                    fp_user_id=self._desk.fp_id,
                    order_id=order.order_id,
                    order=facts,
                    missed=pending.source == "catchup",
                    seller_wrote=by_hand,
                    read_at=read_at,
                )
            )
        if record(self._desk.tools, db, self._desk.account_id, events, only) == 0 and only is None:
            row.decision = "closed" if row.decision == "closed" else "unmatched"

    def _chat_id(self, db: Session, chat_name: str | None) -> int | None:
        return db.scalar(
            select(ChatSeen.chat_id).where(
                ChatSeen.account_id == self._desk.account_id, ChatSeen.node_name == chat_name
            )
        )
