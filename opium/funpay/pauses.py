"""Pauses after 429, for all accounts that share an outgoing address (reliability 5)."""

from __future__ import annotations

import threading
from collections import OrderedDict

from opium.clock import Clock

_ADDRESSES_REMEMBERED = 1024
_LONGEST_PAUSE = 3600.0


class Pauses:
    """One object for the process; thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def until(self, address: str) -> float:
        with self._lock:
            return self._known.get(address, (0.0, 0))[0]

    def streak(self, address: str) -> int:
        """How many answers in a row were 429; at 5 a person should hear of it."""
        with self._lock:
            return self._known.get(address, (0.0, 0))[1]

    def limited(self, address: str, retry_after: float | None = None) -> float:
        """One more 429: pause the address. Returns the seconds.

        What was already under way when the pause began prolongs it at most; it does not count.
        """
        now = self._clock.monotonic()
        with self._lock:
            until, streak = self._known.get(address, (0.0, 0))
            if until <= now:
                streak += 1
            wait = back_off(streak, retry_after)
            self._known[address] = max(until, now + wait), streak
            self._known.move_to_end(address)
            while len(self._known) > _ADDRESSES_REMEMBERED:
                self._known.popitem(last=False)
        return wait

    def answered(self, address: str) -> None:
        """An answer other than 429 came: the row is broken, a pause goes on."""
        if address not in self._known:  # unlocked on purpose: the path of every good answer
            return
        with self._lock:
            until, _ = self._known.get(address, (0.0, 0))
            if until <= self._clock.monotonic():
                self._known.pop(address, None)


def back_off(streak: int, retry_after: float | None) -> float:
    """Seconds to pause after the n-th 429 in a row (reliability 5)."""
    if retry_after is not None:
        return min(max(retry_after, 1.0), _LONGEST_PAUSE)
    if streak >= 5:
        return 300.0
    return float(min(2**streak, 30))
