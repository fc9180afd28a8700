"""Writing down that an order's status changed, and telling the modules."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.orm import Session

from opium import alerts
from opium.db.tables import OrderSeen
from opium.events import OrderFacts, OrderStatusChanged
from opium.observe import STATUS_NUMBERS, order_facts
from opium.work import record
from opium.workers.desk import Desk


def status_changed(desk: Desk, db: Session, facts: OrderFacts) -> None:
    """Store the new status and the event, in the caller's transaction; nothing if it is known."""
    changed = db.execute(
        update(OrderSeen)
        .where(
            OrderSeen.fp_id == desk.fp_id,
            OrderSeen.order_id == facts.id,
            OrderSeen.status != facts.status_name,
        )
        .values(status=facts.status_name)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # a CursorResult at run time
        return
    if facts.status_name != "paid":
        alerts.close_alert(db, f"order:{facts.id}", desk.now)
    event = OrderStatusChanged(
        fp_user_id=desk.fp_id, order_id=facts.id, order=facts, changed_at=desk.now
    )
    record(desk.tools, db, desk.account_id, [event])


def refunded(desk: Desk, db: Session, order_id: str) -> None:
    """A refund of ours is done: the modules hear of it at once."""
    row = db.get(OrderSeen, (desk.fp_id, order_id))
    if row is None:
        return
    facts = OrderFacts(
        id=order_id,
        description=row.title,
        lot_title="",
        price=float(row.price),
        currency=row.currency,
        amount=row.amount,
        buyer_username=row.buyer,
        buyer_id=row.buyer_id,
        status=STATUS_NUMBERS["refunded"],
        status_name="refunded",
        date=row.ordered_at,
        subcategory_name=row.section_text,
    )
    status_changed(desk, db, facts)


def still_want_goods(desk: Desk, order_ids: Sequence[str]) -> dict[str, bool]:
    """A fresh look at orders before goods go out late: False for a refunded one, which is written
    down. What FunPay does not show is left out."""
    wanted = {}
    for order_id, order in desk.client.orders(order_ids).items():
        facts = order_facts(order)
        wanted[order_id] = facts.status_name != "refunded"
        if not wanted[order_id]:
            with desk.write() as (db, _account):
                status_changed(desk, db, facts)
    return wanted
