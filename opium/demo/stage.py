"""The start of the demo: both processes up, the shops open; and their end."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from opium.demo import phone, processes, rental, shop
from opium.demo.calls import DemoError, OpiumApi, Sandbox
from opium.demo.processes import STEAM_SITES, Child
from opium.demo.shop import Shop
from opium.demo.timeline import Timeline

STARTS_WITHIN = 60


class Stopped(Exception):
    """Told to stop while starting."""


@dataclass
class Opened:
    """Everything is up and the shops are open."""

    sandbox: Sandbox
    steam: Sandbox
    telegram: Sandbox
    api: OpiumApi
    shop: Shop


class Stage:
    """The two processes; `timeline` shows the steps, `stop` ends the waiting."""

    def __init__(self, folder: Path, timeline: Timeline, stop: threading.Event) -> None:
        self._folder, self._timeline, self._stop = folder, timeline, stop
        self._children: list[Child] = []

    def open(self, port: int, sandbox_port: int) -> Opened:
        """Start both and open the shops; Stopped if told so on the way."""
        say = self._timeline
        port = self._port("Opium", port)
        sandbox_port = self._port("the sandbox", sandbox_port, port)
        steam_port = self._port("its Steam", sandbox_port + 10, port, count=len(STEAM_SITES))
        taken = (port, *range(steam_port, steam_port + len(STEAM_SITES)))
        telegram_port = self._port("the phone", sandbox_port + 20, *taken)
        password = f"demo-{secrets.token_hex(4)}"
        sandbox = Sandbox(f"http://127.0.0.1:{sandbox_port}")
        steam = Sandbox(f"http://127.0.0.1:{steam_port}")
        telegram = Sandbox(f"http://127.0.0.1:{telegram_port}")
        api = OpiumApi(f"http://127.0.0.1:{port}", password)
        say.places(sandbox.site, steam.site, telegram.site, api.base, password)
        site = processes.start_sandbox(self._folder, sandbox_port, steam_port, telegram_port)
        self._children.append(site)
        server = processes.start_opium(
            self._folder, port, sandbox.site, steam_port, telegram.site, password
        )
        self._children.append(server)
        self._wait(lambda: sandbox.ready() and steam.ready() and telegram.ready())
        opened = shop.furnish(sandbox)
        rental.furnish(sandbox, steam)
        token = phone.furnish(telegram)
        say.step("the sandbox is up: three sellers, five lots, seven buyers, Steam, a phone")
        self._wait(api.ready)
        say.step("Opium is up")
        shop.open_shops(api, opened)
        phone.connect(api, telegram, token)
        opened.lots.append(rental.LOT)
        say.step("accounts, goods and modules are set through the API")
        self._wait(lambda: shop.all_running(api))
        say.step("all accounts are signed in; they poll every 1-2 s, a real shop every 4-8 s\n")
        return Opened(sandbox, steam, telegram, api, opened)

    def check(self) -> None:
        """DemoError if a process died."""
        for child in self._children:
            if child.ended is not None:
                words = f"{child.name} ended by itself with exit code {child.ended}."
                raise DemoError(f"{words} Its last lines:\n{child.last_lines()}")

    def end_opium(self) -> int:
        """Stop Opium, while the sandbox still keeps its log; the exit code."""
        return self._children.pop().stop()

    def close(self) -> None:
        for child in reversed(self._children):
            child.stop()

    def _wait(self, ready: Callable[[], bool]) -> None:
        give_up = time.monotonic() + STARTS_WITHIN
        while not ready():
            self.check()
            if self._stop.wait(0.1):
                raise Stopped
            if time.monotonic() > give_up:
                raise DemoError(f"The start took longer than {STARTS_WITHIN} s.")

    def _port(self, whose: str, wanted: int, *taken: int, count: int = 1) -> int:
        port = processes.free_port(wanted, taken, count)
        if port != wanted:
            self._timeline.say(f"  Port {wanted} is in use, so {whose} takes {port}.")
        return port
