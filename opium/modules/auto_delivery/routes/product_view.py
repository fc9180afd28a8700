"""A product as answers show it."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from opium.kit import Handout, Visit
from opium.modules.auto_delivery import products, stock
from opium.modules.auto_delivery.models import Delivery, Product, StockLine
from opium.schema import closed


@closed
class ProductView(TypedDict):
    product_id: str
    name: str
    kind: str
    static_text: str | None
    delivery_text: str | None
    enabled: bool
    multi_quantity: bool | None
    out_of_stock_policy: str | None
    low_stock_threshold: int | None
    auto_deactivate: bool | None
    auto_restore: bool | None
    stock_count: int | None
    reserved_count: int
    delivered_count: int
    created_at: str | None
    updated_at: str | None


def product_view(db: Session, here: Visit, row: Product) -> ProductView:
    """A product as answers show it; `reserved` lines belong to orders that are not delivered."""
    sold = (
        select(Handout.state, func.count())
        .join(StockLine, StockLine.handout_id == Handout.id)
        .where(StockLine.product == row.id, StockLine.state == "taken")
        .group_by(Handout.state)
    )
    counts: dict[str, int] = {row[0]: row[1] for row in db.execute(sold)}
    delivered = counts.pop("delivered", 0)
    if products.endless(row.kind):
        delivered = _static_delivered(db, row)
    return {
        "product_id": row.product_id,
        "name": row.name,
        "kind": row.kind,
        "static_text": products.MASK if row.static_sealed else None,
        "delivery_text": row.delivery_text,
        "enabled": row.enabled,
        "multi_quantity": row.multi_quantity,
        "out_of_stock_policy": row.out_of_stock_policy,
        "low_stock_threshold": row.low_stock_threshold,
        "auto_deactivate": row.auto_deactivate,
        "auto_restore": row.auto_restore,
        "stock_count": None if products.endless(row.kind) else stock.count_free(db, row.id),
        "reserved_count": sum(counts.values()),
        "delivered_count": delivered,
        "created_at": here.iso(row.created_at),
        "updated_at": here.iso(row.updated_at),
    }


def _static_delivered(db: Session, row: Product) -> int:
    given = select(func.coalesce(func.sum(Delivery.given), 0)).join(
        Handout, Handout.id == Delivery.handout_id
    )
    return db.scalar(given.where(Delivery.product == row.id, Handout.state == "delivered")) or 0
