"""From a paid order to its messages: claim, take, write, hand out; or wait.

Each function runs inside one transaction: goods, texts and the handout's state change together,
or not at all. Sending is the core's business.
"""

from __future__ import annotations

import logging

from sqlalchemy import exists, select

from opium.kit import (
    OrderFacts,
    OrderPaid,
    OrderRead,
    Part,
    SendMessage,
    StoredCommand,
    Work,
    chat_of,
)
from opium.modules.auto_delivery import (
    checks,
    images,
    lots,
    mappings,
    messages,
    products,
    stock,
    waiting,
)
from opium.modules.auto_delivery.cases import Case, open_case
from opium.modules.auto_delivery.models import Product
from opium.text import Catalogue, render, split

log = logging.getLogger("opium.auto_delivery")
CATALOGUE: Catalogue = messages.CATALOGUE


def take_up(event: OrderPaid | OrderRead, work: Work) -> None:
    """An order that we do not know yet: ours, held, skipped or somebody else's."""
    order, settings = event.order, work.settings
    if order.status_name != "paid" or order.delivered_by_site or not settings.enabled:
        return
    choice = mappings.for_title(work.db, work.account.id, order.lot_title, order.section_id)
    if choice is None:
        return
    product = work.db.get_one(Product, choice.pattern.product)
    pieces = products.pieces(product, settings, order.amount)
    skipped = settings.skip_blacklisted and _blacklisted(order, settings.blacklist)
    reason = None if skipped else checks.reason_to_hold(event, work, choice, product, pieces)
    handout = work.hold_order(event, reason) if reason else work.claim_order(event)
    if handout is None:
        return
    case = open_case(work, handout, order, product, pieces, choice.pattern.mapping_id)
    if skipped:
        _skip(work, case)
    elif reason is None:
        serve(work, case)


def resume(event: OrderRead, work: Work, case: Case) -> None:
    """A fresh look at an order that waits: serve it, if it is still paid."""
    delivery, handout = case.delivery, case.handout
    status = event.order.status_name
    if delivery.given >= delivery.owed or handout.state in ("held", "cancelled"):
        return
    if status == "refunded":
        drop(work, case, "refunded")
    elif status != "paid" and not delivery.approved:
        work.hold(handout, "the buyer confirmed the order before it was delivered")
    elif event.seller_wrote and not delivery.approved:
        work.hold(handout, checks.DELIVERED_BY_HAND)
    else:
        delivery.chat = chat_of(event.order) or delivery.chat
        delivery.chat_id = event.order.chat_id or delivery.chat_id
        serve(work, case)


def serve(work: Work, case: Case) -> None:
    """Hand out what this delivery may have now; else let it wait."""
    delivery, handout, product = case.delivery, case.handout, case.product
    share = waiting.servable(work, product)
    n = share.get(delivery.id, 0)
    if n == 0:
        _wait(work, case)
        return
    items = take_goods(work, case, n)
    missing = delivery.owed - delivery.given - n
    delivery.given += n
    parts = parts_of(work, case, success_text(work, case, items, n, missing), items)
    if delivery.given == n:
        work.reserve(handout)
    if _begun(work, case):
        work.send_again(handout, delivery.chat, parts)
    else:
        work.hand_out(handout, delivery.chat, parts)
    work.close_alert(f"stock:{handout.id}")
    if missing:
        delivery.told = True
        _alert_stock(work, case)


def take_goods(work: Work, case: Case, n: int) -> list[str]:
    """Take `n` lines for this handout; their texts, or the labels of pictures. The caller knows
    that there are enough."""
    delivery, product = case.delivery, case.product
    if products.endless(product.kind):
        return [products.static_text(work.vault, product) or ""]
    before = stock.count_free(work.db, product.id)
    lines = stock.take(work.db, product.id, case.handout.id, n, work.now)
    if len(lines) != n:
        raise RuntimeError("the shelf changed under the write lock")
    delivery.goods_left = before - n
    limit = products.threshold(product, work.settings)
    if before > limit >= before - n and limit:
        count = {"product_id": product.product_id, "stock_count": before - n}
        work.emit("stock_low", count)
    lots.sync(work, product)
    return [stock.text_of(work.vault, line) for line in lines]


def filled(work: Work, product: Product) -> None:
    """There is more on the shelf: look at the orders that wait, and at the lots."""
    lots.forgive(work, product)
    waiting.look_again(work, product)
    lots.sync(work, product)


def drop(work: Work, case: Case, reason: str) -> None:
    """The order is not paid any more: give back what nobody has seen, expect no more."""
    if case.handout.state in ("waiting_stock", "reserved", "delivering", "held"):
        work.cancel(case.handout, reason)
    if case.delivery.given:
        case.delivery.owed = case.delivery.given
        work.close_alert(f"handout:{case.handout.id}")
    work.close_alert(f"stock:{case.handout.id}")
    waiting.look_again(work, case.product)
    lots.sync(work, case.product)


def success_text(work: Work, case: Case, items: list[str], pieces: int, missing: int) -> str:
    """The rendered text with its goods: the product's own, else the module's."""
    shown = images.in_text(case.product, items)
    found = messages.values(
        case.delivery, shown, work.now, work.zone, pieces=pieces, missing=missing
    )
    if case.product.delivery_text:
        return render(case.product.delivery_text, found)
    key = "delivery_partial" if missing else "delivery_success"
    return CATALOGUE.render(key, messages.overrides(work.db, work.account.id), found)


def parts_of(work: Work, case: Case, text: str, items: list[str]) -> list[Part]:
    """The messages of a delivery: its text, whose marker says that goods went out, then pictures,
    which have no marker of their own."""
    return [*split(text), *images.parts(work, case.product, items, case.delivery.chat)]


def say(work: Work, case: Case, key: str) -> None:
    """A message without goods; not part of the handout."""
    found = messages.values(case.delivery, [], work.now, work.zone)
    text = CATALOGUE.render(key, messages.overrides(work.db, work.account.id), found)
    for part in split(text, marked=False):
        work.do(SendMessage(chat=case.delivery.chat, text=part))


def _begun(work: Work, case: Case) -> bool:
    """Whether its first messages were written: for an earlier share, or as a restore found them."""
    mine = exists().where(StoredCommand.handout_id == case.handout.id)
    return bool(work.db.scalar(select(mine)))


def _wait(work: Work, case: Case) -> None:
    """Too little stock: tell it once, and do what the policy says."""
    if case.delivery.told:
        return
    case.delivery.told = True
    policy = products.policy(case.product, work.settings)
    log.info("[%s] Order %s waits for stock", work.account.id, case.delivery.order_id)
    if policy == "refund" and not (case.delivery.given or case.delivery.approved):
        work.refund(case.delivery.order_id)
        return
    _alert_stock(work, case)
    if policy == "notify":
        work.hold(case.handout, "out of stock")
    else:
        say(work, case, "delivery_out_of_stock")


def _alert_stock(work: Work, case: Case) -> None:
    missing = case.delivery.owed - case.delivery.given
    text = f"Order {case.delivery.order_id} waits: {missing} more of «{case.product.name}» needed."
    work.alert("out_of_stock", f"stock:{case.handout.id}", text)


def _skip(work: Work, case: Case) -> None:
    case.delivery.skipped = True
    work.cancel(case.handout, "the buyer is on the blacklist")
    text = f"Order {case.delivery.order_id} was skipped: its buyer is on the blacklist."
    work.alert("skipped", f"skipped:{case.handout.id}", text)


def _blacklisted(order: OrderFacts, blacklist: list[str]) -> bool:
    return order.buyer_username.casefold() in {nick.casefold() for nick in blacklist}
