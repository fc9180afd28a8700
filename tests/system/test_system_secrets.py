"""What must stay secret is neither in a log nor readable in the files of the database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from chaos.processes import Marketplace, Server, free_port, until
from chaos.shops import KINDS, fill, open_shop, watch

pytestmark = pytest.mark.system

PROXY_PASSWORD = "canaryProxyPassword7391"
GOODS = "KEY-secret-CANARY-GOODS-5512"
STATIC = "Ссылка и пароль внутри."
ADMIN = "canary-Admin-password-8842"


def test_no_secret_is_in_a_log_or_readable_in_the_database(
    market: Marketplace, new_server: Callable[..., Server]
) -> None:
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
    server.ask("GET", "/api/accounts/secret/config")
    bad = {"account_id": "bad", "golden_key": "canary key", "proxy": f"{proxy}/x"}
    assert server.call("POST", "/api/accounts", bad).status_code == 400
    searched = _files(server)
    assert server.database.name + "-wal" in searched
    server.kill()
    searched |= _files(server)
    secrets = (shop.golden_key, away.golden_key, PROXY_PASSWORD, GOODS, STATIC, ADMIN)
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
