"""A shop with auto_delivery, and everything it needs to tell a story."""

from __future__ import annotations

import pytest
from driver import Driver
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
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """The wire between Opium and FunPay."""
    return Network(monkeypatch)
