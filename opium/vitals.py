"""Signs of life of the server's parts: for the watchdog and for `GET /api/metrics`."""

from __future__ import annotations

from opium.accounts import Accounts
from opium.tools import Tools
from opium.workers.registry import Registry
from opium.workers.scheduler import Scheduler


class Vitals:
    """Asks each part; cheap, and safe from any thread."""

    def __init__(
        self, tools: Tools, accounts: Accounts, registry: Registry, scheduler: Scheduler
    ) -> None:
        self._tools, self._accounts = tools, accounts
        self._registry, self._scheduler = registry, scheduler

    def silences(self) -> dict[str, float]:
        """Seconds since each part last proved that it lives; infinite if its thread is dead.

        Of `database`: how long one transaction has kept all others from writing. Parts that do
        not run yet, or no more, are left out.
        """
        lines = self._tools.lines
        found = {
            "database": self._tools.db.held(),
            "log": lines.silence() if lines is not None else None,
            "supervisor": self._registry.silence(),
            "scheduler": self._scheduler.silence(),
        }
        return {part: seconds for part, seconds in found.items() if seconds is not None}

    def summary(self) -> str:
        """One line on how it goes."""
        states = [info.state for info in self._accounts.list()]
        return f"{len(states)} accounts, {states.count('running')} running"
