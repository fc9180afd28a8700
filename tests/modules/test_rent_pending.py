"""What the seller sees and does about orders and rentals (contract 9.6)."""

from __future__ import annotations

from typing import Any

import pytest
from rent_cast import PASSWORD, RentShop

from sandbox.world import Buyer


def refused(shop: RentShop, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = shop.opium.call(method, f"{shop.base}{path}", body)
    assert answer.status_code >= 400, answer.get_data(as_text=True)
    return answer.status_code, answer.get_json()["detail"]


def test_the_list_of_waiting_orders(shop: RentShop, ann: Buyer, bob: Buyer) -> None:
    shop.ready()
    shop.freezes("games/cs2")
    lot = shop.lot("CS2 аренда сутки", minutes=1440, bonus_minutes=60)
    first = shop.rents(ann, shop.seller.lots[0])
    second = shop.rents(bob, lot)
    one, two = shop.pending()
    assert [one["order_id"], two["order_id"]] == [first.id, second.id]
    assert one["created_at"].startswith("2026-11-20T12:")
    del two["created_at"]
    assert two == {
        "order_id": second.id,
        "buyer_id": bob.id,
        "buyer_username": "bob",
        "game_id": "cs2",
        "rent_minutes": 1440,
        "bonus_minutes": 60,
        "reason": "game_frozen",
        "chat_id": shop.world.chat(bob, shop.seller).id,
    }
    assert shop.opium.get(f"{shop.base}/overview")["pending_orders"] == 2


def test_a_person_hands_a_certain_account_out(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready(logins=3)
    shop.rents(ann, lot)
    order = shop.rents(ann, lot)
    path = f"/pending-orders/{order.id}/assign"
    answer = shop.opium.ok("POST", f"{shop.base}{path}", {"steam_account_id": "ALPHA2"})
    assert (answer["steam_account_id"], answer["delivery_pending"]) == ("alpha2", True)
    shop.poll(2)
    assert shop.password_told(order) == ("alpha2", PASSWORD)
    assert shop.waits() == []
    assert refused(shop, "POST", path, {})[0] == 404
    shop.obeys_the_laws()


def test_without_a_name_it_is_the_one_whose_turn_it_is(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready(logins=2)
    shop.rents(ann, lot)
    order = shop.rents(ann, lot)
    answer = shop.opium.ok("POST", f"{shop.base}/pending-orders/{order.id}/assign")
    assert answer["steam_account_id"] == "alpha1"
    told = [(row["action"], row["target"]) for row in shop.opium.get("/api/audit")["items"]]
    assert ("SECRET_REVEALED", "steam_rent password of account alpha1") in told


def test_what_is_not_free_cannot_be_assigned(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready(logins=2)
    shop.rents(ann, lot)
    order = shop.rents(ann, lot)
    path = f"/pending-orders/{order.id}/assign"
    assert refused(shop, "POST", path, {"steam_account_id": "alpha0"})[0] == 400
    assert refused(shop, "POST", path, {"steam_account_id": "nobody"})[0] == 404
    shop.freezes("steam-accounts/alpha1")
    assert refused(shop, "POST", path, {})[0] == 400
    shop.freezes("steam-accounts/alpha1", frozen=False)
    shop.seller.refunds(order)
    assert refused(shop, "POST", path, {})[0] == 400
    assert len(shop.rentals()) == 1


def test_an_order_taken_care_of_elsewhere_is_removed(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.freezes("games/cs2")
    order = shop.rents(ann, lot)
    shop.opium.ok("DELETE", f"{shop.base}/pending-orders/{order.id}")
    assert shop.waits() == []
    assert shop.alerts() == []
    shop.freezes("games/cs2", frozen=False)
    shop.tick()
    assert "Не нашли оплаченного заказа" in shop.says(ann, "!аренда cs2")
    assert shop.rentals() == []
    assert refused(shop, "DELETE", f"/pending-orders/{order.id}")[0] == 404


def test_time_is_added_and_taken_away(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.rents(ann, lot)
    before = shop.minutes_left()
    path = f"/rentals/{shop.rental()['rental_id']}/time"
    shop.opium.ok("PATCH", f"{shop.base}{path}", {"minutes": 30})
    assert shop.minutes_left() == pytest.approx(before + 30)
    shop.opium.ok("PATCH", f"{shop.base}{path}", {"minutes": -60})
    assert shop.minutes_left() == pytest.approx(before - 30)
    for minutes in (0, -60, 525_601, "10", None):
        assert refused(shop, "PATCH", path, {"minutes": minutes})[0] == 400
    assert "in the past" in refused(shop, "PATCH", path, {"minutes": -60})[1]
    assert shop.minutes_left() == pytest.approx(before - 30)
    shop.pass_minutes(31)
    shop.tick()
    assert "not active" in refused(shop, "PATCH", path, {"minutes": 10})[1]


def test_unknown_rentals(shop: RentShop) -> None:
    assert refused(shop, "PATCH", "/rentals/nobody/time", {"minutes": 5})[0] == 404
    assert refused(shop, "POST", "/rentals/nobody/terminate")[0] == 404


def test_the_list_of_rentals_has_pages(shop: RentShop, ann: Buyer, bob: Buyer, kim: Buyer) -> None:
    lot = shop.ready(logins=3)
    orders = [shop.rents(buyer, lot) for buyer in (ann, bob, kim)]
    newest_first = [order.id for order in reversed(orders)]

    def page(query: str) -> list[str]:
        return [row["order_id"] for row in shop.opium.get(f"{shop.base}/rentals{query}")]

    assert page("") == newest_first
    assert page("?limit=2") == newest_first[:2]
    assert page("?limit=2&offset=2") == newest_first[2:]
    assert page("?offset=1") == newest_first[1:]
    assert page("?status=expired") == []
    path = f"{shop.base}/rentals/{shop.rentals()[0]['rental_id']}/terminate"
    shop.opium.ok("POST", path)
    assert page("?status=revoked") == newest_first[:1]
    assert page("/active") == [order.id for order in orders[:2]]
    for query in ("?limit=0", "?limit=1001", "?offset=-1", "?status=paid"):
        assert refused(shop, "GET", f"/rentals{query}")[0] == 400


def test_a_rental_in_full(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    order = shop.rents(ann, lot)
    found = shop.rental()
    assert {key: found[key] for key in found if key not in ("rental_id", "start_time")} == {
        "order_id": order.id,
        "buyer_id": ann.id,
        "buyer_username": "ann",
        "game_id": "cs2",
        "steam_account_id": "alpha0",
        "end_time": found["end_time"],
        "entitled_bonus_minutes": 0,
        "min_rating_for_bonus": 4,
        "bonus_minutes": 0,
        "status": "active",
        "delivered_login": "alpha0",
        "delivered_password": PASSWORD,
        "delivery_pending": False,
        "chat_id": shop.world.chat(ann, shop.seller).id,
        "chat_name": "ann",
        "warning_sent": False,
        "extension_order_ids": [],
    }
    shop.pass_minutes(61)
    shop.tick()
    (ended,) = shop.rentals("expired")
    assert ended["delivered_password"] == "***"


def test_orders_are_tagged_with_their_game(shop: RentShop, ann: Buyer, bob: Buyer) -> None:
    """Those that were taken; those that a mapping fits; those that name a game."""
    fits = ann.buys(shop.seller.lot("Час аренды, ночью"))
    named = ann.buys(shop.seller.lot("Поиграть в КОНТРА страйк"))
    other = ann.buys(shop.seller.lot("Контрамарка на cs25"))
    shop.game("cs2", name="CS 2", aliases=["контра"])
    shop.account("alpha0")
    mine = shop.rents(bob, shop.lot("Час аренды"))
    found = shop.opium.get(f"/api/accounts/{shop.name}/order-tags")
    tag = {"module": "steam_rent", "game_id": "cs2", "game_name": "CS 2"}
    assert found["tags"] == {fits.id: tag, named.id: tag, mine.id: tag}
    assert found["games"] == {"steam_rent": [{"game_id": "cs2", "game_name": "CS 2"}]}
    assert other.status == "paid"
