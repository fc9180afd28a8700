"""The cast: a shop, Ann who buys, and a world at a frozen moment."""

from datetime import UTC, datetime

import pytest

from sandbox.browser import Browser
from sandbox.clock import Clock
from sandbox.world import Buyer, Lot, Seller, World

NOON = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return World(seed=7, clock=Clock(frozen_at=NOON))


@pytest.fixture
def shop(world: World) -> Seller:
    return world.seller("shop")


@pytest.fixture
def ann(world: World) -> Buyer:
    return world.buyer("ann")


@pytest.fixture
def key(shop: Seller) -> Lot:
    return shop.lot("Ключ Steam", price="99.90", amount=3)


@pytest.fixture
def browser(world: World, shop: Seller) -> Browser:
    """The shop's own browser."""
    return Browser(world, shop)
