"""What goes wrong, when and how often (specified as rules that match requests).

A fault of phase `after` strikes when the state was already changed: only the answer suffers.
That half finds the bugs.
"""

from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

from sandbox.plan import Plan

INSTEAD = ("error", "status")
"""The client gets this answer instead of the true one."""
SPOILED = ("omit", "replace", "slow", "half")
"""The true answer, changed or slowly."""
CUT = ("reset", "hang")
EVENTS = ("revoke", "block")
"""Something happens before or after this request."""
ACTIONS = (*INSTEAD, *SPOILED, *CUT, *EVENTS)
BODIES = ("html", "empty", "json-null", "truncated")
DESCRIPTIONS = {
    400: "Bad Request: chat not found",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running",
    413: "Request Entity Too Large",
    429: "Too Many Requests: retry after {seconds}",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


@dataclass
class Fault:
    """One rule. Only `action` is needed; the other fields narrow it or detail it."""

    action: str
    phase: str = "before"
    method: str = "*"
    """Pattern of the method's name, in any letters."""
    bot: str | None = None
    """Username or token of the bot."""
    chat: str | None = None
    """`chat_id` of the request."""
    contains: str = ""
    """A part of any of the request's parameters."""
    nth: int = 1
    """The first matching request that is struck."""
    count: int | None = 1
    """How many are struck; None is all."""
    probability: float = 1.0
    code: int = 500
    """Of `error`: its error_code, and the HTTP status."""
    text: str = ""
    """Of `error`: another description than the usual one; what `replace` looks for."""
    retry_after: int = 0
    """Of `error`: how long to wait; makes it a 429."""
    status: int = 502
    body: str = "html"
    seconds: float = 0
    """Of `slow` and `hang` (0: until the client leaves)."""
    field: str = ""
    """What `omit` leaves out of the answer, or of its `result` (of each if it is a list)."""
    replacement: str = ""
    id: int = 0
    hits: int = 0

    @classmethod
    def from_json(cls, told: object) -> "Fault":
        """Read what the control API was given; ValueError names what is wrong."""
        if not isinstance(told, dict) or not isinstance(told.get("action"), str):
            raise ValueError("a fault is an object with a text `action`")
        known = {f.name for f in fields(cls)} - {"id", "hits"}
        if unknown := sorted(set(told) - known):
            raise ValueError(f"unknown member {unknown[0]!r}; known: {', '.join(sorted(known))}")
        return cls(**told)

    def check(self) -> None:
        """ValueError for a rule that could never do what was meant."""
        if self.action not in ACTIONS:
            raise ValueError(f"unknown action {self.action!r}; known: {', '.join(ACTIONS)}")
        if self.phase not in ("before", "after"):
            raise ValueError("`phase` is before or after")
        if self.body not in BODIES:
            raise ValueError(f"`body` is one of {', '.join(BODIES)}")
        needed = {"omit": "field", "replace": "text"}.get(self.action)
        if needed and not getattr(self, needed):
            raise ValueError(f"`{self.action}` needs `{needed}`")
        if self.retry_after:
            self.code = 429
        self.chat = None if self.chat is None else str(self.chat)

    @property
    def description(self) -> str:
        usual = DESCRIPTIONS.get(self.code, "Bad Request: something is wrong")
        return self.text or usual.format(seconds=self.retry_after)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def fits(self, visit: "Visit") -> bool:
        """Whether it is for such a request."""
        return (
            fnmatchcase(visit.method.lower(), self.method.lower())
            and self.bot in (None, visit.bot, visit.token)
            and self.chat in (None, visit.chat)
            and self.contains in visit.text
        )

    def passes(self) -> bool:
        """Whether this one is let through, because its turn is a later one."""
        if self.nth > 1:
            self.nth -= 1
            return True
        return False


@dataclass(frozen=True)
class Visit:
    """What a fault is matched against."""

    method: str
    bot: str | None
    token: str
    chat: str
    text: str


class Faults(Plan[Fault]):
    """The faults in force. The first one that fits a request strikes."""

    def add(self, action: str, phase: str = "before", **details: Any) -> Fault:
        """`faults.add("reset", "after", method="sendMessage")`"""
        return self.put(Fault(action, phase, **details))
