"""Fault matrix, row 90: a restored database never sells a sold key again."""

from __future__ import annotations

from pathlib import Path

import pytest
from backup_cast import (
    HOUR,
    copy_by_hand,
    copy_now,
    deliver_all,
    is_read,
    keys_sold,
    lines,
    put_back,
    read_again,
    reconcile_alert,
    release,
    roll_back,
    snapshot,
    sold_once,
)
from driver import Driver
from story_cast import Shop

from opium.modules.auto_delivery import reconcile as recognition
from sandbox.world import Buyer, World


def test_yesterdays_copy_sends_nothing_until_a_person_releases_it(
    shop: Shop, ann: Buyer, world: World
) -> None:
    """Row 90: one order is still open, one was confirmed, one was refunded after the delivery."""
    lot = shop.sells(keys=20)
    before = ann.buys(lot)
    deliver_all(shop, [before])
    copy = copy_now(shop.opium)
    world.travel(20 * HOUR)
    bob, eve = world.buyer("bob"), world.buyer("eve")
    still, confirmed, refunded = ann.buys(lot, amount=2), bob.buys(lot), eve.buys(lot, amount=3)
    deliver_all(shop, [still, confirmed, refunded])
    bob.confirms(confirmed)
    shop.seller.refunds(refunded)
    shop.poll(2)
    posts = len(shop.posts())
    put_back(shop.opium, copy)
    assert shop.free_keys() == 19
    shop.poll()
    assert not is_read(shop) or shop.free_keys() == 13
    read_again(shop)
    new = ann.buys(lot)
    shop.pass_time(400)
    assert len(shop.posts()) == posts
    assert shop.free_keys() == 13
    assert {shop.handout(o) for o in (before, still, confirmed, refunded)} == {"delivered"}
    assert shop.handout(new) is None
    alert = reconcile_alert(shop)
    assert alert is not None
    assert "Of 3 orders that it has lost 3 are in the chats" in str(alert["text"])
    assert "6 items marked as sold" in str(alert["text"])
    assert "0 are held" in str(alert["text"])
    release(shop)
    shop.pass_time(120)
    assert shop.handout(new) == "delivered"
    assert len(shop.posts()) == posts + 1
    assert sold_once(shop, ann, bob, eve)
    assert shop.free_keys() == 12
    shop.obeys_the_laws(before, still, confirmed, refunded, new)


def test_a_copy_of_the_same_hour_put_back_by_hand_is_noticed_too(shop: Shop, ann: Buyer) -> None:
    lot = shop.sells(keys=5)
    shop.poll()
    copy = copy_now(shop.opium)
    first = ann.buys(lot)
    deliver_all(shop, [first])
    copy_by_hand(shop.opium, copy)
    read_again(shop)
    assert shop.free_keys() == 4
    second = ann.buys(lot)
    release(shop)
    deliver_all(shop, [first, second])
    assert sold_once(shop, ann)


def test_a_database_without_its_counter_file_comes_from_elsewhere(shop: Shop, ann: Buyer) -> None:
    shop.sells(keys=5)
    shop.poll()
    (shop.opium.core.config.instance / "epoch").unlink()
    shop.opium.restart()
    assert reconcile_alert(shop) is not None
    read_again(shop)


def test_an_ordinary_restart_holds_nothing(shop: Shop, ann: Buyer) -> None:
    lot = shop.sells(keys=5)
    orders = []
    for _ in range(4):
        copy_now(shop.opium)
        shop.opium.restart()
        orders.append(ann.buys(lot))
        deliver_all(shop, orders, polls=4)
    assert reconcile_alert(shop) is None
    assert shop.alerts() == []


