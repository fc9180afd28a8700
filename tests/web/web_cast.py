"""The cast of the web tests: Opium as its owner meets it, over a marketplace in this process.

Core, database, modules, parsers and routes are the real ones. Without threads a view that waits
for the worker lets it work itself; with them, worker and clock are as in life.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

from driver import POLL, Driver, SharedClock
from flask import Flask
from flask.testing import FlaskClient
from requests.adapters import BaseAdapter
from werkzeug.test import TestResponse

from opium import create_app
from opium.config import Config
from opium.core import Opium
from opium.db.session import Database
from opium.module import Found, Module
from opium.modules.auto_delivery import module as auto_delivery
from opium.modules.auto_raise import module as auto_raise
from opium.modules.steam_rent import module as steam_rent
from opium.modules.telegram_bot import module as telegram_bot
from opium.security import set_password
from sandbox import clock as sandbox_clock
from sandbox.funpay import create_app as create_funpay
from sandbox.transport import ORIGIN, SandboxAdapter
from sandbox.world import Buyer, Seller, World
from sandbox.world.lots import Lot
from sandbox.world.orders import Order

PASSWORD = "correct horse battery"
KEY = "c1b07f0e2a93d8465b7e9f1024ac6d3858e0b1f7c2d94a6e3305f8a9d7b6e421"
HOME = "203.0.113.7"
SHOP = "/api/accounts/my_shop"
MODULES = {
    "auto_delivery": auto_delivery,
    "auto_raise": auto_raise,
    "steam_rent": steam_rent,
    "telegram_bot": telegram_bot,
}
QUICK: dict[str, dict[str, float]] = {
    "anti_detect": {"runner_delay_min": 1, "runner_delay_max": 1},
    "rate_limit": {"base_delay": 0, "burst_limit": 100},
    "reconnect": {"base_delay": 0.1, "max_delay": 0.2},
}
"""For real threads: as little waiting as the settings allow."""


class Web(Driver):
    """`call` is a stranger's request, `owner` and `ok` are those of the signed-in owner."""

    def __init__(
        self,
        folder: Path,
        *,
        modules: dict[str, Module] | None = None,
        threads: bool = False,
        template: Path | None = None,
        **settings: Any,
    ) -> None:
        self._threads = threads
        self.token: str | None = None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("opium.db", "data.key") if template else ():
            shutil.copy(Path(str(template)) / name, folder)
        now = None if threads else datetime.now(UTC)
        world = World(seed=1, clock=sandbox_clock.Clock(frozen_at=now))
        super().__init__(world, folder, MODULES if modules is None else modules, **settings)

    def _start(self) -> None:
        values: dict[str, Any] = {
            "instance": self._folder,
            "funpay_url": ORIGIN,
            "password_rounds": 1000,
            "secret_key": KEY,
            "rate_limit_per_minute": 100_000,
            "login_rate_limit_per_minute": 1000,
            "docs": True,
            "timezone": "Europe/Moscow",
        }
        config = Config.load(_env_file=None, **(values | self._settings))
        assert self._modules is not None
        self.core = Opium(
            config,
            clock=None if self._threads else SharedClock(self.world.clock),
            random=Random(1),
            adapter=self._outside(),
            wait=None if self._threads else self._wait,
            found=Found(dict(self._modules), {}),
        )
        self.core.boot(threads=False)
        if self._threads:
            self.core.registry.start()
        else:
            self._let_workers_answer()
        self.app: Flask = create_app(self.core)
        self.api: FlaskClient = self.app.test_client()

    def _outside(self) -> BaseAdapter:
        """Whom Opium can reach: FunPay alone."""
        return SandboxAdapter(create_funpay(self.world))

    def _let_workers_answer(self) -> None:
        """A view that waits lets the workers go on, which have no threads of their own here."""
        ends = self.core.ends

        def wait(command_id: int, seconds: float) -> None:
            self.work(until=lambda: ends._ended.get(command_id, True))
            ends._ended.pop(command_id, None)

        def wait_any(account_id: str, seconds: float) -> None:
            before = ends._count[account_id]
            self.work(until=lambda: ends._count[account_id] != before)

        ends.wait, ends.wait_any = wait, wait_any  # type: ignore[method-assign]

    def work(self, *, until: Callable[[], bool], steps: int = 30) -> None:
        """Steps of all workers, a second each, until something is so."""
        for _ in range(steps):
            if until():
                return
            self.world.travel(1)
            for info in self.core.accounts.list():
                worker = self.core.registry.worker(info.account_id)
                if worker is not None:
                    worker.guarded_step()

    def staff(self) -> None:
        """What the supervisor does in life: accounts that should run get workers, who begin."""
        for info in self.core.accounts.list():
            known = self.core.registry.worker(info.account_id)
            if known is None and info.state in ("starting", "initializing", "reconnecting"):
                self.world.travel(POLL)
                self.core.registry.hire_now(info.account_id).guarded_step()

    def close(self) -> None:
        if self._threads:
            self.core.shutdown()
        else:
            self.core.db.close()

    # --- short names

    @property
    def db(self) -> Database:
        return self.core.db

    @property
    def config(self) -> Config:
        return self.core.config

    def advance(self, seconds: float) -> None:
        self.world.travel(seconds)

    # --- accounts

    def register(self, account_id: str = "my_shop", *modules: str, **config: Any) -> str:
        """An account that is stored and has not signed in yet."""
        body = {"account_id": account_id, "golden_key": f"key-of-{account_id}", **config}
        self.ok("POST", "/api/accounts", body, status=202)
        for name in modules:
            self.ok("POST", f"/api/accounts/{account_id}/modules", {"module_name": name})
        return account_id

    def open(self, name: str = "my_shop", *modules: str, **config: Any) -> Seller:
        """A seller whose shop is watched and running."""
        seller = self.world.seller(name)
        if self._threads:
            body = {"account_id": name, "golden_key": seller.golden_key, **QUICK, **config}
            self.ok("POST", "/api/accounts", body, status=202)
            for module in modules:
                self.ok("POST", f"/api/accounts/{name}/modules", {"module_name": module})
            eventually(lambda: self.state(name) == "running")
        else:
            self.watch(seller, *modules, **config)
        return seller

    def info(self, account_id: str = "my_shop") -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/api/accounts/{account_id}")
        return found

    def state(self, account_id: str = "my_shop") -> str:
        return str(self.info(account_id)["state"])

    # --- requests

    def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        ip: str = HOME,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> TestResponse:
        """One request from `ip`, without a token unless one is given."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        client: FlaskClient = self.app.test_client()
        return client.open(
            path,
            method=method,
            json=json,
            headers=sent,
            environ_base={"REMOTE_ADDR": ip},
            buffered=True,
            **more,
        )

    def login(self, password: str = PASSWORD, name: str = "admin", ip: str = HOME) -> TestResponse:
        return self.call("POST", "/api/auth/login", {"username": name, "password": password}, ip=ip)

    def sign_in(self, ip: str = HOME) -> str:
        token: str = json_of(self.login(ip=ip))["access_token"]
        return token

    def owner(self, method: str, path: str, json: Any = None, **more: Any) -> TestResponse:
        """A request of the signed-in owner."""
        if self.token is None and self.config.auth_enabled:
            self.token = self.sign_in()
        return self.call(method, path, json, token=self.token, **more)

    def ok(self, method: str, path: str, json: Any = None, status: int = 200, **more: Any) -> Any:
        """The JSON of the owner's request, which must succeed."""
        answer = self.owner(method, path, json, **more)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json()

    def asked(self, path: str) -> int:
        """How many requests FunPay has seen for this path."""
        return sum(entry.facts.get("path") == path for entry in self.world.log.requests())


