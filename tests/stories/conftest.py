"""A shop with auto_delivery, and everything it needs to tell a story."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import Driver

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).parent))

from story_cast import Network, Shop, watch_intents

from sandbox.world import Buyer, World


@pytest.fixture
def shop(world: World, opium: Driver, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A seller who is watched, with auto_delivery attached; chats are left alone."""
    made = Shop(opium, "shop")
    made.unwritten = watch_intents(opium, monkeypatch)
    return made


@pytest.fixture
def ann(world: World) -> Buyer:
    return world.buyer("ann")


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """The wire between Opium and FunPay."""
    yield Network(monkeypatch)
