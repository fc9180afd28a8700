"""A seeded plan of faults, whatever a fault is for the double that has it."""

import itertools
import threading
from random import Random
from typing import Any, Generic, Protocol, TypeVar


class Striking(Protocol):
    """What the plan needs of a fault."""

    id: int
    hits: int
    count: int | None
    """How many times it strikes; None is for ever."""
    probability: float

    def check(self) -> None:
        """ValueError for one that could never do what was meant."""

    def fits(self, request: Any) -> bool:
        """Whether it is for such a request."""

    def passes(self) -> bool:
        """Whether it lets this fitting request pass, because its turn is a later one."""


F = TypeVar("F", bound=Striking)


class Plan(Generic[F]):
    """The faults in force. The first one that fits a request strikes."""

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        self._chance = Random(seed)
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._faults: list[F] = []

    def put(self, fault: F) -> F:
        fault.check()
        with self._lock:
            fault.id = next(self._ids)
            self._faults.append(fault)
        return fault

    def remove(self, fault_id: int) -> bool:
        with self._lock:
            kept = [f for f in self._faults if f.id != fault_id]
            gone = len(kept) < len(self._faults)
            self._faults = kept
        return gone

    def clear(self) -> None:
        """Forget all of them, and begin with chance anew."""
        with self._lock:
            self._faults.clear()
            self._chance = Random(self._seed)

    def all(self) -> list[F]:
        with self._lock:
            return list(self._faults)

    def strike(self, request: Any) -> F | None:
        """The fault that befalls this request, if any; it is then used up by one."""
        if not self._faults:
            return None
        with self._lock:
            return next((f for f in self._faults if self._strikes(f, request)), None)

    def _strikes(self, fault: F, request: Any) -> bool:
        if fault.count == 0 or not fault.fits(request) or fault.passes():
            return False
        if fault.probability < 1 and self._chance.random() >= fault.probability:
            return False
        fault.hits += 1
        if fault.count is not None:
            fault.count -= 1
        return True
