"""The ground truth: what arrived, and what it really changed.

A checker reads delivery, loss and duplication from here, never from the database of the
program under test. Secrets (csrf tokens, cookies) are hidden before they get here.
"""

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

REQUEST = "request"
KEPT_REQUESTS = 200_000


@dataclass(slots=True)
class Entry:
    """A request on arrival, or an accepted effect (`message`, `refund`, `raise`, `save`, ...)."""

    n: int
    what: str
    account: str | None
    at: datetime
    wall: datetime
    mono: float
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "what": self.what,
            "account": self.account,
            "at": self.at.isoformat(),
            "wall": self.wall.isoformat(),
            "mono": self.mono,
            **self.facts,
        }


class Log:
    """Requests (the newest 200,000) and effects (all), in one order."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._requests: deque[Entry] = deque(maxlen=KEPT_REQUESTS)
        self._effects: list[Entry] = []

    def arrived(self, account: str | None, **facts: Any) -> Entry:
        entry = self._entry(REQUEST, account, facts)
        self._requests.append(entry)
        return entry

    def happened(self, what: str, account: str | None, **facts: Any) -> Entry:
        entry = self._entry(what, account, facts)
        self._effects.append(entry)
        return entry

    def requests(self, account: str | None = None, path: str | None = None) -> list[Entry]:
        """Requests of one account (or all) whose path is `path` (or any)."""
        return [
            e
            for e in list(self._requests)
            if account in (None, e.account) and path in (None, e.facts["path"])
        ]

    def effects(self, what: str | None = None, account: str | None = None) -> list[Entry]:
        return [
            e
            for e in list(self._effects)
            if what in (None, e.what) and account in (None, e.account)
        ]

    def since(self, number: int, account: str | None = None) -> Iterator[Entry]:
        """Everything after entry `number`, in order of arrival."""
        everything = sorted([*self._requests, *self._effects], key=lambda e: e.n)
        return (e for e in everything if e.n > number and account in (None, e.account))

    def clear(self) -> None:
        self._requests.clear()
        self._effects.clear()

    def _entry(self, what: str, account: str | None, facts: dict[str, Any]) -> Entry:
        with self._lock:
            number = next(self._numbers)
        wall, mono = datetime.now(UTC), time.monotonic()
        return Entry(number, what, account, self._now(), wall, mono, facts)
