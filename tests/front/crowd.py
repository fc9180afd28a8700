"""A crowd that holds connections: does the API still answer?

python -m tests.front.crowd [--half-open 200] [--dripping 50] [--seconds 20] [--front caddy|nginx]

Half-open ones send nothing, or half a header; dripping ones send a byte a second. Meanwhile one
client asks for health and, signed in, for the status, each time over a new connection. Exit code
1 if 95 of 100 answers took longer than a second.
"""

from __future__ import annotations

import argparse
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .stand import FRONTS, PASSWORD, Place, opium_behind

HALF = b"GET /api/health HTTP/1.1\r\nHost: shop.example\r\nX-Slow: "
WITHIN = 1.0
CROWD = "127.0.0.9"
"""Where the crowd comes from; the honest client comes from elsewhere."""


class Crowd:
    """Opens all its connections at once and holds them until `close`."""

    def __init__(self, place: Place, half_open: int, dripping: int) -> None:
        self._place = place
        self.held: list[socket.socket] = []
        for number in range(half_open):
            self.held.append(self._connected(b"" if number % 2 else HALF))
        self._dripping = [self._connected(HALF) for _ in range(dripping)]
        self.held += self._dripping
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._drip, daemon=True)
        self._thread.start()

    def still_open(self) -> int:
        """How many the server has not closed yet."""
        return sum(not _closed(each) for each in self.held)

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        for each in self.held:
            each.close()

    def _connected(self, sent: bytes) -> socket.socket:
        plain = socket.create_connection((self._place.host, self._place.port), 10, (CROWD, 0))
        if not sent:
            return plain
        connection = self._place.dressed(plain)
        connection.sendall(sent)
        return connection

    def _drip(self) -> None:
        while not self._over.wait(1):
            for each in self._dripping:
                try:
                    each.sendall(b"x")
                except OSError:
                    continue


def _closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return not connection.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(10)


def answer_times(place: Place, token: str, seconds: float) -> list[float]:
    """Seconds of each answer, health and status in turn; an answer that never came takes 10."""
    taken = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path in ("/api/health", "/api/status"):
            began = time.monotonic()
            try:
                status = place.ask("GET", path, token=token, timeout=10).status
                took = time.monotonic() - began if status == 200 else 10.0
            except OSError:
                took = 10.0
            taken.append(took)
        time.sleep(0.05)
    return taken


@contextmanager
def standing(front: str | None) -> Iterator[Place]:
    """Opium, with this front before it or without one."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield stack.enter_context(opium_behind(front, folder))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half-open", type=int, default=200)
    parser.add_argument("--dripping", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--front", choices=FRONTS)
    options = parser.parse_args()
    with standing(options.front) as place:
        token = place.sign_in(PASSWORD)
        quiet = sorted(answer_times(place, token, 3))
        crowd = Crowd(place, options.half_open, options.dripping)
        try:
            taken = sorted(answer_times(place, token, options.seconds))
            left = crowd.still_open()
        finally:
            crowd.close()
    p95 = taken[int(0.95 * (len(taken) - 1))]
    print(
        f"{options.front or 'Opium alone'}: {options.half_open} half-open and {options.dripping} "
        f"dripping for {options.seconds:.0f} s, {left} of them still open; {len(taken)} answers, "
        f"p50 {taken[len(taken) // 2] * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms, "
        f"longest {taken[-1] * 1e3:.0f} ms (before: p50 {quiet[len(quiet) // 2] * 1e3:.0f} ms)"
    )
    return 0 if p95 <= WITHIN else 1


if __name__ == "__main__":
    sys.exit(main())
