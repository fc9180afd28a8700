"""Fault matrix, rows 86 to 89: a full disk, one that cannot be written, a damaged page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from backup_cast import flip_page
from driver import Driver
from sqlalchemy import event
from story_cast import Shop

from opium.core import DATABASE
from sandbox.transport import SandboxAdapter
from sandbox.world import Buyer, World

MIB = 1024 * 1024


@contextmanager
def trouble(opium: Driver, kind: str) -> Iterator[None]:
    """SQLite itself refuses every write: no page is left, or the file cannot be written."""
    engine = opium.core.db.engine

    def begin(connection: Any) -> None:
        if not connection.get_execution_options().get("opium_immediate", True):
            return
        if kind == "full":
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            connection.exec_driver_sql("INSERT INTO settings VALUES ('fill', zeroblob(4000000))")
        else:
            connection.exec_driver_sql("PRAGMA query_only = ON")

    def reset(dbapi: Any, *_rest: Any) -> None:
        dbapi.execute("PRAGMA max_page_count = 1073741823")
        dbapi.execute("PRAGMA query_only = OFF")

    event.listen(engine, "begin", begin)
    event.listen(engine, "checkin", reset)
    try:
        yield
    finally:
        event.remove(engine, "begin", begin)
        event.remove(engine, "checkin", reset)


@pytest.mark.parametrize("kind", ["full", "read-only"])
def test_nothing_is_sent_while_nothing_can_be_written(shop: Shop, ann: Buyer, kind: str) -> None:
    """Rows 86 and 88: before T1."""
    lot = shop.sells(keys=5)
    shop.poll()
    order = ann.buys(lot)
    with trouble(shop.opium, kind):
        shop.poll(5)
        answer = shop.opium.call("POST", f"{shop.base}/products", {"name": "?", "stock": ["a"]})
        assert answer.status_code == 503
        assert kind[:4] in answer.get_json()["detail"]
        assert shop.opium.call("GET", "/api/health").status_code == 200
    assert shop.posts() == []
    shop.pass_time(60)
    assert shop.delivered(order)
    assert shop.free_keys() == 4


@pytest.mark.parametrize("kind", ["full", "read-only"])
def test_nothing_is_sent_if_its_intent_cannot_be_written(shop: Shop, ann: Buyer, kind: str) -> None:
    """Row 86: before T2."""
    lot = shop.sells(keys=5)
    shop.poll()
    shop.strikes("429", retry_after=20, count=1)
    order = ann.buys(lot)
    shop.poll()
    assert shop.command(order).state == "waiting"
    with trouble(shop.opium, kind):
        shop.pass_time(60)
    assert len(shop.posts()) == 1
    shop.pass_time(100)
    assert shop.delivered(order)


def test_a_disk_that_fills_up_after_the_send_leads_to_a_look_and_not_to_a_second_message(
    shop: Shop, ann: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 87: T3 cannot be written; no restart is needed."""
    lot = shop.sells(keys=5)
    shop.poll()
    order = ann.buys(lot)
    with after_a_send(monkeypatch) as sent, full_once(shop.opium, sent):
        shop.poll()
        assert shop.told(ann) != []
        assert shop.command(order).state == "started"
    shop.poll()
    assert shop.command(order).state == "unknown"
    shop.pass_time(120)
    assert len(shop.posts()) == 1
    assert shop.delivered(order)


@contextmanager
def after_a_send(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], bool]]:
    through, seen = SandboxAdapter.send, []

    def send(adapter: SandboxAdapter, request: Any, *args: Any, **more: Any) -> Any:
        answer = through(adapter, request, *args, **more)
        if "chat_message" in str(request.body):
            seen.append(request)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(SandboxAdapter, "send", send)
        yield lambda: bool(seen)


@contextmanager
def full_once(opium: Driver, when: Callable[[], bool]) -> Iterator[None]:
    """The disk is full from that moment on."""
    engine = opium.core.db.engine

    def begin(connection: Any) -> None:
        if when() and connection.get_execution_options().get("opium_immediate", True):
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            connection.exec_driver_sql("INSERT INTO settings VALUES ('fill', zeroblob(4000000))")

    event.listen(engine, "begin", begin)
    try:
        yield
    finally:
        event.remove(engine, "begin", begin)
        engine.dispose()


def test_below_a_hundred_mebibytes_orders_wait_and_are_served_when_there_is_room(
    shop: Shop, ann: Buyer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lot = shop.sells(keys=5)
    shop.poll()
    order = ann.buys(lot)
    left = [99 * MIB]
    monkeypatch.setattr(shop.opium.core.disk, "_look", lambda _folder: left[0])
    world.travel(10)
    shop.opium.core.keeper.run()
    reads = len(shop.reads("/"))
    shop.pass_time(60)
    assert (shop.posts(), shop.handout(order), len(shop.reads("/"))) == ([], None, reads)
    assert "99 MiB" in shop.trouble
    assert any("99 MiB" in text for text in shop.alerts("disk"))
    left[0] = 200 * MIB
    shop.pass_time(60)
    assert shop.delivered(order)
    assert shop.trouble == "None"
    left[0] = 900 * MIB
    world.travel(10)
    shop.opium.core.keeper.run()
    assert shop.alerts("disk") == []


@pytest.mark.parametrize("table", ["settings", "auto_delivery_stock", "sqlite_schema"])
def test_a_damaged_database_is_kept_and_nothing_but_health_is_answered(
    shop: Shop, ann: Buyer, table: str
) -> None:
    """Row 89."""
    lot = shop.sells(keys=300)
    shop.poll()
    ann.buys(lot)
    core = shop.opium.core
    core.db.checkpoint()
    core.db.close()
    database = core.config.instance / DATABASE
    if table == "sqlite_schema":
        content = bytearray(database.read_bytes())
        content[100:4000] = b"\xff" * 3900
        database.write_bytes(content)
    else:
        flip_page(database, table)
    before, reads = database.read_bytes(), len(shop.world.log.requests("shop", "/"))
    shop.opium._start()
    assert shop.opium.core.unusable is not None
    assert not shop.opium.core.ready
    assert shop.opium.call("GET", "/api/health").status_code == 200
    assert shop.opium.call("GET", "/api/auth/config").status_code == 200
    for path in ("/api/accounts", "/api/status", f"{shop.base}/overview"):
        answer = shop.opium.call("GET", path)
        assert answer.status_code == 503
        assert "damaged" in answer.get_json()["detail"]
        assert "restore latest" in answer.get_json()["detail"]
    shop.opium.core.shutdown()
    assert database.read_bytes() == before
    assert len(shop.world.log.requests("shop", "/")) == reads
