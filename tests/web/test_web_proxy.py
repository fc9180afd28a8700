"""Behind a real server: whose address counts, with and without a trusted proxy (S5)."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select
from web_cast import PASSWORD, Web

from opium.db.tables import AuditEntry, Ban
from opium.serve import _listen

Ask = Any


@contextmanager
def served(web: Web) -> Iterator[Ask]:
    """The web server as it is started in life, and raw requests to it."""
    server: Any = _listen(web.app, web.config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()

    def ask(method: str, path: str, body: object = None, **headers: str) -> tuple[int, str]:
        data = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: shop.example", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(data)}", "", ""]
        with socket.create_connection(("127.0.0.1", server.effective_port), 10) as connection:
            connection.sendall("\r\n".join(lines).encode() + data)
            answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        return int(answer.split()[1]), answer

    yield ask
    server.trigger.pull_trigger(server.close)
    thread.join(10)
    server.task_dispatcher.shutdown()


def login(password: str = PASSWORD) -> dict[str, str]:
    return {"username": "admin", "password": password}


def addresses(web: Web) -> list[str]:
    """Where the sign-ins came from, as the audit log has it."""
    with web.db.read() as session:
        rows = select(AuditEntry.ip).where(AuditEntry.action == "SIGN_IN").order_by(AuditEntry.id)
        return list(session.scalars(rows))


def bans(web: Web) -> list[str]:
    with web.db.read() as session:
        return list(session.scalars(select(Ban.address)))


@pytest.mark.parametrize("proxies", [(), ("192.0.2.1",)])
def test_what_a_stranger_claims_to_be_is_not_believed(make_web: Any, proxies: Any) -> None:
    """S5: through the real web server."""
    web: Web = make_web(port=0, trusted_proxies=proxies)
    with served(web) as ask:
        for n in range(10):
            claims = {f"198.51.100.{n}": "X_Forwarded_For", f"for=198.51.100.{n}": "Forwarded"}
            headers = {name: value for value, name in claims.items()}
            status, _ = ask("POST", "/api/auth/login", login("wrong"), **headers)
            assert status == 401
        status, _ = ask("POST", "/api/auth/login", login(), X_Forwarded_For="203.0.113.99")
        assert status == 429
    assert bans(web) == ["127.0.0.1"]


def test_a_trusted_proxy_names_the_client_and_only_the_last_hop(make_web: Any) -> None:
    """S5: the other half."""
    web: Web = make_web(port=0, trusted_proxies=("127.0.0.1",))
    with served(web) as ask:
        for forwarded in ("198.51.100.7", "10.0.0.1, 127.0.0.1, 198.51.100.8"):
            assert ask("POST", "/api/auth/login", login(), X_Forwarded_For=forwarded)[0] == 200
        for n in range(10):  # the client's own part of the header changes nothing
            forwarded = f"192.0.2.{n}, 198.51.100.9"
            ask("POST", "/api/auth/login", login("wrong"), X_Forwarded_For=forwarded)
        for header in ("X_Real_IP", "Forwarded"):
            headers = {"X_Forwarded_For": "198.51.100.9", header: "198.51.100.1"}
            assert ask("POST", "/api/auth/login", login(), **headers)[0] == 429
        assert ask("POST", "/api/auth/login", login(), X_Forwarded_For="198.51.100.10")[0] == 200
    assert addresses(web) == ["198.51.100.7", "198.51.100.8", "198.51.100.10"]
    assert bans(web) == ["198.51.100.9"]


@pytest.mark.parametrize(("proxies", "secure"), [((), False), (("127.0.0.1",), True)])
def test_https_is_believed_of_a_trusted_proxy_only(
    make_web: Any, proxies: Any, secure: bool
) -> None:
    web: Web = make_web(port=0, trusted_proxies=proxies)
    with served(web) as ask:
        status, answer = ask("GET", "/api/health", X_Forwarded_Proto="https")
    assert status == 200
    assert ("Strict-Transport-Security" in answer) == secure
    assert "\nServer:" not in answer  # nor does it say what it is made of
