"""Deliveries as the API shows them. Their status follows from the core's handouts and commands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from opium.kit import Handout, NotFound, StoredCommand
from opium.modules.auto_delivery.models import Delivery, Product
from opium.schema import closed

Iso = Callable[[datetime | None], str | None]


@closed
class DeliveryView(TypedDict):
    delivery_id: str
    order_id: str
    product_id: str
    mapping_id: str | None
    buyer_id: int
    buyer_username: str
    chat_id: int
    quantity: int
    delivered_quantity: int
    status: str
    attempts: int
    error: str | None
    goods_left: int | None
    created_at: str | None
    delivered_at: str | None
    redeliveries: int


@closed
class DeliveryDetails(DeliveryView):
    lines: list[str]


def status() -> ColumnElement[str]:
    """The word of the contract: see decisions, "states"."""
    refused = exists().where(
        StoredCommand.handout_id == Handout.id,
        StoredCommand.state == "failed",
        StoredCommand.attempt > 0,
    )
    state = Handout.state
    return case(
        (and_(state == "cancelled", Delivery.skipped), "skipped"),
        (state == "cancelled", "refunded"),
        (and_(state == "held", refused), "failed"),
        (state == "held", "held"),
        (state == "waiting_stock", "waiting_stock"),
        (state == "reserved", "queued"),
        (state == "delivering", "reserved"),
        (Delivery.given < Delivery.owed, "waiting_stock"),
        else_="delivered",
    )


def attempts() -> ColumnElement[int]:
    """How often its most stubborn message was tried."""
    return (
        select(func.coalesce(func.max(StoredCommand.attempt), 0))
        .where(StoredCommand.handout_id == Handout.id)
        .scalar_subquery()
    )


Found = Row[Delivery, Handout, str, str, int]


def rows(account_id: str) -> Select[Delivery, Handout, str, str, int]:
    """Delivery, handout, product id, status and attempts of an account."""
    return (
        select(
            Delivery,
            Handout,
            Product.product_id,
            status().label("status"),
            attempts().label("attempts"),
        )
        .join(Handout, Handout.id == Delivery.handout_id)
        .join(Product, Product.id == Delivery.product)
        .where(Delivery.account_id == account_id)
    )


def one(db: Session, account_id: str, delivery_id: str) -> Found:
    """A delivery by its id, which is that of its handout."""
    found = db.execute(rows(account_id).where(Delivery.handout_id == delivery_id)).one_or_none()
    if found is None:
        raise NotFound("Delivery not found")
    return found


def view(found: Found, iso: Iso) -> DeliveryView:
    delivery, handout, product_id, word, tries = found
    ended = handout.ended_at if handout.state == "delivered" else None
    return {
        "delivery_id": handout.id,
        "order_id": delivery.order_id,
        "product_id": product_id,
        "mapping_id": delivery.mapping_id,
        "buyer_id": delivery.buyer_id,
        "buyer_username": delivery.buyer,
        "chat_id": delivery.chat_id,
        "quantity": delivery.quantity,
        "delivered_quantity": delivery.given if ended else 0,
        "status": word,
        "attempts": tries,
        "error": handout.reason,
        "goods_left": delivery.goods_left,
        "created_at": iso(delivery.created_at),
        "delivered_at": iso(ended),
        "redeliveries": delivery.redeliveries,
    }


def count(db: Session, account_id: str, *where: ColumnElement[bool]) -> int:
    found = rows(account_id).where(*where).subquery()
    return db.scalar(select(func.count()).select_from(found)) or 0


def finished() -> ColumnElement[bool]:
    """Nothing more will happen to it by itself, and nobody needs to decide."""
    return or_(
        Handout.state == "cancelled",
        and_(Handout.state == "delivered", Delivery.given >= Delivery.owed),
    )


def forget(db: Session, account_id: str, keep: int = 0) -> int:
    """Drop finished deliveries but the newest `keep`. Handouts stay: no order is served twice."""
    old = (
        select(Delivery.id)
        .join(Handout, Handout.id == Delivery.handout_id)
        .where(Delivery.account_id == account_id, finished())
        .order_by(Delivery.id.desc())
        .limit(-1)
        .offset(keep)
    )
    ids = list(db.scalars(old))
    for at in range(0, len(ids), 500):
        db.execute(delete(Delivery).where(Delivery.id.in_(ids[at : at + 500])))
    return len(ids)
