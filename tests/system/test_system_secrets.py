"""What must stay secret is neither in a log nor readable in the files of the database."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Callable

import pytest
from chaos.processes import ROOT, Marketplace, Server, environment, free_port, until
from chaos.shops import KINDS, fill, open_shop, watch

pytestmark = pytest.mark.system

PROXY_PASSWORD = "canaryProxyPassword7391"
GOODS = "KEY-secret-CANARY-GOODS-5512"
STATIC = "Ссылка и пароль внутри."
STEAM, STEAM_PROXY = "canarySteamPassword1", "canarySteamProxy2"
SHARED = base64.b64encode(b"canary-shared-20byte").decode()
ADMIN = "canary-Admin-password-8842"


def test_no_secret_is_in_a_log_or_readable_in_the_database(
    market: Marketplace, new_server: Callable[..., Server]
) -> None:
    """S1, with the real process; `python -m tests.canaries` does it for the whole suite."""
    server = new_server(OPIUM_LOG_LEVEL="DEBUG", OPIUM_ADMIN_PASSWORD=ADMIN)
    server.start()
    server.wait_ready()
    shop, away = open_shop(market, "secret"), open_shop(market, "away")
    watch(server, shop)
    proxy = f"http://buyer:{PROXY_PASSWORD}@127.0.0.1:{free_port()}"
    watch(server, away, proxy=proxy)
    fill(server, shop, "Ключ", [GOODS])
    server.wait_state("secret", "running")
    server.wait_state("away", "reconnecting")
    market.buyer("nosy")
    send = {"account": "secret", "action": "send", "path": "/runner/"}
    for kind in ("cut", "challenge", "cut_body"):
        market.fault(kind, when="after", **send)
    for goods in KINDS:
        if goods.title != "Набор":
            market.buy("nosy", shop.lots[goods.title])
    until(lambda: len(market.log(what="message", account="secret")) == 5, 60, "not delivered")
    rent = "/api/accounts/secret/modules/steam_rent"
    server.ask("POST", "/api/accounts/secret/modules", {"module_name": "steam_rent"})
    steam = {"login": "acc1", "password": STEAM, "shared_secret": SHARED, "identity_secret": SHARED}
    server.ask("POST", f"{rent}/steam-accounts", steam)
    line = {"host": "127.0.0.1", "port": 9, "username": "u", "password": STEAM_PROXY}
    server.ask("POST", f"{rent}/proxies", line)
    server.ask("GET", "/api/accounts/secret/config")
    run = subprocess.run(
        [sys.executable, "app.py", "backup"],
        cwd=ROOT,
        env=environment({"OPIUM_INSTANCE": str(server.folder), "OPIUM_LOG_LEVEL": "DEBUG"}),
        capture_output=True,
        check=True,
    )
    bad = {"account_id": "bad", "golden_key": "canary key", "proxy": f"{proxy}/x"}
    assert server.call("POST", "/api/accounts", bad).status_code == 400
    searched = _files(server)
    assert server.database.name + "-wal" in searched
    server.kill()
    searched |= _files(server)
    searched["backup said"] = run.stdout + run.stderr
    assert any(name.startswith("opium-") for name in searched)
    keys = [key.read_text().strip() for key in server.folder.glob("*.key")]
    assert len(keys) == 2
    secrets = [*keys, shop.golden_key, away.golden_key, PROXY_PASSWORD, GOODS, STATIC, ADMIN]
    secrets += [STEAM, SHARED, STEAM_PROXY]
    found = [
        (name, secret)
        for name, content in searched.items()
        for secret in secrets
        if secret.encode() in content
    ]
    assert found == []
    assert len(searched) > 3


def _files(server: Server) -> dict[str, bytes]:
    """All that the server wrote, but for its keys."""
    paths = [path for path in server.folder.rglob("*") if path.is_file()]
    content = {path.name: path.read_bytes() for path in paths if path.suffix != ".key"}
    return {**content, "printed": server.output.read_bytes()}