def test_a_rolled_back_machine_is_noticed_by_its_own_messages(
    shop: Shop, ann: Buyer, world: World, tmp_path: Path
) -> None:
    """The counter file went back with the database; the chat did not."""
    lot = shop.sells(keys=10)
    first = ann.buys(lot)
    deliver_all(shop, [first])
    picture = snapshot(shop.opium, tmp_path / "picture")
    world.travel(5 * HOUR)
    bob = world.buyer("bob")
    confirmed, still = bob.buys(lot), ann.buys(lot)
    deliver_all(shop, [confirmed, still])
    bob.confirms(confirmed)
    roll_back(shop.opium, picture)
    posts = len(shop.posts())
    new = bob.buys(lot)
    assert reconcile_alert(shop) is None
    shop.poll()
    assert reconcile_alert(shop) is not None
    read_again(shop)
    assert {shop.handout(order) for order in (confirmed, still)} == {"delivered"}
    assert shop.handout(new) is None
    assert shop.free_keys() == 7
    assert len(shop.posts()) == posts
    release(shop)
    shop.pass_time(60)
    assert sold_once(shop, ann, bob)
    # It was paid before anybody looked: nobody can say that it got nothing.
    assert any(new.id in text for text in shop.alerts("held"))
    later = bob.buys(lot)
    deliver_all(shop, [later])
    assert sold_once(shop, ann, bob)
    assert reconcile_alert(shop) is None


def test_a_rolled_back_machine_is_noticed_when_a_chat_is_read(
    opium: Driver, ann: Buyer, world: World, tmp_path: Path
) -> None:
    """Nothing paid is open, so no order leads there; a buyer's question does."""
    shop = Shop(opium, "chatty", chats=True)
    lot = shop.sells(keys=10)
    deliver_all(shop, [ann.buys(lot)])
    picture = snapshot(opium, tmp_path / "picture")
    world.travel(5 * HOUR)
    lost = ann.buys(lot)
    deliver_all(shop, [lost])
    ann.confirms(lost)
    roll_back(opium, picture)
    ann.writes(shop.seller, "Спасибо! Есть вопрос")
    shop.poll(3)
    assert reconcile_alert(shop) is not None
    read_again(shop)
    release(shop)
    later = ann.buys(lot)
    deliver_all(shop, [later])
    assert sold_once(shop, ann)


def test_an_order_without_a_message_is_held_since_nobody_knows_its_key(
    shop: Shop, ann: Buyer, world: World
) -> None:
    lot = shop.sells(keys=5)
    shop.poll()
    copy = copy_now(shop.opium)
    world.travel(HOUR)
    order = ann.buys(lot)
    put_back(shop.opium, copy)
    read_again(shop)
    release(shop)
    shop.pass_time(400)
    assert shop.handout(order) is None
    assert shop.posts() == []
    (text,) = [text for text in shop.alerts("held") if order.id in text]
    assert "not known" in text
    shop.obeys_the_laws(order)
    shop.opium.ok("POST", f"{shop.base}/deliveries", {"order_id": order.id})
    shop.poll(3)
    assert shop.delivered(order)


def test_goods_that_the_seller_gave_by_hand_are_taken_off_the_shelf(
    shop: Shop, ann: Buyer, world: World
) -> None:
    lot = shop.sells(keys=5)
    ann.buys(lot)
    shop.poll(3)
    copy = copy_now(shop.opium)
    shop.seller.writes(ann, "Вот ещё один: KEY-shop-0003 приятной игры")
    put_back(shop.opium, copy)
    read_again(shop)
    assert lines(shop, "withdrawn") == 1
    assert shop.free_keys() == 3


def test_what_waited_in_the_copy_is_settled_by_the_chat_and_not_sent_twice(
    shop: Shop, ann: Buyer, world: World
) -> None:
    """The copy was taken between the claim and the send: its messages wait in it."""
    lot = shop.sells(keys=50)
    shop.poll()
    shop.strikes("429", retry_after=120, count=1)
    order = ann.buys(lot, amount=45)
    shop.poll()
    assert shop.command(order).state == "waiting"
    copy = copy_now(shop.opium)
    shop.pass_time(400)
    assert shop.delivered(order)
    posts = len(shop.posts())
    put_back(shop.opium, copy)
    assert shop.command(order).state == "waiting"
    read_again(shop)
    release(shop)
    shop.pass_time(300)
    assert len(shop.posts()) == posts
    assert shop.handout(order) == "delivered"
    assert shop.delivered(order)


