"""Each fault, before and after its effect, in this process and over real HTTP."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from sandbox.browser import Browser, node
from sandbox.faults import Fault
from sandbox.funpay import create_app
from sandbox.server import Server
from sandbox.world import Buyer, Lot, Seller, World


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    made = Server("127.0.0.1", 0, create_app(world))
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join(5)


def outcome(act: Any) -> str:
    """What a client sees: an answer's status, or how the request ended."""
    try:
        answer = act()
    except requests.ReadTimeout:
        return "timeout"
    except requests.ConnectionError:
        return "closed"
    return str(answer.status_code)


def sending(browser: Browser, chat: int) -> Any:
    """A message on its way, as a call that can be repeated."""
    data = {"node": chat, "last_message": -1, "content": "goods"}
    told = json.dumps({"action": "chat_message", "data": data})
    form = {"objects": "[]", "request": told, "csrf_token": browser.csrf}
    return lambda: browser.post("/runner/", form)


SEEN = {
    "cut": "closed",
    "reset": "closed",
    "hang": "timeout",
    "429": "429",
    "500": "500",
    "502": "502",
    "503": "503",
    "504": "504",
    "403": "403",
    "login": "302",
    "login_page": "200",
    "blocked": "200",
    "challenge": "200",
    "maintenance": "503",
    "stale": "200",
    "flood": "200",
    "flood_users": "200",
    "error_text": "200",
    "empty": "200",
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", SEEN)
def test_a_fault_strikes_once_before_or_after_the_effect(
    browser: Browser, world: World, shop: Seller, ann: Buyer, kind: str, when: str
) -> None:
    send = sending(browser, world.chat(shop, ann).id)
    world.faults.add(kind, when, path="/runner/", action="send")
    assert outcome(send) == SEEN[kind]
    assert ann.messages_from(shop) == (["goods"] if when == "after" else [])
    assert outcome(send) == "200"
    assert ann.messages_from(shop)[-1] == "goods"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["cut", "reset", "hang", "502", "challenge"])
def test_faults_strike_over_http_too(
    world: World, shop: Seller, ann: Buyer, server: Server, kind: str, when: str
) -> None:
    browser = Browser(world, shop, server.url)
    send = sending(browser, world.chat(shop, ann).id)
    world.faults.add(kind, when, path="/runner/", action="send")
    # `hang` is ended by the sandbox here, so that the test need not wait for a timeout.
    world.faults.all()[0].seconds = 0.05
    assert outcome(send) == ("closed" if kind == "hang" else SEEN[kind])
    assert ann.messages_from(shop) == (["goods"] if when == "after" else [])


def test_a_late_effect_comes_when_the_client_has_gone(
    browser: Browser, world: World, shop: Seller, ann: Buyer
) -> None:
    world.faults.add("late", path="/runner/", action="send", seconds=10)
    assert outcome(sending(browser, world.chat(shop, ann).id)) == "closed"
    world.travel(9)
    assert ann.messages_from(shop) == []
    world.travel(1)
    assert ann.messages_from(shop) == ["goods"]


@pytest.mark.parametrize(("seconds", "seen"), [(3, "200"), (6, "timeout")])
def test_a_slow_answer_is_a_timeout_only_to_the_impatient(
    browser: Browser, world: World, shop: Seller, ann: Buyer, seconds: float, seen: str
) -> None:
    world.faults.add("delay", "after", path="/runner/", seconds=seconds)
    before = world.now()
    assert outcome(sending(browser, world.chat(shop, ann).id)) == seen
    assert (world.now() - before).total_seconds() == min(seconds, 5)
    assert ann.messages_from(shop) == ["goods"]


def test_a_dripping_answer_takes_its_time_per_byte(browser: Browser, world: World) -> None:
    world.faults.add("drip", path="/runner/", seconds=5)
    before = world.now()
    answer = browser.post("/runner/", objects="[]", request="false")
    assert answer.json() == {"objects": [], "response": False}
    assert (world.now() - before).total_seconds() == 5 * len(answer.content)


def test_dripping_over_http_outlasts_a_timeout_per_read(world: World, server: Server) -> None:
    world.clock.thaw()
    world.faults.add("drip", path="/trade/info", seconds=0.02)
    started = time.monotonic()
    answer = requests.get(server.url + "/trade/info", timeout=1, stream=True)
    assert len(answer.raw.read(10)) == 10
    answer.close()
    assert time.monotonic() - started > 0.15


def test_a_body_can_be_cut_and_the_echo_left_out(
    browser: Browser, world: World, shop: Seller, ann: Buyer
) -> None:
    chat = world.chat(shop, ann)
    world.faults.add("cut_body", path="/runner/")
    with pytest.raises(requests.JSONDecodeError):
        browser.send(chat.id, "1", node(chat.id))
    world.faults.add("no_echo", path="/runner/")
    assert browser.send(chat.id, "2", node(chat.id))["objects"] == []
    assert ann.messages_from(shop) == ["1", "2"]


