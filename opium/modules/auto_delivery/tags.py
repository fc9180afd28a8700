"""Which orders are shown as auto_delivery's (contract 7.1)."""

from __future__ import annotations

from sqlalchemy import select

from opium.kit import TagContext, Tags
from opium.modules.auto_delivery import mappings, module
from opium.modules.auto_delivery.matching import choose, fold
from opium.modules.auto_delivery.models import Delivery, Product


@module.tags
def tags(context: TagContext) -> Tags:
    """Delivered and waiting orders, and those of the list that a mapping fits.

    The list's text may hold what a buyer typed: good enough for a tag, never for goods.
    """
    db, account_id = context.db, context.account_id
    delivered = db.execute(
        select(Delivery.order_id, Product.product_id)
        .join(Product, Product.id == Delivery.product)
        .where(Delivery.account_id == account_id)
    )
    found = {row[0]: row[1] for row in delivered}
    patterns = mappings.usable(db, account_id)
    lots = mappings.own_lots(db, account_id)
    names = {row[0]: row[1] for row in db.execute(select(Product.id, Product.product_id))}
    for order in context.orders:
        if order.order_id in found or not patterns:
            continue
        text = fold(order.title)
        titles = [lot.title for lot in lots if lot.title and lot.title in text]
        choice = choose(max(titles, key=len, default=text), patterns, lots)
        if choice is not None:
            found[order.order_id] = names[choice.pattern.product]
    return Tags({order_id: {"product_id": name} for order_id, name in found.items()})