def test_what_waited_in_the_copy_and_is_not_in_the_chat_is_held(
    shop: Shop, ann: Buyer, world: World
) -> None:
    lot = shop.sells(keys=5)
    shop.poll()
    shop.strikes("429", retry_after=120, count=1)
    order = ann.buys(lot)
    shop.poll()
    copy = copy_now(shop.opium)
    put_back(shop.opium, copy)
    read_again(shop)
    release(shop)
    shop.pass_time(300)
    assert shop.posts()[1:] == []
    assert shop.handout(order) == "held"
    assert any(order.id in text for text in shop.alerts("held"))
    shop.obeys_the_laws(order)


def test_a_waiting_order_that_was_served_later_is_not_served_again(
    shop: Shop, ann: Buyer, world: World
) -> None:
    """In the copy the order waits for stock; afterwards stock came and it was delivered."""
    lot = shop.sells(keys=1)
    shop.poll()
    order = ann.buys(lot, amount=2)
    shop.poll(2)
    assert shop.handout(order) == "waiting_stock"
    copy = copy_now(shop.opium)
    fill(shop, "KEY-shop-0001", "KEY-shop-0002")
    shop.poll(3)
    assert shop.delivered(order)
    put_back(shop.opium, copy)
    fill(shop, "KEY-shop-0001", "KEY-shop-0002")
    shop.opium.run_task("auto_delivery", "tend")
    read_again(shop)
    release(shop)
    shop.opium.run_task("auto_delivery", "tend")
    shop.pass_time(100)
    assert sold_once(shop, ann)
    assert shop.handout(order) == "delivered"
    assert shop.free_keys() == 1


def fill(shop: Shop, *keys: str) -> None:
    (product,) = shop.opium.get(f"{shop.base}/products")
    path = f"{shop.base}/products/{product['product_id']}/stock"
    shop.opium.ok("POST", path, {"lines": list(keys)})


def test_nothing_is_given_by_a_person_either_while_it_is_read(
    shop: Shop, ann: Buyer, world: World
) -> None:
    lot = shop.sells(keys=5)
    shop.poll()
    copy = copy_now(shop.opium)
    order = ann.buys(lot)
    deliver_all(shop, [order])
    put_back(shop.opium, copy)
    alert = reconcile_alert(shop)
    assert alert is not None
    early = shop.opium.call("POST", f"/api/alerts/{alert['id']}/ack")
    assert early.status_code == 409
    shop.reads_meet("500", "/chat/history")
    shop.poll(2)
    assert not is_read(shop)
    world.faults.clear()
    shop.opium.restart()
    assert reconcile_alert(shop) is not None
    read_again(shop)
    assert shop.free_keys() == 4


def test_the_release_is_in_the_audit_log_and_is_for_one_account(
    opium: Driver, world: World, ann: Buyer
) -> None:
    shop, other = Shop(opium, "shop"), Shop(opium, "other")
    lots = [each.sells(keys=5) for each in (shop, other)]
    for each in (shop, other):
        each.poll()
    put_back(opium, copy_now(opium))
    for each in (shop, other):
        read_again(each)
    release(shop)
    shop_order, other_order = (ann.buys(lot) for lot in lots)
    for _ in range(4):
        shop.poll()
        other.poll()
    assert shop.handout(shop_order) == "delivered"
    assert other.handout(other_order) is None
    assert other.posts() == []
    actions = [(e["action"], e["target"]) for e in opium.get("/api/audit")["items"]]
    assert ("RECONCILE_RELEASED", "shop") in actions
    refused = opium.call("POST", f"/api/accounts/other/orders/{other_order.id}/refund")
    assert refused.status_code == 400


