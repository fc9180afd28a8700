"""What auto_delivery does when something happened."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import select, update
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
    SaveOffer,
    SendMessage,
    Work,
)
from opium.modules.auto_delivery import by_hand, deliver, lots, messages, module, stock
from opium.modules.auto_delivery.cases import Case, case_of
from opium.modules.auto_delivery.models import Asked, Delivery

log = logging.getLogger("opium.auto_delivery")

COMMANDS = ("!товар", "!product")
PAUSE = timedelta(minutes=1)


@module.on(OrderPaid, OrderRead)
def paid(event: OrderPaid | OrderRead, work: Work) -> None:
    """A paid order, new or looked at again."""
    case = case_of(work, event.order_id)
    if case is None:
        deliver.take_up(event, work)
    elif isinstance(event, OrderRead):
        deliver.resume(event, work, case)


@module.on(OrderStatusChanged)
def changed(event: OrderStatusChanged, work: Work) -> None:
    """Refunded before or after the delivery, or confirmed while it still waits."""
    case = case_of(work, event.order_id)
    if case is None:
        return
    if event.order.status_name == "refunded":
        deliver.drop(work, case, "refunded")
    elif event.order.status_name == "closed" and case.handout.state == "waiting_stock":
        work.hold(case.handout, "the buyer confirmed the order before it was delivered")


@module.on(CommandEnded)
def ended(event: CommandEnded, work: Work) -> None:
    """A message, a refund or a lot switch of ours came to its end."""
    if event.command_kind == SaveOffer.kind:
        lots.switched(event, work)
    elif event.order_id is not None:
        case = case_of(work, event.order_id)
        if case is None:
            return
        if event.command_kind == Refund.kind:
            _refund_ended(event, work, case)
        elif event.handout_id == case.handout.id:
            _part_ended(event, work, case)


def asks_for_goods(event: MessageReceived) -> bool:
    """Whether a buyer wrote the command."""
    message = event.message
    if message.by_bot or message.author_id in (0, event.fp_user_id):
        return False
    return " ".join((message.text or "").split()).casefold() in COMMANDS


@module.on(MessageReceived, when=asks_for_goods)
def wrote(event: MessageReceived, work: Work) -> None:
    """`!товар`: all that the buyer has in open orders is sent again, once a minute at most."""
    message = event.message
    if not (work.settings.enabled and work.settings.allow_redelivery_command):
        return
    if _may_ask(work, message.author_id):
        _send_all_again(work, message.author_id, str(event.chat_id))


@module.releases
def release(db: Session, handout: Handout) -> None:
    """The core cancelled a handout before the buyer could see anything of it."""
    stock.give_back(db, handout)
    db.execute(update(Delivery).where(Delivery.handout_id == handout.id).values(given=0))


def _part_ended(event: CommandEnded, work: Work, case: Case) -> None:
    delivery, handout = case.delivery, case.handout
    if event.state != "done":
        payload = {
            "order_id": delivery.order_id,
            "product_id": case.product.product_id,
            "error": event.reason or event.state,
        }
        work.emit("delivery_failed", payload)
        text = f"Order {delivery.order_id}: a message was not sent: {event.reason or event.state}."
        work.alert("delivery_failed", f"handout:{handout.id}", text)
        return
    if handout.state == "delivered" and event.last_part:
        _succeeded(work, case)


def _succeeded(work: Work, case: Case) -> None:
    delivery = case.delivery
    work.close_alert(f"handout:{case.handout.id}")
    if delivery.announced:
        return
    delivery.announced = True
    payload = {
        "order_id": delivery.order_id,
        "product_id": case.product.product_id,
        "quantity": delivery.given,
        "goods_left": delivery.goods_left,
    }
    work.emit("delivery_succeeded", payload)
    log.info("[%s] Order %s delivered", work.account.id, delivery.order_id)


def _refund_ended(event: CommandEnded, work: Work, case: Case) -> None:
    if event.state == "done":
        deliver.say(work, case, "delivery_refunded")
        return
    reason = f"the refund did not work: {event.reason or event.state}"
    work.hold(case.handout, reason)


def _may_ask(work: Work, buyer_id: int) -> bool:
    asked = work.db.get(Asked, (work.account.id, buyer_id))
    if asked is None:
        work.db.add(Asked(account_id=work.account.id, buyer_id=buyer_id, at=work.now))
        return True
    if work.now - asked.at < PAUSE:
        return False
    asked.at = work.now
    return True


def _send_all_again(work: Work, buyer_id: int, chat: str) -> None:
    open_orders = (
        select(Delivery.order_id)
        .join(Handout, Handout.id == Delivery.handout_id)
        .join(
            OrderSeen,
            (OrderSeen.fp_id == Handout.fp_id) & (OrderSeen.order_id == Handout.order_id),
        )
        .where(
            Delivery.account_id == work.account.id,
            Delivery.buyer_id == buyer_id,
            Handout.state == "delivered",
            OrderSeen.status == "paid",
        )
        .order_by(Delivery.id)
    )
    cases = [case_of(work, order_id) for order_id in work.db.scalars(open_orders)]
    found = [case for case in cases if case is not None]
    for case in found:
        if not by_hand.busy(work, case) and any(by_hand.goods_of(work.db, work.vault, case)):
            by_hand.send_again(work, case, fresh=False)
    if not found:
        own = messages.overrides(work.db, work.account.id)
        text = deliver.CATALOGUE.render("no_deliveries", own, {})
        work.do(SendMessage(chat=chat, text=text))
