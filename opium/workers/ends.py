"""Views that wait for the end of a command: rung by the worker after its commit."""

from __future__ import annotations

import threading
from collections import defaultdict


class Ends:
    """Who waits for which command; rows stay the truth, this only wakes."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ended: dict[int, bool] = {}
        self._count: dict[str, int] = defaultdict(int)
        self._closed = False

    def expect(self, command_id: int) -> None:
        """Announce a wait before the worker can be done."""
        with self._changed:
            self._ended.setdefault(command_id, False)

    def wait(self, command_id: int, seconds: float) -> None:
        """Until the command moved to an end or to `unknown`, the server stops, or time is up."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._ended.get(command_id, True), timeout=seconds
            )
            self._ended.pop(command_id, None)

    def wait_any(self, account_id: str, seconds: float) -> None:
        """Until any command of the account moved, or time is up."""
        with self._changed:
            before = self._count[account_id]
            self._changed.wait_for(
                lambda: self._closed or self._count[account_id] != before, timeout=seconds
            )

    def moved(self, account_id: str, command_id: int) -> None:
        """A command of the account came to an end, or its outcome is unknown for now."""
        with self._changed:
            self._count[account_id] += 1
            if command_id in self._ended:
                self._ended[command_id] = True
            self._changed.notify_all()

    def close(self) -> None:
        """Let everybody go: the server stops."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
