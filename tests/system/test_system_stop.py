"""SIGTERM: exit 0 within ten seconds, whatever is under way, and nothing is lost by it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from chaos import books
from chaos.processes import Marketplace, Server, until
from chaos.shops import Shop, fill, open_shop, watch

pytestmark = pytest.mark.system

AT_MOST = 10.0


def stop(server: Server) -> float:
    """SIGTERM; the seconds it took."""
    began = time.monotonic()
    assert server.end() == 0
    return time.monotonic() - began


def open_for_business(market: Marketplace, server: Server, name: str) -> Shop:
    shop = open_shop(market, name)
    market.buyer(f"{name}_buyer")
    watch(server, shop)
    fill(server, shop, "Ключ", shop.new_keys(5))
    server.wait_state(name, "running")
    return shop


def sends(market: Marketplace, name: str) -> list[dict[str, Any]]:
    return [e for e in market.log(what="request", account=name) if e["action"] == "send"]


def states(server: Server) -> list[str]:
    with books.read_only(server.database) as db:
        return [str(row[0]) for row in db.execute("SELECT state FROM commands ORDER BY id")]


def messages(market: Marketplace, name: str) -> int:
    return len(market.log(what="message", account=name))


def test_an_idle_server_ends_at_once(market: Marketplace, server: Server) -> None:
    open_for_business(market, server, "idle")
    assert stop(server) < 3


def test_a_stop_while_funpay_hangs_ends_in_time_and_a_second_one_changes_nothing(
    market: Marketplace, server: Server
) -> None:
    open_for_business(market, server, "slow")
    market.fault("hang", account="slow", count=None)
    seen = len(market.log(what="request", account="slow"))
    until(lambda: len(market.log(what="request", account="slow")) > seen, 5, "no poll")
    began = time.monotonic()
    server.process.terminate()
    until(lambda: "Stopping" in server.printed(), 5, "the first is not heard")
    assert server.end() == 0
    assert time.monotonic() - began < AT_MOST


def test_a_stop_while_funpay_hangs_on_a_send_leaves_it_to_be_checked(
    market: Marketplace, new_server: Callable[..., Server]
) -> None:
    """Before the effect and after it, at the same time: both wait for the same eight seconds."""
    servers = {when: new_server(when) for when in ("before", "after")}
    with ThreadPoolExecutor(len(servers)) as pool:
        stories = [pool.submit(_hung, market, server, when) for when, server in servers.items()]
        for story in stories:
            story.result()


def _hung(market: Marketplace, server: Server, when: str) -> None:
    name, processed = f"hung_{when}", when == "after"
    server.start()
    server.wait_ready()
    shop = open_for_business(market, server, name)
    market.fault("hang", when=when, account=name, action="send", path="/runner/")
    order = market.buy(f"{name}_buyer", shop.lots["Ключ"])
    until(lambda: sends(market, name), 10, "no send")
    assert stop(server) < AT_MOST
    assert set(states(server)) <= {"started", "unknown"}
    assert messages(market, name) == processed
    server.start()
    server.wait_ready()
    until(lambda: states(server) == ["done"], 25, "not settled")
    assert messages(market, name) == 1
    assert len(sends(market, name)) == (1 if processed else 2)
    assert order in market.log(what="message", account=name)[0]["text"]


def test_a_stop_while_a_view_waits_answers_it_that_the_outcome_is_unknown(
    market: Marketplace, server: Server
) -> None:
    open_for_business(market, server, "talk")
    market.writes("talk_buyer", "talk", "здравствуйте")
    (chat,) = market.ask("GET", "/chats?person=talk")
    market.fault("hang", account="talk", action="send", path="/runner/")
    answers: list[tuple[int, dict[str, Any]]] = []

    def send() -> None:
        path = f"/api/accounts/talk/chats/{chat['id']}/send"
        answer = server.call("POST", path, {"text": "добрый вечер"}, seconds=40)
        answers.append((answer.status_code, answer.json()))

    view = threading.Thread(target=send)
    view.start()
    until(lambda: sends(market, "talk"), 10, "no send")
    assert stop(server) < AT_MOST
    view.join(10)
    ((status, body),) = answers
    assert (status, body["code"]) == (500, "upstream_error")
    assert "checked" in body["detail"]
    server.start()
    server.wait_ready()
    until(lambda: states(server) == ["done"], 25, "not settled")
    assert messages(market, "talk") == 1
