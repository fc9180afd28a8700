"""A database that was put back neither rents a rented account out nor loses a password."""

from __future__ import annotations

from pathlib import Path

import pytest
from rent_cast import PASSWORD, RentShop

from opium.backup import restoring
from opium.core import DATABASE
from opium.job import Job
from opium.modules.steam_rent import keepsake, module
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


def copy_of(shop: RentShop) -> Path:
    return shop.opium.core.keeper.take().path


def put_back(shop: RentShop, copy: Path) -> None:
    """Stop, `restore`, start, let it read what it has lost, and release it."""
    opium = shop.opium
    opium.core.db.close()
    instance = opium.core.config.instance
    restoring.restore(opium.core.config, instance / DATABASE, copy, opium.clock.now())
    opium._start()
    for _ in range(60):
        held = opium.core.reconcile.of("shop")
        if held is not None and held.read:
            break
        shop.poll()
    else:
        raise AssertionError("the account was not read again")
    for alert in opium.get("/api/alerts?open=true")["items"]:
        if alert["kind"] == "reconcile":
            opium.ok("POST", f"/api/alerts/{alert['id']}/ack")


def test_an_account_rented_after_the_copy_is_not_rented_again(
    shop: RentShop, ann: Buyer, bob: Buyer
) -> None:
    lot = shop.ready()
    copy = copy_of(shop)
    order = ann.buys(lot)
    shop.poll(2)
    guest = shop.enters(order)
    put_back(shop, copy)
    (rental,) = shop.rentals()
    assert (rental["order_id"], rental["steam_account_id"]) == (order.id, "alpha0")
    waiting = bob.buys(lot)
    shop.poll(3)
    assert [row["order_id"] for row in shop.pending()] == [waiting.id]
    assert guest.works()
    shop.pass_minutes(61)
    shop.tick()
    shop.tick()
    assert not guest.works()
    assert shop.password_told(waiting)[0] == "alpha0"
    shop.obeys_the_laws()


def test_a_password_set_after_the_copy_is_found_again(
    shop: RentShop, ann: Buyer, bob: Buyer
) -> None:
    """The copy knows the first password; Steam has another since the rental ended."""
    lot = shop.ready()
    copy = copy_of(shop)
    ann.buys(lot)
    shop.poll(2)
    shop.pass_minutes(61)
    shop.tick()
    now = shop.steam.account("alpha0").password
    assert now != PASSWORD
    put_back(shop, copy)
    shop.tick()
    shop.tick()
    shop.obeys_the_laws()
    assert now in shop.known_passwords("alpha0")
    shop.pass_minutes(61)
    for _ in range(3):
        shop.tick()
    assert shop.shown()["status"] == "free"
    order = bob.buys(lot)
    shop.poll(2)
    assert shop.password_told(order)[1] == shop.steam.account("alpha0").password
    shop.obeys_the_laws()


def test_a_login_without_its_order_is_put_out_of_hand(
    shop: RentShop, ann: Buyer, world: World
) -> None:
    """The mapping is gone: nobody can tell for how long the account was rented."""
    lot = shop.ready()
    shop.opium.ok("DELETE", f"{shop.base}/lot-mappings/0")
    copy = copy_of(shop)
    mapping = {"lot_pattern": "CS2 аренда 1 час", "game_id": "cs2", "rent_minutes": 60}
    shop.opium.ok("POST", f"{shop.base}/lot-mappings", mapping)
    ann.buys(lot)
    shop.poll(2)
    put_back(shop, copy)
    shown = shop.shown()
    assert (shown["release_state"], shown["frozen"]) == ("failed", True)
    assert any("alpha0" in text for text in shop.alerts("steam_release"))
    shop.opium.ok("POST", f"{shop.base}/steam-accounts/alpha0/kick-sessions")
    shown = shop.shown()
    assert (shown["release_state"], shown["frozen"], shown["status"]) == ("idle", False, "free")
    assert shop.steam.account("alpha0").password != PASSWORD
    assert shop.alerts("steam_release") == []
    shop.obeys_the_laws()


def test_a_line_that_a_crash_cut_off_spoils_no_other(shop: RentShop) -> None:
    """The file of passwords is the only place that has them all after a restore."""
    shop.game()
    shop.account()
    path = f"{shop.base}/steam-accounts/alpha/change-password"
    shop.opium.ok("POST", path, {"new_password": "FirstNew2026x"})
    file = shop.opium.core.config.instance / keepsake.FILE
    file.write_bytes(file.read_bytes() + b'{"login": "alpha", "sea')
    shop.pass_minutes(15)
    shop.opium.ok("POST", path, {"new_password": "SecondNew2026x"})
    job = Job(shop.opium.core.tools, module)
    assert keepsake.newest(job) == {"alpha": "SecondNew2026x"}
    assert b"SecondNew2026x" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
