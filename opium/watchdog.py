"""Keeps systemd informed: it restarts a server that says nothing more (`WatchdogSec`).

Alive means that what a shop needs lives: the supervisor of the accounts, the scheduler, the
writer of the log, and the turn to write to the database. HTTP answers are left out on purpose:
whoever opens many connections must not be able to have the shop restarted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from opium.notify import Systemd, status

log = logging.getLogger("opium.watchdog")

SILENT = 30.0
"""Seconds after which a part counts as hung. A thread that is dead counts at once."""
QUIET = 10.0
"""Between two looks without a watchdog, and while starting."""
AGAIN = 1.0
"""After a bad look: a process that was stopped for a while comes back to life by itself."""
LONGEST_START = 1800.0
"""A start that takes longer is not waited for: copies and checks of a large file take minutes."""


class Signs(Protocol):
    """The signs of life of the core's parts: see `opium.vitals`."""

    def silences(self) -> Mapping[str, float]: ...
    def summary(self) -> str: ...


class Watched(Protocol):
    """What the watchdog needs of the core."""

    @property
    def ready(self) -> bool: ...
    @property
    def stopping(self) -> bool: ...
    @property
    def unusable(self) -> str | None: ...


class Watchdog:
    """`step` tells systemd what is to be told now; `start` repeats it in a thread of its own."""

    def __init__(
        self,
        core: Watched,
        signs: Signs,
        systemd: Systemd,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._core, self._signs = core, signs
        self._systemd, self._monotonic = systemd, monotonic
        self._began = monotonic()
        self._ready = False
        self._silent: list[str] = []
        self._bell = threading.Event()

    def start(self) -> None:
        """Nothing is started if nobody listens."""
        if self._systemd.listens:
            threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def ring(self) -> None:
        """The start came to an end, or cannot go on."""
        self._bell.set()

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._systemd.tell("STOPPING=1", status("Stopping"))

    def step(self) -> float:
        """Tell what is to be told; seconds until the next time."""
        if self._core.stopping:
            return QUIET
        if not (self._core.ready or self._core.unusable):
            return self._starting()
        lines = [] if self._ready else ["READY=1"]
        # Ready too when the database is of no use: a restart would not mend it.
        self._ready = True
        self._silent = self._who_is_silent()
        if self._silent:
            self._systemd.tell(*lines, status(f"No sign of life: {', '.join(self._silent)}"))
            return AGAIN
        lines.append(status(self._core.unusable or self._signs.summary()))
        if self._systemd.watchdog:
            lines.append("WATCHDOG=1")
        self._systemd.tell(*lines)
        return self._systemd.watchdog / 3 if self._systemd.watchdog else QUIET

    def _starting(self) -> float:
        if self._monotonic() - self._began < LONGEST_START:
            more = int(3 * QUIET * 1_000_000)
            self._systemd.tell(f"EXTEND_TIMEOUT_USEC={more}", status("Opening the database"))
        return QUIET

    def _who_is_silent(self) -> list[str]:
        silent = [part for part, seconds in self._signs.silences().items() if seconds > SILENT]
        if silent and silent != self._silent:
            log.critical("No sign of life from %s: systemd will restart us", ", ".join(silent))
        return silent

    def _run(self) -> None:
        while True:
            try:
                pause = self.step()
            except Exception:
                log.exception("The watchdog failed; it tries again")
                pause = AGAIN
            self._bell.wait(pause)
            self._bell.clear()
