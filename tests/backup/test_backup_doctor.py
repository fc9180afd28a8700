"""What `doctor` says, sentence by sentence."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from backup_cast import HOUR, copy_now, flip_page
from driver import Driver
from sqlalchemy import text
from story_cast import Shop

from opium import doctor
from opium.core import DATABASE
from opium.doctor import Finding, examine, report
from sandbox.world import Buyer

REAL: dict[str, Any] = {
    "auth_enabled": True,
    "rate_limit_enabled": True,
    "password_rounds": 600_000,
    "funpay_url": "https://funpay.com",
}


def wrong(opium: Driver, **settings: Any) -> dict[str, list[str]]:
    """What is not well, by subject; as if the settings were those of a real server."""
    config = opium.core.config.model_copy(update=REAL | settings)
    found = examine(config, opium.clock.now())
    said: dict[str, list[str]] = {}
    for finding in found:
        if not finding.well:
            said.setdefault(finding.what, []).append(finding.text)
    return said


@pytest.fixture
def opium(opium: Driver, monkeypatch: pytest.MonkeyPatch) -> Driver:
    """A healthy server: its files are as old as its clock says, and there is a copy."""
    monkeypatch.setattr(doctor, "free_bytes", lambda _folder: 1 << 40)
    copy_now(opium)
    return opium


def as_served(opium: Driver) -> None:
    """The files as a server leaves them: for their owner only, and no newer than its clock."""
    now = opium.clock.now().timestamp()
    for path in opium.core.config.instance.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.utime(path, (now, now))


def test_a_healthy_shop_has_nothing_to_hear(shop: Shop, ann: Buyer) -> None:
    shop.sells(keys=3)
    shop.poll(2)
    as_served(shop.opium)
    assert wrong(shop.opium) == {}


def test_it_reads_only(shop: Shop) -> None:
    shop.sells(keys=3)
    folder = shop.opium.core.config.instance
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    wrong(shop.opium)
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    same = {path for path in before if not path.name.endswith("-shm")}
    assert {path: after[path] for path in same} == {path: before[path] for path in same}
    assert before.keys() == after.keys()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"auth_enabled": False}, "whoever reaches the port owns the shop"),
        ({"host": "0.0.0.0"}, "behind a proxy with TLS"),
        ({"funpay_url": "http://127.0.0.1:8100"}, "not the real site"),
        ({"rate_limit_enabled": False}, "guessed at full speed"),
        ({"failpoint": "after_t2"}, "unset it"),
        ({"password_rounds": 1000}, "use the default"),
    ],
)
def test_settings_that_look_wrong(opium: Driver, settings: dict[str, Any], sentence: str) -> None:
    (said,) = wrong(opium, **settings)["settings"]
    assert sentence in said


def opens_a_file(opium: Driver) -> None:
    (opium.core.config.instance / "data.key").chmod(0o644)


def loses_the_key(opium: Driver) -> None:
    (opium.core.config.instance / "data.key").write_text("A" * 43 + "=\n")


def is_newer(opium: Driver) -> None:
    with opium.core.db.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = 'core_999'"))


def is_older(opium: Driver) -> None:
    with opium.core.db.write() as db:
        db.execute(text("UPDATE alembic_version_auto_raise SET version_num = 'auto_raise_000'"))


def damages_the_database(opium: Driver) -> None:
    opium.core.db.checkpoint()
    opium.core.db.close()
    flip_page(opium.core.config.instance / DATABASE, "audit")


def damages_the_copy(opium: Driver) -> None:
    (copy,) = (opium.core.config.instance / "backups").iterdir()
    flip_page(copy, "audit")


def loses_the_copies(opium: Driver) -> None:
    for copy in (opium.core.config.instance / "backups").iterdir():
        copy.unlink()


def lets_copies_grow_old(opium: Driver) -> None:
    opium.world.travel(7 * HOUR)


@pytest.mark.parametrize(
    ("happens", "what", "sentence"),
    [
        (opens_a_file, "folder", "data.key is open to others: chmod go= "),
        (loses_the_key, "data key", "put the right data.key back"),
        (is_newer, "schema", "newer than this version knows"),
        (is_older, "schema", "restart the service"),
        (damages_the_database, "database", "python app.py restore latest"),
        (damages_the_copy, "backups", "python app.py backup"),
        (loses_the_copies, "backups", "there are none"),
        (lets_copies_grow_old, "backups", "7 h old"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_happened_to_the_folder(
    opium: Driver, happens: Callable[[Driver], None], what: str, sentence: str
) -> None:
    happens(opium)
    assert any(sentence in said for said in wrong(opium)[what])


def test_what_waits_for_a_person(shop: Shop, ann: Buyer) -> None:
    lot = shop.sells(keys=5)
    shop.poll()
    shop.strikes("cut", "before")
    order = ann.buys(lot)
    shop.poll()
    assert shop.command(order).state == "unknown"
    (said,) = wrong(shop.opium)["messages"]
    assert f"of order {order.id} is unknown" in said
    assert "being checked" in said
    shop.seller.loses_key()
    shop.poll(2)
    found = wrong(shop.opium)
    assert any(said.startswith("shop: ") for said in found["accounts"])
    assert any("(signed_out)" in said for said in found["alerts"])


def test_little_room_and_a_wrong_clock(opium: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "free_bytes", lambda _folder: 50 << 20)
    config = opium.core.config
    said = {f.what: f.text for f in examine(config, opium.clock.now()) if not f.well}
    assert "50 MiB left: nothing is sent" in said["disk"]
    monkeypatch.setattr(doctor, "free_bytes", lambda _folder: 200 << 20)
    long_ago = opium.clock.now() - timedelta(days=3650)
    said = {f.what: f.text for f in examine(config, long_ago) if not f.well}
    assert "200 MiB left: free some space" in said["disk"]
    assert "set the clock" in said["clock"]


def test_a_folder_without_a_database_is_a_fresh_one(opium: Driver) -> None:
    opium.core.db.close()
    (opium.core.config.instance / DATABASE).unlink()
    found = {f.what: f for f in examine(opium.core.config, opium.clock.now())}
    assert found["database"] == Finding(True, "database", "none yet: the first start makes it")


def test_the_report_is_aligned_and_sums_up() -> None:
    findings = [Finding(True, "disk", "5 MiB left"), Finding(False, "data key", "wrong")]
    assert report(findings) == ("ok  disk      5 MiB left\n!!  data key  wrong\n1 of 2 need you.")
    assert report(findings[:1]).endswith("All is well.")
