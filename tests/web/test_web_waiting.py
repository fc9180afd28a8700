"""Views that wait for the worker, with real threads and the real time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import pytest
from web_cast import QUICK, SHOP, Web, eventually, furnish, refusal

from opium.workers.status import Status


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every state after `created` that an account is in, in order."""
    seen: list[str] = []
    plain = object.__setattr__

    def noted(status: Any, name: str, value: Any) -> None:
        plain(status, name, value)
        if name == "state" and value != "created" and seen[-1:] != [value]:
            seen.append(value)

    monkeypatch.setattr(Status, "__setattr__", noted)
    return seen


def test_an_account_goes_through_its_states(live: Web, states: list[str]) -> None:
    live.open()
    assert states == ["initializing", "ready", "starting", "running"]
    del states[:]
    answer = live.ok("POST", f"{SHOP}/stop", status=202)
    assert answer == {"status": "stopping", "account_id": "my_shop", "state": "stopping"}
    eventually(lambda: live.state() == "stopped")
    live.ok("POST", f"{SHOP}/start", status=202)
    eventually(lambda: live.state() == "running")
    assert states == ["stopping", "stopped", "starting", "running"]


def test_a_start_during_the_shutdown_delay_is_refused(live: Web) -> None:
    delays = {"shutdown_delay_min": 3600, "shutdown_delay_max": 3600}
    live.open("my_shop", anti_detect={**QUICK["anti_detect"], **delays})
    live.ok("POST", f"{SHOP}/stop", status=202)
    assert live.state() == "stopping"
    refusal(live.owner("POST", f"{SHOP}/start"), 400)
    again = live.ok("POST", f"{SHOP}/stop", status=202)
    assert again == {"status": "stopping", "account_id": "my_shop", "state": "stopping"}


def test_a_stop_before_the_sign_in_cancels_the_start(live: Web, states: list[str]) -> None:
    seller = live.world.seller("my_shop")
    delays = {"startup_delay_min": 3600, "startup_delay_max": 3600}
    body = {"account_id": "my_shop", "golden_key": seller.golden_key, "anti_detect": delays}
    live.ok("POST", "/api/accounts", body, status=202)
    assert live.state() == "initializing"
    refusal(live.owner("POST", f"{SHOP}/start"), 400)
    assert live.ok("POST", f"{SHOP}/stop", status=202)["state"] == "stopping"
    eventually(lambda: live.state() == "stopped")
    assert "running" not in states
    assert live.world.log.requests() == []


def test_a_patch_of_a_stopped_account_leaves_it_stopped(live: Web) -> None:
    seller = live.open()
    live.ok("POST", f"{SHOP}/stop", status=202)
    eventually(lambda: live.state() == "stopped")
    live.ok("PATCH", f"{SHOP}/config", {"golden_key": seller.gets_key()})
    assert live.state() == "stopped"


def test_a_patched_key_renews_the_session_of_a_running_account(live: Web) -> None:
    seller = live.open()
    live.ok("PATCH", f"{SHOP}/config", {"golden_key": seller.gets_key()})
    eventually(lambda: live.state() == "running")
    assert live.info()["last_error"] is None


def test_parallel_messages_all_arrive_once(live: Web) -> None:
    scene = furnish(live)
    path = f"{SHOP}/chats/{scene.chat}/send"

    def send(text: str) -> int:
        return live.owner("POST", path, {"text": text}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(send, ["раз", "два"])) == [200, 200]
    assert sorted(scene.ann.messages_from(scene.seller)[-2:]) == ["два", "раз"]


def test_a_repeated_key_is_answered_at_once(live: Web) -> None:
    scene = furnish(live)
    path, key = f"{SHOP}/chats/{scene.chat}/send", {"Idempotency-Key": "k1"}
    live.ok("POST", path, {"text": "раз"}, headers=key)
    began = monotonic()
    live.ok("POST", path, {"text": "раз"}, headers=key)
    assert monotonic() - began < 5
    assert scene.ann.messages_from(scene.seller).count("раз") == 1


def test_parallel_refunds_are_one(live: Web) -> None:
    scene = furnish(live)

    def refund(_: int) -> int:
        return live.owner("POST", f"{SHOP}/orders/{scene.order.id}/refund").status_code

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(refund, range(3))) == [200, 200, 200]
    assert len(live.world.log.effects("refund")) == 1


def test_a_raise_waits_for_the_worker(live: Web) -> None:
    scene = furnish(live)
    module = f"{SHOP}/modules/auto_raise"
    live.ok("PATCH", f"{module}/config", {"enabled": True})
    assert live.owner("POST", f"{module}/raise").status_code == 200
    assert len(live.world.log.effects("raise", scene.seller.name)) == 1


def test_a_fourth_waiting_sender_is_sent_away(live: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = furnish(live)
    go, inside = threading.Event(), threading.Semaphore(0)

    def hold(*_: Any) -> None:
        inside.release()
        assert go.wait(20)

    monkeypatch.setattr(live.core.wishes, "send_message", hold)
    path = f"{SHOP}/chats/{scene.chat}/send"

    def send(_: int) -> int:
        return live.owner("POST", path, {"text": "x"}).status_code

    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(send, n) for n in range(3)]
        assert all(inside.acquire(timeout=20) for _ in range(3))
        answer = live.owner("POST", path, {"text": "x"})
        refusal(answer, 503)
        assert (answer.get_json()["code"], answer.headers["Retry-After"]) == ("busy", "1")
        assert live.owner("GET", "/api/accounts").status_code == 200
        go.set()
        assert [future.result(20) for future in waiting] == [200, 200, 200]


def test_a_stop_of_the_server_lets_waiting_views_go(live: Web) -> None:
    scene = furnish(live)
    live.world.faults.add("hang", path="/runner/", action="send", seconds=6)

    def send() -> Any:
        return live.owner("POST", f"{SHOP}/chats/{scene.chat}/send", {"text": "x"})

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(send)
        eventually(lambda: live.world.faults.all()[0].hits)
        began = monotonic()
        live.core.ends.close()
        answer = waiting.result(20)
    assert monotonic() - began < 3
    assert "being checked" in refusal(answer, 500)
