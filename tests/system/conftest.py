"""Real processes: a marketplace for each file of tests, servers for each story."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chaos.processes import Marketplace, Server


@pytest.fixture(scope="module")
def market() -> Iterator[Marketplace]:
    """The sandbox as a process; names of people must differ between the tests of a file."""
    process = Marketplace()
    yield process
    process.close()


@pytest.fixture
def new_server(market: Marketplace, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers over `market`, not started yet; what still runs at the end is killed."""
    made: list[Server] = []

    def make(name: str = "instance", **settings: str) -> Server:
        server = Server(tmp_path / name, market.url, **settings)
        made.append(server)
        return server

    yield make
    for server in made:
        server.close()


@pytest.fixture
def server(new_server: Callable[..., Server]) -> Server:
    """A server that is ready."""
    made = new_server()
    made.start()
    made.wait_ready()
    return made
