"""Sellers, their lots and what they put on the shelf, set up through the APIs of both sides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .processes import QUICK_ACCOUNT, Marketplace, Server

LONG_TEXT = "\n".join(f"Строка {n} о том, как пользоваться покупкой." for n in range(1, 46))
"""Needs three messages."""
LONG_SECRET = LONG_TEXT.replace("Строка", "Секрет")
"""As long, but goods and not the words around them."""


@dataclass(frozen=True, slots=True)
class Goods:
    """One kind of lot: `keys` of stock per piece (0: static), and how many messages it needs."""

    title: str
    keys: int
    parts: int

    @property
    def product(self) -> dict[str, Any]:
        if self.keys:
            text = "{product}" if self.parts == 1 else LONG_TEXT + "\n{product}"
            return {"name": self.title, "delivery_text": text}
        text = "Ссылка и пароль внутри." if self.parts == 1 else LONG_SECRET
        body = {"name": self.title, "kind": "static", "static_text": text}
        return {**body, "delivery_text": "{product}"}


KINDS = (
    Goods("Ключ", 1, 1),
    Goods("Набор", 1, 3),
    Goods("Инструкция", 0, 1),
    Goods("Учебник", 0, 3),
)


@dataclass(slots=True)
class Shop:
    """A seller on both sides."""

    name: str
    golden_key: str
    lots: dict[str, int] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)
    imported: int = 0
    unsure: int = 0
    """Of these, keys of which nobody knows whether they reached the shelf."""

    @property
    def base(self) -> str:
        return f"/api/accounts/{self.name}/modules/auto_delivery"

    def new_keys(self, n: int) -> list[str]:
        """Keys that exist once in the world."""
        first, self.imported = self.imported, self.imported + n
        return [f"KEY-{self.name}-{number:05d}" for number in range(first, first + n)]


def open_shop(market: Marketplace, name: str) -> Shop:
    """A new seller with a lot of each kind."""
    shop = Shop(name, market.seller(name)["golden_key"])
    for kind in KINDS:
        shop.lots[kind.title] = market.lot(name, kind.title)
    return shop


def watch(server: Server, shop: Shop, **config: Any) -> None:
    """Add the account with auto_delivery, products and mappings; the shelves stay empty."""
    account = {"account_id": shop.name, "golden_key": shop.golden_key, **QUICK_ACCOUNT, **config}
    server.ask("POST", "/api/accounts", account)
    module = {"module_name": "auto_delivery"}
    server.ask("POST", f"/api/accounts/{shop.name}/modules", module)
    for kind in KINDS:
        product = server.ask("POST", f"{shop.base}/products", kind.product)["product_id"]
        shop.products[kind.title] = product
        mapping = {"product_id": product, "match": "exact", "pattern": kind.title}
        server.ask("POST", f"{shop.base}/lot-mappings", mapping)


def fill(server: Server, shop: Shop, title: str, keys: Iterable[str]) -> None:
    """Put keys on a shelf; doing it twice adds nothing."""
    path = f"{shop.base}/products/{shop.products[title]}/stock"
    server.ask("POST", path, {"lines": list(keys)})