@pytest.mark.parametrize(
    ("template", "item"),
    [
        ("Ваш ключ: {product}", "AAAA-BBBB-CCCC"),
        ("Ключ «{product}», спасибо", "AAAA-BBBB-CCCC"),
        ("{product}", "login: ann\npassword: q w e\nmail: a@b.c"),
        ("{product}", "две  пробела   внутри"),
        ("{product}", "\n".join(f"строка {n} из многих" for n in range(12))),
    ],
    ids=["on a line", "in quotes", "many lines", "spaces", "a page"],
)
def test_goods_are_recognised_however_they_were_wrapped(
    shop: Shop, ann: Buyer, template: str, item: str
) -> None:
    lot = shop.seller.lot("Ключ", amount=1000)
    body = {"name": "Ключ", "stock": [item, "another-one"], "delivery_text": template}
    product = shop.opium.ok("POST", f"{shop.base}/products", body)["product_id"]
    mapping = {"product_id": product, "match": "exact", "pattern": "Ключ"}
    shop.opium.ok("POST", f"{shop.base}/lot-mappings", mapping)
    shop.poll()
    copy = copy_now(shop.opium)
    order = ann.buys(lot)
    deliver_all(shop, [order])
    put_back(shop.opium, copy)
    read_again(shop)
    assert lines(shop, "taken") == 1
    assert lines(shop, "free") == 1
    assert shop.handout(order) == "delivered"


def test_a_long_item_in_several_messages_is_recognised(shop: Shop, ann: Buyer) -> None:
    item = "\n".join(f"{n:04d}-" + "x" * 90 for n in range(40))
    lot = shop.seller.lot("Ключ", amount=1000)
    body = {"name": "Ключ", "stock": [item, "another-one"], "delivery_text": "{product}"}
    product = shop.opium.ok("POST", f"{shop.base}/products", body)["product_id"]
    mapping = {"product_id": product, "match": "exact", "pattern": "Ключ"}
    shop.opium.ok("POST", f"{shop.base}/lot-mappings", mapping)
    shop.poll()
    copy = copy_now(shop.opium)
    order = ann.buys(lot)
    deliver_all(shop, [order], polls=20)
    put_back(shop.opium, copy)
    read_again(shop)
    assert lines(shop, "taken") == 1
    assert shop.handout(order) == "delivered"


def test_static_goods_are_rebuilt_without_lines(shop: Shop, ann: Buyer) -> None:
    lot = shop.seller.lot("Гайд", amount=1000)
    body = {"name": "Гайд", "kind": "static", "static_text": "https://example.org/guide"}
    product = shop.opium.ok("POST", f"{shop.base}/products", body)["product_id"]
    mapping = {"product_id": product, "match": "exact", "pattern": "Гайд"}
    shop.opium.ok("POST", f"{shop.base}/lot-mappings", mapping)
    shop.poll()
    copy = copy_now(shop.opium)
    order = ann.buys(lot)
    deliver_all(shop, [order])
    put_back(shop.opium, copy)
    read_again(shop)
    release(shop)
    shop.pass_time(60)
    assert shop.handout(order) == "delivered"
    assert len(shop.told(ann)) == 1


def test_goods_imported_after_the_copy_are_not_asked_for_twice(shop: Shop, ann: Buyer) -> None:
    """The product itself is newer than the copy: the order counts as served all the same."""
    shop.poll()
    copy = copy_now(shop.opium)
    order = ann.buys(shop.sells(keys=3))
    deliver_all(shop, [order])
    put_back(shop.opium, copy)
    read_again(shop)
    assert shop.handout(order) == "delivered"
    again = shop.sells("Другой", keys=3)
    release(shop)
    later = ann.buys(again)
    deliver_all(shop, [later])
    assert len(shop.told(ann)) == 2


