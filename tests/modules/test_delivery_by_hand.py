"""`POST /deliveries`: what a person hands out is handed out once."""

from __future__ import annotations

from typing import Any

import pytest
from driver import Driver
from sqlalchemy import text
from test_delivery_invariants import Shop, check

from opium.kit import FunPay
from sandbox.world import Order, World

DAY = 24 * 3600


@pytest.fixture
def shop(world: World, opium: Driver) -> Shop:
    return Shop(opium, world)


def key(word: str) -> dict[str, Any]:
    return {"headers": {"Idempotency-Key": word}}


def seen(shop: Shop, order: Order) -> tuple[str, str | None]:
    """What became of an order, and who owns it."""
    with shop.opium.core.db.read() as db:
        sql = text("SELECT decision, owner FROM orders_seen WHERE order_id = :id")
        row = db.execute(sql, {"id": order.id}).one()
    return str(row[0]), row[1]


@pytest.mark.parametrize("mapped", [True, False], ids=["with a mapping", "without"])
def test_an_order_given_by_hand_before_it_was_offered_is_taken_and_never_given_again(
    shop: Shop, world: World, mapped: bool
) -> None:
    ann = world.buyer("ann")
    product, lot = shop.product("AAAA", "BBBB"), shop.seller.lot("Ключ")
    if mapped:
        shop.maps(product, "Ключ")
    order = ann.buys(lot)
    shop.ask("POST", "/deliveries", {"order_id": order.id, "product_id": product})
    shop.poll(3)
    assert seen(shop, order) == ("taken", "auto_delivery")
    shop.opium.restart()
    shop.poll(3)
    shop.maps(product, "ключ", "substring")
    shop.opium.run_task("auto_delivery", "tend")
    shop.opium.pass_time(shop.seller, 400)
    assert shop.told(ann) == ["AAAA"]
    assert shop.status(order) == "delivered"
    assert seen(shop, order) == ("taken", "auto_delivery")
    assert [alert for alert in shop.alerts() if order.id in alert] == []
    assert (
        shop.refused("POST", "/deliveries", {"order_id": order.id, "product_id": product})[0] == 409
    )
    check(shop.opium, imported=2)


def test_the_same_key_shows_the_same_delivery_and_gives_nothing(shop: Shop, world: World) -> None:
    ann = world.buyer("ann")
    product = shop.product("AAAA", "BBBB")
    order = ann.buys(shop.seller.lot("Что-то ещё"))
    body = {"order_id": order.id, "product_id": product}
    first = shop.ask("POST", "/deliveries", body, **key("one"))
    assert shop.ask("POST", "/deliveries", body, **key("one")) == first
    shop.poll(2)
    shop.opium.restart()
    shop.poll(2)
    again = shop.ask("POST", "/deliveries", body, **key("one"))
    assert (again["delivery_id"], again["status"]) == (first["delivery_id"], "delivered")
    assert shop.refused("POST", "/deliveries", body, **key("two"))[0] == 409
    assert shop.refused("POST", "/deliveries", body)[0] == 409
    shop.poll(2)
    assert shop.told(ann) == ["AAAA"]
    audit = [row["action"] for row in shop.opium.get("/api/audit")["items"]]
    assert audit.count("DELIVERY_BY_HAND") == 1
    check(shop.opium, imported=2)


def test_the_same_request_twice_at_once_gives_once(
    shop: Shop, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one comes while the first still reads the order."""
    ann = world.buyer("ann")
    product, order = shop.product("AAAA", "BBBB"), ann.buys(shop.seller.lot("Что-то ещё"))
    body = {"order_id": order.id, "product_id": product}
    read = FunPay.order
    answers: list[Any] = []

    def reading(client: FunPay, order_id: str) -> Any:
        found = read(client, order_id)
        if not answers:
            answers.append(None)
            answers[0] = shop.ask("POST", "/deliveries", body, **key("one"))
        return found

    monkeypatch.setattr(FunPay, "order", reading)
    assert shop.ask("POST", "/deliveries", body, **key("one")) == answers[0]
    shop.poll(2)
    assert shop.told(ann) == ["AAAA"]
    check(shop.opium, imported=2)


def test_a_key_belongs_to_one_request(shop: Shop, world: World) -> None:
    ann, bob = world.buyer("ann"), world.buyer("bob")
    product, lot = shop.product("AAAA", "BBBB"), shop.seller.lot("Что-то ещё")
    first, second = ann.buys(lot), bob.buys(lot)
    shop.ask("POST", "/deliveries", {"order_id": first.id, "product_id": product}, **key("one"))
    other = {"order_id": second.id, "product_id": product}
    status, detail = shop.refused("POST", "/deliveries", other, **key("one"))
    assert (status, detail) == (409, "This Idempotency-Key was used for another request.")
    shop.poll(2)
    assert (shop.told(ann), shop.told(bob)) == (["AAAA"], [])
    assert shop.refused("POST", "/deliveries", other, **key(""))[0] == 400
    check(shop.opium, imported=2)


def test_what_was_refused_may_be_asked_with_the_same_key(shop: Shop, world: World) -> None:
    ann = world.buyer("ann")
    product, order = shop.product("AAAA"), ann.buys(shop.seller.lot("Что-то ещё"))
    assert shop.refused("POST", "/deliveries", {"order_id": order.id}, **key("one"))[0] == 400
    body = {"order_id": order.id, "product_id": product}
    shop.ask("POST", "/deliveries", body, **key("one"))
    shop.poll(2)
    assert shop.told(ann) == ["AAAA"]


def test_a_key_is_kept_for_a_day_and_is_the_accounts_own(shop: Shop, world: World) -> None:
    ann, bob, kim = (world.buyer(name) for name in ("ann", "bob", "kim"))
    product, lot = shop.product("AAAA", "BBBB"), shop.seller.lot("Что-то ещё")
    other = Shop(shop.opium, world, "other")
    elsewhere = kim.buys(other.seller.lot("Другое"))
    first = ann.buys(lot)
    shop.ask("POST", "/deliveries", {"order_id": first.id, "product_id": product}, **key("one"))
    body = {"order_id": elsewhere.id, "product_id": other.product("CCCC")}
    other.ask("POST", "/deliveries", body, **key("one"))
    shop.poll(2)
    world.travel(DAY)
    shop.poll(2)
    second = bob.buys(lot)
    shop.ask("POST", "/deliveries", {"order_id": second.id, "product_id": product}, **key("one"))
    shop.poll(2)
    assert (shop.told(ann), shop.told(bob)) == (["AAAA"], ["BBBB"])
    world.travel(DAY + 1)
    shop.opium.run_task("auto_delivery", "tend")
    with shop.opium.core.db.read() as db:
        assert db.scalar(text("SELECT count(*) FROM auto_delivery_requests")) == 0
    check(shop.opium, imported=3)
