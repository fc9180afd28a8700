"""What an account does in trouble, step by step, while time stands still (decisions, "states on
trouble")."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import Driver
from sqlalchemy import text
from workers_cast import greeter

from opium.commands import SendMessage
from opium.events import OrderPaid
from opium.kit import Module
from opium.work import Work, open_work
from opium.workers import carry
from sandbox.world import Buyer, Seller, World

TEN_MINUTES = 600.0
RECONNECT = {"max_attempts": 2, "base_delay": 5, "max_delay": 5, "backoff_factor": 1}


class Told:
    """A module that hears when its account needs its owner."""

    def __init__(self) -> None:
        self.troubles: list[str] = []
        self.module = Module("told", title="Told")

        @self.module.on("account_error")
        def hear(event: object, work: Work) -> None:
            self.troubles.append(str(getattr(event, "text", "")))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def opium(world: World, tmp_path: Path, told: Told) -> Iterator[Driver]:
    modules = {"greeter": greeter(), "told": told.module}
    driver = Driver(world, tmp_path / "instance", modules)
    yield driver
    driver.core.db.close()


@pytest.fixture
def seller(world: World) -> Seller:
    return world.seller("shop")


@pytest.fixture
def ann(world: World) -> Buyer:
    return world.buyer("ann")


def state(opium: Driver) -> str:
    return str(opium.get("/api/accounts/shop")["state"])


def alerts(opium: Driver) -> list[str]:
    return [item["kind"] for item in opium.get("/api/alerts?open=true")["items"]]


def requests(opium: Driver) -> int:
    return len(opium.world.log.requests("shop"))


def sends(opium: Driver) -> int:
    found = opium.world.log.requests("shop", "/runner/")
    return sum(entry.facts["action"] == "send" for entry in found)


def commands(opium: Driver) -> list[tuple[str, str | None]]:
    with opium.core.db.read() as db:
        rows = db.execute(text("SELECT state, reason FROM commands ORDER BY id"))
        return [(row[0], row[1]) for row in rows]


def wish(opium: Driver, seller: Seller, ann: Buyer, words: str = "Здравствуйте") -> None:
    """A message is waiting to be sent."""
    ann.writes(seller, "?")
    chat = f"users-{min(seller.id, ann.id)}-{max(seller.id, ann.id)}"
    with open_work(opium.core.tools, "shop", opium.core.attachments.ready["greeter"]) as work:
        work.do(SendMessage(chat=chat, text=words))
    opium.core.registry.ring("shop")


def test_after_the_last_attempt_it_is_an_error_and_a_look_every_ten_minutes(
    opium: Driver, seller: Seller
) -> None:
    opium.watch(seller, reconnect=RECONNECT)
    opium.world.faults.add("502", count=None)
    seen = []
    for _ in range(3):
        opium.poll(seller)
        seen.append((state(opium), alerts(opium)))
    assert seen == [("reconnecting", []), ("reconnecting", []), ("error", ["unreachable"])]
    for _ in range(3):
        before = requests(opium)
        opium.world.travel(TEN_MINUTES - 1)
        opium.step(seller)
        assert requests(opium) == before
        opium.world.travel(2)
        opium.step(seller)
        assert requests(opium) == before + 1
    assert (state(opium), alerts(opium)) == ("error", ["unreachable"])
    opium.world.faults.clear()
    opium.world.travel(TEN_MINUTES + 1)
    opium.step(seller)
    assert (state(opium), alerts(opium)) == ("running", [])


def test_a_good_poll_counts_attempts_anew(opium: Driver, seller: Seller) -> None:
    opium.watch(seller, reconnect=RECONNECT)
    for _ in range(4):
        opium.world.faults.add("502", count=2)
        opium.poll(seller, 2)
        assert state(opium) == "reconnecting"
        opium.poll(seller, 2)
        assert state(opium) == "running"
    assert alerts(opium) == []


def test_without_an_end_of_attempts_it_never_gives_up(opium: Driver, seller: Seller) -> None:
    opium.watch(seller, reconnect={**RECONNECT, "max_attempts": 0})
    opium.world.faults.add("502", count=None)
    opium.poll(seller, 100)
    assert (state(opium), alerts(opium)) == ("reconnecting", [])


def test_while_funpay_does_not_answer_nothing_is_sent(
    opium: Driver, seller: Seller, ann: Buyer
) -> None:
    """A POST to a site that is down would have an outcome that nobody knows."""
    opium.watch(seller, disable_messages=True)
    opium.world.faults.add("502", count=None)
    opium.poll(seller)
    wish(opium, seller, ann)
    opium.poll(seller, 20)
    assert (sends(opium), commands(opium)) == (0, [("waiting", None)])
    opium.world.faults.clear()
    opium.pass_time(seller, 400)
    assert (sends(opium), commands(opium)) == (1, [("done", None)])


def test_in_trouble_one_request_goes_out_at_a_time(opium: Driver, seller: Seller) -> None:
    opium.watch(seller, reconnect={"base_delay": 5, "max_delay": 5})
    opium.world.faults.add("502", count=None)
    opium.poll(seller)
    for _ in range(20):
        before = requests(opium)
        opium.poll(seller)
        assert requests(opium) <= before + 1


def test_modules_hear_of_the_trouble_at_once(opium: Driver, seller: Seller, told: Told) -> None:
    """FunPay is not needed for it, and the next look at it may be far away."""
    opium.watch(seller, "told")
    seller.loses_key()
    opium.poll(seller)
    assert state(opium) == "error"
    assert len(told.troubles) == 1
    opium.poll(seller, 20)
    assert len(told.troubles) == 1


def test_modules_hear_of_it_when_nobody_but_a_person_helps(
    opium: Driver, seller: Seller, told: Told
) -> None:
    opium.watch(seller, "told", reconnect={"enabled": False})
    opium.world.faults.add("502", count=None)
    opium.poll(seller)
    assert (state(opium), len(told.troubles)) == ("error", 1)


def test_a_dead_key_after_a_restart_is_told_too(opium: Driver, seller: Seller, told: Told) -> None:
    opium.watch(seller, "told")
    seller.loses_key()
    opium.restart()
    opium.poll(seller)
    assert (state(opium), len(told.troubles)) == ("error", 1)


def test_a_process_that_slept_before_the_request_sends_nothing(
    opium: Driver, seller: Seller, ann: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D18, as with SIGSTOP between T2 and the send: another may run the account by now."""
    opium.watch(seller, disable_messages=True)
    slept: list[str] = []

    def hit(point: str) -> None:
        if point == "after_t2" and not slept:
            slept.append(point)
            opium.world.travel(carry.AWAKE + 0.1)

    monkeypatch.setattr(carry, "hit", hit)
    wish(opium, seller, ann)
    opium.poll(seller, 2)
    assert slept
    assert (sends(opium), commands(opium)) == (1, [("done", None)])
    with opium.core.db.read() as db:
        assert db.scalar(text("SELECT attempt FROM commands")) == 2
    assert ann.messages_from(seller) == ["Здравствуйте"]


