"""Listening on a Unix socket: the proxy beside us is believed, and nobody else can reach it."""

from __future__ import annotations

import json
import os
import socket
import stat
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from bench.stand import until
from opium.config import Config, ConfigError

from .stand import PASSWORD, running

START = 30.0


def ask(
    path: Path, method: str, where: str, body: object = None, **headers: str
) -> tuple[int, str]:
    """Status and text of an answer that came through the socket."""
    with closing(HTTPConnection("opium", timeout=10)) as connection:
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(10)
        connection.sock.connect(str(path))
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, where, json.dumps(body) if body else None, sent)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def is_ready(path: Path) -> bool:
    try:
        return ask(path, "POST", "/api/auth/login", {"username": 1})[0] == 400
    except OSError:
        return False


@pytest.mark.system
def test_the_proxy_at_the_socket_names_its_clients(tmp_path: Path) -> None:
    """S5, 8.5"""
    path = tmp_path / "opium.sock"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPIUM_")}
    own = {
        "OPIUM_INSTANCE": str(tmp_path / "instance"),
        "OPIUM_SOCKET": str(path),
        "OPIUM_TRUSTED_PROXIES": "unix",
        "OPIUM_ADMIN_PASSWORD": PASSWORD,
        "OPIUM_PASSWORD_ROUNDS": "1000",
        "OPIUM_LOGIN_RATE_LIMIT_PER_MINUTE": "10000",
        "OPIUM_RATE_LIMIT_PER_MINUTE": "10000",
        "OPIUM_FUNPAY_URL": "http://127.0.0.1:9",
    }
    with running([sys.executable, "app.py"], tmp_path / "opium.log", {**kept, **own}):
        until(lambda: is_ready(path), START)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        who = {"username": "admin", "password": PASSWORD}
        status, text = ask(path, "POST", "/api/auth/login", who, X_Forwarded_For="203.0.113.7")
        assert status == 200
        token = f"Bearer {json.loads(text)['access_token']}"
        audit = json.loads(ask(path, "GET", "/api/audit", Authorization=token)[1])["items"]
    assert {row["ip"] for row in audit if row["action"] == "SIGN_IN"} == {"203.0.113.7"}


def test_the_word_unix_is_nothing_without_a_socket() -> None:
    """Else whoever reaches the port could claim any address."""
    with pytest.raises(ConfigError, match="OPIUM_SOCKET names no socket"):
        Config.load(trusted_proxies=("unix",), _env_file=None)
