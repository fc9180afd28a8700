"""What only a person may ask for: deliver this order, try again, send it again."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from opium.kit import (
    Conflict,
    Invalid,
    OrderFacts,
    OrderSeen,
    Refused,
    StoredCommand,
    Work,
    chat_of,
)
from opium.modules.auto_delivery import (
    deliver,
    images,
    mappings,
    messages,
    products,
    stock,
    waiting,
)
from opium.modules.auto_delivery.cases import Case, case_of, open_case
from opium.modules.auto_delivery.models import Product
from opium.modules.auto_delivery.stock import Opener

UNSETTLED = ("started", "unknown", "held")


def hand_over(work: Work, order: OrderFacts, product_id: str | None, quantity: int | None) -> Case:
    """Deliver an order that was just read, because a person says so. Conflict if it has goods."""
    if order.status_name == "refunded":
        raise Refused("This order was refunded.")
    if chat_of(order) is None:
        raise Refused("FunPay does not say in which chat this order is.")
    choice = mappings.for_title(work.db, work.account.id, order.lot_title, order.section_id)
    if product_id is not None:
        product = products.find(work.db, work.account.id, product_id)
    elif choice is None or choice.unsure:
        raise Invalid("No single mapping fits this order; name a product_id.")
    else:
        product = work.db.get_one(Product, choice.pattern.product)
    pieces = quantity or products.pieces(product, work.settings, order.amount)
    mapping_id = choice.pattern.mapping_id if choice and product_id is None else None
    case = case_of(work, order.id)
    if case is None:
        handout = work.claim_by_hand(order.id, order.amount)
        if handout is None:
            raise Conflict("This order has an owner already, or is being refunded.")
        case = open_case(work, handout, order, product, pieces, mapping_id)
    else:
        case = _taken_over(work, case, product, pieces, mapping_id)
        case.delivery.chat = chat_of(order) or case.delivery.chat
    case.delivery.approved = True
    deliver.serve(work, case)
    return case


def retry(work: Work, case: Case) -> None:
    """Go on with a delivery that waits, is held, or was refused by FunPay."""
    delivery, handout = case.delivery, case.handout
    if handout.state in ("cancelled", "reserved", "delivering") or (
        handout.state == "delivered" and delivery.given >= delivery.owed
    ):
        raise Refused("Only a failed, held or waiting delivery can be tried again.")
    delivery.approved = True
    refuse_refunded(work, case)
    if handout.state == "held" and delivery.given:
        if _cut_short(work, case):
            _send_refused_again(work, case)
            return
        handout.state, handout.reason = "delivered", None
        work.close_alert(f"handout:{handout.id}")
    elif handout.state == "held":
        _reopen(work, case)
    waiting.ask(work, delivery)


def send_again(work: Work, case: Case, *, fresh: bool) -> None:
    """Send the goods of a delivered order once more, or `fresh` lines instead of dead ones."""
    if case.handout.state != "delivered":
        raise Refused("Nothing was delivered yet.")
    refuse_refunded(work, case)
    items = _replaced(work, case) if fresh else goods_of(work.db, work.vault, case)
    if not any(items):
        raise Refused("The goods of this delivery are not stored any more.")
    shown = images.in_text(case.product, items)
    found = messages.values(case.delivery, shown, work.now, work.zone)
    overrides = messages.overrides(work.db, work.account.id)
    text = deliver.CATALOGUE.render("redelivery", overrides, found)
    parts = deliver.parts_of(work, case, text, items)
    work.send_again(case.handout, case.delivery.chat, parts)
    case.delivery.redeliveries += 1


def refuse_refunded(work: Work, case: Case) -> None:
    """Refused if the order is known to be refunded: nothing is sent for it any more."""
    key = (case.handout.fp_id, case.handout.order_id)
    seen = work.db.get(OrderSeen, key)
    if seen is not None and seen.status == "refunded":
        raise Refused("This order was refunded.")


def goods_of(db: Session, vault: Opener, case: Case) -> list[str]:
    """What this delivery gives, as texts; pictures by their labels."""
    if products.endless(case.product.kind):
        text = products.static_text(vault, case.product)
        return [text] if text else []
    return [stock.text_of(vault, line) for line in stock.of_handout(db, case.handout.id)]


def busy(work: Work, case: Case) -> bool:
    """Whether messages of this delivery are still on their way."""
    states = (*UNSETTLED, "waiting")
    return bool(
        work.db.scalar(
            select(
                exists().where(
                    StoredCommand.handout_id == case.handout.id, StoredCommand.state.in_(states)
                )
            )
        )
    )


def _cut_short(work: Work, case: Case) -> bool:
    """Whether some message of this delivery did not reach the buyer."""
    undone = exists().where(
        StoredCommand.handout_id == case.handout.id, StoredCommand.state != "done"
    )
    return bool(work.db.scalar(select(undone)))


def _taken_over(
    work: Work, case: Case, product: Product, pieces: int, mapping_id: str | None
) -> Case:
    delivery, handout = case.delivery, case.handout
    if delivery.given or not (handout.state in ("waiting_stock", "held") or delivery.skipped):
        raise Conflict("This order was delivered or refunded already.")
    delivery.product, delivery.owed, delivery.mapping_id = product.id, pieces, mapping_id
    delivery.skipped = False
    if not products.endless(product.kind):
        handout.amount = pieces
    _reopen(work, case)
    return Case(delivery, handout, product)


def _reopen(work: Work, case: Case) -> None:
    """Back to waiting; from `cancelled` by way of `held`, as the guard wants it."""
    if case.handout.state == "cancelled":
        case.handout.state, case.handout.ended_at = "held", None
        work.db.flush()
    case.handout.state, case.handout.reason = "waiting_stock", None
    work.db.flush()
    work.close_alert(f"handout:{case.handout.id}")
    work.close_alert(f"skipped:{case.handout.id}")


def _send_refused_again(work: Work, case: Case) -> None:
    handout = case.handout
    parts = select(StoredCommand.state).where(StoredCommand.handout_id == handout.id)
    if set(work.db.scalars(parts)) & set(UNSETTLED):
        raise Refused("A message of this order is being checked, or waits for your decision.")
    given = case.delivery.given
    missing = case.delivery.owed - given
    items = goods_of(work.db, work.vault, case)
    text = deliver.success_text(work, case, items, given, missing)
    work.retry(handout, case.delivery.chat, deliver.parts_of(work, case, text, items))


def _replaced(work: Work, case: Case) -> list[str]:
    if products.endless(case.product.kind):
        return goods_of(work.db, work.vault, case)
    n = len(stock.of_handout(work.db, case.handout.id))
    if stock.count_free(work.db, case.product.id) < n:
        raise Conflict("There are not enough free lines; add stock first.")
    stock.burn(work.db, case.handout.id)
    return deliver.take_goods(work, case, n)
