"""One connection of a client, for waitress: whoever does not finish a request makes room.

waitress closes a silent connection, but each byte renews its patience, and when all places are
taken it accepts nobody. So a request has to be whole in time, and a newcomer to a full server
takes the place of the one who has been waited for longest. Who is being answered is never closed.
"""

from __future__ import annotations

import json
import time
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, MultiSocketServer
from waitress.task import ErrorTask

PLACES = 480
"""Sockets that are kept open; a newcomer beyond them takes the place of another."""

LIMIT = 500
"""Sockets at which waitress stops accepting: only if so many are being answered."""

HEAD_WITHIN = 30.0
"""Seconds for the head of a request, or until the next one begins."""

BODY_WITHIN = 120.0
"""Seconds for head and body: 10 MiB of stock over one megabit a second."""


def attend(server: BaseWSGIServer | MultiSocketServer) -> None:
    """Let the server make a `Guest` of everyone it accepts, on all its addresses."""
    several = isinstance(server, MultiSocketServer)
    for each in list(server.map.values()) if several else [server]:
        if isinstance(each, BaseWSGIServer):
            each.channel_class = Guest


REFUSALS = {
    400: ("400 Bad Request", "The request is not readable HTTP.", "invalid"),
    413: ("413 Request Entity Too Large", "The body is too large.", "too_large"),
    431: ("431 Request Header Fields Too Large", "Path and headers are too long.", "too_large"),
    500: ("500 Internal Server Error", "Internal error", "internal"),
}


class Unreadable(ErrorTask):  # type: ignore[misc] # waitress has no types
    """The answer to what never reaches the application: JSON like all our errors, never a 501."""

    def execute(self) -> None:
        """Write the refusal and close: where the next request begins is not known."""
        self.status, detail, code = REFUSALS.get(self.request.error.code, REFUSALS[400])
        data = json.dumps({"detail": detail, "code": code}).encode()
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(data)
        self.write(data)


class Guest(HTTPChannel):  # type: ignore[misc] # waitress has no types
    """A connection with a deadline, whose unreadable requests are refused in our own words."""

    error_task_class = Unreadable

    def __init__(self, server: Any, *rest: Any, **more: Any) -> None:
        self._waited_since = time.monotonic()
        super().__init__(server, *rest, **more)
        if len(self._map) > PLACES:
            _make_room(self._map)

    @property
    def waited_since(self) -> float | None:
        """When we began to wait for a whole request; None while it is being answered.

        Monotonic seconds.
        """
        return None if self.requests or self.total_outbufs_len else self._waited_since

    def received(self, data: bytes) -> bool:
        """Take what came; a request's time begins with its first byte."""
        before = self.request
        taken = bool(super().received(data))
        if self.request is not before:
            self._waited_since = time.monotonic()
        return taken

    def readable(self) -> bool:
        """Asked by waitress at least once a second; a guest who took too long is shown out."""
        began = self.waited_since
        if began is None:
            self._waited_since = time.monotonic()
        elif time.monotonic() > began + self._patience():
            self.will_close = True
        return bool(super().readable())

    def _patience(self) -> float:
        body = self.request is not None and self.request.headers_finished
        return BODY_WITHIN if body else HEAD_WITHIN


def _make_room(sockets: dict[int, Any]) -> None:
    guests = [each for each in sockets.values() if isinstance(each, Guest) and not each.will_close]
    waits = [(since, guest) for guest in guests if (since := guest.waited_since) is not None]
    if waits:
        _, longest = min(waits, key=lambda wait: wait[0])
        longest.will_close = True
