"""Proxies and proxy lists of steam_rent through the API (contract 9.7)."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from driver import Driver
from rent_rest_cast import CANARY, Renter
from sloppy_servers import Behaviour, mute, serving
from sqlalchemy import text

from opium.modules.steam_rent import health, proxies
from opium.modules.steam_rent.health import Health
from opium.net.proxy import Proxy
from sandbox.world import World

HOST = {"host": "1.2.3.4", "port": 1080}


@pytest.fixture
def rent(world: World, opium: Driver) -> Renter:
    return Renter(opium, world)


def test_a_proxy_has_the_members_of_the_contract(rent: Renter) -> None:
    full = HOST | {"proxy_type": "socks5", "username": "u", "name": " nl-1 ", "enabled": False}
    made = rent.ask("POST", "/proxies", full | {"password": CANARY})
    proxy_id = made["proxy_id"]
    assert len(proxy_id) == 8
    assert int(proxy_id, 16) >= 0
    assert made == full | {"proxy_id": proxy_id, "password": "***", "name": "nl-1"}
    rent.opium.world.travel(1)
    plain = rent.ask("POST", "/proxies", HOST)
    assert (plain["proxy_type"], plain["username"], plain["password"]) == ("http", "", "")
    assert (plain["name"], plain["enabled"]) == ("", True)
    assert [p["name"] for p in rent.ask("GET", "/proxies")] == ["nl-1", ""]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("1.2.3.4:8080", ("http", "1.2.3.4", 8080, "", None)),
        ("https://h.example:1", ("https", "h.example", 1, "", None)),
        ("socks5://u:p%40ss%3A@h:65535", ("socks5", "h", 65535, "u", "p@ss:")),
        ("http://[2001:db8::1]:3128", ("http", "2001:db8::1", 3128, "", None)),
    ],
)
def test_a_proxy_from_its_address(rent: Renter, url: str, expected: tuple[Any, ...]) -> None:
    body = {"url": url, "name": "n", "enabled": False, "username": "other", "port": 7}
    made = rent.ask("POST", "/proxies", body)
    scheme, host, port, user, password = expected
    assert (made["proxy_type"], made["host"], made["port"]) == (scheme, host, port)
    assert (made["username"], made["name"], made["enabled"]) == (user, "n", False)
    assert made["password"] == ("***" if password else "")
    assert opened(rent, made["proxy_id"]).password == (password or "")


def opened(rent: Renter, proxy_id: str) -> Proxy:
    with rent.opium.core.db.read() as db:
        return proxies.proxy_of(rent.opium.core.vault, proxies.find(db, proxy_id))


def test_names_are_resolved_by_the_proxy(rent: Renter) -> None:
    made = rent.ask("POST", "/proxies", {"url": "socks5://u:p@h:1"})
    assert opened(rent, made["proxy_id"]) == Proxy("socks5h", "h", 1, "u", "p")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host",
        f"ftp://u:{CANARY}@host:1",
        f"socks5h://u:{CANARY}@host:1",
        f"http://u:{CANARY}@host:0",
        f"http://u:{CANARY}@host:65536",
        f"http://u:{CANARY}@host:1/path",
        f"http://u:{CANARY}@ho st:1",
        f"http://u:{CANARY}@[object Object]:80",
        f"http://u:{CANARY}%0d%0a@host:1",
        f"http://u:{CANARY}@169.254.169.254:80",
        f"http://u:{CANARY}@metadata.google.internal:80",
        f"http://u:{CANARY}@2130706433:80",
        f"http://u:{CANARY * 20}@host:80",
    ],
)
def test_a_bad_address_is_refused_and_never_repeated(
    rent: Renter, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = rent.call("POST", "/proxies", {"url": url})
    assert answer.status_code == 400
    assert CANARY not in answer.get_data(as_text=True) + caplog.text
    assert rent.ask("GET", "/proxies") == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"host": "h"},
        {"port": 1},
        {"url": None},
        HOST | {"host": ""},
        HOST | {"host": "x" * 254},
        HOST | {"host": "a b"},
        HOST | {"host": "u:p@h"},
        HOST | {"host": "http://h"},
        HOST | {"host": "fe80::1"},
        HOST | {"host": "0.0.0.0"},
        HOST | {"port": 0},
        HOST | {"port": 65536},
        HOST | {"port": "1080"},
        HOST | {"proxy_type": "socks5h"},
        HOST | {"proxy_type": "ftp"},
        HOST | {"username": "x" * 256},
        HOST | {"username": "a\nb"},
        HOST | {"password": "п" * 200},
        HOST | {"name": "x" * 65},
        HOST | {"enabled": 1},
    ],
)
def test_a_bad_proxy_is_refused(rent: Renter, body: dict[str, Any]) -> None:
    assert rent.refused("POST", "/proxies", body)[0] == 400
    proxy = rent.proxy()
    if body and body.keys() <= HOST.keys() | {"proxy_type"} and "url" not in body:
        expected = 200 if body in ({"host": "h"}, {"port": 1}) else 400
        assert rent.status("PUT", f"/proxies/{proxy}", body) == expected


def test_private_addresses_may_be_forbidden(world: World, tmp_path: Any) -> None:
    strict = Driver(world, tmp_path / "strict", proxy_private=False)
    rent = Renter(strict, world)
    for host in ("127.0.0.1", "10.0.0.1", "localhost", "::1"):
        assert rent.refused("POST", "/proxies", HOST | {"host": host})[0] == 400
    assert rent.status("POST", "/proxies", HOST) == 200
    strict.core.db.close()


def test_an_edit_keeps_the_password_unless_another_is_given(rent: Renter) -> None:
    proxy = rent.proxy(username="u", password=CANARY, name="a")
    path = f"/proxies/{proxy}"
    for body in ({"name": "b"}, {"password": None}, {"password": "***"}, {"port": 3}):
        assert rent.ask("PUT", path, body)["password"] == "***"
        assert opened(rent, proxy).password == CANARY
    (listed,) = rent.ask("GET", "/proxies")
    assert (listed["name"], listed["port"], listed["username"]) == ("b", 3, "u")
    assert rent.ask("PUT", path, listed) == listed
    rent.ask("PUT", path, {"password": "other"})
    assert opened(rent, proxy).password == "other"
    cleared = rent.ask("PUT", path, {"password": "", "enabled": False})
    assert (cleared["password"], cleared["enabled"]) == ("", False)
    assert rent.refused("PUT", "/proxies/none", {})[0] == 404
    assert rent.refused("PUT", path, {"host": "169.254.1.1"})[0] == 400


def test_a_password_lies_sealed(rent: Renter) -> None:
    rent.proxy(password=CANARY)
    with rent.opium.core.db.read() as db:
        assert CANARY not in str(db.execute(text("SELECT * FROM steam_rent_proxies")).all())
    assert CANARY not in str(rent.ask("GET", "/proxies"))


def test_all_accounts_share_the_proxies(rent: Renter, world: World, opium: Driver) -> None:
    proxy = rent.proxy()
    listed = rent.ask("POST", "/proxy-lists", {"name": "all", "proxy_ids": [proxy]})
    other = Renter(opium, world, "other")
    assert [p["proxy_id"] for p in other.ask("GET", "/proxies")] == [proxy]
    assert other.ask("GET", "/proxy-lists") == [listed]
    assert other.ask("DELETE", f"/proxies/{proxy}") == {"ok": True}
    assert rent.ask("GET", "/proxies") == []


def test_lists(rent: Renter) -> None:
    first, second = rent.proxy(), rent.proxy()
    body = {"name": " nl ", "proxy_ids": [second, first, second]}
    made = rent.ask("POST", "/proxy-lists", body)
    list_id = made.pop("list_id")
    assert made == {"name": "nl", "proxy_ids": [second, first]}
    rent.opium.world.travel(1)
    empty = rent.ask("POST", "/proxy-lists", {"name": "x" * 64})
    assert empty["proxy_ids"] == []
    path = f"/proxy-lists/{empty['list_id']}"
    for _ in range(2):
        assert rent.ask("POST", f"{path}/proxies/{first}") == {"ok": True}
    assert rent.ask("GET", "/proxy-lists")[1]["proxy_ids"] == [first]
    assert rent.ask("DELETE", f"{path}/proxies/{first}") == {"ok": True}
    assert rent.refused("DELETE", f"{path}/proxies/{first}")[0] == 404
    rent.ask("DELETE", f"/proxies/{second}")
    assert rent.ask("GET", "/proxy-lists")[0]["proxy_ids"] == [first]
    assert rent.ask("DELETE", f"/proxy-lists/{list_id}") == {"ok": True}
    assert [found["list_id"] for found in rent.ask("GET", "/proxy-lists")] == [empty["list_id"]]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": " "},
        {"name": "x" * 65},
        {"name": "x", "proxy_ids": ["none"]},
        {"name": "x", "proxy_ids": None},
    ],
)
def test_a_bad_list_is_refused(rent: Renter, body: dict[str, Any]) -> None:
    assert rent.refused("POST", "/proxy-lists", body)[0] == 400
    assert rent.ask("GET", "/proxy-lists") == []


def test_what_does_not_exist_is_404(rent: Renter) -> None:
    proxy = rent.proxy()
    made = rent.ask("POST", "/proxy-lists", {"name": "x"})
    for method, path in (
        ("DELETE", "/proxies/none"),
        ("POST", "/proxies/none/check"),
        ("DELETE", "/proxy-lists/none"),
        ("POST", f"/proxy-lists/none/proxies/{proxy}"),
        ("POST", f"/proxy-lists/{made['list_id']}/proxies/none"),
        ("DELETE", f"/proxy-lists/none/proxies/{proxy}"),
        ("DELETE", f"/proxy-lists/{made['list_id']}/proxies/none"),
    ):
        assert rent.refused(method, path)[0] == 404, path


# --- the check


def tunnel(status: str, asked: list[bytes]) -> Behaviour:
    """A proxy that opens tunnels, and Steam behind it, in one."""

    def behave(sock: socket.socket, request: bytes) -> None:
        asked.append(request)
        if request.startswith(b"CONNECT"):
            sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            sock.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}".encode())

    return behave


@pytest.fixture
def wired(world: World, tmp_path: Any) -> Iterator[Renter]:
    """A seller whose Steam is asked over real sockets."""
    driver = Driver(world, tmp_path / "wired")
    object.__setattr__(driver.core.tools, "adapter", None)
    yield Renter(driver, world)
    driver.core.db.close()


@pytest.mark.parametrize(("status", "healthy"), [("200 OK", True), ("503 No", False)])
def test_a_check_asks_steam_through_the_proxy(wired: Renter, status: str, healthy: bool) -> None:
    asked: list[bytes] = []
    with serving(tunnel(status, asked)) as server:
        proxy = wired.proxy(port=server.port, username="u", password=CANARY, enabled=False)
        found = wired.ask("POST", f"/proxies/{proxy}/check", {})
    assert isinstance(found.pop("latency_ms"), int)
    assert found == {"healthy": healthy, "proxy_id": proxy}
    connect, get = asked
    steam = urlsplit(wired.opium.core.config.steam_api_url)
    assert connect.startswith(f"CONNECT {steam.hostname}:80 ".encode())
    assert b"Proxy-Authorization: Basic " in connect
    assert get.startswith(b"GET /ISteamNews/GetNewsForApp/v2/?")
    assert b"Proxy-Authorization" not in get


def test_a_dead_proxy_is_not_healthy(wired: Renter, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    proxy = wired.proxy(port=port, username="u", password=CANARY)
    found = wired.ask("POST", f"/proxies/{proxy}/check")
    assert found == {"healthy": False, "proxy_id": proxy, "latency_ms": None}
    assert CANARY not in caplog.text


def test_a_check_ends_in_time(wired: Renter, monkeypatch: pytest.MonkeyPatch) -> None:
    assert health.SECONDS == 10
    monkeypatch.setattr(health, "SECONDS", 0.3)
    with serving(mute, greet=mute) as server:
        proxy = wired.proxy(port=server.port)
        assert wired.ask("POST", f"/proxies/{proxy}/check")["healthy"] is False


def test_only_some_checks_wait_at_once(wired: Renter) -> None:
    proxy = wired.proxy()
    places = wired.opium.app.extensions["opium.live"].waiting
    with contextlib.ExitStack() as taken:
        for _ in range(2):
            taken.enter_context(places.place("check"))
        answer = wired.call("POST", f"/proxies/{proxy}/check")
        assert (answer.status_code, answer.get_json()["code"]) == (503, "busy")
        assert answer.headers["Retry-After"] == "1"
    assert wired.status("POST", f"/proxies/{proxy}/check") == 200


def test_what_was_seen_holds_for_five_minutes(wired: Renter) -> None:
    asked: list[bytes] = []
    core = wired.opium.core
    from opium.job import Job

    known = Health(Job(core.tools, core.attachments.ready["steam_rent"]))
    with serving(tunnel("200 OK", asked)) as server:
        proxy = Proxy("http", "127.0.0.1", server.port)
        assert known.is_good(proxy)
        wired.opium.world.travel(299)
        assert known.is_good(proxy)
        assert len(asked) == 2
        wired.opium.world.travel(2)
        assert known.is_good(proxy)
        assert len(asked) == 4
        assert known.is_good_now(proxy)
        assert len(asked) == 6
    # The proxy is down now: what was seen goes before what is, for a while.
    assert known.is_good(proxy)
    assert not known.is_good_now(proxy)
    assert not known.is_good(proxy)
