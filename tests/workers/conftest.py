from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from workers_cast import Live, MakeLive, greeter


@pytest.fixture
def make_live(tmp_path: Path) -> Iterator[MakeLive]:
    made: list[Live] = []

    def make(**settings: object) -> Live:
        made.append(Live(tmp_path / str(len(made)), **settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for live in made:
        live.close()


@pytest.fixture
def live(make_live: MakeLive) -> Live:
    """Opium with its threads, and a module that answers payments with one word."""
    return make_live(modules={"greeter": greeter()})
