"""Who holds a connection without asking anything keeps nobody else out."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import waitress

from bench.stand import until
from opium import connections

from .crowd import Crowd
from .stand import opium_behind

HEAD = b"GET / HTTP/1.1\r\nHost: shop\r\n"
POST = b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\n"
SOON, LATER, WITHIN = 0.3, 60.0, 20.0

Open = Callable[[bytes], socket.socket]


class Shop:
    """An application that answers when `door` is open."""

    def __init__(self) -> None:
        self.door = threading.Event()
        self.door.set()
        self.asked = threading.Event()

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.asked.set()
        environ["wsgi.input"].read()
        self.door.wait(WITHIN)
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(connections, "HEAD_WITHIN", SOON)
    monkeypatch.setattr(connections, "BODY_WITHIN", LATER)
    return Shop()


@pytest.fixture
def comes(shop: Shop) -> Iterator[Open]:
    """Connects and sends these bytes, and nothing more."""
    server: Any = waitress.create_server(shop, host="127.0.0.1", port=0, asyncore_use_poll=True)
    connections.attend(server)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    made: list[socket.socket] = []

    def come(sent: bytes) -> socket.socket:
        made.append(socket.create_connection(("127.0.0.1", server.effective_port), WITHIN))
        made[-1].sendall(sent)
        return made[-1]

    yield come
    for each in made:
        each.close()
    server.trigger.pull_trigger(server.close)
    thread.join(WITHIN)
    server.task_dispatcher.shutdown()


def shown_out(guest: socket.socket, said: bytes = b"") -> bool:
    """Whether the server closes the connection while the guest goes on to say this."""
    guest.settimeout(0.05)

    def closed() -> bool:
        try:
            guest.sendall(said)
            return guest.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    return bool(until(closed, WITHIN))


def test_a_head_that_drips_has_an_end(comes: Open) -> None:
    assert shown_out(comes(HEAD + b"X-Slow: "), said=b"x")


def test_who_says_nothing_is_shown_out(comes: Open) -> None:
    assert shown_out(comes(b""))


def test_a_body_may_take_longer_than_a_head(comes: Open) -> None:
    slow = comes(POST + b"a")
    assert shown_out(comes(HEAD))  # came later, and its time is over
    slow.sendall(b"b")
    assert slow.recv(100).startswith(b"HTTP/1.1 200")


def test_who_is_being_answered_is_not_hurried(shop: Shop, comes: Open) -> None:
    shop.door.clear()
    waits = comes(HEAD + b"\r\n")
    assert shop.asked.wait(WITHIN)
    assert shown_out(comes(HEAD))
    shop.door.set()
    assert waits.recv(100).startswith(b"HTTP/1.1 200")


def test_a_newcomer_to_a_full_server_takes_the_place_of_the_one_waited_for_longest(
    shop: Shop, comes: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_WITHIN", LATER)
    monkeypatch.setattr(connections, "PLACES", 6)
    shop.door.clear()
    answered = comes(HEAD + b"\r\n")
    assert shop.asked.wait(WITHIN)
    first, *others = [comes(HEAD) for _ in range(6)]
    assert shown_out(first)
    shop.door.set()
    newest = others[-1]
    newest.sendall(b"\r\n")
    for guest in (answered, newest):
        assert guest.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.system
def test_opium_answers_while_two_hundred_and_fifty_hold_a_connection(tmp_path: Path) -> None:
    with opium_behind(None, tmp_path) as place:
        token = place.sign_in()
        crowd = Crowd(place, half_open=200, dripping=50)
        try:
            assert place.ask("GET", "/api/health").status == 200
            assert place.ask("GET", "/api/status", token=token).json()["running"] is True
            assert crowd.still_open() == 250
        finally:
            crowd.close()
