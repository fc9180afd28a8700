"""Drives the whole of Opium without threads, sockets or sleeping: one `poll` is one step.

The database, modules, parsers and routes are the real ones; FunPay is the sandbox in this
process; time moves only when a test says so.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import requests
from flask.testing import FlaskClient
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from werkzeug.test import TestResponse

from opium import create_app
from opium.clock import Clock
from opium.config import Config
from opium.core import Opium
from opium.dispatch import Dispatch
from opium.module import Found, Module, find
from opium.workers.worker import Worker
from sandbox import clock as sandbox_clock
from sandbox.funpay import create_app as create_funpay
from sandbox.steam import SteamDouble
from sandbox.steam.double import ORIGINS as STEAM
from sandbox.telegram import TelegramDouble
from sandbox.telegram.double import ORIGIN as TELEGRAM
from sandbox.transport import ORIGIN, SandboxAdapter
from sandbox.world import Seller, World

NOON = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MOST_STEPS = 100
SOON = 2.0
POLL = 9.0
"""Seconds that surely reach the next poll at the default settings."""


class SharedClock(Clock):
    """Opium's clock over the sandbox's: both see the same frozen time."""

    def __init__(self, shared: sandbox_clock.Clock) -> None:
        self._shared = shared

    def now(self) -> datetime:
        return self._shared.now()

    def monotonic(self) -> float:
        return 1000.0 + (self._shared.now() - NOON).total_seconds()


class Outside(BaseAdapter):
    """FunPay, Steam and Telegram inside this process, told apart by the address."""

    def __init__(
        self, world: World, steam: SteamDouble | None, telegram: TelegramDouble | None = None
    ) -> None:
        super().__init__()
        self._funpay = SandboxAdapter(create_funpay(world))
        self._steam = steam.mount(requests.Session()) if steam else None
        self._telegram = telegram.mount(requests.Session()) if telegram else None

    def send(self, request: PreparedRequest, *args: Any, **more: Any) -> Response:
        url = str(request.url)
        if url.startswith(ORIGIN):
            return self._funpay.send(request, *args, **more)
        if url.startswith(TELEGRAM):
            if self._telegram is None:
                raise requests.ConnectTimeout("there is no Telegram in this test", request=request)
            return self._telegram.get_adapter(url).send(request, *args, **more)
        if self._steam is None:
            raise requests.ConnectionError("there is no Steam in this test", request=request)
        return self._steam.get_adapter(url).send(request, *args, **more)

    def close(self) -> None:
        """Nothing is open."""


def frozen_world(seed: int = 1) -> World:
    return World(seed=seed, clock=sandbox_clock.Clock(frozen_at=NOON))


class Driver:
    """Opium on one instance folder; `restart` is a crash and a new start."""

    def __init__(
        self,
        world: World,
        folder: Path,
        modules: dict[str, Module] | None = None,
        steam: SteamDouble | None = None,
        telegram: TelegramDouble | None = None,
        **settings: Any,
    ) -> None:
        self.world = world
        self.steam = steam
        self.telegram = telegram
        self.clock = SharedClock(world.clock)
        self._folder = folder
        self._modules = modules
        self._settings = settings
        self._workers: dict[str, Worker] = {}
        self._start()

    def _start(self) -> None:
        config = Config.load(
            instance=self._folder,
            funpay_url=ORIGIN,
            telegram_url=TELEGRAM,
            auth_enabled=False,
            rate_limit_enabled=False,
            password_rounds=1000,
            timezone="Europe/Moscow",
            _env_file=None,
            **{f"steam_{name}_url": url for name, url in vars(STEAM).items()},
            **self._settings,
        )
        found = Found(self._modules, {}) if self._modules is not None else find()
        self.core = Opium(
            config,
            clock=self.clock,
            random=Random(1),
            adapter=Outside(self.world, self.steam, self.telegram),
            wait=self._wait,
            found=found,
        )
        self.core.boot(threads=False)
        self.app = create_app(self.core)
        self.api: FlaskClient = self.app.test_client()

    def _wait(self, _condition: threading.Condition, seconds: float) -> None:
        """The gate waits for its turn: time passes instead."""
        self.world.travel(max(seconds, 0.001))

    # --- verbs

    def watch(self, seller: Seller, *modules: str, **config: Any) -> str:
        """Create the seller's account through the API, attach modules, and let it sign in."""
        account = seller.name
        body = {"account_id": account, "golden_key": seller.golden_key, **config}
        self.ok("POST", "/api/accounts", body, status=202)
        for name in modules:
            self.ok("POST", f"/api/accounts/{account}/modules", {"module_name": name})
        self.poll(seller)
        return account

    def worker(self, seller: Seller) -> Worker:
        """The account's worker, made at its first step, without a thread."""
        account = seller.name
        known = self.core.registry.worker(account)
        if known is None:
            known = self.core.registry.hire_now(account)
        return known

    def step(self, seller: Seller) -> float:
        """One step of the worker, now."""
        worker = self.worker(seller)
        return worker.guarded_step()

    def poll(self, seller: Seller, times: int = 1) -> None:
        """Let the next poll come, and do what it leads to."""
        for _ in range(times):
            self.world.travel(POLL)
            pause = self.step(seller)
            for _again in range(MOST_STEPS):
                if pause > SOON or not self.worker(seller).sends_soon:
                    break
                self.world.travel(max(pause, 0.001))  # a chat rests between two messages
                pause = self.step(seller)

    def pass_time(self, seller: Seller, seconds: float) -> None:
        """Let time pass in steps of a poll."""
        for _ in range(int(seconds // POLL) + 1):
            self.poll(seller)

    def restart(self) -> None:
        """The process dies without a word and starts again."""
        self.core.db.close()
        self._start()

    def dispatch(self) -> Dispatch:
        return Dispatch(self.core.tools)

    def run_task(self, module: str, task: str) -> None:
        """One run of a module's task."""
        found = self.core.attachments.ready[module]
        self.core.scheduler.run(found, next(t for t in found.tasks if t.name == task))

    # --- the API

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self.api.open(path, method=method, json=json, **more)

    def ok(self, method: str, path: str, json: Any = None, status: int = 200, **more: Any) -> Any:
        """The answer's JSON; the request must succeed."""
        answer = self.call(method, path, json, **more)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json() if answer.is_json else answer.get_data(as_text=True)

    def get(self, path: str) -> Any:
        return self.ok("GET", path)

    def tell(self, seconds: float) -> datetime:
        return self.clock.now() + timedelta(seconds=seconds)
