"""Why a paid order is not delivered by itself, but held for a person."""

from __future__ import annotations

from decimal import Decimal

from opium.kit import OrderFacts, OrderPaid, OrderRead, Work, chat_of, too_late
from opium.modules.auto_delivery import images, mappings
from opium.modules.auto_delivery.matching import Choice
from opium.modules.auto_delivery.models import Product

DELIVERED_BY_HAND = "delivered by hand? The seller wrote to the buyer after the payment"


def reason_to_hold(
    event: OrderPaid | OrderRead, work: Work, choice: Choice, product: Product, pieces: int
) -> str | None:
    """One sentence for the alert, or None if nothing speaks against the delivery."""
    order = event.order
    if reason := too_late(event, work):
        return reason
    if event.seller_wrote:
        return DELIVERED_BY_HAND
    if choice.unsure:
        return "which lot? Several lots have this title, with different goods"
    if pieces > work.settings.max_per_order:
        return f"{pieces} pieces are more than max_per_order ({work.settings.max_per_order})"
    if product.kind == "stock_images" and pieces > images.MOST:
        return f"{pieces} pictures are more than {images.MOST}, which one order may get"
    if chat_of(order) is None:
        return "the order does not name its chat"
    return _too_cheap(order, work)


def _too_cheap(order: OrderFacts, work: Work) -> str | None:
    offered = mappings.price_per_piece(work.db, work.account.id, order.lot_title, order.currency)
    if offered is None or order.amount < 1:
        return None
    paid = Decimal(str(order.price)) / order.amount
    if paid * 2 >= offered:
        return None
    return f"{paid.normalize():f} per piece is below half of the lot's price ({offered:f})"
