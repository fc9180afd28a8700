"""The registry with real threads: states, replacing what is dead or stuck, generations."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session
from workers_cast import QUICK, Live, eventually

from opium import journal
from opium.db.tables import Account, StoredCommand
from opium.workers.worker import Worker

DAY = 24 * 3600.0
SILENT = 130.0


def enable(live: Live, account: str, enabled: bool) -> None:
    """Change the row and nothing else."""
    with live.core.db.write() as db:
        db.execute(update(Account).where(Account.id == account).values(enabled=enabled))


# --- states


def test_every_start_is_a_new_worker_with_a_higher_generation(live: Live) -> None:
    shop = live.open(live.world.seller("shop"))
    seen = [live.generation(shop)]
    for _ in range(2):
        live.stop(shop)
        live.comes_to(shop, "stopped")
        eventually(lambda: not live.hired(shop).is_alive())
        live.start(shop)
        live.comes_to(shop, "running")
        seen.append(live.generation(shop))
    assert seen == [1, 2, 3]


def test_a_dead_key_rests_and_a_new_one_acts_at_once(live: Live) -> None:
    seller = live.world.seller("shop")
    shop = live.open(seller)
    seller.loses_key()
    live.jump(2)
    live.comes_to(shop, "error")
    assert live.info(shop)["is_running"] is False
    eventually(lambda: len(live.open_alerts("signed_out")) == 1)
    live.patch(shop, golden_key=seller.gets_key())
    live.comes_to(shop, "running")
    assert live.info(shop)["last_error"] is None
    eventually(lambda: live.open_alerts("signed_out") == [])


def test_a_key_that_works_again_is_noticed_within_a_quarter_of_an_hour(live: Live) -> None:
    seller = live.world.seller("shop")
    shop, key = live.open(seller), seller.golden_key
    seller.loses_key()
    live.jump(2)
    live.comes_to(shop, "error")
    seller.gets_key(key)
    live.jump(901)
    live.comes_to(shop, "running")


def test_a_stop_during_the_sign_in_is_not_forgotten(live: Live) -> None:
    seller = live.world.seller("shop")
    live.wire.hold(seller)
    shop = live.create(seller)
    eventually(lambda: live.wire.held)
    live.stop(shop)
    worker = live.hired(shop)
    live.wire.let_go()
    eventually(lambda: not worker.is_alive())
    live.core.registry.reconcile()
    assert live.info(shop)["state"] == "stopped"


def test_a_second_account_of_the_same_user_waits_until_the_first_is_gone(live: Live) -> None:
    seller = live.world.seller("shop")
    shop = live.open(seller)
    twin = live.create(seller, "twin")
    live.comes_to(twin, "error")
    assert "already watched as shop" in live.info(twin)["last_error"]
    live.jump(DAY)
    live.comes_to(shop, "running")
    assert live.info(twin)["state"] == "error"
    assert live.core.registry.status(twin).last_poll is None
    with live.core.db.read() as db:
        assert list(db.scalars(text("SELECT account_id FROM baselines"))) == [shop]
    live.ok("DELETE", f"/api/accounts/{shop}")
    live.start(twin)
    live.comes_to(twin, "running")
    assert live.info(twin)["fp_id"] == seller.id
    eventually(lambda: live.open_alerts("duplicate") == [])


def test_without_reconnecting_only_a_person_starts_again(live: Live) -> None:
    shop = live.open(live.world.seller("shop"), reconnect={"enabled": False})
    live.world.faults.add("502", count=None)
    live.jump(2)
    live.comes_to(shop, "error")
    live.world.faults.clear()
    asked = len(live.world.log.requests())
    worker = live.hired(shop)
    live.jump(DAY)
    eventually(lambda: not worker._bell.is_set() and worker.resting)
    live.core.registry.reconcile()
    assert len(live.world.log.requests()) == asked
    assert (live.info(shop)["state"], live.hired(shop)) == ("error", worker)
    live.start(shop)
    live.comes_to(shop, "running")
    assert live.hired(shop) is worker


# --- threads fit the rows


def test_what_is_no_longer_enabled_stops_and_what_is_new_starts(live: Live) -> None:
    one, two = live.open(live.world.seller("one")), live.open(live.world.seller("two"))
    enable(live, one, False)
    live.core.registry.reconcile()
    live.comes_to(one, "stopped")
    assert live.info(two)["state"] == "running"
    enable(live, one, True)
    live.core.registry.reconcile_soon()
    live.comes_to(one, "running")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_died_is_replaced(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = live.open(live.world.seller("shop"))
    dead, plain = live.hired(shop), Worker.step

    def step(worker: Worker) -> float:
        if worker is dead:
            raise SystemExit
        return plain(worker)

    monkeypatch.setattr(Worker, "step", step)
    dead.ring()
    eventually(lambda: not dead.is_alive())
    live.core.registry.reconcile()
    live.comes_to(shop, "running")
    assert live.hired(shop) is not dead
    assert live.generation(shop) == 2


def test_a_silent_thread_is_replaced_and_its_late_result_changes_nothing(live: Live) -> None:
    """D18: the old worker hangs in a send; what it learns later is not written."""
    seller, ann = live.world.seller("shop"), live.world.buyer("ann")
    shop = live.open(seller, "greeter")
    live.wire.hold(seller, "chat_message")
    ann.buys(seller.lot("Ключ"))
    live.jump(2)
    eventually(lambda: live.wire.held)
    stuck = live.hired(shop)
    live.core.registry.reconcile()
    assert live.hired(shop) is stuck
    live.jump(SILENT)
    live.core.registry.reconcile()
    assert "stuck at mailbox" in live.open_alerts("stuck")[0]
    eventually(lambda: live.commands() == ["unknown"])
    live.wire.let_go()
    eventually(lambda: not stuck.is_alive())
    assert live.commands() == ["unknown"]
    live.comes_to(shop, "running")
    assert live.hired(shop) is not stuck
    live.jump(46)
    eventually(lambda: live.commands() == ["done"])
    assert len(ann.messages_from(seller)) == 1
    eventually(lambda: live.open_alerts("stuck") == [])


def test_no_journal_write_of_an_earlier_generation_counts(live: Live) -> None:
    """D18, statement by statement."""
    seller, ann = live.world.seller("shop"), live.world.buyer("ann")
    shop = live.open(seller, "greeter")
    live.wire.hold(seller, "chat_message")
    ann.buys(seller.lot("Ключ"))
    live.jump(2)
    eventually(lambda: live.wire.held)
    now, old = live.running_clock.now(), live.generation(shop) - 1
    with live.core.db.write() as db:
        row = db.get_one(StoredCommand, 1)
        assert row.state == "started"
        assert not journal.finish(db, row, old, now, 7)
        assert not journal.refuse(db, row, old, now, "no")
        assert not journal.put_back(db, row, old, now, "no", now)
        assert not journal.lose(db, row, old, now, "no", now)
        assert not journal.hold(db, row, old, now, "no")
        db.refresh(row)
        assert (row.state, row.msg_id, row.unknowns) == ("started", None, 0)


def test_a_wish_begins_only_in_the_present_generation(live: Live) -> None:
    seller, ann = live.world.seller("shop"), live.world.buyer("ann")
    shop = live.open(seller, "greeter")
    live.world.faults.add("429", path="/runner/", action="send", count=None, retry_after=3600)
    ann.buys(seller.lot("Ключ"))
    live.jump(2)
    eventually(lambda: live.commands() == ["waiting"] and len(live.sends()) == 1)
    now, generation = live.running_clock.now(), live.generation(shop)
    with live.core.db.write() as db:
        row = db.get_one(StoredCommand, 1)
        assert not journal.begin(db, row, generation - 1, None, now)
        assert not journal.begin(db, row, generation + 1, None, now)
        assert journal.begin(db, row, generation, None, now)
        db.rollback()


def test_a_long_delay_before_the_start_is_no_silence(live: Live) -> None:
    delays = {"startup_delay_min": 3000, "startup_delay_max": 3000}
    shop = live.create(live.world.seller("shop"), anti_detect=delays)
    eventually(lambda: live.core.registry.worker(shop) is not None)
    worker = live.hired(shop)
    eventually(lambda: worker.resting)
    live.jump(1000)
    live.core.registry.reconcile()
    assert live.hired(shop) is worker
    assert live.open_alerts("stuck") == []
    live.jump(2100)
    live.comes_to(shop, "running")


def test_a_long_delay_before_the_stop_is_no_silence(live: Live) -> None:
    delays = {"shutdown_delay_min": 3000, "shutdown_delay_max": 3000}
    shop = live.open(live.world.seller("shop"), anti_detect={**QUICK["anti_detect"], **delays})
    worker = live.hired(shop)
    live.stop(shop)
    eventually(lambda: worker.resting)
    live.jump(1000)
    live.core.registry.reconcile()
    assert live.info(shop)["state"] == "stopping"
    assert live.open_alerts("stuck") == []
    live.jump(2100)
    live.comes_to(shop, "stopped")


def test_a_stuck_thread_that_was_to_stop_counts_as_stopped(live: Live) -> None:
    seller = live.world.seller("shop")
    shop = live.open(seller)
    live.wire.hold(seller)
    live.jump(2)
    eventually(lambda: live.wire.held)
    live.stop(shop)
    live.jump(SILENT)
    live.core.registry.reconcile()
    assert live.info(shop)["state"] == "stopped"
    live.wire.let_go()
    live.start(shop)
    live.comes_to(shop, "running")


def test_an_account_that_cannot_have_a_worker_stops_no_other(live: Live) -> None:
    """Its row cannot be opened; the accounts after it are started all the same."""
    bad = live.open(live.world.seller("a-bad"))
    live.stop(bad)
    live.comes_to(bad, "stopped")
    with live.core.db.write() as db:
        db.execute(update(Account).where(Account.id == bad).values(golden_key_sealed=b"?"))
    enable(live, bad, True)
    good = live.create(live.world.seller("good"))
    live.comes_to(good, "running")
    live.comes_to(bad, "error")
    assert live.info(bad)["last_error"]


def test_an_account_deleted_while_threads_are_compared_is_not_started(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = live.open(live.world.seller("shop"))
    live.stop(shop)
    live.comes_to(shop, "stopped")
    eventually(lambda: not live.hired(shop).is_alive())
    enable(live, shop, True)
    deleting = threading.Thread(
        target=live.core.accounts.delete, args=[shop], kwargs={"purge": False}
    )
    read = live.core.db.read

    @contextmanager
    def reading() -> Iterator[Session]:
        with read() as db:
            yield db
        if threading.current_thread() is not deleting and deleting.ident is None:
            deleting.start()
            deleting.join(0.3)

    monkeypatch.setattr(live.core.db, "read", reading)
    live.core.registry.reconcile()
    deleting.join(5)
    assert live.core.registry.worker(shop) is None


def test_a_stop_of_the_server_ends_all_threads(live: Live) -> None:
    workers = []
    for name in ("one", "two", "three"):
        workers.append(live.hired(live.open(live.world.seller(name))))
    live.core.registry.stop()
    assert [worker for worker in workers if worker.is_alive()] == []
    live.core.registry.reconcile()
    assert all(live.core.registry.worker(n) is None for n in ("one", "two", "three"))


def test_a_thread_that_does_not_end_is_named(
    live: Live, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seller = live.world.seller("shop")
    live.open(seller)
    live.wire.hold(seller)
    live.jump(2)
    eventually(lambda: live.wire.held)
    monkeypatch.setattr("opium.workers.registry.JOIN", 0.05)
    live.core.registry.stop()
    assert "account-shop is still at poll" in caplog.text


def test_the_supervisor_survives_what_goes_wrong(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[str] = []
    plain = live.core.registry.reconcile

    def reconcile() -> Any:
        if not failures:
            failures.append("once")
            raise RuntimeError("no")
        plain()

    monkeypatch.setattr(live.core.registry, "reconcile", reconcile)
    live.core.registry.reconcile_soon()
    eventually(lambda: failures)
    live.open(live.world.seller("shop"))
