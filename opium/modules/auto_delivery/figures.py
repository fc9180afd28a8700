"""What `GET /api/metrics` shows of deliveries and shelves."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from opium.kit import Figure, Handout
from opium.modules.auto_delivery import deliveries, module, products
from opium.modules.auto_delivery.models import Delivery, Product, StockLine


@module.figures
def figures(db: Session) -> Iterator[Figure]:
    """Deliveries by status, goods on the shelves, and products that have run out."""
    status = deliveries.status().label("status")
    counted = (
        select(Delivery.account_id, status, func.count())
        .join(Handout, Handout.id == Delivery.handout_id)
        .group_by(Delivery.account_id, status)
    )
    for account_id, word, number in db.execute(counted):
        labels = {"account": account_id, "status": word}
        yield Figure("deliveries", "Deliveries by status, of all time.", number, labels)
    for account_id, free, empty in _shelves(db):
        labels = {"account": account_id}
        yield Figure("stock_lines", "Goods that can be handed out.", free, labels)
        text = "Products that have run out; those that never do are not among them."
        yield Figure("sold_out_products", text, empty, labels)


def _shelves(db: Session) -> list[tuple[str, int, int]]:
    """Account, its free lines, and how many of its products have none."""
    free = (
        select(func.count())
        .where(StockLine.product == Product.id, StockLine.state == "free")
        .correlate(Product)
        .scalar_subquery()
    )
    shelf = (
        select(Product.account_id, Product.kind, free.label("free"))
        .where(~Product.deleted)
        .subquery()
    )
    counted = select(
        shelf.c.account_id,
        func.sum(shelf.c.free),
        func.sum(
            case((and_(shelf.c.free == 0, shelf.c.kind.not_in(products.ENDLESS)), 1), else_=0)
        ),
    ).group_by(shelf.c.account_id)
    return [(account_id, free, empty) for account_id, free, empty in db.execute(counted)]
