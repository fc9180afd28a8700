"""A rental from the payment to the next tenant."""

from __future__ import annotations

import pytest
from rent_cast import PASSWORD, RentShop

from sandbox.steam.buyer import BuyerRefused
from sandbox.world import Buyer, Lot, World


def test_a_paid_order_gets_login_and_password(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    order = ann.buys(lot)
    shop.poll(2)
    assert shop.password_told(order) == ("alpha0", PASSWORD)
    (rental,) = shop.rentals()
    assert (rental["order_id"], rental["steam_account_id"]) == (order.id, "alpha0")
    assert not rental["delivery_pending"]
    assert shop.shown()["status"] == "rented"
    shop.obeys_the_laws()


def test_the_tenant_is_out_before_the_next_one_is_in(
    shop: RentShop, ann: Buyer, bob: Buyer
) -> None:
    """The round trip: rented, entered, over, released with proof, rented again."""
    lot = shop.ready()
    order = ann.buys(lot)
    shop.poll(2)
    guest = shop.enters(order)
    assert guest.works()
    old = shop.password_told(order)[1]
    shop.pass_minutes(61)
    shop.tick()
    assert shop.shown()["status"] == "free"
    assert not guest.works()
    with pytest.raises(BuyerRefused):
        shop.steam.buyer_login("alpha0", old)
    assert "закончилась" in shop.last(ann)
    second = bob.buys(lot)
    shop.poll(2)
    login, new = shop.password_told(second)
    assert (login, new) == ("alpha0", shop.steam.account("alpha0").password)
    assert new != old
    assert shop.enters(second).works()
    shop.obeys_the_laws()


def test_seeing_an_order_again_changes_nothing(shop: RentShop, ann: Buyer) -> None:
    """Paid, closed, opened again, read again: one order is one rental."""
    lot = shop.ready(logins=2)
    order = shop.rents(ann, lot)
    ann.confirms(order)
    shop.poll(3)
    shop.world.orders.reopen(order)
    shop.poll(3)
    shop.opium.restart()
    shop.poll(3)
    shop.tick()
    assert shop.rental()["order_id"] == order.id
    assert shop.waits() == []
    assert len(shop.told(ann)) == 1


def test_an_order_of_another_lot_is_not_ours(shop: RentShop, ann: Buyer) -> None:
    shop.ready()
    shop.rents(ann, shop.seller.lot("Ключ Steam"))
    assert (shop.rentals(), shop.waits(), shop.told(ann)) == ([], [], [])


def test_two_orders_in_one_poll_get_two_accounts(shop: RentShop, ann: Buyer, bob: Buyer) -> None:
    lot = shop.ready(logins=2)
    first, second = ann.buys(lot), bob.buys(lot)
    shop.poll(2)
    logins = {shop.password_told(first)[0], shop.password_told(second)[0]}
    assert logins == {"alpha0", "alpha1"}
    shop.obeys_the_laws()


def test_five_race_for_three_accounts(shop: RentShop, world: World) -> None:
    lot = shop.ready(logins=3)
    orders = [world.buyer(f"buyer{n}").buys(lot) for n in range(5)]
    shop.poll(3)
    assert len({rental["steam_account_id"] for rental in shop.rentals()}) == 3
    assert len(shop.waits()) == 2
    assert {order.id for order in orders} == {
        *(rental["order_id"] for rental in shop.rentals()),
        *(order_id for order_id, _ in shop.waits()),
    }
    shop.obeys_the_laws()


def test_the_least_recently_rented_account_is_next(shop: RentShop, ann: Buyer, bob: Buyer) -> None:
    lot = shop.ready(logins=2)
    assert shop.password_told(shop.rents(ann, lot))[0] == "alpha0"
    shop.pass_minutes(61)
    shop.tick()
    assert shop.password_told(shop.rents(bob, lot))[0] == "alpha1"
    shop.pass_minutes(61)
    shop.tick()
    assert shop.password_told(shop.rents(ann, lot))[0] == "alpha0"


def test_another_game_is_another_rental(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.game("rust")
    shop.account("beta", "rust")
    rust = shop.lot("Rust аренда", "rust")
    shop.rents(ann, lot)
    shop.rents(ann, rust)
    assert {rental["game_id"] for rental in shop.rentals()} == {"cs2", "rust"}
    assert shop.waits() == []


def test_minutes_times_quantity(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.rents(ann, lot, amount=3)
    assert 178 < shop.minutes_left() < 180
    assert "Время аренды: 3ч" in shop.last(ann)


def test_quantity_may_be_without_meaning(shop: RentShop, ann: Buyer) -> None:
    shop.sets(multiply_by_amount=False)
    lot = shop.ready()
    shop.rents(ann, lot, amount=3)
    assert 58 < shop.minutes_left() < 60


def test_the_clock_starts_when_the_buyer_has_the_password(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.sends_stop()
    shop.rents(ann, lot)
    shop.pass_minutes(90)
    shop.tick()
    assert shop.rental()["delivery_pending"]
    shop.sends_go_on()
    assert not shop.rental()["delivery_pending"]
    assert 58 < shop.minutes_left() < 60
    assert shop.shown()["status"] == "rented"


def test_the_clock_may_start_with_the_payment(shop: RentShop, ann: Buyer, bob: Buyer) -> None:
    shop.sets(clock_starts_at_delivery=False)
    lot = shop.ready()
    shop.freezes("steam-accounts/alpha0")
    shop.rents(ann, lot)
    shop.pass_minutes(20)
    shop.freezes("steam-accounts/alpha0", frozen=False)
    shop.tick()
    assert 37 < shop.minutes_left() < 40


def test_a_message_that_funpay_turns_away_is_tried_again(shop: RentShop, ann: Buyer) -> None:
    """The rental does not run meanwhile, and a person knows."""
    lot = shop.ready()
    shop.world.faults.add("error_text", path="/runner/", action="send", text="Нельзя писать.")
    order = shop.rents(ann, lot)
    assert shop.rental()["delivery_pending"]
    assert any(order.id in alert for alert in shop.alerts("delivery_failed"))
    shop.pass_minutes(90)
    shop.tick()
    assert shop.password_told(order) == ("alpha0", PASSWORD)
    assert not shop.rental()["delivery_pending"]
    assert 58 < shop.minutes_left() < 60
    assert shop.alerts() == []
    shop.obeys_the_laws()


def test_it_is_tried_less_and_less_often(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    fault = shop.world.faults.add(
        "error_text", path="/runner/", action="send", text="Нельзя писать.", count=None
    )
    shop.rents(ann, lot)
    for _ in range(10):
        shop.pass_minutes(2)
        shop.tick()
    assert 2 < fault.hits <= 4
    assert shop.rental()["delivery_pending"]
    assert len(shop.alerts("delivery_failed")) == 1
    shop.obeys_the_laws()


def test_who_writes_meanwhile_gets_it_at_once(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.world.faults.add("error_text", path="/runner/", action="send", text="Нельзя писать.")
    shop.rents(ann, lot)
    answer = shop.says(ann, "!данные")
    assert f"Пароль: {PASSWORD}" in answer
    assert not shop.rental()["delivery_pending"]


def test_a_password_that_a_person_says_was_sent_starts_the_clock(
    shop: RentShop, ann: Buyer
) -> None:
    """Nobody could find out whether the message arrived; the seller has asked the buyer."""
    lot = shop.ready()
    shop.world.faults.add("reset", path="/runner/", action="send", count=None)
    ann.buys(lot)
    for _ in range(40):
        shop.poll()
        if held := shop.opium.get("/api/commands?state=held")["items"]:
            break
    shop.world.faults.clear()
    shop.pass_minutes(90)
    shop.tick()
    assert shop.rental()["delivery_pending"]
    path = f"/api/commands/{held[0]['id']}/resolve"
    shop.opium.ok("POST", path, {"decision": "done"})
    shop.tick()
    assert not shop.rental()["delivery_pending"]
    assert 58 < shop.minutes_left() < 60


def test_an_account_frozen_while_rented_runs_on(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    order = shop.rents(ann, lot)
    shop.freezes("steam-accounts/alpha0")
    shop.freezes("games/cs2")
    assert shop.enters(order).works()
    shop.tick()
    assert shop.rental()["order_id"] == order.id
    shop.pass_minutes(61)
    shop.tick()
    assert (shop.shown()["status"], shop.shown()["frozen"]) == ("free", True)
    shop.obeys_the_laws()


def test_a_mapping_edited_during_a_rental_changes_it_not(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.rents(ann, lot)
    before = shop.rental()
    (mapping,) = shop.opium.get(f"{shop.base}/lot-mappings")
    body = {**mapping, "rent_minutes": 5, "bonus_minutes": 500, "min_rating_for_bonus": 1}
    shop.opium.ok("PUT", f"{shop.base}/lot-mappings/0", body)
    shop.tick()
    assert shop.rental() == before


def test_a_buyer_who_renamed_himself_is_still_the_tenant(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    order = shop.rents(ann, lot)
    ann.name = "anna-maria"
    assert "Логин: alpha0" in shop.says(ann, "!данные")
    shop.rents(ann, lot)
    assert "продлена" in shop.says(ann, "!продлить alpha0")
    shop.seller.refunds(order)
    shop.poll(3)
    assert shop.rentals() == []
    assert len(shop.rentals("revoked")) == 1


def test_the_longest_pattern_decides(shop: RentShop, ann: Buyer) -> None:
    shop.ready()
    day = shop.lot("CS2 аренда 1 час и сутки", minutes=1500)
    shop.rents(ann, day)
    assert 1490 < shop.minutes_left() < 1500


def test_what_the_buyer_types_selects_nothing(shop: RentShop, ann: Buyer) -> None:
    shop.ready()
    ann.buys(shop.seller.lot("Ключ Steam"), data="CS2 аренда 1 час")
    shop.poll(2)
    assert (shop.rentals(), shop.waits()) == ([], [])


def by_lot(shop: RentShop, title: str, *minutes: int) -> list[Lot]:
    """Lots of one title, each with a mapping of its own."""
    lots = [shop.seller.lot(title) for _ in minutes]
    for lot, rent in zip(lots, minutes, strict=True):
        body = {"lot_pattern": title, "lot_id": lot.id, "game_id": "cs2", "rent_minutes": rent}
        shop.opium.ok("POST", f"{shop.base}/lot-mappings", body)
    shop.opium.run_task("steam_rent", "read_lots")
    return lots


def test_a_mapping_of_a_lot_goes_before_that_of_a_text(shop: RentShop, ann: Buyer) -> None:
    shop.ready()
    (lot,) = by_lot(shop, "CS2 аренда 1 час, быстро", 30)
    shop.rents(ann, lot)
    assert 28 < shop.minutes_left() < 30


def test_lots_of_one_title_and_different_rentals_are_left_to_a_person(
    shop: RentShop, ann: Buyer
) -> None:
    shop.ready()
    _, second = by_lot(shop, "Аренда CS2", 30, 600)
    order = shop.rents(ann, second)
    assert shop.waits() == [(order.id, "held")]
    assert any("which lot?" in alert for alert in shop.alerts("held"))
    assert shop.told(ann) == []


def test_lots_of_one_title_and_one_rental_are_no_question(shop: RentShop, ann: Buyer) -> None:
    shop.ready()
    _, second = by_lot(shop, "Аренда CS2", 30, 30)
    shop.rents(ann, second)
    assert 28 < shop.minutes_left() < 30


def test_a_login_is_rented_out_by_one_funpay_account_only(shop: RentShop, world: World) -> None:
    shop.ready()
    other = world.seller("other")
    shop.opium.watch(other, "steam_rent")
    body = {"login": "ALPHA0", "password": "x", "game_ids": []}
    path = "/api/accounts/other/modules/steam_rent/steam-accounts"
    assert shop.opium.call("POST", path, body).status_code == 409


def test_lots_that_funpay_delivers_by_itself_are_not_ours(shop: RentShop, ann: Buyer) -> None:
    shop.ready()
    shop.rents(ann, shop.seller.lot("CS2 аренда 1 час", secrets=["готовый ключ"]))
    assert (shop.rentals(), shop.waits()) == ([], [])
