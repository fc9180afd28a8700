"""The main job with a module of a few lines: paid, delivered once, seen through the API."""

from __future__ import annotations

from pathlib import Path

from driver import Driver

from opium.events import OrderPaid
from opium.module import Module
from opium.work import Work
from sandbox.world import World


def giver() -> Module:
    """Hands the word KEY to every order."""
    module = Module("giver", title="Giver", takes_orders=True)

    @module.on(OrderPaid)
    def deliver(event: OrderPaid, work: Work) -> None:
        handout = work.claim_order(event)
        if handout is not None:
            work.hand_out(handout, event.order.chat or "", ["KEY"])

    return module


def test_a_paid_order_is_delivered_once(world: World, tmp_path: Path) -> None:
    opium = Driver(world, tmp_path / "i", {"giver": giver()})
    shop, ann = world.seller("shop"), world.buyer("ann")
    lot = shop.lot("Ключ Steam")
    opium.watch(shop, "giver")
    assert opium.get("/api/accounts/shop")["state"] == "running"
    order = ann.buys(lot)
    opium.poll(shop)
    opium.poll(shop, 3)
    assert ann.messages_from(shop) == [f"KEY #{order.id}-D1/1".replace(" #", "\n#")]
