from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from telegram_cast import Phone


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Phone]:
    """A shop with a bot, its owner's phone, and no other module."""
    made = Phone(tmp_path / "instance")
    yield made
    assert made.telegram.wrongdoings == []
    made.opium.core.db.close()
