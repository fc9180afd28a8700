"""FunPay in trouble: a state with a reason, no hammering, and back without a restart."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from chaos.processes import QUICK_ACCOUNT, Marketplace, Server, free_port, until
from chaos.shops import Shop, fill, open_shop, watch

pytestmark = pytest.mark.system

SLOWLY = {"reconnect": {"base_delay": 0.5, "max_delay": 4, "backoff_factor": 2}}
WAITS = (0.5, 1, 2)
EARLY = 0.79
"""Each pause is spread by a fifth."""


def running(market: Marketplace, server: Server, *names: str, **config: Any) -> list[Shop]:
    shops = [open_shop(market, name) for name in names]
    for shop in shops:
        watch(server, shop, **{**QUICK_ACCOUNT, **config})
    for shop in shops:
        server.wait_state(shop.name, "running")
    return shops


def requests_of(market: Marketplace, name: str, since: int) -> list[dict[str, Any]]:
    return market.log(since, what="request", account=name)


def last_entry(market: Marketplace) -> int:
    return max((entry["n"] for entry in market.log()), default=0)


def delivers(market: Marketplace, server: Server, shop: Shop) -> None:
    """An order goes through now."""
    buyer = f"{shop.name}_buyer"
    market.buyer(buyer)
    before = len(market.log(what="message", account=shop.name))
    fill(server, shop, "Ключ", shop.new_keys(1))
    market.buy(buyer, shop.lots["Ключ"])
    until(
        lambda: len(market.log(what="message", account=shop.name)) == before + 1,
        20,
        f"{shop.name} does not deliver",
    )


def test_an_account_that_cannot_reach_funpay_says_why_and_others_go_on(
    market: Marketplace, server: Server
) -> None:
    (fine,) = running(market, server, "fine")
    cut_off = open_shop(market, "cutoff")
    dead = free_port()
    watch(server, cut_off, proxy=f"http://user:secret@127.0.0.1:{dead}")
    server.wait_state("cutoff", "reconnecting")
    shown = server.account("cutoff")
    assert f"127.0.0.1:{dead}" in shown["last_error"]
    assert "secret" not in shown["last_error"]
    assert "since 20" in shown["last_error"]
    delivers(market, server, fine)
    assert server.account("fine")["last_error"] is None
    server.ask("PATCH", "/api/accounts/cutoff/config", {"proxy": None})
    server.wait_state("cutoff", "running")
    assert server.account("cutoff")["last_error"] is None


def test_errors_and_maintenance_are_not_hammered_and_end_without_a_restart(
    market: Marketplace, server: Server
) -> None:
    shops = running(market, server, "broken", "closed", "silent", **SLOWLY)
    since = last_entry(market)
    kinds = {"broken": "503", "closed": "maintenance", "silent": "cut"}
    for name, kind in kinds.items():
        market.fault(kind, account=name, count=len(WAITS))
    for name in kinds:
        server.wait_state(name, "reconnecting")
        assert server.account(name)["last_error"]
    for name in kinds:
        until(lambda name=name: _struck(market, name, since) == 3, 15, f"{name} does not try")  # type: ignore[misc]
        server.wait_state(name, "running")
        struck = [e for e in requests_of(market, name, since) if e.get("fault")]
        gaps = [b["mono"] - a["mono"] for a, b in pairwise(struck)]
        assert [gap >= EARLY * wait for gap, wait in zip(gaps, WAITS, strict=False)] == [True] * 2
        assert server.account(name)["last_error"] is None
    for shop in shops:
        delivers(market, server, shop)


def _struck(market: Marketplace, name: str, since: int) -> int:
    return sum(1 for entry in requests_of(market, name, since) if entry.get("fault"))


def test_a_429_pauses_all_accounts_of_the_address_and_is_obeyed(
    market: Marketplace, server: Server
) -> None:
    first, second = running(market, server, "busy1", "busy2")
    since = last_entry(market)
    market.fault("429", account="busy1", retry_after=4)
    server.wait_state("busy1", "reconnecting")
    server.wait_state("busy1", "running")
    (refused,) = [e for e in requests_of(market, "busy1", since) if e.get("fault")]
    after = [e for name in ("busy1", "busy2") for e in requests_of(market, name, refused["n"])]
    assert min(e["mono"] for e in after) - refused["mono"] >= 3.9
    for shop in (first, second):
        delivers(market, server, shop)


def test_429_without_a_time_is_answered_with_longer_and_longer_pauses(
    market: Marketplace, server: Server
) -> None:
    (shop,) = running(market, server, "flood")
    since = last_entry(market)
    market.fault("429", account="flood", count=2)
    until(lambda: _struck(market, "flood", since) == 2, 20, "it gave up")
    server.wait_state("flood", "running")
    struck = [e for e in requests_of(market, "flood", since) if e.get("fault")]
    after = next(e for e in requests_of(market, "flood", struck[-1]["n"]))
    gaps = [b["mono"] - a["mono"] for a, b in pairwise([*struck, after])]
    assert [gap >= wait for gap, wait in zip(gaps, (1.9, 3.9), strict=True)] == [True] * 2
    delivers(market, server, shop)


def test_a_dead_key_is_an_error_until_a_new_one_is_given(
    market: Marketplace, server: Server
) -> None:
    (shop,) = running(market, server, "keyless")
    since = last_entry(market)
    market.ask("PATCH", "/people/keyless", {"golden_key": None})
    shown = server.wait_state("keyless", "error")
    assert "golden_key" in shown["last_error"]
    assert shop.golden_key not in shown["last_error"]
    (alert,) = server.ask("GET", "/api/alerts?open=true")["items"]
    assert (alert["kind"], alert["account_id"]) == ("signed_out", "keyless")
    anonymous = [e for e in market.log(since, what="request") if e["account"] is None]
    assert len(anonymous) <= 6
    answer = server.call("POST", "/api/accounts/keyless/chats/1/send", {"text": "?"})
    assert answer.status_code == 400
    new = market.ask("PATCH", "/people/keyless", {"golden_key": ""})["golden_key"]
    server.ask("PATCH", "/api/accounts/keyless/config", {"golden_key": new})
    server.wait_state("keyless", "running")
    assert server.account("keyless")["last_error"] is None
    until(lambda: not server.ask("GET", "/api/alerts?open=true")["items"], 5, "alert still open")
    delivers(market, server, shop)
