"""The cast of the rental stories: a `shop`, and those who rent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rent_cast import RentShop

from sandbox.world import Buyer, World


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Iterator[RentShop]:
    made = RentShop(world, tmp_path / "instance")
    yield made
    made.opium.core.db.close()


@pytest.fixture
def ann(world: World) -> Buyer:
    return world.buyer("ann")


@pytest.fixture
def bob(world: World) -> Buyer:
    return world.buyer("bob")


@pytest.fixture
def kim(world: World) -> Buyer:
    return world.buyer("kim")
