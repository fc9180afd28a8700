"""Products as rows, and their settings with the module's as fallback."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium.kit import NotFound, Work
from opium.modules.auto_delivery.models import Product
from opium.modules.auto_delivery.settings import AutoDeliverySettings
from opium.modules.auto_delivery.stock import Opener

ENDLESS = ("static", "static_image")
MASK = "***"
"""The goods of a static product, for who did not ask for them."""
_AUTO_ID = re.compile(r"p_([0-9]{1,9})")


def find(db: Session, account_id: str, product_id: str) -> Product:
    """A product by the seller's name of it."""
    row = db.scalar(
        select(Product).where(
            Product.account_id == account_id, Product.product_id == product_id, ~Product.deleted
        )
    )
    if row is None:
        raise NotFound("Product not found")
    return row


def of_account(db: Session, account_id: str) -> list[Product]:
    """Products in the order they were made."""
    rows = select(Product).where(Product.account_id == account_id, ~Product.deleted)
    return list(db.scalars(rows.order_by(Product.id)))


def next_id(db: Session, account_id: str) -> str:
    """`p_001`, `p_002`, … one above the largest that was ever used, so that ids never come back."""
    used = db.scalars(select(Product.product_id).where(Product.account_id == account_id))
    numbers = [int(match[1]) for match in map(_AUTO_ID.fullmatch, used) if match]
    return f"p_{max(numbers, default=0) + 1:03d}"


def endless(kind: str) -> bool:
    """Whether everyone gets the same goods, which never run out."""
    return kind in ENDLESS


def pictured(kind: str) -> bool:
    """Whether the goods are pictures."""
    return kind in ("stock_images", "static_image")


def pieces(product: Product, settings: AutoDeliverySettings, ordered: int) -> int:
    """How many pieces an order of `ordered` is owed."""
    own = product.multi_quantity
    multi = settings.multi_quantity if own is None else own
    return max(ordered, 1) if multi else 1


def policy(product: Product, settings: AutoDeliverySettings) -> str:
    return product.out_of_stock_policy or settings.out_of_stock_policy


def threshold(product: Product, settings: AutoDeliverySettings) -> int:
    own = product.low_stock_threshold
    return settings.low_stock_threshold if own is None else own


def deactivates(product: Product, settings: AutoDeliverySettings) -> bool:
    own = product.auto_deactivate
    return settings.auto_deactivate_lots if own is None else own


def restores(product: Product, settings: AutoDeliverySettings) -> bool:
    own = product.auto_restore
    return settings.auto_restore_lots if own is None else own


def set_static(work: Work, product: Product, text: str | None) -> None:
    """Store the goods of a static product; its row must have its number already."""
    product.static_sealed = None if text is None else work.vault.seal(text, _context(product))


def static_text(vault: Opener, product: Product) -> str | None:
    """The goods of a static product; of a picture, its label."""
    if product.static_sealed is None:
        return None
    return vault.open(product.static_sealed, _context(product))


def _context(product: Product) -> str:
    return f"auto_delivery_products:{product.id}:static"
