"""Against floods of lines: what strangers cause must not fill the disk, or push others out."""

from __future__ import annotations

import threading


class Brake:
    """Lets a few of each kind through per minute and counts the others."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._lock = threading.Lock()
        self._minutes: dict[str, tuple[int, int]] = {}
        self._left_out: dict[str, int] = {}

    def passes(self, event: str, minute: int) -> bool:
        """Whether this one may be written."""
        with self._lock:
            last, said = self._minutes.get(event, (minute, 0))
            said = said if last == minute else 0
            if said >= self._per_minute:
                self._left_out[event] = self._left_out.get(event, 0) + 1
                return False
            self._minutes[event] = (minute, said + 1)
            return True

    def left_out(self, event: str) -> int:
        """How many were not written since the last one that was; asking forgets them."""
        with self._lock:
            return self._left_out.pop(event, 0)
