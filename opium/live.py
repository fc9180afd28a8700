"""Live reads of FunPay: shared while they are young, made once for all who ask at the same time.

Also the room for waiting: of the web threads only some may wait for the outside at once, so that
everything else stays fast.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast

from flask import current_app

from opium.clock import Clock
from opium.errors import Unavailable, UpstreamError

T = TypeVar("T")
Kind = Literal["live", "send", "check"]

FRESH_SECONDS = 5.0
JOIN_SECONDS = 60.0
KEPT = 512
ROOM: dict[Kind, int] = {"live": 5, "send": 3, "check": 2}


class Busy(Unavailable):
    """Too many requests wait for the outside already."""

    code = "busy"


class Waiting:
    """Places to wait in: live reads 5, sends and refunds 3, Steam and proxy checks 2."""

    def __init__(self, room: dict[Kind, int] | None = None) -> None:
        self._places = {kind: threading.Semaphore(n) for kind, n in (room or ROOM).items()}

    @contextmanager
    def place(self, kind: Kind) -> Iterator[None]:
        """Hold a place while waiting; Busy if there is none."""
        places = self._places[kind]
        if not places.acquire(blocking=False):
            raise Busy("Too many requests are waiting; try again in 1 s.", retry_after=1)
        try:
            yield
        finally:
            places.release()


def waiting(kind: Kind) -> Any:
    """`with waiting("check"):` around slow work of a view of the present application."""
    return cast(Live, current_app.extensions["opium.live"]).waiting.place(kind)


@dataclass
class _Flight:
    """One read on its way; `done` is set when value or error is there."""

    done: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    error: BaseException | None = None


class Live:
    """Answers of FunPay by (account, what, …); at most `KEPT`, the least used go first."""

    def __init__(self, clock: Clock, waiting: Waiting | None = None, *, kept: int = KEPT) -> None:
        self.waiting = waiting or Waiting()
        self._clock, self._kept = clock, kept
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[Hashable, ...], tuple[float, Any]] = OrderedDict()
        self._flights: dict[tuple[Hashable, ...], _Flight] = {}

    def read(self, account_id: str, *what: Hashable, fetch: Callable[[], T]) -> T:
        """An answer younger than 5 s, else what `fetch()` brings; its errors are not kept.

        Raises Busy if too many wait already, and whatever `fetch` raises.
        """
        key = (account_id, *what)
        with self._lock:
            found = self._answers.get(key)
            if found is not None and self._clock.monotonic() - found[0] < FRESH_SECONDS:
                self._answers.move_to_end(key)
                return cast(T, found[1])
        with self.waiting.place("live"):
            return cast(T, self._fly(key, fetch))

    def __len__(self) -> int:
        return len(self._answers)

    def forget(self, account_id: str) -> None:
        """What is known of this account has changed: the next read asks FunPay."""
        with self._lock:
            for key in [key for key in self._answers if key[0] == account_id]:
                at, value = self._answers[key]
                self._answers[key] = (at - FRESH_SECONDS, value)
            # Reads on their way began before the change; nobody may join them any more.
            for key in [key for key in self._flights if key[0] == account_id]:
                del self._flights[key]

    def _fly(self, key: tuple[Hashable, ...], fetch: Callable[[], Any]) -> Any:
        with self._lock:
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                flight = self._flights[key] = _Flight()
        if not leads:
            return _joined(flight)
        try:
            flight.value = fetch()
        except BaseException as exc:
            flight.error = exc
            raise
        finally:
            self._land(key, flight)
        return flight.value

    def _land(self, key: tuple[Hashable, ...], flight: _Flight) -> None:
        with self._lock:
            current = self._flights.get(key) is flight
            if current:
                del self._flights[key]
            if current and flight.error is None:
                self._answers[key] = (self._clock.monotonic(), flight.value)
                self._answers.move_to_end(key)
                while len(self._answers) > self._kept:
                    self._answers.popitem(last=False)
        flight.done.set()


def _joined(flight: _Flight) -> Any:
    if not flight.done.wait(JOIN_SECONDS):
        raise UpstreamError("FunPay did not answer in time.")
    if flight.error is not None:
        raise flight.error
    return flight.value
