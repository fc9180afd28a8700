"""What steam_rent does when something happened."""

from __future__ import annotations

from sqlalchemy.orm import Session

from opium.kit import (
    CommandEnded,
    Handout,
    MessageReceived,
    OrderPaid,
    OrderRead,
    OrderSeen,
    OrderStatusChanged,
    Refund,
    Work,
)
from opium.modules.steam_rent import commands, module, orders, rentals, reviews, say
from opium.modules.steam_rent.rows import RentOrder
from opium.modules.steam_rent.settings import effective


@module.on(OrderPaid, OrderRead)
def paid(event: OrderPaid | OrderRead, work: Work) -> None:
    """A paid order, new or looked at again."""
    row = orders.of_order(work, event.order_id)
    if row is None:
        orders.take_up(event, work)
    elif isinstance(event, OrderRead) and row.state == "waiting":
        orders.resume(event, work, row)


@module.on(OrderStatusChanged)
def changed(event: OrderStatusChanged, work: Work) -> None:
    """Refunded or confirmed; a refund ends the rental at once."""
    row = orders.of_order(work, event.order_id)
    if row is None:
        return
    status = event.order.status_name
    if status == "refunded":
        _refunded(work, row)
    elif status == "closed" and row.state == "waiting":
        orders.close(work, row, "confirmed by the buyer")


@module.on(CommandEnded)
def ended(event: CommandEnded, work: Work) -> None:
    """A message or a refund of ours came to its end."""
    row = orders.of_order(work, event.order_id) if event.order_id else None
    if row is None:
        return
    if event.command_kind == Refund.kind:
        _refund_ended(event, work, row)
    elif event.handout_id == row.handout_id:
        _part_ended(event, work, row)


def wanted(event: MessageReceived) -> bool:
    return commands.parsed(event) is not None or _of_order(event) is not None


@module.on(MessageReceived, when=wanted)
def wrote(event: MessageReceived, work: Work) -> None:
    """A command of a buyer, or FunPay speaking of an order, perhaps of its review."""
    order_id = _of_order(event)
    if order_id is None:
        commands.handle(event, work)
        return
    orders.learn_chat(work, order_id, event.chat_id)
    if event.message.type in reviews.REVIEW_TYPES:
        reviews.noticed(order_id, work)


@module.releases
def release(db: Session, handout: Handout) -> None:
    """The core cancelled a handout before the buyer could see anything of it."""
    rentals.given_back(db, handout)


def _of_order(event: MessageReceived) -> str | None:
    """The order of a message that FunPay itself wrote; buyers cannot write as it."""
    return event.message.order_id if event.message.author_id == 0 else None


def _refunded(work: Work, row: RentOrder) -> None:
    rentals.settled(work, row)
    if row.state == "waiting":
        orders.close(work, row, "refunded")
        return
    rental = rentals.of_order(work.db, work.account.id, row.order_id)
    if rental is None or rental.state != "active":
        return
    closes = effective(work).refund_closes_rental
    if row.state == "extension" and closes:
        rentals.take_back(rental, row, work.now)
    elif row.state == "rental" and (closes or not rental.delivered):
        rentals.terminate(work, rental, "the order was refunded")


def _refund_ended(event: CommandEnded, work: Work, row: RentOrder) -> None:
    order_ids = {"order_ids": f"#{row.order_id}"}
    seen = work.db.get(OrderSeen, (work.account.fp_id, row.order_id))
    if event.state == "done" or (seen is not None and seen.status == "refunded"):
        orders.close(work, row, "refunded")
        say.say(work, row.chat, "refund_success", order_ids)
        return
    handout = work.db.get_one(Handout, row.handout_id)
    row.state, row.reason = "waiting", "held"
    rentals.settled(work, row)
    work.hold(handout, f"the refund did not work: {event.reason or event.state}")
    say.say(work, row.chat, "refund_failed", order_ids)


def _part_ended(event: CommandEnded, work: Work, row: RentOrder) -> None:
    handout = work.db.get_one(Handout, row.handout_id)
    if event.state != "done":
        reason = event.reason or event.state
        text = f"Order {row.order_id}: a message was not sent: {reason}."
        work.alert("delivery_failed", f"handout:{handout.id}", text)
        return
    if handout.state != "delivered" or not event.last_part:
        return
    rental = rentals.of_order(work.db, work.account.id, row.order_id)
    if row.state == "rental" and rental is not None:
        rentals.delivered(work, rental)
