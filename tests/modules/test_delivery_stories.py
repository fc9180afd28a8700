"""Paid orders and their goods, through the sandbox, the worker and the REST API."""

from __future__ import annotations

from driver import Driver
from test_delivery_invariants import Shop, check

from sandbox.world import World


def test_a_paid_order_is_delivered_once_even_if_we_restart(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ Steam", "AAAA", "BBBB"))
    shop.poll()
    opium.restart()
    shop.poll(3)
    assert shop.told(ann) == ["AAAA"]
    delivery = shop.delivery(order)
    assert delivery["status"] == "delivered"
    assert (delivery["quantity"], delivery["delivered_quantity"]) == (1, 1)
    assert (delivery["goods_left"], delivery["attempts"], delivery["error"]) == (1, 1, None)
    assert delivery["buyer_username"] == "ann"
    check(opium, imported=2)


def test_two_buyers_race_for_the_last_key(world: World, opium: Driver) -> None:
    shop, ann, bob = Shop(opium, world), world.buyer("ann"), world.buyer("bob")
    lot = shop.sells("Ключ", "AAAA")
    first = ann.buys(lot)
    world.travel(60)
    second = bob.buys(lot)
    shop.poll(2)
    assert [shop.status(first), shop.status(second)] == ["delivered", "waiting_stock"]
    assert shop.told(ann) == ["AAAA"]
    (notice,) = shop.told(bob)
    assert "закончился" in notice
    assert any(second.id in alert for alert in shop.alerts())
    check(opium, imported=1)


def test_after_a_refill_who_waits_is_served_in_order_of_payment(
    world: World, opium: Driver
) -> None:
    shop = Shop(opium, world)
    ann, bob, kim = (world.buyer(name) for name in ("ann", "bob", "kim"))
    lot = shop.sells("Ключ")
    orders = []
    for buyer in (ann, bob, kim):
        orders.append(buyer.buys(lot))
        shop.poll(7)
    assert [shop.status(order) for order in orders] == ["waiting_stock"] * 3
    shop.refill("p_001", "AAAA", "BBBB")
    shop.poll(2)
    assert [shop.status(order) for order in orders] == ["delivered", "delivered", "waiting_stock"]
    assert shop.told(ann)[-1] == "AAAA"
    assert shop.told(bob)[-1] == "BBBB"
    assert len(shop.alerts()) == 1
    check(opium, imported=2)


def test_a_newcomer_does_not_take_what_an_earlier_buyer_waits_for(
    world: World, opium: Driver
) -> None:
    shop, ann, bob = Shop(opium, world), world.buyer("ann"), world.buyer("bob")
    lot = shop.sells("Ключ")
    early = ann.buys(lot)
    shop.poll()
    late = bob.buys(lot)
    shop.refill("p_001", "AAAA")
    shop.poll(2)
    assert [shop.status(early), shop.status(late)] == ["delivered", "waiting_stock"]
    check(opium, imported=1)


def test_three_wanted_two_left_nothing_is_taken(world: World, opium: Driver) -> None:
    shop, ann, bob = Shop(opium, world), world.buyer("ann"), world.buyer("bob")
    lot = shop.sells("Ключ", "AAAA", "BBBB")
    large = ann.buys(lot, amount=3)
    shop.poll()
    assert shop.status(large) == "waiting_stock"
    small = bob.buys(lot)
    shop.poll()
    assert shop.status(small) == "delivered"
    shop.refill("p_001", "CCCC", "DDDD")
    shop.poll(2)
    assert shop.status(large) == "delivered"
    assert shop.told(ann)[-1] == "BBBB\nCCCC\nDDDD"
    check(opium, imported=4)


def test_with_allow_partial_the_rest_comes_later(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world, allow_partial=True), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", "AAAA", "BBBB", delivery_text=None), amount=3)
    shop.poll(2)
    (first,) = shop.told(ann)
    assert "AAAA\nBBBB" in first
    assert "Осталось выдать: 1 шт." in first
    assert shop.status(order) == "waiting_stock"
    check(opium, imported=2, partial=True)
    shop.refill("p_001", "CCCC", "DDDD")
    shop.poll(2)
    assert shop.status(order) == "delivered"
    assert "CCCC" in shop.told(ann)[-1]
    assert shop.delivery(order)["delivered_quantity"] == 3
    check(opium, imported=4)


def test_forty_five_lines_come_in_order_in_three_messages(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    keys = [f"KEY-{number:02d}" for number in range(45)]
    order = ann.buys(shop.sells("Ключи", *keys), amount=45)
    shop.poll(4)
    messages = ann.messages_from(shop.seller)
    assert [message.split("\n")[-1] for message in messages] == [
        f"#{order.id}-D{n}/3" for n in (1, 2, 3)
    ]
    assert all(len(message.split("\n")) <= 20 for message in messages)
    assert "\n".join(shop.told(ann)).split("\n") == keys
    check(opium, imported=45)


def test_what_the_buyer_types_selects_nothing(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    cheap = shop.sells("Дешёвый ключ", "CHEAP")
    shop.sells("Дорогой ключ", "DEAR")
    shop.maps("p_002", "Дорогой", "substring")
    typed = "Дорогой ключ, 99 шт. {product} $sleep=9999"
    order = ann.buys(cheap, data=typed)
    shop.poll(2)
    assert shop.told(ann) == ["CHEAP"]
    assert shop.delivery(order)["quantity"] == 1
    check(opium, imported=2)


def test_refunded_while_it_waits_is_never_served(world: World, opium: Driver) -> None:
    shop, ann, bob = Shop(opium, world), world.buyer("ann"), world.buyer("bob")
    lot = shop.sells("Ключ")
    gone, kept = ann.buys(lot), bob.buys(lot)
    shop.poll(2)
    shop.seller.refunds(gone)
    shop.refill("p_001", "AAAA")
    shop.poll(3)
    assert [shop.status(gone), shop.status(kept)] == ["refunded", "delivered"]
    assert "AAAA" not in "".join(shop.told(ann))
    check(opium, imported=1)


def test_policy_refund_gives_the_money_back_and_says_so(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world, out_of_stock_policy="refund"), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ"))
    shop.poll(3)
    assert order.status == "refunded"
    assert shop.status(order) == "refunded"
    (notice,) = shop.told(ann)
    assert order.id in notice
    check(opium, imported=0)


def test_policy_notify_tells_only_the_seller(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", out_of_stock_policy="notify"))
    shop.poll(2)
    assert shop.status(order) == "held"
    assert shop.told(ann) == []
    assert any(order.id in alert for alert in shop.alerts())
    shop.refill("p_001", "AAAA")
    shop.poll(2)
    assert shop.status(order) == "held"
    shop.ask("POST", f"/deliveries/{shop.delivery(order)['delivery_id']}/retry")
    shop.poll(2)
    assert shop.told(ann) == ["AAAA"]
    assert shop.alerts() == []
    check(opium, imported=1)


def test_who_waits_too_long_gets_the_money_back(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world, wait_ttl_minutes=10), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ"))
    shop.poll()
    opium.run_task("auto_delivery", "tend")
    shop.poll()
    assert shop.status(order) == "waiting_stock"
    world.travel(601)
    opium.run_task("auto_delivery", "tend")
    shop.poll(3)
    assert shop.status(order) == "refunded"
    check(opium, imported=0)


def test_a_blacklisted_buyer_is_skipped_unless_a_person_says_otherwise(
    world: World, opium: Driver
) -> None:
    shop, ann = Shop(opium, world, blacklist=["ANN"]), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", "AAAA"))
    shop.poll(2)
    assert shop.status(order) == "skipped"
    assert shop.told(ann) == []
    shop.ask("POST", "/deliveries", {"order_id": order.id})
    shop.poll(2)
    assert shop.status(order) == "delivered"
    assert shop.told(ann) == ["AAAA"]
    assert shop.refused("POST", "/deliveries", {"order_id": order.id})[0] == 409
    check(opium, imported=1)


def test_a_paid_order_of_no_mapping_is_left_to_a_person(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    product = shop.product("AAAA")
    order = ann.buys(shop.seller.lot("Что-то ещё"))
    shop.poll(2)
    assert shop.ask("GET", "/deliveries")["total"] == 0
    assert any(order.id in alert for alert in shop.alerts())
    status, _ = shop.refused("POST", "/deliveries", {"order_id": order.id})
    assert status == 400
    shop.ask("POST", "/deliveries", {"order_id": order.id, "product_id": product})
    shop.poll(2)
    assert shop.told(ann) == ["AAAA"]
    check(opium, imported=1)


def test_two_lots_of_one_title_with_different_goods_are_held(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    gold, silver = shop.product("GOLD"), shop.product("SILVER")
    lots = [shop.seller.lot("Аккаунт", price=price) for price in ("100", "10")]
    for product, lot in zip((gold, silver), lots, strict=True):
        body = {"product_id": product, "match": "lot_id", "lot_id": lot.id}
        shop.ask("POST", "/lot-mappings", body)
    opium.run_task("auto_delivery", "read_lots")
    order = ann.buys(lots[1])
    shop.poll(2)
    delivery = shop.delivery(order)
    assert delivery["status"] == "held"
    assert "which lot?" in delivery["error"]
    shop.ask("POST", "/deliveries", {"order_id": order.id, "product_id": silver})
    shop.poll(2)
    assert shop.told(ann) == ["SILVER"]
    check(opium, imported=2)


def test_a_lot_mapping_finds_its_lot_by_number(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    lot = shop.seller.lot("Аккаунт")
    product = shop.product("AAAA")
    shop.ask("POST", "/lot-mappings", {"product_id": product, "match": "lot_id", "lot_id": lot.id})
    (shown,) = shop.ask("GET", "/lots")
    assert shown["lot_id"] == lot.id
    assert shown["mapping_id"].startswith("dm_")
    ann.buys(lot)
    shop.poll(2)
    assert shop.told(ann) == ["AAAA"]
    check(opium, imported=1)


def test_a_suspiciously_cheap_order_is_held(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    lot = shop.sells("Ключ", "AAAA")
    opium.run_task("auto_delivery", "read_lots")
    cheap = ann.buys(lot)
    cheap.price = cheap.price / 3
    shop.poll(2)
    assert shop.status(cheap) == "held"
    assert "half" in shop.delivery(cheap)["error"]
    check(opium, imported=1)


def test_too_large_an_order_is_held(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world, max_per_order=2), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", "A", "B", "C"), amount=3)
    shop.poll(2)
    assert shop.status(order) == "held"
    check(opium, imported=3)


def test_without_multi_quantity_one_line_is_enough(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world, multi_quantity=False), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", "A", "B", "C"), amount=3)
    shop.poll(2)
    assert shop.told(ann) == ["A"]
    assert shop.delivery(order)["quantity"] == 3
    check(opium, imported=3)


def test_static_goods_never_run_out(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    lot = shop.sells("Инструкция", kind="static", static_text="Откройте ссылку")
    orders = [ann.buys(lot), ann.buys(lot)]
    shop.poll(2)
    assert shop.told(ann) == ["Откройте ссылку"] * 2
    assert [shop.delivery(order)["goods_left"] for order in orders] == [None, None]
    check(opium, imported=0)


def test_the_buyer_asks_for_his_goods_again(world: World, opium: Driver) -> None:
    shop, ann, bob = Shop(opium, world), world.buyer("ann"), world.buyer("bob")
    order = ann.buys(shop.sells("Ключ", "AAAA", "BBBB"))
    shop.poll()
    ann.writes(shop.seller, "!товар")
    ann.writes(shop.seller, "!ТОВАР")
    shop.reads_chats()
    assert len(shop.told(ann)) == 2
    assert "AAAA" in shop.told(ann)[-1]
    assert shop.delivery(order)["redeliveries"] == 1
    ann.confirms(order)
    world.travel(61)
    ann.writes(shop.seller, "!product")
    shop.reads_chats()
    assert "нет открытых заказов" in shop.told(ann)[-1]
    bob.writes(shop.seller, "!товар")
    shop.reads_chats()
    assert "нет открытых заказов" in shop.told(bob)[-1]
    check(opium, imported=2)


def test_a_dead_key_is_replaced_and_burned(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", "DEAD", "GOOD"))
    shop.poll()
    path = f"/deliveries/{shop.delivery(order)['delivery_id']}"
    shop.ask("POST", f"{path}/redeliver", {"mode": "new"})
    shop.poll()
    assert "GOOD" in shop.told(ann)[-1]
    assert shop.ask("GET", f"{path}?reveal=true")["lines"] == ["GOOD"]
    assert shop.refused("POST", f"{path}/redeliver", {"mode": "new"})[0] == 409
    shop.ask("POST", f"{path}/redeliver")
    shop.poll()
    assert [message.count("GOOD") for message in shop.told(ann)] == [0, 1, 1]
    check(opium, imported=2)


def test_sold_out_lots_are_switched_off_and_on_again(world: World, opium: Driver) -> None:
    shop = Shop(opium, world, auto_deactivate_lots=True, auto_restore_lots=True)
    ann = world.buyer("ann")
    lot = shop.sells("Ключ", "AAAA")
    opium.run_task("auto_delivery", "read_lots")
    ann.buys(lot)
    shop.poll(2)
    assert not lot.active
    shop.refill("p_001", "BBBB")
    shop.poll(2)
    assert lot.active
    check(opium, imported=2)


def test_an_order_paid_while_opium_was_off_is_delivered_if_it_is_young(
    world: World, opium: Driver
) -> None:
    shop, ann, bob = Shop(opium, world), world.buyer("ann"), world.buyer("bob")
    lot = shop.sells("Ключ", "AAAA", "BBBB")
    old = ann.buys(lot)
    world.travel(29 * 3600)
    young = bob.buys(lot)
    world.travel(3600)
    opium.restart()
    shop.poll(4)
    assert shop.status(old) == "held"
    assert "ago while Opium was off" in shop.delivery(old)["error"]
    assert shop.told(bob) == ["AAAA"]
    assert shop.status(young) == "delivered"
    check(opium, imported=2)


def test_what_the_seller_may_have_delivered_by_hand_is_held(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", "AAAA"))
    shop.seller.writes(ann, "Держите: ZZZZ")
    world.travel(3600)
    opium.restart()
    shop.poll(4)
    assert shop.status(order) == "held"
    assert "by hand" in shop.delivery(order)["error"]
    check(opium, imported=1)


def test_the_rest_of_a_confirmed_order_needs_a_word_and_repeats_nothing(
    world: World, opium: Driver
) -> None:
    shop, ann = Shop(opium, world, allow_partial=True), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", "AAAA"), amount=2)
    shop.poll(2)
    ann.confirms(order)
    shop.refill("p_001", "BBBB")
    shop.poll(2)
    assert shop.status(order) == "held"
    shop.ask("POST", f"/deliveries/{shop.delivery(order)['delivery_id']}/retry")
    shop.poll(2)
    assert shop.told(ann) == ["AAAA", "BBBB"]
    assert shop.status(order) == "delivered"
    assert shop.alerts() == []
    check(opium, imported=2)


def test_a_person_overrules_by_hand(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ"))
    shop.poll(2)
    shop.seller.writes(ann, "Сейчас пополню!")
    shop.refill("p_001", "AAAA")
    shop.poll(2)
    assert shop.status(order) == "held"
    shop.ask("POST", f"/deliveries/{shop.delivery(order)['delivery_id']}/retry")
    shop.poll(2)
    assert shop.told(ann)[-1] == "AAAA"
    check(opium, imported=1)


def test_what_the_site_delivers_itself_is_not_ours(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    shop.maps(shop.product("AAAA"), "Ключ")
    ann.buys(shop.seller.lot("Ключ", amount=None, secrets=["SITE"]))
    shop.poll(2)
    assert "AAAA" not in "".join(shop.told(ann))
    assert shop.ask("GET", "/deliveries")["total"] == 0
    check(opium, imported=1)


def test_two_shops_do_not_see_each_other(world: World, opium: Driver) -> None:
    shop, other, ann = Shop(opium, world), Shop(opium, world, "other"), world.buyer("ann")
    shop.sells("Ключ", "AAAA")
    lot = other.sells("Ключ", "BBBB")
    ann.buys(lot)
    shop.poll()
    other.poll(2)
    assert other.told(ann) == ["BBBB"]
    assert shop.ask("GET", "/products/p_001")["stock_count"] == 1
    assert other.refused("DELETE", "/products/p_001/stock/1")[0] == 404
    check(opium, imported=2)
