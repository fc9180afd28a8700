"""People at work while the trial runs: they hand out, import and export through the API at the
same time as the server does its own; and buyers write what looks like our markers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import requests

from .judge import Sale, keys_of
from .processes import BUSY, TURN, Marketplace, Server
from .shops import Shop

PAUSE = 0.1
"""Seconds between two acts of one person."""
PEOPLE = 3


class Hands:
    """Some threads that use the API. What the server does not answer is no answer: only what it
    did answer is remembered."""

    def __init__(
        self,
        server: Server,
        market_url: str,
        shops: Sequence[Shop],
        sales: Sequence[Sale],
        seed: int,
    ) -> None:
        self._url, self._market_url = server.url, market_url
        self._shops, self._sales, self._seed = shops, sales, seed
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(PEOPLE)
        ]
        self._threads.append(threading.Thread(target=self._paste, daemon=True))
        self.exported: list[str] = []
        """Keys that left the shelf by `export?take=true`: nobody may get them."""
        self.answers: dict[str, int] = {"handouts": 0, "exports": 0, "imports": 0}
        self.wrong: list[str] = []
        """Answers that nobody should get."""

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(40)

    def _work(self, n: int) -> None:
        random = Random(self._seed * 100 + n)
        acts: tuple[Callable[[requests.Session, Random], None], ...]
        acts = (self._hand_out, self._import, self._export)
        with requests.Session() as http:
            http.trust_env = False
            while not self._over.wait(PAUSE * random.uniform(0.5, 1.5)):
                try:
                    random.choices(acts, (5, 3, 2))[0](http, random)
                except requests.RequestException:
                    continue

    def _hand_out(self, http: requests.Session, random: Random) -> None:
        """A person presses "deliver" for an order that was just paid."""
        recent = self._sales[-8:]
        if not recent:
            return
        sale = random.choice(recent)
        shop = next(shop for shop in self._shops if shop.name == sale.account)
        answer = self._ask(http, "POST", f"{shop.base}/deliveries", json={"order_id": sale.order})
        self._count("handouts", answer)

    def _import(self, http: requests.Session, random: Random, n: int = 2) -> None:
        shop = random.choice(self._shops)
        self._put(http, shop, random.choice(KEYED), n)

    def _export(self, http: requests.Session, random: Random) -> None:
        """The whole shelf of a product; as many new keys come in its place."""
        shop, title = random.choice(self._shops), random.choice(KEYED)
        path = f"{shop.base}/products/{shop.products[title]}/stock/export"
        answer = self._ask(http, "GET", path, params={"take": "true"})
        if self._count("exports", answer):
            keys = keys_of(answer.text)
            with self._lock:
                self.exported += keys
            if keys:
                self._put(http, shop, title, len(keys))

    def _put(self, http: requests.Session, shop: Shop, title: str, n: int) -> None:
        """Said again until it is answered: twice adds nothing."""
        with self._lock:
            keys = shop.new_keys(n)
        path = f"{shop.base}/products/{shop.products[title]}/stock/import"
        while not self._over.is_set():
            try:
                answer = self._ask(http, "POST", path, data="\n".join(keys).encode())
                if self._count("imports", answer):
                    return
            except requests.RequestException:
                pass
            self._over.wait(0.1)
        with self._lock:  # it may have come to nothing, or not
            shop.unsure += n

    def _ask(self, http: requests.Session, method: str, path: str, **more: Any) -> Any:
        headers = {"Content-Type": "text/plain"} if "data" in more else {}
        return http.request(method, self._url + path, timeout=30, headers=headers, **more)

    def _count(self, what: str, answer: Any) -> bool:
        good = bool(answer.status_code < 300)
        with self._lock:
            self.answers[what] += good
            # A live read may fail like the marketplace does: that is said with its own code.
            unwaited = BUSY in answer.text and answer.elapsed.total_seconds() < TURN
            ours = unwaited or answer.status_code == 500
            if ours and "upstream_error" not in answer.text:
                self.wrong.append(f"{what}: {answer.status_code} {answer.text.strip()[:120]}")
        return good

    def _paste(self) -> None:
        """Buyers repeat the markers of their orders while these are on their way."""
        random = Random(self._seed * 100 + 99)
        market = Marketplace.at(self._market_url)
        seen, due = 0, list[tuple[float, Sale]]()
        while not self._over.wait(0.05):
            now = time.monotonic()
            fresh, seen = self._sales[seen:], len(self._sales)
            due += [(now + random.uniform(0.8, 3.5), s) for s in fresh if random.random() < 0.7]
            for at, sale in [entry for entry in due if entry[0] <= now]:
                due.remove((at, sale))
                n = 3 if sale.parts == 3 else 1
                text = f"получил\n#{sale.order}-D{random.randint(1, n)}/{n}"
                market.writes(sale.buyer, sale.account, text)
        market.leave()


KEYED = ("Ключ", "Набор")