@dataclass(frozen=True)
class Scene:
    """A running shop with modules, a buyer, his paid order and his message."""

    seller: Seller
    ann: Buyer
    lot: Lot
    order: Order
    chat: int
    message: int


def furnish(web: Web) -> Scene:
    """`my_shop` sells keys; ann has bought one and says hello."""
    seller, ann = web.open("my_shop", "auto_delivery", "auto_raise"), web.world.buyer("ann")
    lot = seller.lot("Ключ Steam", price="150")
    delivery = f"{SHOP}/modules/auto_delivery"
    product = web.ok(
        "POST", f"{delivery}/products", {"name": "Ключ", "kind": "static", "static_text": "AAAA"}
    )
    mapping = {"product_id": product["product_id"], "match": "exact", "pattern": "Ключ Steam"}
    web.ok("POST", f"{delivery}/lot-mappings", mapping)
    order = ann.buys(lot)
    message = ann.writes(seller, "Здравствуйте!")
    if web._threads:
        eventually(lambda: ann.messages_from(seller))
    else:
        web.poll(seller, 2)
    chat = web.world.chat(seller, ann).id
    return Scene(seller, ann, lot, order, chat, message.id)


def eventually(what: Callable[[], object], seconds: float = 20) -> None:
    """Until something is so; a test that waits for ever in vain fails by then."""
    end, pause = monotonic() + seconds, threading.Event()
    while not what():
        assert monotonic() < end, "it did not come to pass in time"
        pause.wait(0.01)


def make_template(folder: Path) -> Path:
    """An instance that is migrated and has its password, to be copied for each test."""
    web = Web(folder)
    set_password(web.db, PASSWORD, 1000)
    web.db.checkpoint()
    web.close()
    return folder


def json_of(answer: TestResponse) -> Any:
    return answer.get_json()


def refusal(answer: TestResponse, status: int) -> str:
    """The sentence of an error answer, whose shape is checked."""
    assert answer.status_code == status, (answer.status_code, answer.get_data(as_text=True))
    body = answer.get_json()
    assert answer.content_type == "application/json"
    assert set(body) <= {"detail", "code", "retry_after"}
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert isinstance(body["code"], str)
    return str(body["detail"])