def test_a_worker_that_was_replaced_while_it_slept_sends_nothing(
    opium: Driver, seller: Seller, ann: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opium.watch(seller, disable_messages=True)
    old = opium.worker(seller)

    def hit(point: str) -> None:
        if point == "after_t2" and opium.worker(seller) is old:
            opium.core.registry.hire_now("shop")
            opium.world.travel(carry.AWAKE + 0.1)

    monkeypatch.setattr(carry, "hit", hit)
    wish(opium, seller, ann)
    old.guarded_step()
    assert (sends(opium), commands(opium)) == (0, [("started", None)])
    assert old.stopping
    opium.poll(seller)
    assert commands(opium)[0][0] == "unknown"
    opium.pass_time(seller, 100)
    assert (sends(opium), commands(opium)[0][0]) == (1, "done")
    assert ann.messages_from(seller) == ["Здравствуйте"]


def test_a_worker_that_was_replaced_falls_silent(opium: Driver, seller: Seller) -> None:
    """Whoever has an older generation writes nothing, not even what it has read."""
    opium.watch(seller, "greeter")
    old = opium.worker(seller)
    opium.core.registry.hire_now("shop")
    opium.world.buyer("ann").buys(seller.lot("Ключ"))
    opium.world.travel(9)
    old.guarded_step()
    assert old.stopping
    with opium.core.db.read() as db:
        assert db.scalar(text("SELECT count(*) FROM orders_seen")) == 0
    opium.poll(seller)
    assert state(opium) == "running"
    with opium.core.db.read() as db:
        assert db.scalar(text("SELECT count(*) FROM orders_seen")) == 1


def test_a_locked_database_is_waited_for(
    world: World, tmp_path: Path, seller: Seller, ann: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opium.db.session.PRAGMAS", ("journal_mode=WAL", "busy_timeout=20"))
    opium = Driver(world, tmp_path / "busy", {"greeter": greeter()})
    opium.watch(seller, "greeter")
    ann.buys(seller.lot("Ключ"))
    with opium.core.db.engine.begin():
        opium.world.travel(9)
        assert 0 < opium.worker(seller).guarded_step() < 10
    assert (state(opium), ann.messages_from(seller)) == ("running", [])
    opium.poll(seller)
    assert len(ann.messages_from(seller)) == 1
    opium.core.db.close()


def test_an_internal_error_is_shown_and_is_not_the_end(
    opium: Driver, seller: Seller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    opium.watch(seller)
    worker = opium.worker(seller)
    with monkeypatch.context() as broken:
        broken.setattr(worker.desk.client, "look", lambda: 1 / 0)
        opium.world.travel(9)
        assert worker.guarded_step() == 60
    assert "see the log" in opium.get("/api/accounts/shop")["last_error"]
    assert "ZeroDivisionError" in caplog.text
    opium.poll(seller)
    assert opium.get("/api/accounts/shop")["last_error"] is None


def test_an_order_paid_during_an_outage_is_answered_once_it_is_over(
    opium: Driver, seller: Seller, ann: Buyer
) -> None:
    opium.watch(seller, "greeter")
    opium.world.faults.add("maintenance", count=None)
    opium.poll(seller, 2)
    ann.buys(seller.lot("Ключ"))
    opium.poll(seller, 5)
    opium.world.faults.clear()
    opium.pass_time(seller, 120)
    assert len(ann.messages_from(seller)) == 1
    assert OrderPaid.kind == "new_order"
