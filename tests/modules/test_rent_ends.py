"""How rentals end, and what buyers hear of it (contract 10.3, 10.5)."""

from __future__ import annotations

import pytest
from rent_cast import PASSWORD, RentShop

from sandbox.world import Buyer

CONFIRM = "https://funpay.com/orders/{}/"
REVIEW = "Будем рады вашему отзыву о заказе #{}."


def test_he_is_warned_once(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.sets(expiry_warning_minutes=15)
    shop.rents(ann, lot)
    said = len(shop.told(ann))
    shop.pass_minutes(40)
    shop.tick()
    assert len(shop.told(ann)) == said
    shop.pass_minutes(8)
    for _ in range(3):
        shop.tick()
    assert shop.told(ann)[said:] == [shop.last(ann)]
    assert "закончится через 1" in shop.last(ann)
    assert shop.rental()["warning_sent"]


@pytest.mark.parametrize("how", ["extension", "added time"])
def test_more_time_means_another_warning(shop: RentShop, ann: Buyer, how: str) -> None:
    lot = shop.ready()
    shop.sets(expiry_warning_minutes=15)
    shop.rents(ann, lot)
    shop.pass_minutes(50)
    shop.tick()
    assert shop.rental()["warning_sent"]
    if how == "extension":
        shop.rents(ann, lot)
        shop.says(ann, "!продлить alpha0")
    else:
        path = f"{shop.base}/rentals/{shop.rental()['rental_id']}/time"
        shop.opium.ok("PATCH", path, {"minutes": 60})
    assert not shop.rental()["warning_sent"]
    shop.pass_minutes(55)
    shop.tick()
    assert "закончится через" in shop.last(ann)


def test_without_the_setting_nobody_is_warned(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.rents(ann, lot)
    said = len(shop.told(ann))
    shop.pass_minutes(57)
    shop.tick()
    assert len(shop.told(ann)) == said


@pytest.mark.parametrize(
    ("confirmed", "reviewed"), [(False, False), (True, False), (False, True), (True, True)]
)
def test_the_farewell_asks_only_for_what_is_missing(
    shop: RentShop, ann: Buyer, confirmed: bool, reviewed: bool
) -> None:
    lot = shop.ready()
    order = shop.rents(ann, lot)
    if reviewed:
        ann.reviews(order, 5)
    if confirmed:
        ann.confirms(order)
    shop.pass_minutes(61)
    shop.tick()
    shop.tick()
    farewell = [said for said in shop.told(ann) if "закончилась" in said]
    assert len(farewell) == 1
    assert (CONFIRM.format(order.id) in farewell[0]) != confirmed
    assert (REVIEW.format(order.id) in farewell[0]) != reviewed


def test_an_order_that_cannot_be_read_gets_both_requests(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    order = shop.rents(ann, lot)
    ann.reviews(order, 5)
    shop.pass_minutes(61)
    for path in ("/api/orders/get", "/orders/*"):
        shop.world.faults.add("502", path=path, count=None)
    shop.opium.run_task("steam_rent", "tick")
    shop.world.faults.clear()
    shop.tick()
    assert CONFIRM.format(order.id) in shop.last(ann)
    assert REVIEW.format(order.id) in shop.last(ann)


def test_a_rental_ends_on_time_when_funpay_is_down(shop: RentShop, ann: Buyer) -> None:
    """The farewell waits; the end does not."""
    lot = shop.ready()
    order = shop.rents(ann, lot)
    guest = shop.enters(order)
    shop.world.faults.add("502", count=None)
    shop.poll()
    shop.pass_minutes(61)
    shop.tick()
    assert shop.shown()["status"] == "free"
    assert not guest.works()
    assert len(shop.rentals("expired")) == 1
    shop.world.faults.clear()
    shop.pass_minutes(15)
    shop.poll(5)
    assert "закончилась" in shop.last(ann)
    shop.obeys_the_laws()


def test_overdue_rentals_end_at_the_first_tick_after_a_restart(
    shop: RentShop, ann: Buyer, bob: Buyer
) -> None:
    lot = shop.ready(logins=2)
    shop.rents(ann, lot)
    shop.pass_minutes(5)
    shop.rents(bob, lot)
    shop.opium.restart()
    shop.pass_minutes(120)
    shop.opium.run_task("steam_rent", "tick")
    first, second = sorted(shop.rentals("expired"), key=lambda r: str(r["end_time"]))
    assert (first["buyer_username"], second["buyer_username"]) == ("ann", "bob")
    shop.poll(3)
    shop.tick()
    shop.tick()
    assert all(row["status"] == "free" for row in (shop.shown("alpha0"), shop.shown("alpha1")))
    assert "закончилась" in shop.last(ann)
    assert "закончилась" in shop.last(bob)
    shop.obeys_the_laws()


def test_active_rentals_go_on_after_a_restart(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    order = shop.rents(ann, lot)
    before = shop.rental()
    shop.opium.restart()
    shop.poll(3)
    shop.tick()
    assert shop.rental() == before
    assert len(shop.told(ann)) == 1
    assert shop.enters(order).works()


def test_the_seller_ends_a_rental_at_once(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    order = shop.rents(ann, lot)
    guest = shop.enters(order)
    path = f"{shop.base}/rentals/{shop.rental()['rental_id']}/terminate"
    answer = shop.opium.ok("POST", path)
    assert (answer["status"], answer["delivered_password"]) == ("revoked", "***")
    assert shop.shown()["release_state"] == "releasing"
    assert guest.works()
    shop.tick()
    assert not guest.works()
    assert shop.shown()["status"] == "free"
    assert "завершена" in shop.last(ann)
    assert "закончилась" not in shop.last(ann)
    assert shop.opium.call("POST", path).status_code == 400
    shop.obeys_the_laws()


def test_a_refund_ends_the_rental_at_once(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    order = shop.rents(ann, lot)
    guest = shop.enters(order)
    shop.seller.refunds(order)
    shop.poll(2)
    (ended,) = shop.rentals("revoked")
    assert ended["order_id"] == order.id
    shop.tick()
    assert not guest.works()
    assert shop.steam.account("alpha0").password != PASSWORD
    assert f"#{order.id} завершена" in shop.last(ann)
    shop.obeys_the_laws()


def test_a_seller_may_let_refunded_rentals_go_on(shop: RentShop, ann: Buyer) -> None:
    shop.sets(refund_closes_rental=False)
    lot = shop.ready()
    order = shop.rents(ann, lot)
    shop.seller.refunds(order)
    shop.poll(2)
    shop.tick()
    assert shop.rental()["order_id"] == order.id
    shop.pass_minutes(61)
    shop.tick()
    assert CONFIRM.format(order.id) not in shop.last(ann)


def test_a_refunded_extension_takes_its_minutes_back(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.rents(ann, lot)
    second = shop.rents(ann, lot, amount=2)
    shop.says(ann, "!продлить alpha0")
    assert shop.minutes_left() > 170
    shop.seller.refunds(second)
    shop.poll(2)
    assert 50 < shop.minutes_left() < 60
    assert shop.rental()["extension_order_ids"] == []
    shop.obeys_the_laws()


def test_an_extension_refunded_before_it_was_told_ends_no_rental(
    shop: RentShop, ann: Buyer
) -> None:
    """The message is still to be sent; only that order's minutes go."""
    lot = shop.ready()
    first = shop.rents(ann, lot)
    second = shop.rents(ann, lot)
    shop.sends_stop()
    shop.says(ann, "!продлить alpha0")
    assert shop.rental()["extension_order_ids"] == [second.id]
    shop.opium.call("POST", f"/api/accounts/{shop.name}/orders/{second.id}/refund")
    shop.seller.refunds(second)
    shop.poll(3)
    assert shop.rental()["order_id"] == first.id
    assert shop.rental()["extension_order_ids"] == []
    assert shop.minutes_left() < 60
    shop.sends_go_on()
    assert not any("продлена" in said for said in shop.told(ann))


@pytest.mark.parametrize("closes", [True, False])
def test_a_refund_before_the_password_was_sent_frees_the_account(
    shop: RentShop, ann: Buyer, closes: bool
) -> None:
    """Nobody can have seen it, so the password need not change."""
    lot = shop.ready()
    shop.sets(refund_closes_rental=closes)
    shop.sends_stop()
    order = shop.rents(ann, lot)
    assert shop.rental()["delivery_pending"]
    shop.seller.refunds(order)
    shop.poll(2)
    assert shop.rentals() == []
    assert shop.shown()["status"] == "free"
    shop.sends_go_on()
    assert shop.told(ann) == []
    assert shop.steam.account("alpha0").password == PASSWORD
    shop.obeys_the_laws()


def test_who_ends_a_rental_before_it_began_is_told_that_it_is_paid(
    shop: RentShop, ann: Buyer
) -> None:
    lot = shop.ready()
    shop.sends_stop()
    order = shop.rents(ann, lot)
    shop.opium.ok("POST", f"{shop.base}/rentals/{shop.rental()['rental_id']}/terminate")
    assert shop.shown()["status"] == "free"
    assert any(order.id in text and "money" in text for text in shop.alerts("waiting"))
    shop.seller.refunds(order)
    shop.poll(2)
    assert shop.alerts("waiting") == []