def test_the_buyer_may_write_between_our_message_and_the_echo(
    browser: Browser, world: World, shop: Seller, ann: Buyer
) -> None:
    chat = world.chat(shop, ann)
    world.faults.add("newer_message", path="/runner/", action="send", text="и ещё")
    told = browser.send(chat.id, "1", node(chat.id))["objects"][0]["data"]["messages"]
    assert [m["author"] for m in told] == [shop.id, ann.id]


def test_the_buyer_may_quote_a_message_of_ours_that_was_lost(
    browser: Browser, world: World, shop: Seller, ann: Buyer
) -> None:
    chat = world.chat(shop, ann)
    world.faults.add("quoted", path="/runner/", action="send")
    browser.send(chat.id, "KEY-1\n#AAAA1111-D1/1", node(chat.id))
    assert ann.messages_from(shop) == []
    assert [m.text_for("ru") for m in chat.messages][-1:] == ["#AAAA1111-D1/1"]


def test_the_history_may_lag(browser: Browser, world: World, shop: Seller, ann: Buyer) -> None:
    ann.writes(shop, "old")
    world.travel(20)
    ann.writes(shop, "new")
    world.faults.add("lag", path="/chat/history", seconds=10)
    path = f"/chat/history?node={world.chat(shop, ann).id}&last_message={10**20}"
    headers = {"X-Requested-With": "XMLHttpRequest"}
    sizes = [len(browser.get(path, headers=headers).json()["chat"]["messages"]) for _ in "ab"]
    assert sizes == [1, 2]


def test_markup_can_change_and_blocks_disappear(browser: Browser, world: World) -> None:
    world.faults.add("markup", path="/orders/trade", text="user-link-name", replacement="name")
    assert browser.page("/orders/trade").select(".user-link-name") == []
    world.faults.add("omit", path="/orders/trade", blocks=["badges"])
    assert browser.page("/orders/trade").select(".badge-chat") == []
    assert browser.page("/orders/trade").select(".badge-chat.hidden")


def test_429_tells_how_long_only_when_asked(browser: Browser, world: World) -> None:
    world.faults.add("429", retry_after=20)
    world.faults.add("429")
    answers = [browser.get("/") for _ in range(3)]
    assert [a.headers.get("Retry-After") for a in answers] == ["20", None, None]
    assert [a.status_code for a in answers] == [429, 429, 200]


def test_a_fault_can_be_for_one_account_and_one_text(
    browser: Browser, world: World, shop: Seller, ann: Buyer
) -> None:
    other = Browser(world, world.seller("other"))
    world.faults.add("502", account="other", count=None)
    assert (other.get("/").status_code, browser.get("/").status_code) == (502, 200)
    world.faults.clear()
    world.faults.add("502", contains="part 2")
    chat = world.chat(shop, ann)
    assert browser.send(chat.id, "part 1")["response"] == {"error": None}
    with pytest.raises(requests.JSONDecodeError):
        browser.send(chat.id, "part 2")


def test_skipping_counts_calls(browser: Browser, world: World) -> None:
    world.faults.add("500", path="/", skip=2)
    assert [browser.get("/").status_code for _ in range(4)] == [200, 200, 500, 200]


def test_chances_are_the_same_for_the_same_seed() -> None:
    def story(seed: int) -> list[int]:
        world = World(seed)
        world.faults.add("500", probability=0.5, count=None)
        browser = Browser(world)
        return [browser.get("/trade/info").status_code for _ in range(30)]

    assert story(1) == story(1)
    assert set(story(1)) == {200, 500}
    assert story(1) != story(2)


def test_a_refund_whose_answer_is_lost_has_happened(
    browser: Browser, world: World, ann: Buyer, key: Lot
) -> None:
    order = ann.buys(key)
    world.faults.add("cut", "after", path="/orders/refund")
    assert (
        outcome(lambda: browser.post("/orders/refund", id=order.id, csrf_token=browser.csrf))
        == "closed"
    )
    assert order.status == "refunded"
    assert world.log.requests("shop", "/orders/refund")[0].facts["fault"] == "cut after"


@pytest.mark.parametrize(
    "told", [[], {}, {"kind": "nope"}, {"kind": "cut", "when": "later"}, {"kind": "cut", "x": 1}]
)
def test_a_fault_that_makes_no_sense_is_refused(told: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Fault.from_json(told)


def test_connections_are_kept_alive(world: World, shop: Seller, server: Server) -> None:
    browser = Browser(world, shop, server.url)
    for _ in range(3):
        assert browser.runner()["objects"] == []
    adapter = browser.session.get_adapter(server.url)
    assert isinstance(adapter, HTTPAdapter)
    pools = adapter.poolmanager.pools
    made = [pools[key].num_connections for key in pools.keys()]  # noqa: SIM118 - no iteration
    assert made == [1]
