"""A delivery text with made-up goods, for the seller to look at."""

from __future__ import annotations

from opium.kit import Work
from opium.modules.auto_delivery import images, messages, products
from opium.modules.auto_delivery.models import Delivery, Product
from opium.text import plain, render, split


def sample(work: Work, product: Product, quantity: int) -> tuple[str, int]:
    """The text for an order of `quantity`, and how many messages it needs, pictures included.

    The goods of a static product are counted as they are, and shown as `***`.
    """
    if products.endless(product.kind):
        items = [products.static_text(work.vault, product) or ""]
        shown = [products.MASK] if product.static_sealed else items
    else:
        items = shown = [f"XXXXX-XXXXX-{number:05d}" for number in range(1, quantity + 1)]
    pictures = len(items) if products.pictured(product.kind) else 0
    parts = split(_text(work, product, quantity, items))
    return plain(_text(work, product, quantity, shown)), len(parts) + pictures


def _text(work: Work, product: Product, quantity: int, items: list[str]) -> str:
    examples = messages.CATALOGUE.examples
    delivery = Delivery(
        order_id=examples["order_id"],
        buyer=examples["buyer"],
        title=product.name,
        section=f"{examples['game']}, {examples['category']}",
    )
    shown = images.in_text(product, items)
    found = messages.values(delivery, shown, work.now, work.zone, pieces=quantity)
    if product.delivery_text:
        return render(product.delivery_text, found)
    own = messages.overrides(work.db, work.account.id)
    return messages.CATALOGUE.render("delivery_success", own, found)
