"""The cast of the stories: a shop, its network, and the laws that hold after every story."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from chaos.books import broken_laws, integrity, read_only, visible_orders
from chaos.judge import Sale, Verdict, judge, marker_of, sent_text
from driver import Driver
from requests.exceptions import ConnectTimeout
from sqlalchemy import text

from opium.core import DATABASE
from opium.events import OrderPaid
from opium.module import Module
from opium.work import Work
from sandbox.faults import Fault
from sandbox.log import Entry
from sandbox.transport import SandboxAdapter
from sandbox.world import Buyer, Lot, Order, Seller

T_SETTLE = 45.0
GAP = 15.0
LONG = 120.0
"""Seconds after which every unknown outcome is settled, if FunPay lets us look."""

THREE = 45
"""So many keys need three messages."""


class Shop:
    """A seller with auto_delivery, and what a test may ask of him."""

    def __init__(
        self, opium: Driver, name: str = "shop", *modules: str, chats: bool = False, **config: Any
    ) -> None:
        self.opium, self.world = opium, opium.world
        self.seller: Seller = opium.world.seller(name)
        self.name = name
        self.unwritten: list[str] = []
        opium.watch(
            self.seller, *(modules or ("auto_delivery",)), disable_messages=not chats, **config
        )
        self.base = f"/api/accounts/{name}/modules/auto_delivery"
        self._keys = 0
        self._chats = chats

    # --- what the seller does

    def sells(self, title: str = "Ключ", keys: int = 200, **more: Any) -> Lot:
        """A lot, a product with so many keys, and a mapping between the two."""
        lot = self.seller.lot(title, amount=1000, **more)
        lines = [f"KEY-{self.name}-{self._keys + n:04d}" for n in range(keys)]
        self._keys += keys
        body = {"name": title, "stock": lines, "delivery_text": "{product}"}
        product = self.opium.ok("POST", f"{self.base}/products", body)["product_id"]
        mapping = {"product_id": product, "match": "exact", "pattern": title}
        self.opium.ok("POST", f"{self.base}/lot-mappings", mapping)
        return lot

    def sets(self, **settings: Any) -> None:
        self.opium.ok("PUT", f"{self.base}/config", settings)

    def poll(self, times: int = 1) -> None:
        """The next poll comes; chats, if they are read, are read at the account's quiet pace."""
        for _ in range(times):
            self.opium.poll(self.seller)
            for _ in range(3 if self._chats else 0):
                self.world.travel(1.5)
                self.opium.step(self.seller)

    def worker_looks(self) -> None:
        """The next step reads the whole sales list, signal or not."""
        self.opium.worker(self.seller).desk.sales_signal = True

    def pass_time(self, seconds: float) -> None:
        self.opium.pass_time(self.seller, seconds)

    # --- what goes wrong

    def strikes(self, kind: str, when: str = "before", **details: Any) -> Fault:
        """The next send meets this, or as many as `count` says."""
        return self.world.faults.add(
            kind, when, path="/runner/", action="send", account=self.name, **details
        )

    def reads_meet(self, kind: str, path: str, **details: Any) -> Fault:
        """Reads of this page meet this from now on."""
        details.setdefault("count", None)
        return self.world.faults.add(kind, path=path, account=self.name, **details)

    # --- what can be seen

    @property
    def state(self) -> str:
        return str(self.opium.get(f"/api/accounts/{self.name}")["state"])

    @property
    def trouble(self) -> str:
        return str(self.opium.get(f"/api/accounts/{self.name}")["last_error"])

    def posts(self) -> list[Entry]:
        """Requests to send that arrived at FunPay."""
        requests_ = self.world.log.requests(self.name, "/runner/")
        return [entry for entry in requests_ if entry.facts["action"] == "send"]

    def reads(self, path: str) -> list[Entry]:
        return self.world.log.requests(self.name, path)

    def told(self, buyer: Buyer) -> list[str]:
        """What the buyer got from us or from the seller himself."""
        return buyer.messages_from(self.seller)

    def markers(self, buyer: Buyer) -> list[str]:
        """Marker lines in the order they arrived."""
        found = [marker_of(message) for message in self.told(buyer)]
        return [str(marker) for marker in found if marker]

    def command(self, order: Order, n: int = 1) -> Any:
        """The part `n` of an order's handout: state, attempt, unknowns, msg_id, next_at."""
        with self.opium.core.db.read() as db:
            return db.execute(
                text(
                    "SELECT c.* FROM commands c JOIN handouts h ON h.id = c.handout_id"
                    " WHERE h.order_id = :order AND c.n = :n ORDER BY c.id DESC"
                ),
                {"order": order.id, "n": n},
            ).first()

    def handout(self, order: Order) -> str | None:
        """The state of an order's handout; None if it has none."""
        with self.opium.core.db.read() as db:
            sql = text("SELECT state FROM handouts WHERE order_id = :order")
            state: str | None = db.scalar(sql, {"order": order.id})
        return state

    def status(self, order: Order) -> str | None:
        """What the sales list, as we know it, says of an order."""
        with self.opium.core.db.read() as db:
            sql = text("SELECT status FROM orders_seen WHERE order_id = :order")
            status: str | None = db.scalar(sql, {"order": order.id})
        return status

    def free_keys(self) -> int:
        with self.opium.core.db.read() as db:
            sql = text("SELECT count(*) FROM auto_delivery_stock WHERE state = 'free'")
            return int(db.scalar(sql) or 0)

    def alerts(self, kind: str | None = None) -> list[str]:
        items = self.opium.get("/api/alerts?open=true")["items"]
        return [item["text"] for item in items if kind in (None, item["kind"])]

    # --- the laws

    def verdict(self, *orders: Order) -> Verdict:
        """FunPay's own log on these orders; all others must have got nothing."""
        sales = [Sale(o.id, o.seller.name, o.buyer.name, o.amount) for o in orders]
        log = [entry.as_json() for entry in self.world.log.since(0)]
        with read_only(self.opium.core.config.instance / DATABASE) as db:
            return judge(sales, log, visible_orders(db))

    def obeys_the_laws(self, *orders: Order, doubled: bool = False) -> Verdict:
        """D1 to D8 hold; `orders` are delivered, or visibly wait for somebody."""
        verdict = self.verdict(*orders)
        wrongs = verdict.wrongs
        if doubled:
            wrongs.pop("doubled", None)
        assert not wrongs, wrongs
        assert self.unwritten == []
        with read_only(self.opium.core.config.instance / DATABASE) as db:
            assert broken_laws(db) == {}
            assert integrity(db) == "ok"
        return verdict

    def delivered(self, *orders: Order) -> bool:
        """All of them are in the chat, complete and once."""
        verdict = self.obeys_the_laws(*orders)
        shown = {order.id: self.handout(order) for order in orders}
        return not verdict.waiting and set(shown.values()) == {"delivered"}


