"""How the server starts, and when it refuses to."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from chaos.processes import Marketplace, Server, until
from chaos.shops import fill, open_shop, watch

pytestmark = pytest.mark.system

UNUSABLE = 78


def digest(server: Server) -> str:
    return hashlib.sha256(server.database.read_bytes()).hexdigest()


def refusal(server: Server, **settings: str) -> str:
    """What a start that must fail prints; it ends with 78 and one sentence."""
    before = len(server.printed())
    server.start(**settings)
    try:
        code = server.process.wait(15)
    except subprocess.TimeoutExpired:
        server.kill()
        raise AssertionError(f"it runs\n{server.printed()}") from None
    said = server.printed()[before:].strip()
    assert code == UNUSABLE, said
    assert len(said.splitlines()) == 1, said
    assert "Traceback" not in said
    return said


def test_health_answers_before_the_core_is_ready(server: Server) -> None:
    """The database is locked by somebody else, so the core cannot begin."""
    assert server.end() == 0
    with sqlite3.connect(server.database, isolation_level=None) as lock:
        lock.execute("BEGIN IMMEDIATE")
        server.start()
        until(lambda: answers(server, "/api/health") == 200, 10, "no health")
        assert answers(server, "/api/auth/config") == 200
        early = server.call("GET", "/api/accounts")
        assert early.status_code == 503
        assert early.headers["Retry-After"] == "1"
        assert isinstance(early.json()["detail"], str)
        lock.execute("ROLLBACK")
    lock.close()
    server.wait_ready()
    assert server.ask("GET", "/api/accounts") == []


def answers(server: Server, path: str) -> int:
    try:
        return int(server.call("GET", path, seconds=2).status_code)
    except requests.RequestException:
        return 0


def test_a_second_process_on_the_same_folder_refuses(
    server: Server, new_server: Callable[..., Server]
) -> None:
    second = new_server()
    second.output = server.folder.with_suffix(".second")
    said = refusal(second)
    assert "Another Opium" in said
    assert server.account_names() == []


def test_a_wrong_or_missing_data_key_stops_the_start_and_changes_nothing(server: Server) -> None:
    """S11: with the real process."""
    assert server.end() == 0
    key = server.folder / "data.key"
    good, before = key.read_bytes(), digest(server)
    key.write_bytes(b"A" * 43 + b"=\n")
    assert "data key" in refusal(server)
    key.unlink()
    assert "data key" in refusal(server).lower() or "data.key" in server.printed()
    assert not key.exists()
    assert digest(server) == before
    key.write_bytes(good)
    key.chmod(0o600)
    server.start()
    server.wait_ready()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("OPIUM_PORT", "eighty"),
        ("OPIUM_TIMEZONE", "Moscow"),
        ("OPIUM_SECRET_KEY", "short"),
        ("OPIUM_FUNPAY_URL", "funpay.com"),
        ("OPIUM_TRUSTED_PROXIES", "10.0.0.1,10.0.0.2"),
        ("OPIUM_SETTLE_SECONDS", "-1"),
        ("OPIUM_ADMIN_PASSWORD_FILE", "/nowhere/at/all"),
    ],
)
def test_a_bad_setting_stops_the_start_and_is_named(
    new_server: Callable[..., Server], key: str, value: str
) -> None:
    assert key in refusal(new_server(), **{key: value})


def test_a_damaged_database_is_kept_and_not_served(server: Server) -> None:
    assert server.end() == 0
    content = bytearray(server.database.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    server.database.write_bytes(content)
    for rest in server.folder.glob("opium.db-*"):
        rest.unlink()
    before = digest(server)
    server.start()
    until(lambda: "damaged" in server.printed(), 15, "it does not say so")
    assert answers(server, "/api/health") == 200
    refused = server.call("GET", "/api/accounts")
    assert refused.status_code == 503
    assert "restore latest" in refused.json()["detail"]
    assert server.end() == 0
    assert digest(server) == before


def test_what_was_paid_while_the_server_was_dead_is_delivered_after_the_start(
    market: Marketplace, server: Server
) -> None:
    shop = open_shop(market, "night")
    watch(server, shop)
    fill(server, shop, "Ключ", shop.new_keys(5))
    server.wait_state("night", "running")
    server.kill()
    market.buyer("owl")
    order = market.buy("owl", shop.lots["Ключ"])
    server.start()
    server.wait_ready()
    until(lambda: told(market, "owl", "night"), 20, "nothing was delivered")
    (text,) = told(market, "owl", "night")
    assert text.splitlines() == ["KEY-night-00000", f"#{order}-D1/1"]


def told(market: Marketplace, buyer: str, seller: str) -> list[str]:
    sent = market.log(what="message", account=seller)
    dialog = market.ask("GET", f"/messages?viewer={buyer}&other={seller}")
    ids = {entry["message_id"] for entry in sent}
    return [message["text"] for message in dialog if message["id"] in ids]


def test_the_folder_and_its_files_are_closed_to_others(server: Server) -> None:
    paths: list[Path] = [server.folder, *server.folder.rglob("*")]
    loose = [str(path) for path in paths if path.stat().st_mode & 0o077]
    assert loose == []
