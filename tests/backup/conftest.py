"""A shop with auto_delivery, a buyer, and what may happen to their database."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "stories"))

from driver import Driver
from story_cast import Shop, watch_intents

from sandbox.world import Buyer, World


@pytest.fixture
def shop(world: World, opium: Driver, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(opium, "shop")
    made.unwritten = watch_intents(opium, monkeypatch)
    return made


@pytest.fixture
def ann(world: World) -> Buyer:
    return world.buyer("ann")
