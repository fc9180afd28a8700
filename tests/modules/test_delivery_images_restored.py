"""A database that was put back never sells a sold picture again."""

from __future__ import annotations

from pathlib import Path

import pytest
from driver import Driver
from test_delivery_images import Gallery, png
from test_delivery_invariants import check

from opium.backup import restoring
from opium.core import DATABASE
from sandbox.world import Buyer, World


@pytest.fixture
def shop(world: World, opium: Driver) -> Gallery:
    return Gallery(opium, world)


@pytest.fixture
def ann(world: World) -> Buyer:
    return world.buyer("ann")


def put_back(shop: Gallery, copy: Path) -> None:
    """Stop, `restore`, start, and let it read what it has lost."""
    opium = shop.opium
    opium.core.db.close()
    instance = opium.core.config.instance
    restoring.restore(opium.core.config, instance / DATABASE, copy, opium.clock.now())
    opium._start()
    for _ in range(60):
        held = opium.core.reconcile.of("shop")
        if held is not None and held.read:
            return
        shop.poll()
    raise AssertionError("the account was not read again")


def release(shop: Gallery) -> None:
    for alert in shop.opium.get("/api/alerts?open=true")["items"]:
        shop.opium.ok("POST", f"/api/alerts/{alert['id']}/ack")


def test_after_a_restore_a_sold_picture_is_not_sold_again(
    shop: Gallery, world: World, ann: Buyer
) -> None:
    bob, lot = world.buyer("bob"), shop.shows("Открытка", png("A"), png("B"), png("C"))
    shop.poll()
    copy = shop.opium.core.keeper.take().path
    order = ann.buys(lot)
    shop.poll(3)
    path = f"/deliveries/{shop.delivery(order)['delivery_id']}/redeliver"
    shop.ask("POST", path, {"mode": "new"})
    shop.poll(3)
    put_back(shop, copy)
    release(shop)
    later = bob.buys(lot)
    shop.poll(4)
    assert (shop.seen(ann), shop.seen(bob)) == ([png("A"), png("B")], [png("C")])
    assert {shop.status(order), shop.status(later)} == {"delivered"}
    check(shop.opium, imported=3)


def test_what_waited_in_the_copy_and_was_sent_later_is_not_sent_again(
    shop: Gallery, world: World, ann: Buyer
) -> None:
    order = ann.buys(shop.shows("Открытка", png("A"), png("B")))
    world.faults.add("status", path="/file/addChatImage", status=429, retry_after=30)
    shop.poll()
    copy = shop.opium.core.keeper.take().path
    shop.waits(60)
    assert shop.seen(ann) == [png("A")]
    put_back(shop, copy)
    release(shop)
    shop.waits(150)
    assert (shop.seen(ann), shop.status(order)) == ([png("A")], "held")
    shop.ask("POST", f"/deliveries/{shop.delivery(order)['delivery_id']}/retry")
    shop.poll(4)
    assert (shop.seen(ann), shop.status(order)) == ([png("A")], "delivered")
    check(shop.opium, imported=2)


def test_a_picture_nobody_can_tell_stops_the_sale_of_pictures(
    shop: Gallery, world: World, ann: Buyer
) -> None:
    """FunPay does not show the file's name: any picture of the shelf may be the sold one."""
    bob, lot = world.buyer("bob"), shop.shows("Открытка", png("A"), png("B"))
    shop.poll()
    copy = shop.opium.core.keeper.take().path
    order = ann.buys(lot)
    shop.poll(3)
    world.faults.add(
        "markup", path="/chat/history", text=f"{order.id}-D2-2-", replacement="x", count=None
    )
    put_back(shop, copy)
    assert shop.status(order) == "held"
    assert not shop.ask("GET", "/products/p_001")["enabled"]
    assert any("switched off: «Открытка»" in alert for alert in shop.alerts())
    release(shop)
    bob.buys(lot)
    shop.poll(4)
    assert (shop.seen(ann), shop.seen(bob)) == ([png("A")], [])
    shop.ask("DELETE", "/products/p_001/stock/1")
    shop.ask("PUT", "/products/p_001", {"enabled": True})
    shop.ask("POST", f"/deliveries/{shop.delivery(order)['delivery_id']}/retry")
    shop.poll(4)
    assert (shop.seen(ann), shop.status(order)) == ([png("A"), png("B")], "delivered")
    check(shop.opium, imported=2)
