"""A delivery and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from opium.kit import Handout, OrderFacts, Work, chat_of, paid_at
from opium.modules.auto_delivery import products
from opium.modules.auto_delivery.models import Delivery, Product


@dataclass(frozen=True, slots=True)
class Case:
    """A delivery with its handout and product."""

    delivery: Delivery
    handout: Handout
    product: Product


def case_of(work: Work, order_id: str) -> Case | None:
    """This module's delivery of an order of the account's present FunPay user."""
    row = work.db.execute(
        select(Delivery, Handout, Product)
        .join(Handout, Handout.id == Delivery.handout_id)
        .join(Product, Product.id == Delivery.product)
        .where(Handout.fp_id == work.account.fp_id, Handout.order_id == order_id)
    ).one_or_none()
    return Case(row[0], row[1], row[2]) if row else None


def open_case(
    work: Work,
    handout: Handout,
    order: OrderFacts,
    product: Product,
    pieces: int,
    mapping_id: str | None,
) -> Case:
    """Write down what a new handout is about."""
    delivery = Delivery(
        handout_id=handout.id,
        account_id=work.account.id,
        order_id=order.id,
        product=product.id,
        mapping_id=mapping_id,
        title=order.lot_title,
        section=order.subcategory_name or "",
        buyer_id=order.buyer_id,
        buyer=order.buyer_username,
        chat=chat_of(order) or "",
        chat_id=order.chat_id or 0,
        quantity=order.amount,
        owed=pieces,
        given=0,
        paid_at=paid_at(work, order) or work.now,
        created_at=work.now,
    )
    if not products.endless(product.kind):
        handout.amount = pieces  # D3: the lines it takes, all or none
    work.db.add(delivery)
    work.db.flush()
    return Case(delivery, handout, product)
