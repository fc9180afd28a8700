"""Module tasks on APScheduler: slow things, never in an account's worker.

One job per task, never two runs of the same at once; a late run is made up for once. The
library's defaults (1 s of grace, no coalescing) skipped half the runs in a trial.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from opium.job import Job
from opium.module import Every, Module
from opium.tools import Tools

log = logging.getLogger("opium.scheduler")

THREADS = 4
PULSE, PULSE_ID = 5.0, "core.pulse"


class Scheduler:
    """Runs the tasks of all ready modules, and `chores` of the core: (name, seconds, call)."""

    def __init__(
        self, tools: Tools, chores: Sequence[tuple[str, float, Callable[[], None]]] = ()
    ) -> None:
        self._tools = tools
        self._chores = chores
        self._scheduler: BackgroundScheduler | None = None
        self._beat = 0.0

    def start(self) -> None:
        """Begin to run the tasks, each for the first time after its `first_after`."""
        # It tells of every job, and warns when a task takes longer than its period, as some do.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = BackgroundScheduler(
            timezone=UTC,
            # The pulse has a thread of its own: tasks may hold all others for minutes, and live.
            executors={"default": ThreadPoolExecutor(THREADS), "pulse": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        for module in self._tools.attachments.ready.values():
            for task in module.tasks:
                scheduler.add_job(
                    self.run,
                    "interval",
                    args=(module, task),
                    seconds=task.seconds,
                    id=f"{module.name}.{task.name}",
                    next_run_time=self._tools.clock.now() + timedelta(seconds=task.first_after),
                )
        for name, seconds, call in self._chores:
            scheduler.add_job(
                self.run_chore,
                "interval",
                args=(name, call),
                seconds=seconds,
                id=f"core.{name}",
                next_run_time=self._tools.clock.now() + timedelta(seconds=min(seconds, 5)),
            )
        scheduler.add_job(self._pulse, "interval", seconds=PULSE, id=PULSE_ID, executor="pulse")
        self._pulse()
        scheduler.start()
        self._scheduler = scheduler

    def stop(self) -> None:
        """No new runs; a running one is not waited for: what matters of it is a row."""
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            scheduler.shutdown(wait=False)

    def silence(self) -> float | None:
        """Seconds since the scheduler last ran its pulse; None if it does not run."""
        return None if self._scheduler is None else self._tools.clock.monotonic() - self._beat

    def _pulse(self) -> None:
        self._beat = self._tools.clock.monotonic()

    def nudge(self) -> None:
        """A module was attached or its settings changed: its tasks need not wait a whole period."""
        if self._scheduler is None:
            return
        now = self._tools.clock.now()
        for job in self._scheduler.get_jobs():
            if job.id.startswith("core."):
                continue
            _module, task = job.args
            soon = now + timedelta(seconds=task.first_after)
            if job.next_run_time is not None and job.next_run_time > soon:
                job.modify(next_run_time=soon)

    def run_chore(self, name: str, call: Callable[[], None]) -> None:
        """One run of a chore of the core."""
        try:
            call()
        except Exception:
            log.exception("The chore %s failed", name)

    def run(self, module: Module, task: Every) -> None:
        """One run of a task; skipped while no account has the module."""
        if not self._tools.attachments.accounts_with(module.name):
            return
        try:
            task.run(Job(self._tools, module))
        except Exception:
            log.exception("Task %s.%s failed", module.name, task.name)
