"""What must hold after every story, asked of the database itself; and a cast for the stories."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from driver import Driver
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from sandbox.world import Lot, Person, Seller, World

D1 = """SELECT fingerprint FROM auto_delivery_stock WHERE state IN ('taken', 'burned')
    GROUP BY product, fingerprint, copy HAVING count(DISTINCT handout_id) > 1"""
D2 = "SELECT order_id FROM handouts GROUP BY fp_id, order_id HAVING count(*) > 1"
D3 = """SELECT d.order_id, h.state, d.given, d.owed, count(s.id) AS taken
    FROM auto_delivery_deliveries d JOIN handouts h ON h.id = d.handout_id
    JOIN auto_delivery_products p ON p.id = d.product AND p.kind LIKE 'stock%'
    LEFT JOIN auto_delivery_stock s ON s.handout_id = h.id AND s.state = 'taken'
    GROUP BY d.id HAVING taken != d.given
        OR (h.state IN ('waiting_stock', 'cancelled') AND taken != 0)
        OR (NOT :partial AND taken NOT IN (0, d.owed))"""
LOOSE = """SELECT id FROM auto_delivery_stock
    WHERE (state IN ('taken', 'burned')) != (handout_id IS NOT NULL)"""


def check(opium: Driver, imported: int | None = None, *, partial: bool = False) -> None:
    """D1, D2, D3 and D4."""
    with opium.core.db.read() as db:
        for rule in (D1, D2, LOOSE):
            assert db.execute(text(rule)).all() == []
        assert db.execute(text(D3), {"partial": partial}).all() == []
        if imported is not None:
            assert db.scalar(text("SELECT count(*) FROM auto_delivery_stock")) == imported


class Shop:
    """A seller with auto_delivery attached, and what he does in his panel."""

    def __init__(self, opium: Driver, world: World, name: str = "shop", **settings: Any) -> None:
        self.opium = opium
        self.seller: Seller = world.seller(name)
        opium.watch(self.seller, "auto_delivery")
        self.base = f"/api/accounts/{name}/modules/auto_delivery"
        if settings:
            self.ask("PUT", "/config", settings)

    def ask(self, method: str, path: str, json: Any = None, **more: Any) -> Any:
        return self.opium.ok(method, self.base + path, json, **more)

    def refused(self, method: str, path: str, json: Any = None, **more: Any) -> tuple[int, str]:
        answer = self.opium.call(method, self.base + path, json, **more)
        assert answer.status_code >= 400, answer.get_data(as_text=True)
        return answer.status_code, answer.get_json()["detail"]

    def product(self, *stock: str, name: str = "Ключ", **fields: Any) -> str:
        body = {"name": name, "stock": list(stock), "delivery_text": "{product}", **fields}
        return str(self.ask("POST", "/products", body)["product_id"])

    def sells(self, title: str, *stock: str, amount: int = 1000, **fields: Any) -> Lot:
        """A lot with a product of its own."""
        lot = self.seller.lot(title, amount=amount)
        product = self.product(*stock, name=title, **fields)
        self.maps(product, title)
        return lot

    def maps(self, product: str, pattern: str, match: str = "exact") -> str:
        body = {"product_id": product, "match": match, "pattern": pattern}
        return str(self.ask("POST", "/lot-mappings", body)["mapping_id"])

    def refill(self, product: str, *lines: str, **more: Any) -> Any:
        return self.ask("POST", f"/products/{product}/stock", {"lines": list(lines), **more})

    def poll(self, times: int = 1) -> None:
        self.opium.poll(self.seller, times)

    def reads_chats(self) -> None:
        """Polls with quiet moments between them: chats are read only then."""
        for _ in range(4):
            self.poll()
            self.opium.world.travel(4)
            self.opium.step(self.seller)

    def delivery(self, order: Any) -> Any:
        (found,) = self.ask("GET", f"/deliveries?order_id={order.id}")["items"]
        return found

    def status(self, order: Any) -> str:
        return str(self.delivery(order)["status"])

    def told(self, buyer: Person) -> list[str]:
        """What the buyer was sent, without marker lines."""
        return [unmarked(message) for message in buyer.messages_from(self.seller)]

    def alerts(self) -> list[str]:
        return [alert["text"] for alert in self.opium.get("/api/alerts?open=true")["items"]]

    def events(self) -> Counter[str]:
        """Facts that other modules could hear; stored only if somebody listens."""
        with self.opium.core.db.read() as db:
            return Counter(db.scalars(text("SELECT kind FROM events")))


def unmarked(message: str) -> str:
    lines = message.split("\n")
    return "\n".join(lines[:-1] if lines[-1].startswith("#") else lines)


def test_what_a_buyer_may_have_seen_never_becomes_free_again(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    ann.buys(shop.sells("Ключ", "AAAA"))
    shop.poll()
    free = "UPDATE auto_delivery_stock SET state = 'free', handout_id = NULL"
    with pytest.raises(IntegrityError, match="forbidden move"), opium.core.db.write() as db:
        db.execute(text(free))
    check(opium, imported=1)


def test_a_withdrawn_line_stays_withdrawn(world: World, opium: Driver) -> None:
    shop = Shop(opium, world)
    product = shop.product("AAAA")
    shop.ask("DELETE", f"/products/{product}/stock?confirm=true")
    with pytest.raises(IntegrityError, match="forbidden move"), opium.core.db.write() as db:
        db.execute(text("UPDATE auto_delivery_stock SET state = 'free'"))
    check(opium, imported=1)
