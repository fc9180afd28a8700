"""The people who come to the shops: first a short play, then whatever comes to their minds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any

from opium.demo.calls import DemoError, OpiumApi, Sandbox
from opium.demo.shop import (
    ACCOUNT,
    BUYERS,
    GUIDE,
    MARINE,
    SELLERS,
    STEAM,
    Lot,
    Shop,
    chance,
    module,
)
from opium.demo.timeline import Line

Scene = tuple[float, Callable[[], Any]]
"""Seconds of rest before it, and what is done."""

WORDS = ("Здравствуйте!", "А скидка будет?", "Ключ для РФ подойдёт?", "Спасибо, всё работает")
PRAISE = ("Быстро, спасибо!", "Пришло за секунды", "Всё отлично")


class Buyers(threading.Thread):
    """Plays until `stop`; `news` are the lines that the sandbox's log does not have."""

    def __init__(self, sandbox: Sandbox, api: OpiumApi, shop: Shop, stop: threading.Event) -> None:
        super().__init__(name="buyers", daemon=True)
        self.trouble = False
        self._news: SimpleQueue[Line] = SimpleQueue()
        self._sandbox, self._api, self._shop, self._stop_told = sandbox, api, shop, stop

    def run(self) -> None:
        scenes = self._scenes()
        while not self._stop_told.is_set():
            try:
                rest, act = next(scenes)
                if not self._stop_told.wait(rest):
                    act()
            except DemoError as exc:
                if not self._stop_told.is_set():
                    self.trouble = True
                    self._tell("", "trouble", str(exc))

    def news(self) -> list[Line]:
        """What is new since the last call."""
        return [self._news.get() for _ in range(self._news.qsize())]

    def _scenes(self) -> Iterator[Scene]:
        yield from self._play()
        while True:
            yield 0, self._looks_at_shelves
            yield from self._everyday()

    def _play(self) -> Iterator[Scene]:
        """Everything once, in a minute."""
        yield 0.2, lambda: self._buys("ann", STEAM)
        yield 2.5, lambda: self._writes("bob", "keyshop", "Здравствуйте! Ключ для РФ подойдёт?")
        yield 1.5, lambda: self._buys("carl", GUIDE)
        yield 3, lambda: self._buys("dina", MARINE)
        yield 2, lambda: self._buys("bob", MARINE)
        yield 2.5, lambda: self._buys("ann", STEAM, 3)
        yield 5, lambda: self._refills(MARINE, 6)
        yield 4, lambda: self._is_happy("ann")
        yield 3, lambda: self._buys("carl", ACCOUNT)
        yield 5, lambda: self._writes("carl", "pixel", "Ошибся лотом, верните, пожалуйста")
        yield 7, lambda: self._buys("dina", STEAM)
        yield 5, lambda: self._writes("dina", "keyshop", "!товар")

    def _everyday(self) -> Iterator[Scene]:
        """One visit, at a gentle pace."""
        buyer = chance.choice(list(BUYERS))
        lot = chance.choice((STEAM, STEAM, GUIDE, MARINE, ACCOUNT))
        yield chance.uniform(4, 9), lambda: self._buys(buyer, lot, chance.choice((1, 1, 1, 2)))
        if chance.random() < 0.3:
            who, where = chance.choice(list(BUYERS)), chance.choice(list(SELLERS))
            yield chance.uniform(2, 5), lambda: self._writes(who, where, chance.choice(WORDS))
        if chance.random() < 0.5:
            yield chance.uniform(8, 12), lambda: self._is_happy(buyer)

    def _buys(self, buyer: str, lot: Lot, amount: int = 1) -> None:
        bought = {"buyer": buyer, "lot": lot.id, "amount": amount}
        self._sandbox.post("/orders", bought)

    def _writes(self, buyer: str, seller: str, text: str) -> None:
        self._sandbox.post("/messages", {"from": buyer, "to": seller, "text": text})

    def _is_happy(self, buyer: str) -> None:
        """Confirm and praise the last order whose goods have come."""
        for order in reversed(self._sandbox.get("/orders", buyer=buyer)):
            if order["status"] == "paid" and self._delivered(order):
                self._sandbox.post(f"/orders/{order['id']}/confirm")
                review = {"stars": 5, "text": chance.choice(PRAISE)}
                self._sandbox.post(f"/orders/{order['id']}/review", review)
                return

    def _refills(self, lot: Lot, count: int) -> None:
        now = self._shop.refill(self._api, lot, count)
        self._tell(lot.seller, "refilled", f"{lot.title} +{count}, {now} in stock")

    def _tell(self, account: str, what: str, text: str) -> None:
        self._news.put(Line(datetime.now(UTC), account, what, "", text))

    def _looks_at_shelves(self) -> None:
        """The owner fills what is nearly sold out."""
        for lot in (STEAM, MARINE, ACCOUNT):
            product = self._api.get(f"{module(lot.seller, 'auto_delivery')}/products/{lot.product}")
            if product["stock_count"] < 4:
                self._refills(lot, 10)

    def _delivered(self, order: dict[str, Any]) -> bool:
        here = module(order["seller"], "auto_delivery")
        found = self._api.get(f"{here}/deliveries", order_id=order["id"])["items"]
        return any(delivery["status"] == "delivered" for delivery in found)
