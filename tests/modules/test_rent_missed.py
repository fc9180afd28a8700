"""Orders paid while Opium was off, and orders that others may have served (contract 10.5)."""

from __future__ import annotations

import pytest
from rent_cast import RentShop

from sandbox.world import Buyer, Order


def while_off(shop: RentShop, ann: Buyer, hours: float = 1) -> Order:
    """Ann pays while the server is down; it starts again after so many hours."""
    order = ann.buys(shop.seller.lots[0])
    shop.world.travel(hours * 3600)
    shop.opium.restart()
    shop.poll(4)
    return order


def test_a_young_missed_order_is_served(shop: RentShop, ann: Buyer) -> None:
    shop.ready()
    order = while_off(shop, ann)
    assert shop.rental()["order_id"] == order.id
    assert shop.password_told(order)[0] == "alpha0"
    assert shop.minutes_left() > 58
    assert shop.alerts() == []


@pytest.mark.parametrize(
    ("settings", "hours"),
    [
        ({"process_missed_orders": False}, 1),
        ({"missed_orders_max_age_hours": 2}, 3),
        ({}, 25),
    ],
)
def test_other_missed_orders_are_left_to_a_person(
    shop: RentShop, ann: Buyer, settings: dict[str, object], hours: float
) -> None:
    shop.ready()
    shop.sets(**settings)
    order = while_off(shop, ann, hours)
    assert shop.rentals() == []
    assert shop.waits() == [(order.id, "held")]
    (alert,) = shop.alerts("held")
    assert order.id in alert
    assert "while Opium was off" in alert
    assert shop.told(ann) == []
    shop.tick()
    assert shop.rentals() == []


def test_a_person_may_serve_it_then(shop: RentShop, ann: Buyer) -> None:
    shop.ready()
    order = while_off(shop, ann, hours=25)
    shop.opium.ok("POST", f"{shop.base}/pending-orders/{order.id}/assign")
    shop.poll(2)
    assert shop.rental()["order_id"] == order.id
    assert shop.password_told(order)[0] == "alpha0"
    assert shop.alerts() == []
    shop.obeys_the_laws()


def test_a_missed_order_that_the_seller_served_by_hand_is_held(shop: RentShop, ann: Buyer) -> None:
    shop.ready()
    order = ann.buys(shop.seller.lots[0])
    shop.seller.writes(ann, "Держите: login / password")
    shop.world.travel(3600)
    shop.opium.restart()
    shop.poll(4)
    assert shop.waits() == [(order.id, "held")]
    assert any("by hand" in alert for alert in shop.alerts("held"))


def test_orders_from_before_the_first_contact_are_left_alone(shop: RentShop, ann: Buyer) -> None:
    lot = shop.seller.lot("Другое место", amount=10)
    order = ann.buys(lot)
    shop.world.ages(order, hours=2)
    shop.ready()
    shop.poll(3)
    assert shop.rentals() == []
    assert shop.waits() == []


def test_a_crash_between_choice_and_message_hands_out_once(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready(logins=2)
    shop.sends_stop()
    order = shop.rents(ann, lot)
    assert shop.rental()["delivery_pending"]
    shop.opium.restart()
    shop.sends_go_on()
    shop.poll(4)
    assert len(shop.told(ann)) == 1
    assert shop.rental()["order_id"] == order.id
    assert not shop.rental()["delivery_pending"]
    shop.obeys_the_laws()


def test_a_lost_answer_does_not_rent_out_twice(shop: RentShop, ann: Buyer) -> None:
    """Nobody knows whether the message arrived: it is looked for, and found."""
    lot = shop.ready(logins=2)
    shop.world.faults.add("cut", "after", path="/runner/", action="send")
    order = ann.buys(lot)
    shop.poll(2)
    shop.opium.restart()
    for _ in range(8):
        shop.world.travel(10)
        shop.poll()
    assert len(shop.told(ann)) == 1
    assert shop.rental()["order_id"] == order.id
    assert not shop.rental()["delivery_pending"]
    shop.obeys_the_laws()
