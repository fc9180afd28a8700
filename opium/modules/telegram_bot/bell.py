"""The bell of the outbox: rung after each commit that put something into it."""

from __future__ import annotations

import threading


class Bell:
    """Wakes all who send, each once for each time that it was rung."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rings = 0
        self.stopped = False

    @property
    def rings(self) -> int:
        return self._rings

    def ring(self) -> None:
        with self._changed:
            self._rings += 1
            self._changed.notify_all()

    def wait(self, heard: int, seconds: float) -> None:
        """Until it was rung more often than `heard`, the server stops, or time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self.stopped or self._rings != heard, seconds)

    def stop(self) -> None:
        """Nobody shall begin anything any more."""
        self.stopped = True
        self.ring()
