"""Who is served when there is too little stock: in the order of payment, each who can be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select

from opium.kit import Handout, Refused, Work
from opium.modules.auto_delivery import products, stock
from opium.modules.auto_delivery.models import Delivery, Product


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that waits for `missing` pieces."""

    delivery: int
    missing: int


def shares(claims: Iterable[Claim], free: int, *, partial: bool) -> dict[int, int]:
    """How many lines each claim may have now, in the order given; those with none are left out.

    A claim that is too large does not block the smaller ones behind it. With `partial` it takes
    what is there.
    """
    given: dict[int, int] = {}
    for claim in claims:
        n = claim.missing if claim.missing <= free else (free if partial else 0)
        if n > 0:
            given[claim.delivery] = n
            free -= n
    return given


def waits() -> ColumnElement[bool]:
    """Deliveries that lack something and are neither held nor cancelled."""
    return or_(
        Handout.state == "waiting_stock",
        and_(
            Handout.state.in_(("reserved", "delivering", "delivered")),
            Delivery.given < Delivery.owed,
        ),
    )


def servable(work: Work, product: Product) -> dict[int, int]:
    """Deliveries of a product that can be served now, first payment first, with their share.

    While the product or the module is switched off, only those that a person approved.
    """
    rows = (
        select(Delivery.id, Delivery.owed - Delivery.given)
        .join(Handout, Handout.id == Delivery.handout_id)
        .where(Delivery.product == product.id, waits())
        .order_by(Delivery.paid_at, Delivery.id)
    )
    if product.deleted or not (product.enabled and work.settings.enabled):
        rows = rows.where(Delivery.approved)
    claims = [Claim(id_, missing) for id_, missing in work.db.execute(rows)]
    if not claims:
        return {}
    if products.endless(product.kind):
        if product.static_sealed is None:  # its picture was not given yet
            return {}
        return {claim.delivery: claim.missing for claim in claims}
    free = stock.count_free(work.db, product.id)
    return shares(claims, free, partial=work.settings.allow_partial)


def look_again(work: Work, product: Product) -> None:
    """Ask for a fresh look at each order that can be served now: it is served on `OrderRead`,
    and only if it is still paid."""
    for delivery_id in servable(work, product):
        delivery = work.db.get_one(Delivery, delivery_id)
        ask(work, delivery)


def ask(work: Work, delivery: Delivery) -> None:
    """A fresh look at one order; an order that FunPay never showed us is held instead."""
    try:
        work.look_at(delivery.order_id)
    except Refused:
        handout = work.db.get_one(Handout, delivery.handout_id)
        if handout.state == "waiting_stock":
            work.hold(handout, "this order was never seen in the sales list")
