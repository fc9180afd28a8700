"""The cast: a `world` with its marketplace, and `opium` watching it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from driver import Driver, frozen_world

from sandbox.world import World


@pytest.fixture
def world() -> World:
    """A marketplace whose time stands still until it is moved."""
    return frozen_world()


@pytest.fixture
def opium(world: World, tmp_path: Path) -> Iterator[Driver]:
    """Opium with all its modules over `world`."""
    driver = Driver(world, tmp_path / "instance")
    yield driver
    driver.core.db.close()
