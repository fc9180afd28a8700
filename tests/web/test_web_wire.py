"""What never reaches a route: waitress' own refusals are JSON like all the others (S9)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fuzz.wire import LIST, Bytes, exchange
from web_cast import Web

from opium.serve import _listen

Address = tuple[str, int]


@pytest.fixture
def address(web: Web) -> Iterator[Address]:
    """The web server as it is started in life."""
    server: Any = _listen(web.app, web.config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield "127.0.0.1", server.effective_port
    server.trigger.pull_trigger(server.close)
    thread.join(10)
    server.task_dispatcher.shutdown()


def test_hostile_bytes_are_refused_in_json_and_hurt_nobody(address: Address) -> None:
    wrong, plain = [], next(told for told in LIST if told.name == "plain")
    for told in LIST:
        if problem := told.problem(exchange(address, told)):
            wrong.append(f"{told.name}: {problem}")
        assert plain.problem(exchange(address, plain)) is None, told.name
    assert wrong == []


@pytest.mark.parametrize(
    ("sent", "code", "sentence"),
    [
        (b"GET  HTTP/1.1\r\n\r\n", 400, b"The request is not readable HTTP."),
        (b"GET /" + b"x" * 17_000 + b" HTTP/1.1\r\n\r\n", 431, b"Path and headers are too long."),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413, b"The body is too large."),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n", 400, b"The request is not readable"),
    ],
)
def test_the_web_server_says_what_is_wrong(
    address: Address, sent: bytes, code: int, sentence: bytes
) -> None:
    (seen,) = exchange(address, Bytes("one", sent, (frozenset({code}),)))
    assert seen.status == code
    assert seen.headers["content-type"] == "application/json"
    assert sentence in seen.body
