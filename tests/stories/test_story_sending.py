"""Fault matrix A: sending a part."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from driver import Driver
from requests.exceptions import ProxyError
from story_cast import LONG, T_SETTLE, THREE, Network, Shop

from sandbox.log import Entry
from sandbox.world import Buyer, Order, World


def test_a_refused_connection_is_tried_again_later_and_sent_once(
    shop: Shop, ann: Buyer, network: Network
) -> None:
    """Row 1."""
    network.refuses(3)
    order = ann.buys(shop.sells())
    shop.poll()
    assert shop.command(order).state == "waiting"
    shop.pass_time(LONG)
    assert len(network.refused) == 3
    assert len(shop.posts()) == 1
    assert shop.reads("/chat/history") == []
    assert shop.delivered(order)


def test_a_proxy_that_does_not_connect_is_tried_again_and_named(
    shop: Shop, ann: Buyer, network: Network
) -> None:
    """Row 3: nothing was sent."""
    network.refuses(1, ProxyError)
    order = ann.buys(shop.sells())
    shop.poll()
    assert shop.state == "reconnecting"
    assert "No connection" in shop.trouble
    shop.pass_time(LONG)
    assert len(shop.posts()) == 1
    assert shop.delivered(order)


def test_a_429_silences_its_own_address_and_no_other(opium: Driver, world: World) -> None:
    """Row 5."""
    first, second = Shop(opium, "shop"), Shop(opium, "shop2")
    away = Shop(opium, "shop3", proxy="http://user:pass@10.0.0.9:3128")
    buyers = [world.buyer(name) for name in ("ann", "bob", "kim")]
    first.strikes("429", retry_after=20)
    orders = [
        buyer.buys(each.sells()) for buyer, each in zip(buyers, (first, second, away), strict=True)
    ]
    first.poll()
    (refused,) = first.posts()
    for _ in range(30):
        world.travel(1)
        for each in (first, second, away):
            opium.step(each.seller)
    pause = [
        entry for entry in world.log.requests() if 0 < (entry.at - refused.at).total_seconds() < 20
    ]
    assert {entry.account for entry in pause} == {"shop3"}
    for each in (first, second, away):
        each.poll(3)
    assert len(first.posts()) == 2
    first.obeys_the_laws(*orders)
    assert [each.handout(o) for each, o in zip((first, second, away), orders, strict=True)] == [
        "delivered"
    ] * 3


def test_ten_429_in_a_row_wait_longer_and_longer_and_drop_nothing(shop: Shop, ann: Buyer) -> None:
    """Row 6."""
    shop.strikes("429", count=10)
    order = ann.buys(shop.sells())
    shop.poll()
    told_early = shop.alerts("limited")
    shop.pass_time(7 * 300 + LONG)
    waits = [gap(a, b) for a, b in pairwise(shop.posts())]
    assert len(shop.posts()) == 11
    assert [wait >= least for wait, least in zip(waits, (2, 4, 8, 16), strict=False)] == [True] * 4
    assert all(wait >= 300 for wait in waits[4:])
    assert told_early == []
    assert shop.delivered(order)


def test_after_five_429_in_a_row_somebody_is_told(shop: Shop, ann: Buyer) -> None:
    """Row 6, the alert."""
    shop.strikes("429", count=5)
    ann.buys(shop.sells())
    shop.pass_time(LONG)
    assert len(shop.alerts("limited")) == 1


def test_a_500_that_did_nothing_is_proven_by_two_looks_and_sent_once(
    shop: Shop, ann: Buyer
) -> None:
    """Row 7."""
    order = unanswered(shop, ann, "500", "before")
    assert len(shop.reads("/chat/history")) == 2
    assert len(shop.posts()) == 2
    assert shop.delivered(order)


def test_a_500_that_did_it_is_found_and_not_sent_again(shop: Shop, ann: Buyer) -> None:
    """Row 8."""
    order = unanswered(shop, ann, "500", "after")
    assert len(shop.posts()) == 1
    assert shop.delivered(order)


@pytest.mark.parametrize("status", ["502", "503", "504"])
def test_an_error_of_the_front_after_the_effect_is_found(
    shop: Shop, ann: Buyer, status: str
) -> None:
    """Row 9."""
    order = unanswered(shop, ann, status, "after")
    assert len(shop.posts()) == 1
    assert shop.delivered(order)


def test_a_connection_closed_before_the_effect_is_sent_once(shop: Shop, ann: Buyer) -> None:
    """Row 10."""
    order = unanswered(shop, ann, "cut", "before")
    assert len(shop.posts()) == 2
    assert shop.delivered(order)


def test_a_lost_answer_means_one_post_and_one_message(shop: Shop, ann: Buyer) -> None:
    """Row 11."""
    order = unanswered(shop, ann, "cut", "after")
    assert len(shop.posts()) == 1
    assert shop.delivered(order)


def test_a_lost_answer_read_in_the_chat_is_no_false_alarm(
    opium: Driver, world: World, ann: Buyer
) -> None:
    """Rows 11 and 14: our message is read with the buyer's before it is settled."""
    shop = Shop(opium, chats=True)
    shop.strikes("cut", "after")
    order = ann.buys(shop.sells())
    shop.poll()
    ann.writes(shop.seller, "вижу, спасибо")
    shop.poll(2)
    assert shop.command(order).state == "unknown"
    shop.pass_time(LONG)
    assert shop.alerts() == []
    assert shop.delivered(order)


