"""How fast a bot may speak, and when it must be silent; kept in memory, one per bot."""

from __future__ import annotations

import threading
from collections.abc import Iterable

PRIVATE_GAP = 1.0
GROUP_GAP = 3.0
"""Telegram takes twenty messages a minute in a group."""
LONGEST = 60.0


class Pace:
    """`now` is monotonic everywhere. `lock`: one sends for a bot at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.begun = False
        """Whether what an earlier process left behind was looked at."""
        self.doubtful = False
        """The last call failed: ask whether Telegram is there before a notice is risked."""
        self._failures = 0
        self._until = 0.0
        self._resting: dict[int, float] = {}

    def silence(self, now: float) -> float:
        """Seconds until anything may be said."""
        return max(0.0, self._until - now)

    def resting(self, now: float) -> dict[int, float]:
        """The chats that were written to just now, and for how long they rest."""
        self._resting = {chat: end for chat, end in self._resting.items() if end > now}
        return {chat: end - now for chat, end in self._resting.items()}

    def spoke(self, chat: int, now: float) -> None:
        """A request to this chat went out."""
        self._resting[chat] = now + (GROUP_GAP if chat < 0 else PRIVATE_GAP)

    def well(self) -> None:
        """A notice has arrived."""
        self._failures, self.doubtful = 0, False

    def failed(self, now: float) -> None:
        """Telegram was not reached, or did not answer: longer and longer pauses, up to a minute."""
        self.pause(now, doubling(self._failures))
        self._failures, self.doubtful = self._failures + 1, True

    def pause(self, now: float, seconds: float) -> None:
        """Silence for so long, at least."""
        self._until = max(self._until, now + seconds)


def doubling(failures: int) -> float:
    """Seconds after so many failures: 1, 2, 4 up to a minute."""
    return min(2.0 ** min(failures, 6), LONGEST)


def soonest(waits: Iterable[float], most: float) -> float:
    """The shortest of these waits, but no more than `most`."""
    return min((*waits, most))
