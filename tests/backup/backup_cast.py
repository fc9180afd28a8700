"""Verbs for stories about a database that is copied, lost and put back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from driver import Driver
from story_cast import Shop

from opium.backup import restoring
from opium.core import DATABASE
from sandbox.world import Order

HOUR = 3600.0


def copy_now(opium: Driver) -> Path:
    """The hourly copy, taken now."""
    return opium.core.keeper.take().path


def put_back(opium: Driver, copy: Path) -> restoring.Restored:
    """Stop, `restore`, start."""
    opium.core.db.close()
    config, now = opium.core.config, opium.clock.now()
    done = restoring.restore(config, config.instance / DATABASE, copy, now)
    opium._start()
    return done


def copy_by_hand(opium: Driver, copy: Path) -> None:
    """Somebody copies the file over the database himself, and starts."""
    opium.core.db.close()
    database = opium.core.config.instance / DATABASE
    for end in ("-wal", "-shm"):
        database.with_name(DATABASE + end).unlink(missing_ok=True)
    shutil.copyfile(copy, database)
    opium._start()


def snapshot(opium: Driver, place: Path) -> Path:
    """The whole machine is frozen to a picture: every file of the instance folder at once."""
    opium.core.db.checkpoint()
    shutil.copytree(opium.core.config.instance, place)
    return place


def roll_back(opium: Driver, picture: Path) -> None:
    """The machine is put back to a picture of itself, counter file and all."""
    opium.core.db.close()
    shutil.rmtree(opium.core.config.instance)
    shutil.copytree(picture, opium.core.config.instance)
    opium._start()


def reconcile_alert(shop: Shop) -> dict[str, object] | None:
    items = shop.opium.get("/api/alerts?open=true")["items"]
    found = [i for i in items if i["kind"] == "reconcile" and i["account_id"] == shop.name]
    return found[0] if found else None


def release(shop: Shop) -> None:
    """A person acknowledges the account's alert."""
    alert = reconcile_alert(shop)
    assert alert is not None
    shop.opium.ok("POST", f"/api/alerts/{alert['id']}/ack")


def is_read(shop: Shop) -> bool:
    held = shop.opium.core.reconcile.of(shop.name)
    return held is not None and held.read


def read_again(shop: Shop, polls: int = 60) -> None:
    """Let it poll until the account was read again."""
    for _ in range(polls):
        if is_read(shop):
            return
        shop.opium.poll(shop.seller)
    raise AssertionError("the account was not read again")


def lines(shop: Shop, state: str) -> int:
    with shop.opium.core.db.read() as db:
        found = db.connection().exec_driver_sql(
            "SELECT count(*) FROM auto_delivery_stock WHERE state = ?", (state,)
        )
        return int(found.scalar_one())


def keys_sold(shop: Shop, *buyers: object) -> list[str]:
    """Every key that any of these buyers was told, as often as it was."""
    told = [text for buyer in buyers for text in shop.told(buyer)]  # type: ignore[arg-type]
    return [word for text in told for word in text.split() if word.startswith("KEY-")]


def sold_once(shop: Shop, *buyers: object) -> bool:
    keys = keys_sold(shop, *buyers)
    return len(keys) == len(set(keys))


def deliver_all(shop: Shop, orders: Sequence[Order], polls: int = 12) -> None:
    shop.poll(polls)
    assert {shop.handout(order) for order in orders} == {"delivered"}


def flip_page(database: Path, table: str) -> None:
    """Damage the first page of a table, as a dying disk would."""
    with closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = db.execute("PRAGMA page_size").fetchone()[0]
        sql = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        page = db.execute(sql, (table,)).fetchone()[0]
    content = bytearray(database.read_bytes())
    at = (page - 1) * size
    content[at : at + size] = bytes(byte ^ 0xFF for byte in content[at : at + size])
    database.write_bytes(content)
