"""The cast of the worker tests: Opium with its threads, and a marketplace whose clock runs but
can also be moved, behind a wire that a test can hold."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import requests
from driver import Driver
from requests.adapters import BaseAdapter
from sqlalchemy import text

from opium import create_app
from opium.clock import Clock
from opium.config import Config
from opium.core import Opium
from opium.events import OrderPaid
from opium.module import Found, Module
from opium.work import Work
from opium.workers.worker import Worker
from sandbox import clock as sandbox_clock
from sandbox.funpay import create_app as create_funpay
from sandbox.log import Entry
from sandbox.transport import ORIGIN, SandboxAdapter
from sandbox.world import Seller, World

POLL = 2.0
"""Seconds that surely reach the next poll at the settings below."""

QUICK: dict[str, Any] = {
    "anti_detect": {"runner_delay_min": 1, "runner_delay_max": 1},
    "rate_limit": {"base_delay": 0, "burst_limit": 100, "burst_window": 1},
    "reconnect": {"base_delay": 1, "max_delay": 1},
}


class Running(Clock):
    """The world's time for both: real, and moved when a test says so."""

    def __init__(self, shared: sandbox_clock.Clock) -> None:
        self._shared, self._began = shared, shared.now()

    def now(self) -> datetime:
        return self._shared.now()

    def monotonic(self) -> float:
        return 1000.0 + (self._shared.now() - self._began).total_seconds()


class Wire(BaseAdapter):
    """Between Opium and FunPay. What is held waits at the other end until it is let go."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self._through = SandboxAdapter(create_funpay(world))
        self._holds: Callable[[requests.PreparedRequest], bool] = lambda _request: False
        self._free = threading.Event()
        self.held: list[requests.PreparedRequest] = []
        self.agents: list[str] = []

    def hold(self, seller: Seller, contains: str = "") -> None:
        """Requests of this seller with this in the body get no answer for now."""
        key = f"golden_key={seller.golden_key}"
        self._free = threading.Event()
        self._holds = lambda request: (
            key in str(request.headers.get("Cookie"))
            and contains in f"{request.url} {_body(request)}"
        )

    def let_go(self) -> None:
        """Everything held goes on to FunPay, and nothing is held any more."""
        self._holds = lambda _request: False
        self._free.set()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        self.agents.append(str(request.headers.get("User-Agent")))
        if self._holds(request):
            free = self._free
            self.held.append(request)
            free.wait(30)
        return self._through.send(request, stream, timeout, verify, cert, proxies)

    def close(self) -> None:
        """Nothing is open."""


class Live(Driver):
    """Opium as it runs: supervisor and worker threads, and a clock that may jump."""

    def __init__(
        self, folder: Path, modules: dict[str, Module] | None = None, **settings: Any
    ) -> None:
        world = World(seed=1, clock=sandbox_clock.Clock())
        self.wire = Wire(world)
        self.running_clock = Running(world.clock)
        super().__init__(world, folder, {} if modules is None else modules, **settings)

    def _start(self) -> None:
        config = Config.load(
            instance=self._folder,
            funpay_url=ORIGIN,
            auth_enabled=False,
            rate_limit_enabled=False,
            password_rounds=1000,
            _env_file=None,
            **self._settings,
        )
        self.core = Opium(
            config,
            clock=self.running_clock,
            random=Random(1),
            adapter=self.wire,
            found=Found(dict(self._modules or {}), {}),
        )
        self.core.boot(threads=False)
        self.core.registry.start()
        self.app = create_app(self.core)
        self.api = self.app.test_client()

    def close(self) -> None:
        self.wire.let_go()
        self.core.shutdown()

    # --- verbs

    def create(self, seller: Seller, account: str = "", **config: Any) -> str:
        """Register an account; it starts in the background."""
        account = account or seller.name
        body = {"account_id": account, "golden_key": seller.golden_key, **QUICK, **config}
        self.ok("POST", "/api/accounts", body, status=202)
        return account

    def open(self, seller: Seller, *modules: str, **config: Any) -> str:
        """An account that runs."""
        account = self.create(seller, **config)
        for name in modules:
            self.ok("POST", f"/api/accounts/{account}/modules", {"module_name": name})
        self.comes_to(account, "running")
        return account

    def patch(self, account: str, **changes: Any) -> None:
        self.ok("PATCH", f"/api/accounts/{account}/config", changes)

    def start(self, account: str) -> None:
        self.ok("POST", f"/api/accounts/{account}/start", status=202)

    def stop(self, account: str) -> None:
        self.ok("POST", f"/api/accounts/{account}/stop", status=202)

    def jump(self, seconds: float) -> None:
        """Time passes, and everybody looks at the clock."""
        self.world.travel(seconds)
        for account in self.core.accounts.list():
            self.core.registry.ring(account.account_id)

    def polls(self, account: str, seconds: float = POLL) -> None:
        """The next poll comes, and is over."""
        before = self.core.registry.status(account).last_poll
        self.jump(seconds)
        eventually(lambda: self.core.registry.status(account).last_poll != before)

    # --- what can be seen

    def info(self, account: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/api/accounts/{account}")
        return found

    def comes_to(self, account: str, state: str) -> None:
        eventually(lambda: self.info(account)["state"] == state, lambda: self.info(account))

    def hired(self, account: str) -> Worker:
        """The account's worker, which must be there."""
        found = self.core.registry.worker(account)
        assert found is not None
        return found

    def generation(self, account: str) -> int:
        with self.core.db.read() as db:
            sql = text("SELECT generation FROM accounts WHERE id = :id")
            return int(db.scalar(sql, {"id": account}) or 0)

    def commands(self) -> list[str]:
        """The state of each command, in order."""
        with self.core.db.read() as db:
            return list(db.scalars(text("SELECT state FROM commands ORDER BY id")))

    def open_alerts(self, kind: str) -> list[str]:
        items = self.get("/api/alerts?open=true")["items"]
        return [item["text"] for item in items if item["kind"] == kind]

    def sends(self, account: str | None = None) -> list[Entry]:
        """Requests to send that reached FunPay."""
        found = self.world.log.requests(account, "/runner/")
        return [entry for entry in found if entry.facts["action"] == "send"]


MakeLive = Callable[..., Live]


def eventually(what: Callable[[], object], shown: Callable[[], object] = lambda: "") -> None:
    """Until something is so, at most five seconds."""
    end, pause = monotonic() + 5, threading.Event()
    while not what():
        assert monotonic() < end, f"it did not come to pass in time: {shown()}"
        pause.wait(0.005)


def greeter(name: str = "greeter") -> Module:
    """A module that writes one word to whoever pays."""
    module = Module(name, title=name.title(), takes_orders=True)

    @module.on(OrderPaid)
    def deliver(event: OrderPaid, work: Work) -> None:
        handout = work.claim_order(event)
        if handout is not None:
            work.hand_out(handout, event.order.chat or "", ["WORD"])

    return module


def _body(request: requests.PreparedRequest) -> str:
    body = request.body or ""
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