def test_a_time_out_after_the_effect_is_found(shop: Shop, ann: Buyer) -> None:
    """Row 12."""
    order = unanswered(shop, ann, "hang", "after")
    assert len(shop.posts()) == 1
    assert shop.delivered(order)


def test_nobody_looks_before_a_late_message_may_have_come(shop: Shop, ann: Buyer) -> None:
    """Row 13."""
    order = unanswered(shop, ann, "late", "before", seconds=T_SETTLE - 5)
    assert gap(shop.posts()[0], shop.reads("/chat/history")[0]) >= T_SETTLE
    assert len(shop.posts()) == 1
    assert shop.delivered(order)


def test_a_message_later_than_promised_is_at_worst_the_same_text_twice(
    shop: Shop, ann: Buyer
) -> None:
    """Row 14: A1 is broken, and still no second key is given."""
    order = unanswered(shop, ann, "late", "before", seconds=T_SETTLE + 60)
    shop.pass_time(LONG)
    assert len(shop.told(ann)) == 2
    assert len(set(shop.told(ann))) == 1
    assert shop.free_keys() == 199
    shop.obeys_the_laws(order, doubled=True)


def test_a_message_later_than_promised_is_told(opium: Driver, world: World, ann: Buyer) -> None:
    """Row 14: an alert when it is seen."""
    shop = Shop(opium, chats=True)
    shop.strikes("late", seconds=T_SETTLE + 60)
    order = ann.buys(shop.sells())
    for _ in range(30):
        shop.poll()
    assert len(shop.told(ann)) == 2
    assert [order.id in text for text in shop.alerts("a1_broken")] == [True]


def test_a_challenge_page_in_place_of_the_answer_is_found(shop: Shop, ann: Buyer) -> None:
    """Row 16."""
    order = unanswered(shop, ann, "challenge", "after")
    assert len(shop.posts()) == 1
    assert shop.delivered(order)


def test_half_an_answer_is_found(shop: Shop, ann: Buyer) -> None:
    """Row 17."""
    order = unanswered(shop, ann, "cut_body", "after")
    assert len(shop.posts()) == 1
    assert shop.delivered(order)


def test_an_answer_without_our_echo_is_found(shop: Shop, ann: Buyer) -> None:
    """Row 18."""
    order = unanswered(shop, ann, "no_echo", "after")
    assert len(shop.posts()) == 1
    assert shop.delivered(order)


def test_our_message_is_known_beside_a_newer_one_of_the_buyer(shop: Shop, ann: Buyer) -> None:
    """Row 19."""
    shop.strikes("newer_message", text="спасибо, жду")
    order = ann.buys(shop.sells())
    shop.poll()
    (ours,) = [m for m in ann.messages_with(shop.seller) if m.author == shop.seller.id]
    assert shop.command(order).msg_id == ours.id
    assert len(shop.posts()) == 1
    assert shop.delivered(order)


def test_too_often_means_later_and_once(shop: Shop, ann: Buyer) -> None:
    """Row 20."""
    shop.strikes("flood")
    order = ann.buys(shop.sells())
    shop.poll()
    shop.pass_time(LONG)
    first, second = shop.posts()
    assert 3 <= gap(first, second) <= 30
    assert shop.reads("/chat/history") == []
    assert shop.delivered(order)


@pytest.mark.parametrize("kind", ["403", "login", "stale"])
def test_a_session_gone_stale_is_renewed_once_and_the_part_sent_once(
    shop: Shop, ann: Buyer, kind: str
) -> None:
    """Row 21, the first half."""
    shop.strikes(kind)
    order = ann.buys(shop.sells())
    shop.poll()
    shop.pass_time(LONG)
    assert len(shop.posts()) == 2
    assert shop.state == "running"
    assert shop.delivered(order)


@pytest.mark.parametrize("kind", ["403", "login", "stale"])
def test_a_dead_key_rests_the_account_keeps_the_goods_and_a_new_key_goes_on(
    shop: Shop, ann: Buyer, kind: str
) -> None:
    """Row 21, the second half."""
    order = ann.buys(shop.sells())
    shop.strikes(kind, count=None)
    shop.reads_meet("login", "/")
    shop.poll()
    shop.pass_time(LONG)
    assert shop.state == "error"
    assert len(shop.alerts("signed_out")) == 1
    assert shop.free_keys() == 199
    assert len(shop.posts()) <= 2
    answer = shop.opium.call("GET", f"/api/accounts/shop/orders/{order.id}")
    assert answer.status_code in (400, 500)
    shop.world.faults.clear()
    new = {"golden_key": shop.seller.gets_key()}
    shop.opium.ok("PATCH", "/api/accounts/shop/config", new)
    shop.poll(3)
    shop.pass_time(LONG)
    assert shop.state == "running"
    assert shop.delivered(order)


