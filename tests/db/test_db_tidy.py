"""What is forgotten by age, and what is never forgotten."""

from __future__ import annotations

from datetime import timedelta

from driver import Driver
from sqlalchemy import text

from opium.security.audit import record
from opium.tidy import tidy
from sandbox.world import World


def rows(opium: Driver, sql: str) -> list[tuple[object, ...]]:
    with opium.core.db.read() as db:
        return [tuple(row) for row in db.execute(text(sql))]


def test_texts_go_after_a_month_events_after_a_quarter_and_the_journal_stays(
    opium: Driver, world: World
) -> None:
    seller, ann = world.seller("shop"), world.buyer("ann")
    account = opium.watch(seller, "auto_delivery")
    lot = seller.lot("Ключ", amount=9)
    base = f"/api/accounts/{account}/modules/auto_delivery"
    product = opium.ok("POST", f"{base}/products", {"name": "Ключ", "stock": ["A-1"]})
    mapping = {"product_id": product["product_id"], "match": "exact", "pattern": "Ключ"}
    opium.ok("POST", f"{base}/lot-mappings", mapping)
    ann.buys(lot)
    opium.poll(seller, 3)
    journal = "SELECT id, marker, state, msg_id FROM commands"
    kept = rows(opium, journal)
    assert kept
    with opium.core.db.write() as db:
        record(db, "admin", "TEST", "x", "ok", "", at=opium.core.clock.now())
    audit = "SELECT id, hash FROM audit"
    written = rows(opium, audit)
    texts = "SELECT count(*) FROM commands WHERE body_sealed IS NOT NULL"
    events = "SELECT count(*) FROM events"

    def later(days: float) -> tuple[object, object]:
        world.travel(timedelta(days=days).total_seconds())
        tidy(opium.core.db, opium.core.clock)
        return rows(opium, texts)[0][0], rows(opium, events)[0][0]

    assert later(29)[0] == len(kept)
    left, told = later(2)
    assert left == 0
    assert told != 0
    assert later(60)[1] == 0
    assert rows(opium, journal) == kept
    assert rows(opium, audit) == written