def watch_intents(opium: Driver, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """D5: when a POST arrives, a committed `started` command with its marker exists. Returns the
    list in which the markers without one are collected."""
    unwritten: list[str] = []
    log = opium.world.log
    arrived = log.arrived

    def noting(account: str | None, **facts: Any) -> Entry:
        entry = arrived(account, **facts)
        told = sent_text(entry.as_json())
        marker = marker_of(told) if told else None
        if marker is not None:
            with read_only(opium.core.config.instance / DATABASE) as db:
                sql = "SELECT 1 FROM commands WHERE marker = ? AND state = 'started'"
                if db.execute(sql, (str(marker),)).fetchone() is None:
                    unwritten.append(str(marker))
        return entry

    monkeypatch.setattr(log, "arrived", noting)
    return unwritten


class Killed(BaseException):
    """The process is gone: nothing catches this."""


def kill_at(monkeypatch: pytest.MonkeyPatch, module: str, name: str, k: int = 1) -> None:
    """The process dies at the k-th hit of a failpoint of that module."""
    left = k

    def hit(point: str) -> None:
        nonlocal left
        left -= point == name
        if left == 0 and point == name:
            monkeypatch.setattr(f"opium.workers.{module}.hit", lambda _point: None)
            raise Killed(name)

    monkeypatch.setattr(f"opium.workers.{module}.hit", hit)


class Network:
    """Between Opium and FunPay: connections that do not come about."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.refused: list[str] = []

    def refuses(self, times: int | None, error: type[Exception] = ConnectTimeout) -> None:
        """The next sends find nobody at the other end."""
        through = SandboxAdapter.send

        def send(adapter: SandboxAdapter, request: Any, *args: Any, **more: Any) -> Any:
            if _sends(request) and (times is None or len(self.refused) < times):
                self.refused.append(str(request.url))
                raise error("Connection refused", request=request)  # type: ignore[call-arg]
            return through(adapter, request, *args, **more)

        self._monkeypatch.setattr(SandboxAdapter, "send", send)


def _sends(request: requests.PreparedRequest) -> bool:
    body = request.body
    form = parse_qs(body) if isinstance(body, str) else {}
    return "chat_message" in form.get("request", [""])[0]


def giver(name: str = "giver", *words: str) -> Module:
    """A module of a few lines that hands the same words to every order."""
    module = Module(name, title=name.title(), takes_orders=True)

    @module.on(OrderPaid)
    def deliver(event: OrderPaid, work: Work) -> None:
        handout = work.claim_order(event)
        if handout is not None:
            work.hand_out(handout, event.order.chat or "", list(words or ("WORD",)))

    return module


Act = Callable[[], object]
