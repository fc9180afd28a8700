"""A furnished shop, made once and copied for each test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "modules"))

from driver import frozen_world
from keys_cast import copy, furnish


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instance folder of a shop that has used everything."""
    folder = tmp_path_factory.mktemp("furnished") / "instance"
    furnish(frozen_world(), folder)
    return folder


@pytest.fixture
def folder(furnished: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return copy(furnished, tmp_path / "instance")