def test_many_sales_over_several_pages_are_all_found(shop: Shop, world: World) -> None:
    shop.sets(missed_orders_max_age_hours=48)
    lot = shop.sells(keys=200)
    shop.poll()
    copy = copy_now(shop.opium)
    buyers = [world.buyer(f"buyer{n}") for n in range(120)]
    orders = [buyer.buys(lot) for buyer in buyers]
    for _ in range(40):
        shop.poll()
    assert {shop.handout(order) for order in orders} == {"delivered"}
    for n, order in enumerate(orders):
        if n % 2:
            order.buyer.confirms(order)
    put_back(shop.opium, copy)
    shop.poll()
    early = buyers[0].buys(lot)
    refused = shop.opium.call("POST", f"{shop.base}/deliveries", {"order_id": early.id})
    assert not is_read(shop)
    assert refused.status_code == 400
    assert "still being read" in refused.get_json()["detail"]
    read_again(shop, polls=300)
    assert shop.free_keys() == 80
    release(shop)
    later = buyers[0].buys(lot)
    deliver_all(shop, [early, later])
    assert sold_once(shop, *buyers)
    assert len(keys_sold(shop, *buyers)) == 122


def test_a_redelivery_of_other_goods_takes_those(shop: Shop, ann: Buyer) -> None:
    lot = shop.sells(keys=5)
    shop.poll()
    copy = copy_now(shop.opium)
    order = ann.buys(lot)
    deliver_all(shop, [order])
    (delivery,) = shop.opium.get(f"{shop.base}/deliveries")["items"]
    path = f"{shop.base}/deliveries/{delivery['delivery_id']}/redeliver"
    shop.opium.ok("POST", path, {"mode": "new"})
    shop.poll(3)
    assert len(shop.told(ann)) == 2
    put_back(shop.opium, copy)
    read_again(shop)
    assert (lines(shop, "taken"), lines(shop, "burned"), lines(shop, "free")) == (1, 1, 3)
    assert shop.handout(order) == "delivered"


def test_what_a_person_asks_for_after_the_reading_waits_for_the_release(
    shop: Shop, ann: Buyer
) -> None:
    lot = shop.sells(keys=5)
    order = ann.buys(lot)
    deliver_all(shop, [order])
    put_back(shop.opium, copy_now(shop.opium))
    read_again(shop)
    (delivery,) = shop.opium.get(f"{shop.base}/deliveries")["items"]
    path = f"{shop.base}/deliveries/{delivery['delivery_id']}/redeliver"
    shop.opium.ok("POST", path, {"mode": "same"})
    shop.poll(10)
    assert len(shop.posts()) == 1
    release(shop)
    shop.poll(3)
    assert shop.markers(ann) == [f"#{order.id}-D1/1", f"#{order.id}-R1-1/1"]


def test_a_command_of_the_lost_time_is_not_obeyed_again(
    opium: Driver, world: World, ann: Buyer
) -> None:
    shop = Shop(opium, chats=True)
    lot = shop.sells(keys=5)
    order = ann.buys(lot)
    shop.poll(4)
    copy = copy_now(opium)
    ann.writes(shop.seller, "!товар")
    shop.poll(4)
    assert len(shop.told(ann)) == 2
    put_back(opium, copy)
    read_again(shop)
    release(shop)
    shop.poll(12)
    assert len(shop.told(ann)) == 2
    ann.writes(shop.seller, "!товар")
    shop.poll(6)
    assert shop.markers(ann)[-1] == f"#{order.id}-R2-1/1"


