"""Module tasks: they run, are made up for once, and never two of the same at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from workers_cast import Live, MakeLive, eventually

from opium.core import Opium
from opium.job import Job
from opium.module import Module
from opium.workers.scheduler import Scheduler

OFTEN = 0.02


class Chores:
    """A module with a task that can be held, and one that always fails."""

    def __init__(self) -> None:
        self.runs = self.failures = self.at_once = self.most_at_once = 0
        self.accounts: list[str] = []
        self.free = threading.Event()
        self.free.set()
        self.module = Module("chores", title="Chores")
        self.module.every(seconds=OFTEN, first_after=0)(self.work)
        self.module.every(seconds=OFTEN, first_after=0)(self.fail)

    def work(self, job: Job) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.runs += 1
        self.accounts = job.accounts()
        self.free.wait(10)
        self.at_once -= 1

    def fail(self, job: Job) -> None:
        self.failures += 1
        raise RuntimeError("no")


@pytest.fixture
def chores() -> Chores:
    return Chores()


@pytest.fixture
def core(make_live: MakeLive, chores: Chores) -> Iterator[Opium]:
    """A core whose account `shop` runs and has the module; its scheduler is not started yet."""
    live = make_live(modules={"chores": chores.module})
    live.open(live.world.seller("shop"), "chores")
    yield live.core
    chores.free.set()


def test_tasks_run_again_and_again_and_a_failure_stops_nothing(
    core: Opium, chores: Chores, caplog: pytest.LogCaptureFixture
) -> None:
    core.scheduler.start()
    eventually(lambda: chores.runs > 3 and chores.failures > 3)
    assert chores.accounts == ["shop"]
    assert "Task chores.fail failed" in caplog.text


def test_a_task_never_runs_twice_at_once_and_is_made_up_for_once(
    core: Opium, chores: Chores
) -> None:
    chores.free.clear()
    core.scheduler.start()
    eventually(lambda: chores.runs == 1 and chores.failures > 10)
    assert (chores.runs, chores.most_at_once) == (1, 1)
    seen = chores.failures
    chores.free.set()
    eventually(lambda: chores.runs > 3)
    assert chores.most_at_once == 1
    assert chores.runs <= 3 + (chores.failures - seen) + 2


def test_tasks_rest_while_no_account_has_the_module(core: Opium, chores: Chores) -> None:
    core.attachments.detach("shop", "chores")
    work = chores.module.tasks[0]
    core.scheduler.run(chores.module, work)
    assert chores.runs == 0
    core.attachments.attach("shop", "chores", None)
    core.scheduler.run(chores.module, work)
    assert chores.runs == 1


def test_no_task_begins_after_the_stop_and_a_running_one_is_not_waited_for(
    core: Opium, chores: Chores
) -> None:
    chores.free.clear()
    core.scheduler.start()
    eventually(lambda: chores.runs == 1)
    core.scheduler.stop()
    assert chores.at_once == 1
    failures = chores.failures
    chores.free.set()
    eventually(lambda: chores.at_once == 0)
    assert (chores.runs, chores.failures <= failures + 1) == (1, True)


def test_a_scheduler_that_was_not_started_can_be_stopped(core: Opium) -> None:
    Scheduler(core.tools).stop()


def test_a_task_may_not_use_the_network_inside_a_work(live: Live) -> None:
    """D13: the client refuses before anything goes out."""
    shop = live.open(live.world.seller("shop"))
    client = live.hired(shop).desk.client
    before = len(live.world.log.requests(shop, "/orders/trade"))
    for session in (live.core.db.read, live.core.db.write):
        with session(), pytest.raises(RuntimeError, match="D13"):
            client.sales()
    assert len(live.world.log.requests(shop, "/orders/trade")) == before
    client.sales()
