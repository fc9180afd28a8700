"""One request at a time per account, at the account's pace, orders first.

`pace` says when the next turn is, `pauses` what FunPay asked of the outgoing address; the gate
lets those who wait through, one at a time: order work first, each class in the order it came.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from random import Random

from opium.clock import Clock
from opium.funpay.errors import Limited, Unreachable
from opium.funpay.pace import Kind, Pace, Past, next_turn, spare_turns, take_turn
from opium.funpay.pauses import Pauses
from opium.net.proxy import DIRECT

__all__ = ["Busy", "Gate", "Kind", "Pace", "Pauses", "Wait"]

Wait = Callable[[threading.Condition, float], object]
"""Waits on a held condition for so many seconds; tests move a clock instead."""


class Busy(Limited):
    """Our own gate has no turn in time; nothing was sent and FunPay was not asked."""


@dataclass(eq=False, slots=True)
class _Waiter:
    kind: Kind
    chat: int | str | None
    number: int

    @property
    def rank(self) -> tuple[bool, int]:
        return self.kind is Kind.OTHER, self.number


class Gate:
    """Lives and dies with one FunPay session; used by the worker and by web threads."""

    def __init__(
        self,
        pace: Pace,
        *,
        clock: Clock,
        random: Random,
        pauses: Pauses | None = None,
        address: str = DIRECT,
        wait: Wait = threading.Condition.wait,
    ) -> None:
        self._pace = pace
        self._clock = clock
        self._random = random
        self._pauses = pauses or Pauses(clock)
        self._address = address
        self._wait = wait
        self._past = Past()
        self._changed = threading.Condition()
        self._waiters: list[_Waiter] = []
        self._numbers = count()
        self._holder: int | None = None
        self._closed = False

    @property
    def pauses(self) -> Pauses:
        return self._pauses

    @property
    def address(self) -> str:
        """The outgoing address whose pauses this gate shares."""
        return self._address

    def set_pace(self, pace: Pace) -> None:
        """Takes effect at once, also for those who wait."""
        with self._changed:
            self._pace = pace
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Stop both classes for this account, for example after a 403."""
        self.pause_until(self._clock.monotonic() + seconds)

    def pause_until(self, moment: float) -> None:
        with self._changed:
            self._past.paused_until = max(self._past.paused_until, moment)

    def limited(self, retry_after: float | None) -> float:
        """FunPay answered 429: pause the whole outgoing address. Returns the seconds."""
        return self._pauses.limited(self._address, retry_after)

    def answered(self) -> None:
        """FunPay answered with something else."""
        self._pauses.answered(self._address)

    def has_spare_turn(self) -> bool:
        """Whether one more quiet turn leaves another before the cool-down after a burst."""
        with self._changed:
            return spare_turns(self._pace, self._past, self._clock.monotonic()) > 1

    def close(self) -> None:
        """Send all who wait away with Unreachable; nobody gets a turn any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed

    @contextmanager
    def turn(
        self, kind: Kind = Kind.OTHER, chat: int | str | None = None, *, patience: float = 10.0
    ) -> Iterator[None]:
        """Hold the gate for one request. Inside another turn of this thread it is free.

        Raises Busy at once if the turn is more than `patience` seconds away, Limited if a pause
        after 429 is the reason, Unreachable after `close`.
        """
        me = threading.get_ident()
        if self._holder == me:
            self._refuse_if_closed()
            yield
            return
        self._enter(kind, chat, patience, me)
        try:
            yield
        finally:
            with self._changed:
                self._holder = None
                self._changed.notify_all()

    def _enter(self, kind: Kind, chat: int | str | None, patience: float, me: int) -> None:
        with self._changed:
            give_up = self._clock.monotonic() + patience
            waiter = _Waiter(kind, chat, next(self._numbers))
            self._waiters.append(waiter)
            try:
                while not self._may_go(waiter, give_up):
                    now = self._clock.monotonic()
                    due = self._due(waiter)
                    self._wait(self._changed, (due if due > now else give_up) - now)
                now = self._clock.monotonic()
                take_turn(kind, chat, self._pace, self._past, now, self._random.random())
                self._holder = me
            finally:
                self._waiters.remove(waiter)
                self._changed.notify_all()

    def _may_go(self, waiter: _Waiter, give_up: float) -> bool:
        self._refuse_if_closed()
        now, due = self._clock.monotonic(), self._due(waiter)
        if due > give_up:
            self._refuse(due - now)
        if due <= now and self._holder is None and self._is_first(waiter, now):
            return True
        if now >= give_up:
            raise Busy("Another request to FunPay is still running.", wait=1.0)
        return False

    def _due(self, waiter: _Waiter) -> float:
        own = next_turn(waiter.kind, waiter.chat, self._pace, self._past)
        return max(own, self._pauses.until(self._address))

    def _is_first(self, waiter: _Waiter, now: float) -> bool:
        return not any(
            other.rank < waiter.rank and self._due(other) <= now
            for other in self._waiters
            if other is not waiter
        )

    def _refuse(self, wait: float) -> None:
        if self._pauses.until(self._address) > self._clock.monotonic():
            raise Limited(f"FunPay asked us to slow down; {wait:.0f} s to go.", wait=wait)
        raise Busy(f"The next turn at FunPay is in {wait:.0f} s.", wait=wait)

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise Unreachable("This FunPay session is closed.")
