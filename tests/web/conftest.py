from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from web_cast import Scene, Web, furnish, make_template

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


@pytest.fixture
def scene(web: Web) -> Scene:
    """`my_shop` running in `web`, with a buyer, an order and a message."""
    return furnish(web)


@pytest.fixture
def live(make_web: MakeWeb) -> Web:
    """Opium with its worker threads and the real time."""
    return make_web(threads=True)
