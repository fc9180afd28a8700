"""Paid orders that cannot be served at once (contract 10.3): they wait, and nobody is forgotten."""

from __future__ import annotations

import pytest
from rent_cast import RentShop

from sandbox.world import Buyer


def test_who_finds_no_free_account_waits_and_is_told(
    shop: RentShop, ann: Buyer, bob: Buyer
) -> None:
    lot = shop.ready()
    shop.rents(ann, lot)
    order = shop.rents(bob, lot)
    assert shop.waits() == [(order.id, "no_account")]
    assert "заняты" in shop.last(bob)
    assert "Ближайший освободится примерно через 1ч" in shop.last(bob)
    (alert,) = shop.alerts("waiting")
    assert order.id in alert
    shop.obeys_the_laws()


def test_a_free_account_goes_to_who_waits_longest(
    shop: RentShop, ann: Buyer, bob: Buyer, kim: Buyer
) -> None:
    lot = shop.ready()
    shop.rents(ann, lot)
    second = shop.rents(bob, lot)
    shop.pass_minutes(2)
    third = shop.rents(kim, lot)
    shop.pass_minutes(61)
    shop.tick()
    shop.poll(2)
    assert shop.rental()["order_id"] == second.id
    assert shop.waits() == [(third.id, "no_account")]
    assert shop.password_told(second)[1] == shop.steam.account("alpha0").password
    assert len(shop.told(kim)) == 1
    shop.obeys_the_laws()


def test_a_newcomer_does_not_overtake_who_waits(
    shop: RentShop, ann: Buyer, bob: Buyer, kim: Buyer
) -> None:
    """The account is free again, but who waited has not been looked at yet."""
    lot = shop.ready()
    shop.freezes("steam-accounts/alpha0")
    early = shop.rents(ann, lot)
    shop.pass_minutes(3)
    shop.freezes("steam-accounts/alpha0", frozen=False)
    late = shop.rents(bob, lot)
    assert shop.waits() == [(early.id, "no_account"), (late.id, "no_account")]
    shop.tick()
    assert shop.rental()["order_id"] == early.id
    assert shop.waits() == [(late.id, "no_account")]


def test_nothing_goes_to_an_order_that_was_refunded_while_it_waited(
    shop: RentShop, ann: Buyer, bob: Buyer
) -> None:
    """A fresh look comes before late goods, even if no poll has told of the refund."""
    lot = shop.ready()
    shop.rents(ann, lot)
    order = shop.rents(bob, lot)
    shop.pass_minutes(62)
    shop.opium.run_task("steam_rent", "tick")
    shop.opium.run_task("steam_rent", "steam")
    assert shop.shown()["status"] == "free"
    shop.seller.refunds(order)
    shop.tick()
    shop.poll(2)
    assert shop.rentals() == []
    assert shop.waits() == []
    assert shop.shown()["status"] == "free"
    assert shop.alerts("waiting") == []


@pytest.mark.parametrize("status", ["refunded", "closed"])
def test_the_look_itself_is_enough(shop: RentShop, ann: Buyer, status: str) -> None:
    """FunPay's counters and notices lag behind: only the order tells that it is over."""
    lot = shop.ready()
    shop.freezes("steam-accounts/alpha0")
    order = shop.rents(ann, lot)
    order.status = status
    shop.freezes("steam-accounts/alpha0", frozen=False)
    shop.tick()
    assert (shop.rentals(), shop.waits(), shop.alerts()) == ([], [], [])


@pytest.mark.parametrize("event", ["refunded", "confirmed"])
def test_an_order_that_ends_elsewhere_waits_no_longer(
    shop: RentShop, ann: Buyer, event: str
) -> None:
    lot = shop.ready()
    shop.freezes("steam-accounts/alpha0")
    order = shop.rents(ann, lot)
    assert shop.waits() == [(order.id, "no_account")]
    if event == "refunded":
        shop.seller.refunds(order)
    else:
        ann.confirms(order)
    shop.poll(3)
    assert shop.waits() == []
    assert shop.alerts() == []
    shop.freezes("steam-accounts/alpha0", frozen=False)
    shop.tick()
    assert shop.rentals() == []