def test_an_event_that_was_open_in_the_copy_is_not_handled_behind_a_persons_back(
    shop: Shop, ann: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: object) -> None:
        raise RuntimeError("not now")

    lot = shop.sells(keys=5)
    shop.poll()
    with monkeypatch.context() as broken:
        broken.setattr("opium.modules.auto_delivery.deliver.take_up", fails)
        order = ann.buys(lot)
        shop.opium.poll(shop.seller)
        copy = copy_now(shop.opium)
    put_back(shop.opium, copy)
    read_again(shop)
    release(shop)
    shop.pass_time(400)
    assert shop.handout(order) is None
    assert shop.posts() == []
    assert any(order.id in text for text in shop.alerts("held"))


def test_a_waiting_order_that_was_served_later_is_not_refunded_for_its_age(
    shop: Shop, ann: Buyer, world: World
) -> None:
    shop.sets(wait_ttl_minutes=30)
    lot = shop.sells(keys=1)
    shop.poll()
    order = ann.buys(lot, amount=2)
    shop.poll(2)
    copy = copy_now(shop.opium)
    fill(shop, "KEY-shop-0001", "KEY-shop-0002")
    shop.poll(3)
    assert shop.delivered(order)
    world.travel(HOUR)
    put_back(shop.opium, copy)
    shop.opium.run_task("auto_delivery", "tend")
    read_again(shop)
    release(shop)
    shop.opium.run_task("auto_delivery", "tend")
    shop.pass_time(100)
    assert order.status == "paid"
    assert shop.handout(order) == "delivered"


def test_words_of_a_message_are_candidates_line_by_line() -> None:
    found = recognition._candidates("Ваш ключ: A-1 B-2\n\nspec\nlast")
    assert {"A-1 B-2", "A-1", "spec\nlast", "Ваш ключ: A-1 B-2"} <= set(found)


def test_an_item_is_not_found_inside_a_longer_one() -> None:
    assert recognition._says(" KEY-10 ", "KEY-10", "KEY-10")
    assert not recognition._says(" KEY-10 ", "KEY-10", "KEY-1")
    assert recognition._says(" «KEY-1», ", "«KEY-1»,", "KEY-1")


@pytest.mark.parametrize("end", ["confirmed", "refunded"])
def test_a_rolled_back_machine_is_noticed_by_a_sale_that_has_ended(
    shop: Shop, ann: Buyer, world: World, tmp_path: Path, end: str
) -> None:
    """Nothing open leads to the chat where the lost goods are; the next one would get them."""
    lot = shop.sells(keys=10)
    before = ann.buys(lot)
    deliver_all(shop, [before])
    picture = snapshot(shop.opium, tmp_path / "picture")
    world.travel(5 * HOUR)
    lost = ann.buys(lot)
    deliver_all(shop, [lost])
    if end == "confirmed":
        ann.confirms(lost)
    else:
        shop.seller.refunds(lost)
    roll_back(shop.opium, picture)
    bob = world.buyer("bob")
    new = bob.buys(lot)
    shop.poll(2)
    assert reconcile_alert(shop) is not None
    assert shop.told(bob) == []
    read_again(shop)
    release(shop)
    shop.poll(3)
    later = bob.buys(lot)
    deliver_all(shop, [later])
    assert sold_once(shop, ann, bob)
    shop.obeys_the_laws(before, lost, new, later)


def test_a_sale_that_ended_while_we_were_off_is_looked_at_once(
    shop: Shop, ann: Buyer, world: World
) -> None:
    """FunPay, or the seller by hand, may have served it: that is no sign of an older database."""
    lot = shop.sells(keys=10)
    deliver_all(shop, [ann.buys(lot)])
    bob = world.buyer("bob")
    missed = bob.buys(lot)
    shop.seller.writes(bob, "Вот ключ: XXXX")
    bob.confirms(missed)
    world.travel(HOUR)
    shop.opium.restart()
    shop.poll(3)
    assert reconcile_alert(shop) is None
    histories = len(shop.reads("/chat/history"))
    assert histories > 0
    shop.opium.restart()
    shop.poll(3)
    assert len(shop.reads("/chat/history")) == histories
    new = ann.buys(lot)
    deliver_all(shop, [new])
