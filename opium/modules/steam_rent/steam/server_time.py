"""Steam's time: codes and confirmation keys depend on it, not on ours (protocol 2)."""

from __future__ import annotations

from opium.clock import Clock

FRESH_SECONDS = 15 * 60.0
_TRY_AGAIN_SECONDS = 60.0


class ServerTime:
    """How far Steam's clock is ahead of ours. One for the whole process may serve everybody."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = 0.0
        self._ask_at = clock.monotonic()

    def now(self) -> float:
        """Steam's time in seconds; our own time until we learned of a difference."""
        return self.local() + self._offset

    def local(self) -> float:
        return self._clock.now().timestamp()

    def is_stale(self) -> bool:
        """Whether it is time to ask Steam."""
        return self._clock.monotonic() >= self._ask_at

    def learn(self, server_time: float, asked: float, answered: float) -> None:
        """Take Steam's answer to a question between two moments of `local()`."""
        self._offset = server_time - (asked + answered) / 2
        self._ask_at = self._clock.monotonic() + FRESH_SECONDS

    def drop(self) -> None:
        """A code was refused: ask Steam again before the next one."""
        self._ask_at = self._clock.monotonic()

    def failed(self) -> None:
        """Steam did not answer: go on with what we have, and ask later."""
        self._ask_at = self._clock.monotonic() + _TRY_AGAIN_SECONDS
