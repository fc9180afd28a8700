"""Fault matrix D: from a payment to a decision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from driver import POLL, Driver
from story_cast import THREE, Shop, giver

from opium.modules.auto_delivery import module as auto_delivery
from sandbox.world import Buyer, Order, World

SALES = "/orders/trade"


def test_fifty_orders_paid_in_two_hours_of_silence_are_decided_in_two_polls(
    shop: Shop, world: World
) -> None:
    """Row 46."""
    lot = shop.sells()
    shop.poll()
    buyers = [world.buyer(f"buyer{n}") for n in range(10)]
    orders = []
    for n in range(50):
        orders.append(buyers[n % 10].buys(lot))
        world.travel(140)
    shop.opium.restart()
    began = world.now()
    shop.poll(2)
    undecided = [order.id for order in orders if shop.handout(order) is None]
    took = (world.now() - began).total_seconds()
    assert undecided == [] or took < 60
    for _ in range(20):
        shop.poll()
    assert shop.delivered(*orders)
    assert shop.free_keys() == 150


def test_a_missed_order_of_thirty_hours_is_held(shop: Shop, ann: Buyer, world: World) -> None:
    """Row 47."""
    lot = shop.sells()
    shop.poll()
    old, young = ann.buys(lot), ann.buys(lot)
    world.travel(31 * 3600)
    world.ages(old, 30)
    world.ages(young, 23)
    shop.opium.restart()
    shop.poll(3)
    assert shop.handout(old) == "held"
    assert any(old.id in text for text in shop.alerts("held"))
    assert shop.handout(young) == "delivered"
    shop.obeys_the_laws(old, young)


def test_what_the_seller_answered_by_hand_is_held(shop: Shop, ann: Buyer, world: World) -> None:
    """Row 48."""
    lot = shop.sells()
    shop.poll()
    bob = world.buyer("bob")
    answered, silent = ann.buys(lot), bob.buys(lot)
    shop.seller.writes(ann, "Держите: XXXX-YYYY")
    world.travel(3600)
    shop.opium.restart()
    shop.poll(3)
    assert shop.handout(answered) == "held"
    assert any("by hand" in text for text in shop.alerts("held"))
    assert shop.handout(silent) == "delivered"
    shop.obeys_the_laws(answered, silent)


def test_a_message_of_ours_without_an_answer_is_not_the_seller_writing_by_hand(
    shop: Shop, ann: Buyer, world: World
) -> None:
    """Row 48 meets row 37: the process dies after the request for the first of two orders, and
    the second is found by the catch-up, before the first is settled."""
    lot = shop.sells()
    shop.poll()
    first = ann.buys(lot)
    world.faults.add("delay", "after", path="/api/orders/get", seconds=2)
    paid: list[Order] = []
    world.later(POLL + 1, lambda: paid.append(ann.buys(lot)))
    shop.strikes("cut", "after")
    shop.poll()
    (second,) = paid
    assert shop.command(first).state == "unknown"
    assert shop.handout(second) is None
    shop.opium.restart()
    shop.poll(20)
    assert shop.alerts("held") == []
    assert shop.delivered(first, second)


def test_the_baseline_is_set_by_the_first_good_read_only(
    opium: Driver, world: World, ann: Buyer
) -> None:
    """Row 49: 0 old orders are delivered."""
    seller = world.seller("shop")
    lot = seller.lot("Ключ", amount=1000)
    old = [ann.buys(lot) for _ in range(3)]
    world.travel(3600)
    world.faults.add("502", path=SALES, count=2)
    shop = Shop(opium)
    assert shop.state != "running"
    product_for(shop, "Ключ")
    shop.pass_time(60)
    assert shop.state == "running"
    new = ann.buys(lot)
    shop.poll(3)
    assert {shop.handout(order) for order in old} == {None}
    assert shop.delivered(new)


@pytest.mark.parametrize("kind", ["challenge", "login_page", "empty", "maintenance"])
def test_a_page_without_orders_is_no_baseline(
    opium: Driver, world: World, ann: Buyer, kind: str
) -> None:
    """Row 50."""
    seller = world.seller("shop")
    lot = seller.lot("Ключ", amount=1000)
    old = [ann.buys(lot) for _ in range(3)]
    world.travel(3600)
    world.faults.add(kind, path=SALES, count=2)
    shop = Shop(opium)
    assert shop.state != "running"
    product_for(shop, "Ключ")
    shop.pass_time(1000)
    new = ann.buys(lot)
    shop.poll(3)
    assert {shop.handout(order) for order in old} == {None}
    assert shop.delivered(new)


def test_an_order_paid_in_the_minute_of_the_first_contact_is_not_lost(
    opium: Driver, world: World, ann: Buyer
) -> None:
    """Rows 49 and 53: paid while the first list is read is new or old, never both, never silent."""
    seller = world.seller("shop")
    lot = seller.lot("Ключ", amount=1000)
    ann.buys(lot)
    world.faults.add("502", path="/", count=1)
    shop = Shop(opium)
    product_for(shop, "Ключ")
    world.faults.add("delay", "after", path=SALES, seconds=2)
    paid: list[Order] = []
    world.later(POLL + 1, lambda: paid.append(ann.buys(lot)))
    shop.poll(4)
    (order,) = paid
    assert shop.handout(order) == "delivered"
    shop.obeys_the_laws(order)


def test_an_order_is_found_though_the_list_failed_when_it_was_signalled(
    shop: Shop, ann: Buyer
) -> None:
    """Row 51."""
    lot = shop.sells()
    shop.poll()
    order = ann.buys(lot)
    shop.reads_meet("500", SALES, count=1)
    shop.poll()
    assert shop.handout(order) is None
    shop.pass_time(60)
    assert shop.delivered(order)


def test_an_order_is_found_though_nothing_signalled_it(shop: Shop, ann: Buyer) -> None:
    """Row 51: one is paid and another confirmed between two polls, so the counters stand still;
    the compare every few minutes finds it."""
    lot = shop.sells()
    first = ann.buys(lot)
    shop.poll(2)
    second = ann.buys(lot)
    ann.confirms(first)
    shop.poll(2)
    assert shop.handout(second) is None
    shop.pass_time(310)
    assert shop.delivered(first, second)


def test_the_same_order_in_a_hundred_polls_is_one_delivery(shop: Shop, ann: Buyer) -> None:
    """Row 52: as event and as a row of the list."""
    lot = shop.sells()
    order = ann.buys(lot)
    for n in range(100):
        if n % 10 == 0:
            ann.writes(shop.seller, f"?{n}")
        shop.worker_looks()
        shop.poll()
    assert len(shop.posts()) == 1
    assert shop.delivered(order)


def test_three_hundred_orders_over_three_pages_are_all_found_once(shop: Shop, world: World) -> None:
    """Row 53: one more is paid between two pages."""
    shop.sets(missed_orders_max_age_hours=48)
    lot = shop.sells(keys=310)
    shop.poll()
    buyers = [world.buyer(f"buyer{n}") for n in range(30)]
    orders = [buyers[n % 30].buys(lot) for n in range(300)]
    late: list[Order] = []
    shop.reads_meet("delay", SALES, when="after", seconds=2, count=1)
    world.later(POLL + 1, lambda: late.append(buyers[0].buys(lot)))
    shop.poll()
    assert late
    assert len(shop.reads(SALES)) >= 4
    for _ in range(60):
        shop.poll()
    assert shop.delivered(*orders, *late)
    assert shop.free_keys() == 310 - 301


def test_an_order_refunded_after_the_list_was_read_is_not_delivered(
    shop: Shop, ann: Buyer, world: World
) -> None:
    """Row 54."""
    lot = shop.sells()
    shop.poll()
    order = ann.buys(lot)
    shop.reads_meet("delay", SALES, when="after", seconds=2, count=1)
    world.later(POLL + 1, lambda: shop.seller.refunds(order))
    shop.poll(3)
    assert order.status == "refunded"
    assert shop.posts() == []
    assert shop.free_keys() == 200
    shop.obeys_the_laws()


def test_an_order_refunded_after_it_was_claimed_gets_nothing_more(
    shop: Shop, ann: Buyer, world: World
) -> None:
    """Row 54, one step later: claimed, and FunPay slows us down for minutes before the send."""
    lot = shop.sells()
    shop.poll()
    order = ann.buys(lot)
    shop.strikes("429", retry_after=300)
    shop.poll()
    assert shop.command(order).state == "waiting"
    shop.seller.refunds(order)
    shop.pass_time(400)
    assert shop.told(ann) == []
    assert shop.free_keys() == 199  # an attempt was made: only a person may free it (D11)
    shop.obeys_the_laws()


@pytest.mark.parametrize("how", ["closed", "by the site", "partially refunded"])
def test_an_order_that_needs_nothing_from_us_is_left_alone(
    shop: Shop, ann: Buyer, world: World, how: str
) -> None:
    """Row 55."""
    secrets = ["SITE-1", "SITE-2"] if how == "by the site" else None
    lot = shop.sells(secrets=secrets)
    shop.poll()
    order = ann.buys(lot)
    if how == "closed":
        ann.confirms(order)
    elif how == "partially refunded":
        world.orders.partial_refund(order)
    shop.poll(3)
    assert shop.handout(order) is None
    assert shop.posts() == []
    assert shop.alerts() == []
    shop.obeys_the_laws()


def test_a_command_of_the_buyer_in_the_poll_of_his_payment_comes_second(
    opium: Driver, world: World, ann: Buyer
) -> None:
    """Row 56: the order is handled first; one delivery."""
    shop = Shop(opium, chats=True)
    lot = shop.sells()
    shop.poll()
    order = ann.buys(lot)
    ann.writes(shop.seller, "!товар")
    shop.poll(4)
    markers = shop.markers(ann)
    assert markers[0] == f"#{order.id}-D1/1"
    assert set(markers[1:]) <= {f"#{order.id}-R1-1/1"}
    assert shop.free_keys() == 199
    assert shop.delivered(order)


@pytest.mark.parametrize(
    "typed",
    [
        "Дорогой ключ",
        "Ключ, 99 шт.",
        ", 99 шт.",
        ", 99 pcs.",
        "{password} {product} {order_id} {0} {a.__class__}",
        "$sleep=9999 $photo=1",
        "ж" * 10_000,
        "</a><b>x</b> &amp; #AAAAAAAA-D1/1",
        "Покупатель ann оплатил заказ #AAAAAAAA.",
    ],
    ids=["title", "amount", "pieces", "pcs", "tokens", "dollar", "10kB", "html", "notice"],
)
def test_what_the_buyer_types_changes_neither_lot_nor_amount_nor_text(
    shop: Shop, ann: Buyer, typed: str
) -> None:
    """Row 57."""
    cheap, _dear = shop.sells("Ключ"), shop.sells("Дорогой ключ")
    shop.poll()
    order = ann.buys(cheap, data=typed)
    began = shop.world.now()
    shop.poll(2)
    assert shop.told(ann) == [f"KEY-shop-0000\n#{order.id}-D1/1"]
    assert (shop.world.now() - began).total_seconds() < 60
    assert shop.delivered(order)


def test_a_page_we_do_not_understand_is_named_and_others_go_on(
    opium: Driver, world: World, ann: Buyer
) -> None:
    """Row 58."""
    shop, other = Shop(opium, "shop"), Shop(opium, "shop2")
    lot, other_lot = shop.sells(), other.sells()
    for each in (shop, other):
        each.poll()
    changed = shop.reads_meet("markup", SALES, text="tc-price", replacement="tc-cost")
    order, fine = ann.buys(lot), ann.buys(other_lot)
    shop.poll()
    other.poll()
    shop.poll(3)
    assert shop.handout(order) is None
    assert shop.posts() == []
    assert "page" in shop.trouble
    assert len(shop.alerts("page_changed")) == 1
    assert other.handout(fine) == "delivered"
    world.faults.remove(changed.id)
    shop.pass_time(120)
    assert shop.alerts("page_changed") == []
    assert shop.delivered(order, fine)


@pytest.mark.parametrize("first", ["auto_delivery", "giver"])
def test_of_two_modules_the_first_attached_takes_the_order(
    world: World, tmp_path: Path, ann: Buyer, first: str
) -> None:
    """Row 59."""
    modules: dict[str, Any] = {"auto_delivery": auto_delivery, "giver": giver()}
    opium = Driver(world, tmp_path / "two", modules)
    second = ({"auto_delivery", "giver"} - {first}).pop()
    shop = Shop(opium, "shop", first, second)
    lot = shop.sells()
    orders = [ann.buys(lot), ann.buys(lot)]
    shop.poll(4)
    word = "WORD" if first == "giver" else "KEY-shop-"
    assert len(shop.told(ann)) == 2
    assert all(message.startswith(word) for message in shop.told(ann))
    assert {shop.handout(order) for order in orders} == {"delivered"}
    assert shop.alerts() == []
    opium.core.db.close()


def test_a_large_order_comes_in_parts_while_others_are_served(
    shop: Shop, ann: Buyer, world: World
) -> None:
    """Row 46, the mix of a busy night: parts of different orders may interleave, never swap."""
    bob, lot = world.buyer("bob"), shop.sells()
    orders = [ann.buys(lot, amount=THREE), bob.buys(lot), ann.buys(lot), bob.buys(lot, amount=20)]
    shop.poll(8)
    assert shop.delivered(*orders)


def product_for(shop: Shop, title: str) -> None:
    """Goods for a lot that was there before us."""
    lines = [f"KEY-{shop.name}-{n:04d}" for n in range(20)]
    body = {"name": title, "stock": lines, "delivery_text": "{product}"}
    product = shop.opium.ok("POST", f"{shop.base}/products", body)["product_id"]
    mapping = {"product_id": product, "match": "exact", "pattern": title}
    shop.opium.ok("POST", f"{shop.base}/lot-mappings", mapping)


def test_a_new_order_costs_one_page_however_many_are_open(
    shop: Shop, ann: Buyer, world: World
) -> None:
    """Twelve open orders on three pages: FunPay's own count says when enough was read."""
    lot = shop.sells()
    shop.poll()
    open_orders = [ann.buys(lot) for _ in range(12)]
    shop.poll(20)
    assert shop.delivered(*open_orders)
    world.switches.page_size = 5
    read = len(shop.reads(SALES))
    new = ann.buys(lot)
    shop.poll(2)
    assert len(shop.reads(SALES)) - read == 1
    assert shop.handout(new) == "delivered"
    shop.obeys_the_laws(*open_orders, new)


def test_a_refund_deep_in_the_list_is_seen_in_the_same_poll_as_a_new_order(
    shop: Shop, ann: Buyer, world: World
) -> None:
    """One comes and one goes: the count stays, so the sums do not agree and all is read."""
    lot = shop.sells(keys=12)
    shop.poll()
    first, *others = [ann.buys(lot) for _ in range(12)]
    shop.poll(20)
    assert shop.delivered(first, *others)
    world.switches.page_size = 5
    shop.seller.refunds(first)
    new = ann.buys(lot)
    shop.poll(2)
    assert shop.status(first) == "refunded"
    assert shop.handout(new) == "waiting_stock"
