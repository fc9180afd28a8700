"""Fault matrix B: looking into the history for what may have been sent."""

from __future__ import annotations

from itertools import pairwise

import pytest
from driver import Driver
from story_cast import GAP, LONG, T_SETTLE, Shop
from test_story_sending import gap

from sandbox.world import Buyer, Order, World

HALF_HOUR = 1800.0
HISTORY = "/chat/history"


def lost(shop: Shop, buyer: Buyer, when: str) -> Order:
    """An order whose first send got no answer."""
    shop.strikes("cut", when)
    order = buyer.buys(shop.sells())
    shop.poll()
    assert shop.command(order).state == "unknown"
    return order


@pytest.mark.parametrize(("when", "posts"), [("before", 2), ("after", 1)])
def test_ten_minutes_without_history_only_put_the_settling_off(
    shop: Shop, ann: Buyer, when: str, posts: int
) -> None:
    """Row 25."""
    order = lost(shop, ann, when)
    shop.reads_meet("500", HISTORY)
    shop.pass_time(600)
    assert shop.command(order).state == "unknown"
    assert len(shop.posts()) == 1
    looks = shop.reads(HISTORY)
    assert all(gap(a, b) >= 8 for a, b in pairwise(looks))
    shop.world.faults.clear()
    shop.pass_time(2 * LONG)
    assert len(shop.posts()) == posts
    assert shop.delivered(order)


def test_half_an_hour_without_history_is_held_for_a_person(shop: Shop, ann: Buyer) -> None:
    """Row 25, the end of patience; the person says "send again"."""
    order = lost(shop, ann, "before")
    fault = shop.reads_meet("500", HISTORY)
    shop.pass_time(HALF_HOUR + 2 * LONG)
    assert shop.command(order).state == "held"
    assert shop.handout(order) == "held"
    assert any(order.id in text for text in shop.alerts("held"))
    assert len(shop.posts()) == 1
    shop.obeys_the_laws(order)
    shop.world.faults.remove(fault.id)
    (item,) = shop.opium.get("/api/commands?state=held")["items"]
    shop.opium.ok("POST", f"/api/commands/{item['id']}/resolve", {"decision": "again"})
    shop.pass_time(LONG)
    assert shop.delivered(order)


def test_a_history_that_lags_is_looked_at_twice(shop: Shop, ann: Buyer) -> None:
    """Row 26: late to arrive and late to show, both inside the promise."""
    shop.strikes("late", seconds=T_SETTLE - 2)
    shop.reads_meet("lag", HISTORY, seconds=10)
    order = ann.buys(shop.sells())
    shop.pass_time(LONG)
    looks = shop.reads(HISTORY)
    assert len(looks) == 2
    assert gap(looks[0], looks[1]) >= GAP
    assert len(shop.posts()) == 1
    assert shop.delivered(order)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_history_seen_signed_out_proves_nothing(shop: Shop, ann: Buyer, when: str) -> None:
    """Row 27: the key dies while an outcome is unknown."""
    order = lost(shop, ann, when)
    key = shop.seller.golden_key
    shop.seller.loses_key()
    shop.pass_time(HALF_HOUR / 2)
    assert shop.command(order).state == "unknown"
    assert shop.command(order).misses == 0
    shop.seller.gets_key(key)
    shop.pass_time(HALF_HOUR / 2 + 2 * LONG)
    assert len(shop.posts()) == (1 if when == "after" else 2)
    assert shop.delivered(order)


def test_a_login_page_with_200_in_place_of_the_history_proves_nothing(
    shop: Shop, ann: Buyer
) -> None:
    """Row 27."""
    order = lost(shop, ann, "after")
    shop.reads_meet("login_page", HISTORY, count=3)
    shop.pass_time(T_SETTLE + GAP)
    assert shop.command(order).misses == 0
    shop.pass_time(4 * LONG)
    assert len(shop.posts()) == 1
    assert shop.delivered(order)


@pytest.mark.parametrize(("when", "posts"), [("before", 2), ("after", 1)])
def test_two_hundred_newer_messages_are_paged_through(
    shop: Shop, ann: Buyer, world: World, when: str, posts: int
) -> None:
    """Row 28, and the baseline itself is gone."""
    ann.writes(shop.seller, "есть в наличии?")
    shop.poll(2)
    order = lost(shop, ann, when)
    chat = world.chat(ann, shop.seller)
    for message in [m for m in chat.messages if m.id <= shop.command(order).baseline_msg_id]:
        world.chats.delete(chat, message)
    for n in range(200):
        ann.writes(shop.seller, f"где ключ? {n}")
    shop.pass_time(LONG)
    assert len(shop.posts()) == posts
    assert shop.delivered(order)


