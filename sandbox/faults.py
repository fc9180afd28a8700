"""What goes wrong, when and how often: the seeded plan of faults.

A fault tells whether it strikes before the effect (the site did nothing) or after it (the
site did it, and the client will not hear). `sandbox.gate` carries the plan out.
"""

import itertools
import threading
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatchcase
from random import Random
from typing import Any

CONNECTION = ("cut", "reset", "hang", "late")
"""The client gets no answer: closed, reset, nothing until its timeout, or cut and done later."""
ANSWERS = ("status", "login", "login_page", "blocked", "challenge", "maintenance", "stale",
           "error_text", "flood", "flood_users", "empty")  # fmt: skip
"""The client gets this answer instead of the true one."""
CHANGES = ("delay", "drip", "cut_body", "no_echo", "markup")
"""The client gets the true answer, changed or slowly."""
INSIDE = ("newer_message", "quoted", "lag", "omit")
"""The site itself behaves differently for this request."""
KINDS = (*CONNECTION, *ANSWERS, *CHANGES, *INSIDE)
STATUSES = (403, 404, 429, 500, 502, 503, 504)


@dataclass
class Fault:
    """One thing that goes wrong. Only `kind` is needed; a bare status such as `"502"` is one."""

    kind: str
    when: str = "before"
    """`before` or `after` the effect."""
    path: str = "*"
    """Pattern of the address, without host and locale: `/runner/`, `/orders/*`."""
    method: str | None = None
    account: str | None = None
    """Name of the account, or all."""
    action: str | None = None
    """For the runner: `send` (also images) or `poll`."""
    contains: str = ""
    """Only requests whose form has this text, e.g. a marker of one message."""
    count: int | None = 1
    """How many times; None is for ever."""
    skip: int = 0
    """Let this many matching requests pass first."""
    probability: float = 1.0
    status: int = 500
    retry_after: int | None = None
    seconds: float = 0
    text: str = ""
    """Error text, the buyer's newer message, or the text that `markup` looks for."""
    replacement: str = ""
    """What `markup` puts in its place."""
    blocks: list[str] = field(default_factory=list)
    """What `omit` leaves out of the page."""
    id: int = 0
    hits: int = 0

    @classmethod
    def from_json(cls, told: object) -> "Fault":
        """Read what the control API was given; ValueError names what is wrong."""
        if not isinstance(told, dict) or not isinstance(told.get("kind"), str):
            raise ValueError("a fault is an object with a text `kind`")
        known = {f.name for f in fields(cls)} - {"id", "hits"}
        if unknown := sorted(set(told) - known):
            raise ValueError(f"unknown member {unknown[0]!r}; known: {', '.join(sorted(known))}")
        fault = cls(**told)
        fault.check()
        return fault

    def check(self) -> None:
        if self.kind.isdecimal():
            self.kind, self.status = "status", int(self.kind)
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}; known: {', '.join(KINDS)}")
        if self.when not in ("before", "after"):
            raise ValueError("`when` is before or after")
        if self.kind == "status" and self.status not in STATUSES:
            raise ValueError(f"`status` is one of {', '.join(map(str, STATUSES))}")
        if self.kind == "markup" and not self.text:
            raise ValueError("`markup` needs `text`, what to replace")
        if self.action not in (None, "send", "poll"):
            raise ValueError("`action` is send or poll")
        if not isinstance(self.count, int | None) or not isinstance(self.skip, int):
            raise ValueError("`count` and `skip` are whole numbers")
        if not all(isinstance(n, int | float) for n in (self.seconds, self.probability)):
            raise ValueError("`seconds` and `probability` are numbers")

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Request:
    """What a fault is matched against."""

    method: str
    path: str
    account: str | None
    action: str | None
    form: str


class FaultPlan:
    """The faults in force. The first one that fits a request strikes."""

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        self._chance = Random(seed)
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, kind: str, when: str = "before", **details: Any) -> Fault:
        """`plan.add("cut", "after", path="/runner/", action="send")`"""
        return self.put(Fault(kind, when, **details))

    def put(self, fault: Fault) -> Fault:
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
        with self._lock:
            self._faults.clear()
            self._chance = Random(self._seed)

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def strike(self, request: Request) -> Fault | None:
        """The fault that befalls this request, if any; it is then used up by one."""
        if not self._faults:
            return None
        with self._lock:
            return next((f for f in self._faults if self._strikes(f, request)), None)

    def _strikes(self, fault: Fault, request: Request) -> bool:
        if fault.count == 0 or not _fits(fault, request):
            return False
        if fault.skip > 0:
            fault.skip -= 1
            return False
        if fault.probability < 1 and self._chance.random() >= fault.probability:
            return False
        fault.hits += 1
        if fault.count is not None:
            fault.count -= 1
        return True


def _fits(fault: Fault, request: Request) -> bool:
    return (
        fnmatchcase(request.path, fault.path)
        and fault.method in (None, request.method)
        and fault.account in (None, request.account)
        and fault.action in (None, request.action)
        and fault.contains in request.form
    )
