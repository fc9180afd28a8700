"""The time of a world, which tests can move."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time plus an offset, or a frozen moment that only moves when told to."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        self._frozen_at = frozen_at
        self._offset = timedelta()

    @property
    def frozen(self) -> bool:
        return self._frozen_at is not None

    def now(self) -> datetime:
        return (self._frozen_at or datetime.now(UTC)) + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    def set(self, moment: datetime) -> None:
        """Make it `moment` now; time goes on from there unless frozen."""
        self._offset += moment - self.now()

    def freeze(self) -> None:
        self._frozen_at, self._offset = self.now(), timedelta()

    def thaw(self) -> None:
        """Let time run on from the moment it stands at."""
        if self._frozen_at is not None:
            self._offset, self._frozen_at = self.now() - datetime.now(UTC), None

    def sleep(self, seconds: float) -> None:
        """Wait in this world's time: a frozen clock jumps instead of keeping a test waiting."""
        if self.frozen:
            self.advance(seconds)
        else:
            time.sleep(seconds)
