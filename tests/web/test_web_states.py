"""The states of an account as the API shows them (contract 4.4)."""

from __future__ import annotations

import re

import pytest
from web_cast import SHOP, Scene, Web, refusal

SINCE = re.compile(r".+, since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
STATES = ["created", "initializing", "ready", "starting", "running", "reconnecting", "stopping",
          "stopped", "error"]  # fmt: skip
RUNNING = {"starting", "running", "reconnecting"}
LIVE_READS = ["chats", "chats/5", "chats/5/history", "orders", "orders/ABC", "balance"]


@pytest.mark.parametrize("state", STATES)
def test_is_running_decides_the_button(web: Web, state: str) -> None:
    web.register()
    web.core.registry.status("my_shop").state = state  # type: ignore[assignment]
    info = web.info()
    assert (info["state"], info["is_running"]) == (state, state in RUNNING)


@pytest.mark.parametrize("state", ["created", "initializing", "stopping"])
def test_a_start_is_refused_before_the_sign_in_and_during_a_stop(web: Web, state: str) -> None:
    web.register()
    web.core.registry.status("my_shop").state = state  # type: ignore[assignment]
    assert "my_shop" in refusal(web.owner("POST", f"{SHOP}/start"), 400)
    assert web.state() == state


@pytest.mark.parametrize("state", ["starting", "running", "reconnecting"])
def test_a_start_of_what_runs_tells_the_real_state(web: Web, scene: Scene, state: str) -> None:
    web.core.registry.status("my_shop").state = state  # type: ignore[assignment]
    answer = {"status": "starting", "account_id": "my_shop", "state": state}
    assert web.ok("POST", f"{SHOP}/start", status=202) == answer


@pytest.mark.parametrize("state", ["ready", "stopped", "error"])
def test_a_start_of_what_rests_begins(web: Web, scene: Scene, state: str) -> None:
    web.core.registry.status("my_shop").state = state  # type: ignore[assignment]
    answer = {"status": "starting", "account_id": "my_shop", "state": "starting"}
    assert web.ok("POST", f"{SHOP}/start", status=202) == answer
    web.poll(scene.seller, 2)
    assert web.state() == "running"


@pytest.mark.parametrize("state", ["stopping", "stopped"])
def test_a_stop_of_what_rests_tells_the_real_state(web: Web, scene: Scene, state: str) -> None:
    web.core.registry.status("my_shop").state = state  # type: ignore[assignment]
    answer = {"status": "stopping", "account_id": "my_shop", "state": state}
    assert web.ok("POST", f"{SHOP}/stop", status=202) == answer


def test_a_dead_key_is_an_error_with_its_moment(web: Web, scene: Scene) -> None:
    scene.seller.loses_key()
    web.poll(scene.seller, 2)
    info = web.info()
    assert (info["state"], info["is_running"]) == ("error", False)
    assert SINCE.fullmatch(info["last_error"])
    assert info["fp_id"] == scene.seller.id
    first = info["last_error"]
    web.poll(scene.seller, 120)
    assert web.info()["last_error"] == first
    assert "my_shop" in refusal(web.owner("GET", f"{SHOP}/orders"), 400)


def test_a_new_key_ends_the_error_at_once(web: Web, scene: Scene) -> None:
    scene.seller.loses_key()
    web.poll(scene.seller, 2)
    key = scene.seller.gets_key()
    web.ok("PATCH", f"{SHOP}/config", {"golden_key": key})
    web.staff()
    web.poll(scene.seller, 2)
    assert (web.state(), web.info()["last_error"]) == ("running", None)


def test_a_key_that_never_worked_is_an_error(web: Web) -> None:
    seller = web.world.seller("my_shop")
    web.register("my_shop")
    web.poll(seller, 2)
    info = web.info()
    assert (info["state"], info["is_running"], info["fp_id"]) == ("error", False, None)
    assert SINCE.fullmatch(info["last_error"])
    for path in LIVE_READS:
        refusal(web.owner("GET", f"{SHOP}/{path}"), 400)


def test_a_site_that_is_down_means_reconnecting(web: Web, scene: Scene) -> None:
    web.world.faults.add("502", count=None)
    web.poll(scene.seller, 2)
    info = web.info()
    assert (info["state"], info["is_running"]) == ("reconnecting", True)
    assert SINCE.fullmatch(info["last_error"])
    before = len(web.world.log.requests())
    for path in LIVE_READS:
        answer = web.owner("GET", f"{SHOP}/{path}")
        refusal(answer, 500)
        assert answer.get_json()["code"] == "upstream_error"
    assert len(web.world.log.requests()) == before
    assert web.get(f"{SHOP}/chats?update=false")["total"] == 1
    web.world.faults.clear()
    web.pass_time(scene.seller, 60)
    assert (web.state(), web.info()["last_error"]) == ("running", None)


@pytest.mark.parametrize("path", LIVE_READS)
def test_a_new_account_cannot_be_asked(web: Web, path: str) -> None:
    web.register()
    assert "not initialised" in refusal(web.owner("GET", f"{SHOP}/{path}"), 400)
    assert "not initialised" in refusal(web.owner("GET", f"{SHOP}/chats?update=false"), 400)


@pytest.mark.parametrize("state", ["stopped", "stopping", "error"])
def test_what_does_not_run_cannot_be_asked_or_told(web: Web, scene: Scene, state: str) -> None:
    web.core.registry.status("my_shop").state = state  # type: ignore[assignment]
    before = len(web.world.log.requests())
    for path in LIVE_READS:
        detail = refusal(web.owner("GET", f"{SHOP}/{path}"), 400)
        if state == "stopped":
            assert detail == "Account my_shop is stopped. Start it first."
    refusal(web.owner("POST", f"{SHOP}/chats/{scene.chat}/send", {"text": "x"}), 400)
    refusal(web.owner("POST", f"{SHOP}/orders/{scene.order.id}/refund"), 400)
    assert web.get(f"{SHOP}/chats?update=false")["total"] == 1
    assert len(web.world.log.requests()) == before


def test_a_second_account_of_the_same_user_never_polls(web: Web, scene: Scene) -> None:
    body = {"account_id": "twin", "golden_key": scene.seller.golden_key}
    web.ok("POST", "/api/accounts", body, status=202)
    web.core.registry.hire_now("twin").guarded_step()
    info = web.info("twin")
    assert info["state"] == "error"
    assert "my_shop" in info["last_error"]


def test_at_the_first_sign_in_a_site_that_is_down_is_waited_for(web: Web) -> None:
    web.world.faults.add("maintenance", count=None)
    seller = web.open()
    assert web.state() == "reconnecting"
    refusal(web.owner("GET", f"{SHOP}/orders"), 400)
    web.world.faults.clear()
    web.pass_time(seller, 60)
    assert web.state() == "running"
