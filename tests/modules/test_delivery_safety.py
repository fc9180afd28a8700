"""Races, crashes and leaks: what would cost the seller his goods or his name."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from driver import Driver
from sqlalchemy import inspect, text
from test_delivery_invariants import Shop, check

from opium.db.tables import Base, Handout
from opium.events import ModuleEvent
from opium.kit import Module, Work
from opium.module import find
from opium.modules.auto_delivery import module as auto_delivery
from opium.modules.auto_delivery import stock
from opium.modules.auto_delivery.models import StockLine
from sandbox.world import World

CANARY = "CANARY-7Q4X-GOODS"


def listener(heard: list[ModuleEvent]) -> Module:
    """A module that hears what auto_delivery tells."""
    ears = Module("ears", title="Ears")

    @ears.on("delivery_succeeded", "delivery_failed", "stock_low")
    def hear(event: ModuleEvent, work: Work) -> None:
        heard.append(event)

    return ears


def test_others_hear_of_deliveries_and_of_low_stock(world: World, tmp_path: Path) -> None:
    heard: list[ModuleEvent] = []
    modules = {"auto_delivery": auto_delivery, "ears": listener(heard)}
    opium = Driver(world, tmp_path / "i", modules)
    shop, ann = Shop(opium, world, low_stock_threshold=2), world.buyer("ann")
    opium.ok("POST", "/api/accounts/shop/modules", {"module_name": "ears"})
    lot = shop.sells("Ключ", "A", "B", "C", "D")
    orders = []
    for _ in range(3):
        orders.append(ann.buys(lot))
        shop.poll(2)
    low = [event.payload for event in heard if event.name == "stock_low"]
    assert low == [{"product_id": "p_001", "stock_count": 2}]
    done = [event.payload for event in heard if event.name == "delivery_succeeded"]
    assert done == [
        {"order_id": order.id, "product_id": "p_001", "quantity": 1, "goods_left": left}
        for order, left in zip(orders, (3, 2, 1), strict=True)
    ]
    world.chats.between(shop.seller, ann).muted_by.add(ann.id)
    refused = ann.buys(lot)
    shop.poll(2)
    (failed,) = [event.payload for event in heard if event.name == "delivery_failed"]
    assert (failed["order_id"], failed["product_id"]) == (refused.id, "p_001")
    opium.core.db.close()


def test_goods_lie_nowhere_in_the_clear(
    world: World, opium: Driver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    shop, ann = Shop(opium, world), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", CANARY, f"{CANARY}-2"))
    shop.poll(2)
    shop.product(kind="static", static_text=f"{CANARY}-3")
    shop.ask("POST", f"/deliveries/{shop.delivery(order)['delivery_id']}/redeliver")
    shop.poll(2)
    assert len([m for m in shop.told(ann) if CANARY in m]) == 2
    assert CANARY not in caplog.text
    assert CANARY not in str(shop.alerts())
    assert CANARY not in str(opium.get("/api/audit"))
    for path in (tmp_path / "instance").rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path.name


def test_eight_threads_claim_the_last_five_lines(world: World, opium: Driver) -> None:
    shop = Shop(opium, world)
    shop.product("A", "B", "C", "D", "E")
    with opium.core.db.write() as db:
        for n in range(8):
            db.add(
                Handout(
                    id=f"h{n}",
                    fp_id=shop.seller.id,
                    order_id=f"ORDER{n}",
                    account_id="shop",
                    module="auto_delivery",
                    amount=1,
                    state="waiting_stock",
                    created_at=opium.clock.now(),
                )
            )
    got: dict[str, list[StockLine]] = {}
    start = threading.Barrier(8)

    def claim(handout_id: str) -> None:
        start.wait()
        with opium.core.db.write() as db:
            got[handout_id] = stock.take(db, 1, handout_id, 1, opium.clock.now())

    threads = [threading.Thread(target=claim, args=(f"h{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [line.id for taken in got.values() for line in taken]
    assert sorted(lines) == [1, 2, 3, 4, 5]
    check(opium, imported=5)


def test_more_than_there_is_takes_nothing(world: World, opium: Driver) -> None:
    shop = Shop(opium, world)
    shop.product("A", "B")
    with opium.core.db.write() as db:
        assert stock.take(db, 1, "nobody", 3, opium.clock.now()) == []
    check(opium, imported=2)


def test_a_lost_answer_doubles_nothing(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", "AAAA", "BBBB"))
    world.faults.add("cut", "after", path="/runner/", action="send")
    shop.poll(2)
    assert shop.status(order) == "reserved"
    opium.restart()
    opium.pass_time(shop.seller, 120)
    assert shop.told(ann) == ["AAAA"]
    assert shop.status(order) == "delivered"
    check(opium, imported=2)


def test_a_refund_after_the_delivery_leaves_the_lines_with_the_order(
    world: World, opium: Driver
) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", "AAAA"))
    shop.poll(2)
    shop.seller.refunds(order)
    shop.poll(3)
    assert shop.status(order) == "delivered"
    line = shop.ask("GET", "/products/p_001/stock")["items"][0]
    assert (line["status"], line["order_id"]) == ("delivered", order.id)
    path = f"/deliveries/{shop.delivery(order)['delivery_id']}"
    assert shop.refused("POST", f"{path}/redeliver")[0] == 400
    check(opium, imported=1)


def test_a_lot_that_cannot_be_switched_off_is_tried_three_times(
    world: World, opium: Driver
) -> None:
    shop = Shop(opium, world, auto_deactivate_lots=True)
    ann = world.buyer("ann")
    lot = shop.sells("Ключ", "AAAA")
    opium.run_task("auto_delivery", "read_lots")
    world.faults.add("error_text", path="/lots/offerSave", text="Ошибка", count=None)
    ann.buys(lot)
    shop.poll(6)
    with opium.core.db.read() as db:
        tried = db.scalar(text("SELECT count(*) FROM commands WHERE kind = 'save_offer'"))
    assert tried == 3
    assert any(str(lot.id) in alert for alert in shop.alerts())
    world.faults.clear()
    shop.refill("p_001", "BBBB")
    ann.buys(lot)
    shop.poll(4)
    assert not lot.active
    check(opium, imported=2)


def test_a_message_that_is_turned_away_again_and_again_raises_an_alert(
    world: World, opium: Driver
) -> None:
    shop, ann = Shop(opium, world, send_attempts=2), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", "AAAA"))
    world.faults.add("status", path="/runner/", action="send", status=429, count=3)
    opium.pass_time(shop.seller, 60)
    opium.run_task("auto_delivery", "tend")
    opium.pass_time(shop.seller, 120)
    assert shop.status(order) == "delivered"
    assert shop.told(ann) == ["AAAA"]
    assert shop.alerts() == []
    check(opium, imported=1)


def test_missed_orders_can_be_left_to_a_person(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world, process_missed_orders=False), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", "AAAA"))
    world.travel(3600)
    opium.restart()
    shop.poll(4)
    assert shop.status(order) == "held"
    check(opium, imported=1)


def test_finished_deliveries_are_pruned_but_never_served_again(world: World, opium: Driver) -> None:
    shop, ann = Shop(opium, world), world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", "AAAA", "BBBB"))
    shop.poll(2)
    shop.ask("DELETE", "/deliveries")
    opium.run_task("auto_delivery", "tend")
    opium.restart()
    shop.poll(3)
    assert shop.told(ann) == ["AAAA"]
    status, _ = shop.refused("POST", "/deliveries", {"order_id": order.id})
    assert status == 409


def test_texts_of_withdrawn_lines_are_wiped_after_a_month(world: World, opium: Driver) -> None:
    shop = Shop(opium, world)
    product = shop.product("AAAA")
    shop.ask("DELETE", f"/products/{product}/stock?confirm=true")
    world.travel(timedelta(days=31).total_seconds())
    opium.run_task("auto_delivery", "wipe")
    with opium.core.db.read() as db:
        assert db.scalar(text("SELECT body_sealed FROM auto_delivery_stock")) is None
    check(opium, imported=1)


def test_the_migration_makes_the_tables_of_the_models(opium: Driver) -> None:
    assert "auto_delivery" in find().ready
    found = inspect(opium.core.db.engine)
    tables = [t for name, t in Base.metadata.tables.items() if name.startswith("auto_delivery_")]
    assert len(tables) == 10
    for table in tables:
        made = {column["name"]: column for column in found.get_columns(table.name)}
        assert {c.name: c.nullable for c in table.columns} == {
            name: column["nullable"] for name, column in made.items()
        }, table.name
        assert {index.name for index in table.indexes} == {
            index["name"] for index in found.get_indexes(table.name)
        }, table.name
