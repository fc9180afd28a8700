"""Fault matrix, row 91: a copy taken beside writers is a commit point, closed and checked."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from backup_cast import HOUR, copy_now, flip_page, put_back
from driver import Driver
from sqlalchemy import text
from story_cast import Shop

from opium.backup import copies, disk, names
from opium.backup.copies import CopyError
from opium.core import DATABASE
from opium.db.tables import Setting
from sandbox.world import World

MIB = 1024 * 1024


def test_a_copy_beside_a_hundred_writes_a_second_is_a_commit_point(
    opium: Driver, tmp_path: Path
) -> None:
    """Row 91: each transaction writes a pair of rows; a copy never shows half of one."""
    core, over = opium.core, threading.Event()

    def write(who: int) -> None:
        n = 0
        while not over.is_set():
            with core.db.write() as db:
                db.add(Setting(key=f"a:{who}:{n}", value="x" * 500))
                db.flush()
                db.add(Setting(key=f"b:{who}:{n}", value="x" * 500))
            n += 1

    writers = [threading.Thread(target=write, args=(who,)) for who in range(3)]
    for writer in writers:
        writer.start()
    try:
        made = [copies.take(core.db.path, tmp_path / f"{n}.db") for n in range(12)]
    finally:
        over.set()
        for writer in writers:
            writer.join()
    sizes = []
    for copy in made:
        with closing(sqlite3.connect(copy.path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            a, b = (
                {
                    row[0][1:]
                    for row in db.execute(f"SELECT key FROM settings WHERE key LIKE '{c}:%'")
                }
                for c in "ab"
            )
            assert a == b
            sizes.append(len(a))
            assert copies.counts(db) == copy.rows
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[0]


def test_a_copy_holds_what_is_only_in_the_log_and_is_closed_to_others(
    shop: Shop, world: World
) -> None:
    shop.sells(keys=3)
    copy = copy_now(shop.opium)
    with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as db:
        assert db.execute("SELECT count(*) FROM auto_delivery_stock").fetchone()[0] == 3
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in copy.parent.iterdir()) == [copy.name]
    key = (shop.opium.core.config.instance / "data.key").read_bytes().strip()
    content = copy.read_bytes()
    assert key not in content
    assert b"KEY-shop-0001" not in content


def test_two_copies_in_one_second_have_two_names(opium: Driver) -> None:
    assert copy_now(opium) != copy_now(opium)


def test_every_hour_there_is_one_more_and_old_ones_make_way(opium: Driver, world: World) -> None:
    for _ in range(40):
        opium.core.keeper.run()
        world.travel(HOUR / 2)
        opium.core.keeper.run()
        world.travel(HOUR / 2)
    found = names.in_folder(opium.core.config.instance / "backups")
    assert len(found) == 25
    assert (found[-1][0].at - found[-2][0].at).total_seconds() == HOUR
    opium.restart()
    opium.core.keeper.run()
    assert opium.get("/api/alerts?open=true")["items"] == []


def test_a_restart_takes_no_copy_before_the_hour_is_over(opium: Driver, world: World) -> None:
    opium.core.keeper.run()
    world.travel(HOUR / 2)
    opium.restart()
    opium.core.keeper.run()
    folder = opium.core.config.instance / "backups"
    assert len(names.in_folder(folder)) == 1
    world.travel(HOUR / 2)
    opium.core.keeper.run()
    assert len(names.in_folder(folder)) == 2


def test_a_failed_copy_is_an_alert_is_tried_again_and_leaves_nothing(
    opium: Driver, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_path: Path) -> copies.Counts:
        raise CopyError("x is damaged.")

    with monkeypatch.context() as broken:
        broken.setattr(copies, "check", fails)
        opium.core.keeper.run()
    (alert,) = opium.get("/api/alerts?open=true")["items"]
    assert (alert["kind"], "hourly backup failed" in alert["text"]) == ("backup", True)
    folder = opium.core.config.instance / "backups"
    assert list(folder.iterdir()) == []
    world.travel(301)
    opium.core.keeper.run()
    assert len(names.in_folder(folder)) == 1
    assert opium.get("/api/alerts?open=true")["items"] == []


def test_a_copy_that_lost_rows_is_refused(
    opium: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = copies.check
    monkeypatch.setattr(copies, "check", lambda path: whole(path) | {"settings": 0})
    with pytest.raises(CopyError, match="same rows"):
        copies.take(opium.core.db.path, tmp_path / "copy.db")
    assert list(tmp_path.glob("copy*")) == []


def test_rows_are_counted_in_the_copys_own_moment(
    opium: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, late = copies.counts, list[Setting]()

    def counts(db: sqlite3.Connection) -> copies.Counts:
        found = count(db)
        if not late:
            late.append(Setting(key="late", value="x"))
            with opium.core.db.write() as writing:
                writing.add(late[0])
        return found

    monkeypatch.setattr(copies, "counts", counts)
    copy = copies.take(opium.core.db.path, tmp_path / "copy.db")
    with closing(sqlite3.connect(copy.path)) as db:
        assert db.execute("SELECT count(*) FROM settings WHERE key = 'late'").fetchone()[0] == 0


def test_a_disk_without_room_for_a_copy_is_not_filled_by_one(
    opium: Driver, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opium.core.disk, "_look", lambda _path: 90 * MIB)
    opium.core.keeper.run()
    kinds = {item["kind"] for item in opium.get("/api/alerts?open=true")["items"]}
    assert kinds == {"backup", "disk"}


def test_the_newest_copy_is_looked_through_once_a_week(
    opium: Driver, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    thorough = []
    whole = copies.check

    def check(path: Path, *, thorough_: bool = False, **more: bool) -> copies.Counts:
        if more.get("thorough"):
            thorough.append(path)
        return whole(path, **more)

    monkeypatch.setattr(copies, "check", check)
    for _ in range(15 * 24):
        opium.core.keeper.run()
        world.travel(HOUR)
    assert len(thorough) == 3


def test_a_damaged_copy_is_refused_and_the_database_is_as_it_was(shop: Shop) -> None:
    shop.sells(keys=200)
    copy = copy_now(shop.opium)
    flip_page(copy, "auto_delivery_stock")
    database = shop.opium.core.config.instance / DATABASE
    shop.opium.core.db.checkpoint()
    before = database.read_bytes()
    with pytest.raises(CopyError):
        put_back(shop.opium, copy)
    assert database.read_bytes() == before
    assert not (shop.opium.core.config.instance / "set-aside").exists()


@pytest.mark.parametrize("what", ["no database", "another program", "newer", "other key"])
def test_what_cannot_be_used_is_not_put_in_place(shop: Shop, tmp_path: Path, what: str) -> None:
    copy = tmp_path / "given.db"
    if what == "no database":
        copy.write_text("hello" * 1000)
    elif what == "another program":
        with closing(sqlite3.connect(copy)) as db:
            db.execute("CREATE TABLE t (x)")
    else:
        copies.take(shop.opium.core.db.path, copy)
    with closing(sqlite3.connect(copy)) as db:
        if what == "newer":
            db.execute("UPDATE alembic_version SET version_num = 'core_999'")
            db.commit()
        elif what == "other key":
            key = shop.opium.core.config.instance / "data.key"
            key.write_text("A" * 43 + "=\n")
    with pytest.raises(CopyError):
        put_back(shop.opium, copy)


def test_the_former_database_is_kept_aside(shop: Shop) -> None:
    shop.sells(keys=3)
    copy = copy_now(shop.opium)
    shop.sells("Другой", keys=4)
    done = put_back(shop.opium, copy)
    assert done.aside is not None
    with closing(sqlite3.connect(f"file:{done.aside}?mode=ro", uri=True)) as db:
        assert db.execute("SELECT count(*) FROM auto_delivery_stock").fetchone()[0] == 7
    assert shop.free_keys() == 3


def test_before_the_tables_change_there_is_a_copy(opium: Driver) -> None:
    with opium.core.db.write() as db:
        db.execute(text("DROP TABLE auto_delivery_asked"))
        db.execute(text("UPDATE alembic_version_auto_raise SET version_num = 'auto_raise_000'"))
    opium.core.attachments.ready.pop("auto_delivery")
    opium.restart()
    found = names.in_folder(opium.core.config.instance / "backups")
    assert [name.label for name, _path in found] == ["before-migration"]


def test_a_look_at_the_disk_serves_some_seconds(
    world: World, tmp_path: Path, opium: Driver
) -> None:
    looks: list[Path] = []

    def look(path: Path) -> int:
        looks.append(path)
        return 200 * MIB

    seen = disk.Disk(tmp_path, opium.clock, alert_mib=300, stop_mib=100, free=look)
    assert (seen.short, seen.full) == (True, False)
    assert "200 MiB" in seen.words
    assert len(looks) == 1
    world.travel(6)
    assert seen.short
    assert len(looks) == 2
