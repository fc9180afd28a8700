"""What every module that takes orders asks of a paid order first."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from opium.db.tables import OrderSeen
from opium.events import OrderFacts, OrderPaid, OrderRead
from opium.work import Work


def chat_of(order: OrderFacts) -> str | None:
    """The chat's node name, else its number."""
    return order.chat or (str(order.chat_id) if order.chat_id else None)


def paid_at(work: Work, order: OrderFacts) -> datetime | None:
    """When the order was made, from itself or from the sales list."""
    if order.date is not None:
        return order.date
    return work.db.scalar(
        select(OrderSeen.ordered_at).where(
            OrderSeen.fp_id == work.account.fp_id, OrderSeen.order_id == order.id
        )
    )


def too_late(event: OrderPaid | OrderRead, work: Work) -> str | None:
    """Why an order that was paid while we were off is left to a person; None if it is not.

    By the module's settings `process_missed_orders` and `missed_orders_max_age_hours`.
    """
    if not isinstance(event, OrderPaid) or not event.missed:
        return None
    if not work.settings.process_missed_orders:
        return "paid while Opium was off"
    paid = paid_at(work, event.order)
    if paid is None:
        return "paid while Opium was off, nobody knows when"
    age = work.now - paid
    if age > timedelta(hours=work.settings.missed_orders_max_age_hours):
        return f"paid {age // timedelta(hours=1)} h ago while Opium was off"
    return None