def test_an_order_of_a_frozen_game_waits_until_it_thaws(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.freezes("games/cs2")
    order = shop.rents(ann, lot)
    assert shop.waits() == [(order.id, "game_frozen")]
    assert "заняты" in shop.last(ann)
    shop.tick()
    assert shop.waits() == [(order.id, "game_frozen")]
    shop.freezes("games/cs2", frozen=False)
    shop.tick()
    assert shop.rental()["order_id"] == order.id


def test_an_order_of_a_game_that_is_gone_waits_for_it(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.opium.ok("DELETE", f"{shop.base}/games/cs2")
    order = shop.rents(ann, lot)
    assert shop.waits() == [(order.id, "game_missing")]
    shop.game()
    shop.account("beta")
    shop.tick()
    assert shop.rental()["steam_account_id"] == "beta"
    assert shop.waits() == []


def test_who_rents_the_game_already_is_asked_what_he_wants(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready(logins=2)
    shop.rents(ann, lot)
    order = shop.rents(ann, lot)
    assert shop.waits() == [(order.id, "existing_rental")]
    for command in ("!продлить alpha0", "!аренда cs2", "!возврат"):
        assert command in shop.last(ann)
    said = len(shop.told(ann))
    shop.tick()
    shop.tick()
    assert len(shop.told(ann)) == said
    assert len(shop.rentals()) == 1


def test_he_takes_another_account(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready(logins=2)
    shop.rents(ann, lot)
    order = shop.rents(ann, lot)
    answer = shop.says(ann, "!аренда CS2")
    assert "Логин: alpha1" in answer
    assert {r["steam_account_id"] for r in shop.rentals()} == {"alpha0", "alpha1"}
    assert shop.waits() == []
    assert shop.password_told(order)[0] == "alpha1"
    shop.obeys_the_laws()


def test_he_lengthens_what_he_has(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.rents(ann, lot)
    order = shop.rents(ann, lot, amount=2)
    before = shop.minutes_left()
    answer = shop.says(ann, "!продлить ALPHA0")
    assert "продлена на 2ч" in answer
    assert shop.rental()["extension_order_ids"] == [order.id]
    assert 118 < shop.minutes_left() - before < 120
    assert shop.waits() == []
    shop.poll(2)
    assert shop.minutes_left() > 170
    shop.obeys_the_laws()


def test_he_gets_his_money_back(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready(logins=2)
    first = shop.rents(ann, lot)
    order = shop.rents(ann, lot)
    answer = shop.says(ann, "!возврат")
    assert f"#{order.id}" in answer
    assert (first.status, order.status) == ("paid", "refunded")
    assert shop.waits() == []
    assert shop.rental()["order_id"] == first.id


def test_all_waiting_orders_are_refunded_at_once(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.freezes("games/cs2")
    orders = [shop.rents(ann, lot) for _ in range(2)]
    answer = shop.says(ann, "!refund")
    assert all(f"#{order.id}" in answer for order in orders)
    assert [order.status for order in orders] == ["refunded", "refunded"]
    assert shop.alerts("waiting") == []


def test_a_refund_that_funpay_turns_away_is_told_to_both(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.freezes("games/cs2")
    order = shop.rents(ann, lot)
    shop.world.faults.add("error_text", path="/orders/refund", text="Нельзя.", count=None)
    answer = shop.says(ann, "!возврат")
    assert "не удалось" in answer
    assert shop.waits() == [(order.id, "held")]
    assert any(order.id in alert for alert in shop.alerts("held"))


def test_a_refund_under_way_is_neither_served_nor_asked_for_twice(
    shop: RentShop, ann: Buyer
) -> None:
    """FunPay does not answer refunds for a while: the order waits, nothing is promised."""
    lot = shop.ready()
    shop.freezes("games/cs2")
    order = shop.rents(ann, lot)
    shop.world.faults.add("reset", path="/orders/refund")
    ann.writes(shop.seller, "!возврат")
    shop.poll()
    assert shop.waits() == [(order.id, "refunding")]
    ann.writes(shop.seller, "!refund")
    shop.freezes("games/cs2", frozen=False)
    shop.tick()
    assert shop.rentals() == []
    assert len(shop.told(ann)) == 1
    path = f"{shop.base}/pending-orders/{order.id}/assign"
    assert shop.opium.call("POST", path, {}).status_code == 409
    shop.pass_minutes(1)
    shop.poll(3)
    assert shop.waits() == [(order.id, "held")]
    (held,) = shop.opium.get("/api/commands?state=held")["items"]
    shop.opium.ok("POST", f"/api/commands/{held['id']}/resolve", {"decision": "again"})
    shop.poll(3)
    assert order.status == "refunded"
    assert "Деньги вернулись" in shop.last(ann)
    assert shop.waits() == []


def test_who_waits_for_two_accounts_is_asked_when_he_has_one(shop: RentShop, ann: Buyer) -> None:
    """Both orders waited; the second one is not left in silence after the first was served."""
    lot = shop.ready(logins=2)
    shop.freezes("games/cs2")
    shop.rents(ann, lot)
    second = shop.rents(ann, lot)
    shop.freezes("games/cs2", frozen=False)
    shop.tick()
    shop.tick()
    assert shop.waits() == [(second.id, "existing_rental")]
    assert "Выберите" in shop.last(ann)


def test_who_chose_in_vain_is_told_and_served_later(shop: RentShop, ann: Buyer) -> None:
    """He asked for the last account while it was free; when his order was read it was not."""
    lot = shop.ready(logins=2)
    shop.rents(ann, lot)
    order = shop.rents(ann, lot)
    for path in ("/api/orders/get", "/orders/*"):
        shop.world.faults.add("502", path=path)
    ann.writes(shop.seller, "!аренда cs2")
    shop.poll()
    shop.freezes("steam-accounts/alpha1")
    shop.poll(3)
    assert shop.waits() == [(order.id, "no_account")]
    assert "пока нет свободного" in shop.last(ann)
    assert "пока нет свободного" in shop.says(ann, "!аренда cs2")
    shop.freezes("steam-accounts/alpha1", frozen=False)
    shop.tick()
    assert shop.password_told(order)[0] == "alpha1"


def test_who_lengthens_too_late_is_told(shop: RentShop, ann: Buyer) -> None:
    """The rental ended before his order could be read: the order waits for another choice."""
    lot = shop.ready()
    rental = shop.rents(ann, lot)
    order = shop.rents(ann, lot)
    for path in ("/api/orders/get", "/orders/*"):
        shop.world.faults.add("502", path=path)
    ann.writes(shop.seller, "!продлить alpha0")
    shop.poll()
    found = shop.rental()
    shop.opium.ok("POST", f"{shop.base}/rentals/{found['rental_id']}/terminate")
    shop.poll(3)
    assert found["order_id"] == rental.id
    assert shop.waits() == [(order.id, "existing_rental")]
    assert "нет активной аренды с логином alpha0" in shop.last(ann)
    assert f"#{order.id}" in shop.says(ann, "!возврат")


def test_after_the_seller_wrote_by_hand_a_person_decides(shop: RentShop, ann: Buyer) -> None:
    """Perhaps the buyer was served that way while he waited."""
    lot = shop.ready()
    shop.freezes("steam-accounts/alpha0")
    order = shop.rents(ann, lot)
    shop.seller.writes(ann, "Вот другой аккаунт, держите")
    shop.poll()
    shop.freezes("steam-accounts/alpha0", frozen=False)
    shop.tick()
    assert shop.waits() == [(order.id, "held")]
    assert shop.rentals() == []
    assert any("by hand" in alert for alert in shop.alerts("held"))


def test_after_a_while_the_seller_is_told_of_who_waits(shop: RentShop, ann: Buyer) -> None:
    shop.sets(pending_ttl_minutes=30)
    lot = shop.ready()
    shop.freezes("steam-accounts/alpha0")
    order = shop.rents(ann, lot)
    shop.tick()
    assert len(shop.alerts()) == 1
    shop.pass_minutes(31)
    shop.tick()
    assert any("30 minutes" in alert for alert in shop.alerts("waiting"))
    assert shop.waits() == [(order.id, "no_account")]
    shop.freezes("steam-accounts/alpha0", frozen=False)
    shop.tick()
    assert shop.rental()["order_id"] == order.id
    assert shop.alerts() == []


def test_after_a_while_the_money_goes_back(shop: RentShop, ann: Buyer) -> None:
    shop.sets(pending_ttl_minutes=30, pending_expire_action="refund")
    lot = shop.ready()
    shop.freezes("steam-accounts/alpha0")
    order = shop.rents(ann, lot)
    shop.pass_minutes(31)
    shop.tick()
    shop.poll()
    assert order.status == "refunded"
    assert "Деньги вернулись" in shop.last(ann)
    assert shop.waits() == []
