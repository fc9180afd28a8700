"""The bonus for a review, by the stars that FunPay shows (contract 10.3)."""

from __future__ import annotations

from typing import Any

import pytest
from rent_cast import RentShop
from sqlalchemy import text

from sandbox.world import Buyer, Lot, Order

BONUS: dict[str, Any] = {"bonus_minutes": 120, "min_rating_for_bonus": 4}


@pytest.fixture
def lot(shop: RentShop) -> Lot:
    """An hour, and two more for four stars."""
    shop.game()
    shop.account("alpha0")
    made = shop.lot(**BONUS)
    shop.poll()
    return made


@pytest.fixture
def order(shop: RentShop, ann: Buyer, lot: Lot) -> Order:
    return shop.rents(ann, lot)


def looks(shop: RentShop) -> None:
    """FunPay's notice is read, then the review."""
    shop.poll(2)
    shop.tick()


def queued(shop: RentShop) -> int:
    with shop.opium.core.db.read() as db:
        return len(db.execute(text("SELECT * FROM steam_rent_reviews")).all())


def test_a_good_review_adds_time_once(shop: RentShop, ann: Buyer, order: Order) -> None:
    assert (shop.rental()["entitled_bonus_minutes"], shop.rental()["bonus_minutes"]) == (120, 0)
    ann.reviews(order, 4, "хорошо")
    looks(shop)
    assert shop.rental()["bonus_minutes"] == 120
    assert 170 < shop.minutes_left() < 180
    assert "Добавили 2ч" in shop.last(ann)
    said = len(shop.told(ann))
    ann.reviews(order, 5, "отлично")
    looks(shop)
    assert 168 < shop.minutes_left() < 180
    assert len(shop.told(ann)) == said
    assert queued(shop) == 0


def test_a_bad_review_changes_nothing(shop: RentShop, ann: Buyer, order: Order) -> None:
    said = len(shop.told(ann))
    ann.reviews(order, 3)
    looks(shop)
    assert shop.rental()["bonus_minutes"] == 0
    assert shop.minutes_left() < 60
    assert len(shop.told(ann)) == said


def test_a_review_that_became_good_adds_time(shop: RentShop, ann: Buyer, order: Order) -> None:
    ann.reviews(order, 1)
    looks(shop)
    ann.reviews(order, 5)
    looks(shop)
    assert shop.rental()["bonus_minutes"] == 120


@pytest.mark.parametrize("how", ["changed", "deleted"])
def test_the_bonus_goes_with_the_review(shop: RentShop, ann: Buyer, order: Order, how: str) -> None:
    ann.reviews(order, 5)
    looks(shop)
    if how == "changed":
        ann.reviews(order, 1)
    else:
        ann.deletes_review(order)
    looks(shop)
    assert shop.rental()["bonus_minutes"] == 0
    assert 50 < shop.minutes_left() < 60
    assert "больше не действует" in shop.last(ann)


def test_without_the_bonus_the_time_may_be_over(shop: RentShop, ann: Buyer, order: Order) -> None:
    """Never below now: what was used is not owed."""
    ann.reviews(order, 5)
    looks(shop)
    shop.pass_minutes(100)
    ann.deletes_review(order)
    looks(shop)
    shop.tick()
    (ended,) = shop.rentals("expired")
    assert ended["bonus_minutes"] == 0
    assert "закончилась" in shop.last(ann)
    shop.obeys_the_laws()


def test_what_cannot_be_read_stays_queued_and_takes_nothing(
    shop: RentShop, ann: Buyer, order: Order
) -> None:
    ann.reviews(order, 5)
    looks(shop)
    shop.poll(2)
    ann.reviews(order, 2)
    shop.poll(2)
    for path in ("/api/orders/get", "/orders/*"):
        shop.world.faults.add("502", path=path, count=None)
    shop.opium.run_task("steam_rent", "read_reviews")
    shop.opium.run_task("steam_rent", "read_reviews")
    assert queued(shop) == 1
    assert shop.rental()["bonus_minutes"] == 120
    shop.world.faults.clear()
    shop.pass_minutes(1)
    looks(shop)
    assert queued(shop) == 0
    assert shop.rental()["bonus_minutes"] == 0


def test_any_review_is_enough_where_no_stars_are_asked_for(
    shop: RentShop, ann: Buyer, lot: Lot
) -> None:
    (mapping,) = shop.opium.get(f"{shop.base}/lot-mappings")
    body = {**mapping, "min_rating_for_bonus": 0}
    shop.opium.ok("PUT", f"{shop.base}/lot-mappings/0", body)
    order = shop.rents(ann, lot)
    ann.reviews(order, 1)
    looks(shop)
    assert shop.rental()["bonus_minutes"] == 120
    ann.deletes_review(order)
    looks(shop)
    assert shop.rental()["bonus_minutes"] == 0


def test_a_review_after_the_end_is_too_late(shop: RentShop, ann: Buyer, order: Order) -> None:
    shop.pass_minutes(61)
    shop.tick()
    said = len(shop.told(ann))
    ann.reviews(order, 5)
    looks(shop)
    assert shop.rentals() == []
    assert len(shop.told(ann)) == said


def test_an_extension_brings_its_own_bonus(shop: RentShop, ann: Buyer, lot: Lot) -> None:
    """Carried over, and due also when the first one was given already."""
    first = shop.rents(ann, lot)
    ann.reviews(first, 5)
    looks(shop)
    second = shop.rents(ann, lot)
    shop.says(ann, "!продлить alpha0")
    assert shop.rental()["entitled_bonus_minutes"] == 240
    assert shop.rental()["bonus_minutes"] == 120
    ann.reviews(second, 5)
    looks(shop)
    assert shop.rental()["bonus_minutes"] == 240


def test_a_bad_review_of_an_extension_does_not_take_what_the_first_one_earned(
    shop: RentShop, ann: Buyer, lot: Lot
) -> None:
    first = shop.rents(ann, lot)
    ann.reviews(first, 5)
    looks(shop)
    second = shop.rents(ann, lot)
    shop.says(ann, "!продлить alpha0")
    ann.reviews(second, 1)
    looks(shop)
    assert shop.rental()["bonus_minutes"] >= 120


def test_a_review_of_a_stranger_order_is_nobodys(shop: RentShop, ann: Buyer, order: Order) -> None:
    other = ann.buys(shop.seller.lot("Что-то другое"))
    shop.poll(2)
    ann.reviews(other, 5)
    looks(shop)
    assert queued(shop) == 0
    assert shop.rental()["bonus_minutes"] == 0


def test_a_buyer_who_writes_like_funpay_gets_nothing(
    shop: RentShop, ann: Buyer, order: Order
) -> None:
    ann.writes(shop.seller, f"Покупатель ann написал отзыв к заказу #{order.id}.")
    looks(shop)
    assert queued(shop) == 0
    assert shop.rental()["bonus_minutes"] == 0


def test_a_refunded_extension_takes_its_bonus_along(shop: RentShop, ann: Buyer, lot: Lot) -> None:
    first = shop.rents(ann, lot)
    second = shop.rents(ann, lot)
    shop.says(ann, "!продлить alpha0")
    ann.reviews(first, 5)
    looks(shop)
    assert shop.rental()["bonus_minutes"] == 240
    shop.seller.refunds(second)
    shop.poll(2)
    assert shop.rental()["bonus_minutes"] == shop.rental()["entitled_bonus_minutes"] == 120
    assert 170 < shop.minutes_left() < 180
