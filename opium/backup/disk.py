"""How much room is left on the disk of the instance folder."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from opium.clock import Clock

MIB = 1024 * 1024
FRESH = 5.0
"""Seconds that one look at the disk serves."""


def free_bytes(folder: Path) -> int:
    """What the owner of the process may still write."""
    return shutil.disk_usage(folder).free


class Disk:
    """Asked before work that must be written down; a look costs microseconds."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        alert_mib: int,
        stop_mib: int,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self._folder, self._clock, self._look = folder, clock, free
        self._alert, self._stop = alert_mib * MIB, stop_mib * MIB
        self._lock = threading.Lock()
        self._seen: tuple[float, int] | None = None

    @property
    def free(self) -> int:
        """Bytes left, as of a few seconds ago."""
        now = self._clock.monotonic()
        with self._lock:
            if self._seen is None or not 0 <= now - self._seen[0] < FRESH:
                self._seen = (now, self._measured())
            return self._seen[1]

    @property
    def short(self) -> bool:
        """Little enough that a person should hear of it."""
        return self.free < self._alert

    @property
    def full(self) -> bool:
        """So little that nothing new may begin."""
        return self.free < self._stop

    @property
    def words(self) -> str:
        """One sentence on what is left and what that means."""
        left = f"{self.free // MIB} MiB are left on the disk of {self._folder}"
        if self.full:
            return f"{left}: orders and messages wait until there is more room."
        return f"{left}: free some space; below {self._stop // MIB} MiB Opium stops sending."

    def _measured(self) -> int:
        try:
            return self._look(self._folder)
        except OSError:  # a look that fails must not stop the shop
            return self._alert
