"""A rental from the payment to the next tenant."""

from __future__ import annotations

from pathlib import Path

import pytest
from rent_cast import PASSWORD, RentShop

from sandbox.steam.buyer import BuyerRefused
from sandbox.world import Buyer, World


@pytest.fixture
def shop(world: World, tmp_path: Path) -> RentShop:
    return RentShop(world, tmp_path / "instance")


@pytest.fixture
def ann(world: World) -> Buyer:
    return world.buyer("ann")


@pytest.fixture
def bob(world: World) -> Buyer:
    return world.buyer("bob")


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
