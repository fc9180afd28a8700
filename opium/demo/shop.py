"""Two shops on the sandbox and in Opium, set up through the two public interfaces."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import SystemRandom
from typing import Any

from opium.demo.calls import OpiumApi, Sandbox

chance = SystemRandom()
LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"

LIVELY = {
    "anti_detect": {"runner_delay_min": 1, "runner_delay_max": 2},
    "rate_limit": {"base_delay": 0.5, "burst_limit": 100},
}
"""Polls every 1-2 s instead of 4-8 s, so that there is something to see."""

SELLERS = {"keyshop": 710_001, "pixel": 710_002}
BUYERS = {"ann": 720_001, "bob": 720_002, "carl": 720_003, "dina": 720_004}


@dataclass
class Lot:
    """A lot with its product: `stock` lines on the shelf at first, None for a static text."""

    seller: str
    title: str
    price: str
    node: int
    product: str
    stock: int | None
    id: int = 0


@dataclass
class Shop:
    """What the demo put on the shelves, to recognise it in the sandbox's log."""

    lots: list[Lot] = field(default_factory=list)
    goods: set[str] = field(default_factory=set)
    games: dict[int, str] = field(default_factory=dict)

    def new_goods(self, count: int) -> list[str]:
        """Keys that no shelf has seen yet."""
        made = [
            "-".join("".join(chance.choices(LETTERS, k=5)) for _ in "123") for _ in range(count)
        ]
        self.goods.update(made)
        return made

    def refill(self, api: OpiumApi, lot: Lot, count: int) -> int:
        """Put more on the shelf; how much lies there now."""
        path = f"{module(lot.seller, 'auto_delivery')}/products/{lot.product}/stock"
        return int(api.post(path, {"lines": self.new_goods(count)})["stock_count"])


STEAM = Lot("keyshop", "Ключ Steam, случайный", "49.90", 1008, "steam-key", 12)
MARINE = Lot("keyshop", "Ключ Space Marine 2", "1490", 2388, "marine-key", 1)
GUIDE = Lot("pixel", "Гайд: 1000 MMR за неделю", "99", 82, "guide", None)
ACCOUNT = Lot("pixel", "Аккаунт Dota 2, 1000 MMR", "350", 81, "dota-account", 8)


def module(account: str, name: str) -> str:
    return f"/api/accounts/{account}/modules/{name}"


def furnish(sandbox: Sandbox) -> Shop:
    """Sellers, buyers and lots on the marketplace."""
    shop = Shop(games={s["game_id"]: s["game"] for s in sandbox.get("/sections")})
    for name, user_id in SELLERS.items():
        key = golden_key(name)
        sandbox.post("/sellers", {"name": name, "golden_key": key, "user_id": user_id})
    for name, user_id in BUYERS.items():
        sandbox.post("/buyers", {"name": name, "user_id": user_id})
    for lot in (STEAM, MARINE, GUIDE, ACCOUNT):
        told = {"seller": lot.seller, "title": lot.title, "price": lot.price, "node": lot.node}
        lot.id = sandbox.post("/lots", {**told, "amount": None})["id"]
        shop.lots.append(lot)
    return shop


def open_shops(api: OpiumApi, shop: Shop) -> None:
    """The accounts in Opium, with their modules, products, stock and mappings."""
    for name in SELLERS:
        account = {"account_id": name, "golden_key": golden_key(name), **LIVELY}
        api.post("/api/accounts", account)
        for wanted in ("auto_delivery", "auto_raise"):
            api.post(f"/api/accounts/{name}/modules", {"module_name": wanted})
        api.patch(f"{module(name, 'auto_raise')}/config", {"enabled": True})
    for lot in shop.lots:
        here = module(lot.seller, "auto_delivery")
        product: dict[str, Any] = {"product_id": lot.product, "name": lot.title}
        if lot.stock is None:
            product |= {"kind": "static", "static_text": "https://example.org/guide.pdf"}
        else:
            product |= {"stock": shop.new_goods(lot.stock)}
        api.post(f"{here}/products", product)
        mapping = {"product_id": lot.product, "match": "exact", "pattern": lot.title}
        api.post(f"{here}/lot-mappings", mapping)


def all_running(api: OpiumApi) -> bool:
    """Whether every account is signed in; orders from before that are not Opium's."""
    return all(account["state"] == "running" for account in api.get("/api/accounts"))


def golden_key(name: str) -> str:
    return f"demo0golden0key0of0{name}".ljust(32, "0")
