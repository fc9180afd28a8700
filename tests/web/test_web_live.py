"""Chats, orders and balance (seed 5 to 7, contract 6 to 8), and the sharing of live reads."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest
from web_world import World, json_of, refusal

from opium.clock import ManualClock
from opium.errors import UpstreamError
from opium.live import Busy, Live, Waiting

BASE = "/api/accounts/my_shop"


@pytest.fixture
def shop(world: World) -> World:
    world.shop()
    return world


def test_chats_are_listed_with_members_that_are_never_null(shop: World) -> None:
    body = json_of(shop.owner("GET", f"{BASE}/chats"))
    assert body["total"] == 2
    assert body["chats"][0] == {
        "chat_id": 67890,
        "name": "Покупатель",
        "last_message": "Здравствуйте!",
        "unread": True,
        "media_url": None,
    }
    assert body["chats"][1]["name"] == "5"


def test_without_update_the_last_known_list_is_shown(shop: World) -> None:
    assert json_of(shop.owner("GET", f"{BASE}/chats?update=false")) == {"chats": [], "total": 0}
    shop.owner("GET", f"{BASE}/chats")
    shop.clock.advance(1000)
    shop.shop(state="stopped")
    assert json_of(shop.owner("GET", f"{BASE}/chats?update=false"))["total"] == 2
    assert shop.registry.funpay.calls == ["chats"]


def test_a_chat_shows_who_wrote_what(shop: World) -> None:
    body = json_of(shop.owner("GET", f"{BASE}/chats/67890"))
    assert set(body) == {"id", "name", "messages"}
    assert (body["id"], body["name"]) == (67890, "Покупатель")
    assert [m["id"] for m in body["messages"]] == [110, 111, 112]
    assert [m["is_my"] for m in body["messages"]] == [False, True, False]
    assert [m["author"] for m in body["messages"]] == ["Покупатель", "my_shop", "FunPay"]
    assert set(body["messages"][0]) == {
        "id",
        "text",
        "html",
        "author",
        "author_id",
        "is_my",
        "image_url",
    }
    assert refusal(shop.owner("GET", f"{BASE}/chats/404"), 404) == "Chat not found"


def test_the_history_counts_what_it_holds(shop: World) -> None:
    body = json_of(shop.owner("GET", f"{BASE}/chats/67890/history?last_message_id=200"))
    assert set(body) == {"chat_id", "messages", "count"}
    assert (body["chat_id"], body["count"]) == (67890, 3)


def test_a_message_is_sent_as_given(shop: World) -> None:
    text = "  Здравствуйте!\n"
    answer = shop.owner(
        "POST",
        f"{BASE}/chats/67890/send",
        json={"text": text},
        headers={"Idempotency-Key": "k1"},
    )
    assert json_of(answer) == {"status": "sent", "chat_id": 67890}
    assert shop.wishes.sent == [("my_shop", 67890, text, "k1")]


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001, 5, None])
def test_a_message_has_one_to_two_thousand_characters(shop: World, text: Any) -> None:
    answer = shop.owner("POST", f"{BASE}/chats/67890/send", json={"text": text})
    assert "text" in refusal(answer, 400)
    assert shop.wishes.sent == []


def test_an_unknown_outcome_is_an_upstream_error(shop: World) -> None:
    shop.wishes.error = UpstreamError("The outcome is unknown and is being checked.")
    answer = shop.owner("POST", f"{BASE}/chats/67890/send", json={"text": "x"})
    refusal(answer, 500)
    assert json_of(answer)["code"] == "upstream_error"


def test_orders_are_listed_without_the_unpaid(shop: World) -> None:
    body = json_of(shop.owner("GET", f"{BASE}/orders"))
    assert [(o["order_id"], o["status"]) for o in body["orders"]] == [
        ("ABC12345", "paid"),
        ("DEF1", "closed"),
        ("GHI2", "refunded"),
        ("MNO4", "closed"),
    ]
    assert (body["total"], body["next_order_id"]) == (4, "XYZ99999")
    assert body["orders"][0] == {
        "order_id": "ABC12345",
        "description": "CS2 аренда",
        "price": "150.0",
        "buyer": "Покупатель",
        "buyer_id": 777,
        "status": "paid",
        "date": "2024-01-15 12:00:00",
    }


def test_orders_are_filtered_by_their_status(shop: World) -> None:
    body = json_of(shop.owner("GET", f"{BASE}/orders?include_closed=false&include_refunded=0"))
    assert [o["status"] for o in body["orders"]] == ["paid"]
    assert body["total"] == 1


def test_an_order_in_full(shop: World) -> None:
    assert json_of(shop.owner("GET", f"{BASE}/orders/ABC12345")) == {
        "order_id": "ABC12345",
        "status": "closed",
        "description": "CS2 аренда",
        "price": "0.55",
        "buyer": "Покупатель",
        "buyer_id": 777,
        "review": None,
        "chat_id": 67890,
        "date": "2024-01-15 12:00:00",
    }
    refusal(shop.owner("GET", f"{BASE}/orders/NONE"), 404)


def test_a_refund_names_who_asked(shop: World) -> None:
    answer = shop.owner("POST", f"{BASE}/orders/ABC12345/refund")
    assert json_of(answer) == {"status": "refunded", "order_id": "ABC12345"}
    assert shop.wishes.sent == [("my_shop", "ABC12345", None, "admin")]


def test_the_balance_has_six_numbers(shop: World) -> None:
    assert json_of(shop.owner("GET", f"{BASE}/balance")) == {
        "total_rub": 5000.0,
        "available_rub": 4500.0,
        "total_usd": 0.0,
        "available_usd": 0.0,
        "total_eur": 0.0,
        "available_eur": 0.0,
    }


@pytest.mark.parametrize("games", ["objects", "ids"])
def test_order_tags_come_in_both_shapes(make_world: Any, games: str) -> None:
    world: World = make_world(order_tag_games=games)
    world.shop()
    found = {
        "tags": {"ABC123": {"module": "steam_rent", "game_id": "cs2", "game_name": "CS2"}},
        "modules": ["steam_rent"],
        "games": {"steam_rent": [{"game_id": "cs2", "game_name": "CS2"}]},
    }
    world.modules.found = found
    body = json_of(world.owner("GET", f"{BASE}/order-tags"))
    expected = found["games"] if games == "objects" else {"steam_rent": ["cs2"]}
    assert body == found | {"games": expected}


def test_order_tags_are_there_when_funpay_is_not(shop: World) -> None:
    shop.shop(fp_id=None, state="initializing")
    answer = shop.owner("GET", f"{BASE}/order-tags")
    assert json_of(answer) == {"tags": {}, "modules": [], "games": {}}
    assert shop.modules.orders_given is None


@pytest.mark.parametrize("path", ["chats", "chats/5", "chats/5/history", "orders", "balance"])
def test_a_stopped_or_new_account_cannot_be_asked(world: World, path: str) -> None:
    world.shop(state="stopped")
    detail = refusal(world.owner("GET", f"{BASE}/{path}"), 400)
    assert detail == "Account my_shop is stopped. Start it first."
    world.shop(fp_id=None, state="initializing")
    assert "not initialised" in refusal(world.owner("GET", f"{BASE}/{path}"), 400)


def test_answers_younger_than_five_seconds_are_shared(shop: World) -> None:
    for _ in range(3):
        shop.owner("GET", f"{BASE}/orders")
        shop.owner("GET", f"{BASE}/orders?include_paid=false")
    shop.clock.advance(5)
    shop.owner("GET", f"{BASE}/orders")
    assert shop.registry.funpay.calls == ["sales", "sales"]


def test_after_a_send_the_next_read_asks_again(shop: World) -> None:
    shop.owner("GET", f"{BASE}/chats/67890")
    shop.owner("POST", f"{BASE}/chats/67890/send", json={"text": "x"})
    shop.owner("GET", f"{BASE}/chats/67890")
    assert shop.registry.funpay.calls == ["open_chat", "open_chat"]


def test_parallel_reads_become_one_and_the_sixth_waiter_is_sent_away(world: World) -> None:
    live = Live(world.clock)
    inside, go = threading.Event(), threading.Event()
    calls: list[int] = []

    def fetch() -> int:
        calls.append(1)
        inside.set()
        assert go.wait(10)
        return len(calls)

    found: list[int] = []

    def ask() -> None:
        found.append(live.read("a", "x", fetch=fetch))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert inside.wait(10)
    while live.waiting._places["live"]._value:
        threading.Event().wait(0.001)
    with pytest.raises(Busy) as refused:
        live.read("a", "y", fetch=fetch)
    assert (refused.value.code, refused.value.retry_after) == ("busy", 1)
    go.set()
    for thread in threads:
        thread.join(10)
    assert found == [1] * 5
    assert len(calls) == 1


def test_a_failed_read_is_not_kept() -> None:
    from datetime import UTC, datetime

    live = Live(ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))

    def fail() -> int:
        raise UpstreamError("down")

    with pytest.raises(UpstreamError):
        live.read("a", "x", fetch=fail)
    assert live.read("a", "x", fetch=lambda: 7) == 7


def test_the_memory_of_live_reads_is_bounded(world: World) -> None:
    live = Live(world.clock, kept=10)
    for n in range(100):
        live.read("a", n, fetch=partial(int, n))
    assert live.last("a", 89) is None
    assert live.last("a", 99) == 99


def test_each_kind_of_waiting_has_its_own_room() -> None:
    waiting = Waiting({"live": 1, "send": 1, "check": 1})
    with waiting.place("live"), waiting.place("send"), waiting.place("check"):
        for kind in ("live", "send", "check"):
            with pytest.raises(Busy), waiting.place(kind):
                pass
    with waiting.place("live"):
        pass
