"""What goes wrong, when and how often: the seeded plan of faults.

A fault tells whether it strikes before the effect (the site did nothing) or after it (the
site did it, and the client will not hear). `sandbox.gate` carries the plan out.
"""

from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from sandbox.plan import Plan

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

    def fits(self, request: "Request") -> bool:
        """Whether it is for such a request."""
        return (
            fnmatchcase(request.path, self.path)
            and self.method in (None, request.method)
            and self.account in (None, request.account)
            and self.action in (None, request.action)
            and self.contains in request.form
        )

    def passes(self) -> bool:
        """Whether this one is let through, because its turn is a later one."""
        if self.skip > 0:
            self.skip -= 1
            return True
        return False


@dataclass(frozen=True)
class Request:
    """What a fault is matched against."""

    method: str
    path: str
    account: str | None
    action: str | None
    form: str


class FaultPlan(Plan[Fault]):
    """The faults in force. The first one that fits a request strikes."""

    def add(self, kind: str, when: str = "before", **details: Any) -> Fault:
        """`plan.add("cut", "after", path="/runner/", action="send")`"""
        return self.put(Fault(kind, when, **details))
