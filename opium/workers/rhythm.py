"""When an account polls next, and how long it pauses before a start and a stop.

Made from the settings of the moment (`anti_detect`), so that changed ones act at once.
"""

from __future__ import annotations

from opium.workers.desk import Desk


class Rhythm:
    """The account's pauses; moments are monotonic seconds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._polled: float | None = None
        self._chance = 0.0

    def polled(self) -> None:
        """A poll was answered just now."""
        self._polled = self._desk.tools.clock.monotonic()
        self._chance = self._desk.tools.random.random()

    @property
    def next_poll(self) -> float:
        """When the next poll is due; 0 before the first."""
        if self._polled is None:
            return 0.0
        return self._polled + self.delay("runner_delay", self._chance)

    def delay(self, name: str, chance: float) -> float:
        """Seconds of a pause: between its min and its max, by a chance in [0, 1)."""
        delays = self._desk.settings.anti_detect
        low, high = (float(getattr(delays, f"{name}_{end}")) for end in ("min", "max"))
        return low + (high - low) * chance