def test_a_new_key_closes_the_alert_of_the_dead_one(shop: Shop) -> None:
    """Row 21."""
    shop.reads_meet("login", "/*")
    shop.poll()
    assert len(shop.alerts("signed_out")) == 1
    shop.world.faults.clear()
    new = {"golden_key": shop.seller.gets_key()}
    shop.opium.ok("PATCH", "/api/accounts/shop/config", new)
    shop.poll(3)
    assert shop.state == "running"
    assert shop.alerts("signed_out") == []


def test_an_echo_without_its_marker_stops_the_sends_and_says_so(shop: Shop, ann: Buyer) -> None:
    """Row 22."""
    shop.strikes("markup", text="-D1/1", replacement="")
    lot = shop.sells()
    order = ann.buys(lot)
    shop.poll()
    shop.pass_time(LONG)
    assert shop.command(order).state == "held"
    assert shop.handout(order) == "held"
    assert any(order.id in text for text in shop.alerts("held"))
    assert len(shop.posts()) == 1
    shop.obeys_the_laws(order)


def test_after_an_echo_without_its_marker_nothing_else_is_sent_for_the_account(
    shop: Shop, ann: Buyer, world: World
) -> None:
    """Row 22: what we send could never be found again."""
    shop.strikes("markup", text="-D1/1", replacement="")
    lot = shop.sells()
    ann.buys(lot)
    shop.poll()
    world.buyer("bob").buys(lot)
    shop.pass_time(LONG)
    assert len(shop.posts()) == 1


def test_a_part_that_never_goes_through_is_held_and_the_first_stays_alone(
    shop: Shop, ann: Buyer
) -> None:
    """Row 23."""
    order = ann.buys(shop.sells(), amount=THREE)
    shop.strikes("cut", contains=f"{order.id}-D2/3", count=None)
    shop.poll()
    shop.pass_time(6 * LONG)
    assert shop.markers(ann) == [f"#{order.id}-D1/3"]
    assert shop.command(order, 2).state == "held"
    assert shop.command(order, 2).unknowns == 3
    assert shop.handout(order) == "held"
    assert shop.free_keys() == 200 - THREE
    assert any(order.id in text for text in shop.alerts("held"))
    shop.obeys_the_laws(order)


def test_three_parts_with_each_first_answer_lost_come_once_and_in_order(
    shop: Shop, ann: Buyer
) -> None:
    """Row 24."""
    order = ann.buys(shop.sells(), amount=THREE)
    for n in (1, 2, 3):
        shop.strikes("cut", "after", contains=f"{order.id}-D{n}/3")
    shop.poll()
    shop.pass_time(4 * LONG)
    assert shop.markers(ann) == [f"#{order.id}-D{n}/3" for n in (1, 2, 3)]
    assert len(shop.posts()) == 3
    assert shop.delivered(order)


def test_three_parts_whose_first_attempt_did_nothing_come_once_and_in_order(
    shop: Shop, ann: Buyer
) -> None:
    """Row 24, without the effect."""
    order = ann.buys(shop.sells(), amount=THREE)
    for n in (1, 2, 3):
        shop.strikes("cut", contains=f"{order.id}-D{n}/3")
    shop.poll()
    shop.pass_time(4 * LONG)
    assert shop.markers(ann) == [f"#{order.id}-D{n}/3" for n in (1, 2, 3)]
    assert len(shop.posts()) == 6
    assert shop.delivered(order)


def unanswered(shop: Shop, buyer: Buyer, kind: str, when: str, **details: float) -> Order:
    """An order whose send meets this; its outcome is unknown until T_settle, then it is settled."""
    shop.strikes(kind, when, **details)
    order = buyer.buys(shop.sells())
    shop.poll()
    assert shop.command(order).state == "unknown"
    assert len(shop.posts()) == 1
    shop.pass_time(LONG)
    assert shop.command(order).state == "done"
    return order


def gap(earlier: Entry, later: Entry) -> float:
    return (later.at - earlier.at).total_seconds()


def test_the_cast_works_without_any_fault(world: World, tmp_path: Path) -> None:
    """The laws are asked of a quiet day too."""
    opium = Driver(world, tmp_path / "quiet")
    shop = Shop(opium)
    order = world.buyer("ann").buys(shop.sells(), amount=THREE)
    shop.poll(2)
    assert shop.delivered(order)
    opium.core.db.close()