def test_a_history_too_long_to_reach_the_baseline_is_held(
    shop: Shop, ann: Buyer, world: World
) -> None:
    """Row 28: nothing is proven, so nothing is sent."""
    world.switches.history_size = 2
    order = lost(shop, ann, "before")
    for n in range(200):
        ann.writes(shop.seller, f"где ключ? {n}")
    shop.pass_time(HALF_HOUR + 2 * LONG)
    assert shop.command(order).state == "held"
    assert len(shop.posts()) == 1
    shop.obeys_the_laws(order)


def test_the_buyer_pasting_our_marker_is_not_a_hit(shop: Shop, ann: Buyer) -> None:
    """Row 29."""
    order = lost(shop, ann, "before")
    ann.writes(shop.seller, f"вот:\n#{order.id}-D1/1")
    shop.pass_time(LONG)
    assert shop.markers(ann) == [f"#{order.id}-D1/1"]
    assert shop.delivered(order)


def test_a_notice_of_the_site_with_the_order_is_not_a_hit(shop: Shop, ann: Buyer) -> None:
    """Row 30."""
    order = lost(shop, ann, "before")
    ann.confirms(order)
    shop.pass_time(LONG)
    assert len(shop.posts()) == 2
    assert shop.delivered(order)


def test_the_seller_writing_the_order_by_hand_is_not_a_hit(shop: Shop, ann: Buyer) -> None:
    """Row 31."""
    order = lost(shop, ann, "before")
    shop.seller.writes(ann, f"Заказ #{order.id} смотрю, номер #{order.id}-D1/1 придёт")
    shop.pass_time(LONG)
    assert shop.markers(ann) == [f"#{order.id}-D1/1"]
    assert shop.delivered(order)


@pytest.mark.parametrize("when", ["before", "after"])
def test_five_unknown_orders_in_one_chat_are_told_apart(shop: Shop, ann: Buyer, when: str) -> None:
    """Row 32."""
    lot = shop.sells()
    orders = [ann.buys(lot) for _ in range(5)]
    shop.strikes("cut", when, count=5)
    shop.poll(2)
    assert {shop.command(order).state for order in orders} == {"unknown"}
    shop.pass_time(2 * LONG)
    assert len(shop.posts()) == (5 if when == "after" else 10)
    assert shop.delivered(*orders)


def test_some_unknown_orders_arrived_and_some_did_not(shop: Shop, ann: Buyer) -> None:
    """Row 32, mixed."""
    lot = shop.sells()
    orders = [ann.buys(lot) for _ in range(5)]
    for order in orders[::2]:
        shop.strikes("cut", "after", contains=order.id)
    for order in orders[1::2]:
        shop.strikes("cut", "before", contains=order.id)
    shop.poll()
    shop.pass_time(2 * LONG)
    assert len(shop.posts()) == 7
    assert shop.delivered(*orders)


def test_a_chat_that_is_gone_proves_nothing_and_is_held(
    shop: Shop, ann: Buyer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 33."""
    order = lost(shop, ann, "before")
    monkeypatch.setattr(world.chats, "open_for", lambda _person, _node: None)
    shop.pass_time(HALF_HOUR + 2 * LONG)
    command = shop.command(order)
    assert (command.state, command.misses) == ("held", 0)
    assert command.reason
    assert len(shop.posts()) == 1
    shop.obeys_the_laws(order)


def test_a_site_that_answers_mostly_never_makes_us_give_up(
    opium: Driver, world: World, ann: Buyer
) -> None:
    """A long list whose every ninth page fails: no step goes well as a whole, yet what is
    answered between two failures says that FunPay is there."""
    shop = Shop(opium, "shaky", reconnect={"max_attempts": 3, "base_delay": 1, "max_delay": 5})
    lot = shop.sells()
    shop.poll()
    orders = [ann.buys(lot) for _ in range(40)]
    shop.poll(40)
    world.switches.page_size = 2
    for n in range(1, 9):
        shop.reads_meet("500", "/orders/trade", count=1, skip=8 * n)
    shop.opium.restart()
    late = ann.buys(lot)
    for _ in range(40):
        shop.poll()
        assert shop.state != "error"
    assert shop.delivered(*orders, late)
