"""How often one exit address may ask (protocol 15). Shared by all accounts, kept in memory."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from opium.clock import Clock
from opium.modules.steam_rent.steam.errors import Throttled

COOL_DOWN_SECONDS = 30 * 60.0
LONGEST_SECONDS = 8 * 3600.0
LOGIN_GAP_SECONDS = 15.0
LOGIN_WINDOW_SECONDS = 600.0
LOGINS_PER_WINDOW = 7
"""Nobody knows Steam's limit; eight in ten minutes is what the careful reckon with."""
LONGEST_WAIT = 60.0
"""A sign-in whose turn is farther away is put off instead of waited for."""


@dataclass(slots=True)
class _Cooling:
    until: float = 0.0
    times: int = 0


class Throttle:
    """Cool-downs and the pace of sign-ins, by exit address (`opium.net.proxy.outgoing`).

    After 84 or 87 only sign-ins rest: a session that lives may still end a rental. After 429
    everything rests.
    """

    def __init__(self, clock: Clock, pace: float = 1.0) -> None:
        """`pace` below 1 shortens every pause, for tests."""
        self._clock, self._pace = clock, pace
        self._logins: dict[str, _Cooling] = {}
        self._requests: dict[str, _Cooling] = {}
        self._turns: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def check(self, exit_address: str, *, login: bool = False) -> None:
        """Raises Throttled while the address must rest."""
        with self._lock:
            wait = self._left(self._requests, exit_address)
            if login:
                wait = max(wait, self._left(self._logins, exit_address))
        if wait > 0:
            raise Throttled(
                f"Steam asked this address to slow down, {wait:.0f} s of the pause remain.", wait
            )

    def limited(self, exit_address: str, *, login: bool = False) -> Throttled:
        """Steam said "too many": rest, twice as long as after the last rest that did not help."""
        book = self._logins if login else self._requests
        with self._lock:
            cooling = book.setdefault(exit_address, _Cooling())
            if self._left(book, exit_address) <= 0:  # else: asked before that rest began
                cooling.times += 1
            doubled = COOL_DOWN_SECONDS * 2.0 ** min(cooling.times - 1, 8)
            wait = min(doubled, LONGEST_SECONDS) * self._pace
            cooling.until = self._clock.monotonic() + wait
        return Throttled(
            f"Steam says too many tries from this address, pausing {wait:.0f} s.", wait
        )

    def answered(self, exit_address: str, *, login: bool = False) -> None:
        """Steam answered properly: the next cool-down is a short one again."""
        with self._lock:
            for book in (self._requests, self._logins) if login else (self._requests,):
                # An answer to what was asked before the pause began does not end it.
                if self._left(book, exit_address) <= 0:
                    book.pop(exit_address, None)

    def login_turn(self, exit_address: str) -> float:
        """Take the next turn to sign in from there; the seconds until it comes. Raises Throttled
        if it is too far away to wait for."""
        with self._lock:
            now = self._clock.monotonic()
            turns = self._turns.setdefault(exit_address, deque(maxlen=LOGINS_PER_WINDOW))
            turn = now
            if turns:
                turn = max(turn, turns[-1] + LOGIN_GAP_SECONDS * self._pace)
            if len(turns) == LOGINS_PER_WINDOW:
                turn = max(turn, turns[0] + LOGIN_WINDOW_SECONDS * self._pace)
            if turn - now > LONGEST_WAIT:
                wait = turn - now
                raise Throttled(
                    f"Enough sign-ins from this address for now; the next in {wait:.0f} s.", wait
                )
            turns.append(turn)
        return turn - now

    def _left(self, book: dict[str, _Cooling], exit_address: str) -> float:
        cooling = book.get(exit_address)
        return cooling.until - self._clock.monotonic() if cooling else 0.0
