from __future__ import annotations

from pathlib import Path

import pytest
from moving_cast import Mover


@pytest.fixture
def mover(tmp_path: Path) -> Mover:
    return Mover(tmp_path / "instance")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of the other program."""
    folder = tmp_path / "old"
    folder.mkdir()
    return folder
