"""The cast of the tests of auto_raise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from driver import Driver
from sqlalchemy import update

from opium.module import Module
from opium.modules.auto_raise import module
from opium.modules.auto_raise.models import Category
from sandbox.world import Seller, World

MODULE = "/api/accounts/shop/modules/auto_raise"
HOUR = 3600
STEAM, DOTA, LINEAGE = 173, 41, 4


class Shop:
    """A seller with lots in two sections of Steam and one of Dota 2, and his auto_raise."""

    def __init__(self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.opium = Driver(world, folder, {"auto_raise": module})
        self.seller: Seller = world.seller("shop")
        for node in (1008, 1009, 81):
            self.seller.lot(f"Лот {node}", node=node)
        self.opium.watch(self.seller, "auto_raise")
        self._monkeypatch = monkeypatch
        self.let_worker_answer()

    def let_worker_answer(self) -> None:
        """A view that waits lets the worker go on, which has no thread of its own here."""
        self._monkeypatch.setattr(self.opium.core.ends, "wait_any", lambda _a, s: self.go_on(s))

    def go_on(self, seconds: float) -> None:
        """Let the worker do what is due after this time."""
        self.world.travel(seconds)
        self.opium.step(self.seller)

    def enable(self, **config: Any) -> None:
        self.opium.ok("PATCH", f"{MODULE}/config", {"enabled": True, **config})

    def tick(self, seconds: float = 30) -> None:
        """Time passes, the tasks have a run, and the worker does what they wish."""
        self.world.travel(seconds)
        self.opium.run_task("auto_raise", "read_categories")
        self.opium.run_task("auto_raise", "raise_due")
        for _ in range(20):  # its pace lets one request through after the other
            self.go_on(0.5)
            if not self.status()["raising"]:
                break

    def raised(self) -> list[tuple[int, list[int]]]:
        """What really went up: (game, sections) in order."""
        effects = self.world.log.effects("raise", "shop")
        return [(effect.facts["game"], effect.facts["nodes"]) for effect in effects]

    def asked(self) -> int:
        """How many times the site was asked to raise."""
        return len(self.world.log.requests("shop", "/lots/raise"))

    def raise_now(self, **more: Any) -> Any:
        return self.opium.ok("POST", f"{MODULE}/raise", **more)

    def status(self) -> Any:
        return self.opium.get(f"{MODULE}/status")

    def log(self) -> Any:
        return self.opium.get(f"{MODULE}/log?limit=300")

    def make_due(self, game_id: int) -> None:
        """As if FunPay's cool-down had been shorter than it is."""
        with self.opium.core.db.write() as db:
            db.execute(update(Category).where(Category.game_id == game_id).values(next_at=None))

    def listen(self, name: str) -> list[dict[str, Any]]:
        """What another module is told under this name, from now on."""
        told: list[dict[str, Any]] = []
        listener = Module("listener", title="Listener")
        listener.on(name)(lambda event, _work: told.append(event.payload))
        self.opium.core.attachments.ready["listener"] = listener
        self.opium.core.attachments.attach("shop", "listener", None)
        return told
