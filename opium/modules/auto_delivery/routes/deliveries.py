"""`/deliveries`: what orders got, and what a person may do about it."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from opium.kit import NotFound, order_facts, visit
from opium.modules.auto_delivery import by_hand, deliveries, module, requests
from opium.modules.auto_delivery.cases import Case
from opium.modules.auto_delivery.deliveries import DeliveryDetails, DeliveryView, Found
from opium.modules.auto_delivery.models import Delivery, Product
from opium.modules.auto_delivery.routes.answers import Deleted, masked
from opium.modules.auto_delivery.routes.bodies import Again, DeliveriesQuery, NewDelivery, Reveal
from opium.schema import closed, typed


@closed
class DeliveriesPage(TypedDict):
    items: list[DeliveryView]
    total: int


@typed
def list_deliveries(query: DeliveriesQuery) -> DeliveriesPage:
    """Deliveries, newest first."""
    here = visit(module)
    where = []
    if query.status is not None:
        where.append(deliveries.status() == query.status)
    if query.order_id is not None:
        where.append(Delivery.order_id == query.order_id)
    if query.product_id is not None:
        where.append(Product.product_id == query.product_id)
    rows = deliveries.rows(here.account_id).where(*where).order_by(Delivery.id.desc())
    with here.read() as db:
        found = db.execute(rows.limit(query.limit).offset(query.offset)).all()
        total = deliveries.count(db, here.account_id, *where)
    return {"items": [deliveries.view(row, here.iso) for row in found], "total": total}


@typed
def get_delivery(delivery_id: str, query: Reveal) -> DeliveryDetails:
    """One delivery with its goods, masked unless `reveal=true`, which is audited."""
    here = visit(module)
    with here.read() as db:
        found = deliveries.one(db, here.account_id, delivery_id)
        items = by_hand.goods_of(db, here.vault, _case(db, found))
    if query.reveal:
        here.audit("SECRET_REVEALED", f"auto_delivery delivery of order {found[0].order_id}")
    else:
        items = [masked(item) for item in items]
    return {**deliveries.view(found, here.iso), "lines": items}


@typed(errors=(409,))
def deliver_order(body: NewDelivery, idempotency_key: str | None) -> DeliveryView:
    """Deliver an order because a person says so, also one that is held or was skipped.

    The order is read from FunPay now. Too little stock: it waits. The same `Idempotency-Key` again
    shows the same delivery, as it is by then, and does nothing.
    """
    here = visit(module)
    with here.read() as db:
        done = requests.known(db, here.account_id, idempotency_key, body, here.now)
    if done is not None:
        return _shown(done)
    order = here.funpay().order(body.order_id)
    with here.work() as work:
        done = requests.known(work.db, here.account_id, idempotency_key, body, work.now)
        if done is None:  # else the same request was quicker
            if order.seller_id not in (None, work.account.fp_id):
                raise NotFound("Order not found")
            case = by_hand.hand_over(work, order_facts(order), body.product_id, body.quantity)
            delivery_id = case.handout.id
            requests.remember(work, idempotency_key, body, delivery_id)
    if done is not None:
        return _shown(done)
    here.audit("DELIVERY_BY_HAND", f"auto_delivery order {body.order_id}")
    return _shown(delivery_id)


@typed
def retry(delivery_id: str) -> DeliveryView:
    """Go on with a failed, held or waiting delivery, after a fresh look at its order."""
    here = visit(module)
    with here.work() as work:
        case = _case(work.db, deliveries.one(work.db, here.account_id, delivery_id))
        by_hand.retry(work, case)
    here.audit("DELIVERY_RETRIED", f"auto_delivery order {case.delivery.order_id}")
    return _shown(delivery_id)


@typed(errors=(409,))
def redeliver(delivery_id: str, body: Again | None) -> DeliveryView:
    """Send the same goods once more, or `new` ones in place of dead ones."""
    here = visit(module)
    with here.work() as work:
        case = _case(work.db, deliveries.one(work.db, here.account_id, delivery_id))
        mode = body.mode if body else "same"
        by_hand.send_again(work, case, fresh=mode == "new")
    here.audit("REDELIVERED", f"auto_delivery order {case.delivery.order_id}, {mode} goods")
    return _shown(delivery_id)


@typed
def forget_finished() -> Deleted:
    """Drop finished deliveries from the list; their orders are never delivered again."""
    here = visit(module)
    with here.work() as work:
        deleted = deliveries.forget(work.db, here.account_id)
    return {"ok": True, "deleted": deleted}


def register(routes: Blueprint) -> None:
    routes.get("/deliveries")(list_deliveries)
    routes.post("/deliveries")(deliver_order)
    routes.delete("/deliveries")(forget_finished)
    routes.get("/deliveries/<delivery_id>")(get_delivery)
    routes.post("/deliveries/<delivery_id>/retry")(retry)
    routes.post("/deliveries/<delivery_id>/redeliver")(redeliver)


def _case(db: Session, found: Found) -> Case:
    return Case(found[0], found[1], db.get_one(Product, found[0].product))


def _shown(delivery_id: str) -> DeliveryView:
    here = visit(module)
    with here.read() as db:
        return deliveries.view(deliveries.one(db, here.account_id, delivery_id), here.iso)
