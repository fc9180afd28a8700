"""The threads of the bots: one that hears and one that does, for each.

The loops wait on events, never on `sleep`; `reconcile` is the only verb that starts threads, and
`stop` the one that ends all. A thread that dies is replaced at the next `reconcile`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from opium.kit import Job
from opium.modules.telegram_bot import bots
from opium.modules.telegram_bot.rhythm import GAP

log = logging.getLogger("opium.telegram_bot.pollers")

AFTER_BUG = 5.0
IDLE = 15.0
"""Seconds after which the doing thread looks at the inbox without being rung."""
LEAVE = 0.4
"""Seconds for each thread at the end; what it had begun is a row."""

Hear = Callable[[Job, int, int], float]
Do = Callable[[Job, int], int]


class Poller:
    """The two threads of one bot."""

    def __init__(self, job: Job, bot_id: int, hear: Hear, do: Do, seconds: int) -> None:
        self._job = job
        self._bot_id = bot_id
        self._hear, self._do, self._seconds = hear, do, seconds
        self._stopping = threading.Event()
        self._bell = threading.Event()
        self._again = threading.Event()
        self._threads = [
            threading.Thread(target=self._run_hear, name=f"telegram-{bot_id}-hear", daemon=True),
            threading.Thread(target=self._run_do, name=f"telegram-{bot_id}-do", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> bool:
        return not self._stopping.is_set() and all(t.is_alive() for t in self._threads)

    def stop(self) -> None:
        """Ask both to end; `join` waits for them."""
        self._stopping.set()
        self._bell.set()
        self._again.set()

    def nudge(self) -> None:
        """Nothing is wrong (any more): end the pause."""
        self._again.set()

    def join(self, seconds: float) -> None:
        for thread in self._threads:
            thread.join(seconds)

    def _run_hear(self) -> None:
        clock = self._job.clock
        while not self._stopping.is_set():
            began = clock.monotonic()
            pause = self._guarded(lambda: self._hear(self._job, self._bot_id, self._seconds))
            self._bell.set()
            if pause > 0:
                self._again.clear()
                self._again.wait(pause)
            self._stopping.wait(max(0.0, GAP - (clock.monotonic() - began)))

    def _run_do(self) -> None:
        while not self._stopping.is_set():
            pause = self._guarded(self._done)
            self._bell.wait(pause or IDLE)
            self._bell.clear()

    def _done(self) -> float:
        self._do(self._job, self._bot_id)
        return 0.0

    def _guarded(self, step: Callable[[], float]) -> float:
        """One step; ours or the database's mistake is told, and tried again."""
        try:
            return step()
        except bots.NoBot:
            self.stop()
            return 0.0
        except Exception:
            if not self._stopping.is_set():
                log.exception("A step of the Telegram bot %d failed", self._bot_id)
            return AFTER_BUG


class Pollers:
    """All of this process."""

    def __init__(self, hear: Hear, do: Do, seconds: int) -> None:
        self._hear, self._do, self._seconds = hear, do, seconds
        self._lock = threading.Lock()
        self._running: dict[int, Poller] = {}
        self._told = self._stopped = False

    def reconcile(self, job: Job, wanted: list[int], well: list[int]) -> None:
        """Exactly these bots are polled; those that are well need not wait."""
        with self._lock:
            if self._stopped:
                return
            if not self._told:
                job.at_stop(lambda: self.stop(job))
                self._told = True
            for bot_id in [b for b, p in self._running.items() if b not in wanted or not p.alive]:
                self._running.pop(bot_id).stop()
            for bot_id in wanted:
                if bot_id not in self._running:
                    self._running[bot_id] = Poller(job, bot_id, self._hear, self._do, self._seconds)
                    self._running[bot_id].start()
                elif bot_id in well:
                    self._running[bot_id].nudge()

    def stop(self, job: Job) -> None:
        """End all threads; a long poll is cut."""
        with self._lock:
            self._stopped = True
            running = list(self._running.values())
        for poller in running:
            poller.stop()
        bots.cut_polls(job)
        for poller in running:
            poller.join(LEAVE)
        bots.drop_all_but(job, [])
