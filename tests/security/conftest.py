"""The same cast as the web tests, for what must hold of the whole server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "modules"))
sys.path.insert(0, str(Path(__file__).parent.parent / "web"))

from web_cast import Web, make_template

MakeWeb = Callable[..., Web]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def make_web(tmp_path: Path, template: Path) -> Iterator[MakeWeb]:
    made: list[Web] = []

    def make(**settings: Any) -> Web:
        made.append(Web(tmp_path / str(len(made)), template=template, **settings))
        return made[-1]

    yield make
    for web in made:
        web.close()


@pytest.fixture
def web(make_web: MakeWeb) -> Web:
    """Opium without accounts, its owner's browser, and time that stands still."""
    return make_web()
