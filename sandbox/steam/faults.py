"""What goes wrong, when and how often (specified as rules that match requests).

A fault of phase `after` strikes when the state was already changed: only the answer suffers.
That half finds the bugs.
"""

import re
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

from sandbox.plan import Plan

INSTEAD = ("eresult", "status", "html", "redirect_login", "redirect")
"""The client gets this answer instead of the true one."""
SPOILED = ("omit", "replace", "slow", "half")
"""The true answer, changed or slowly."""
CUT = ("reset", "hang")
EVENTS = ("expire", "decoy", "buyer_kicks", "buyer_changes_password")
"""Something happens before or after this request."""
INSIDE = ("drop_confirmation", "delay_confirmation", "poll_forever")
ACTIONS = (*INSTEAD, *SPOILED, *CUT, *EVENTS, *INSIDE)
BODIES = ("html", "empty", "json-null", "truncated")
EXPIRABLE = ("wizard", "rsa_key", "auth_session", "access_token", "refresh_token")
USUAL_STEP = {
    "drop_confirmation": "SendCode",
    "delay_confirmation": "SendCode",
    "decoy": "SendCode",
    "poll_forever": "PollConfirmation",
}


@dataclass
class Fault:
    """One rule. Only `action` is needed; the other fields narrow it or detail it."""

    action: str
    phase: str = "before"
    service: str | None = None
    path: str = "*"
    """Pattern of the path."""
    step: str | None = None
    """The request's short name, see `step_of`."""
    method: str | None = None
    account: str | None = None
    ip: str | None = None
    nth: int = 1
    """The first matching request that is struck."""
    count: int | None = 1
    """How many are struck; None is all."""
    probability: float = 1.0
    eresult: int = 2
    status: int = 502
    body: str = "html"
    seconds: float = 0
    """Of `slow`, `hang` (0: until the client leaves) and `delay_confirmation`."""
    what: str = ""
    """What `expire` ends."""
    field: str = ""
    """What `omit` leaves out: a member of the answer, or a header such as x-eresult."""
    text: str = ""
    """The new password, the text of an error, or what `replace` looks for."""
    replacement: str = ""
    url: str = ""
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
        if self.action == "expire" and self.what not in EXPIRABLE:
            raise ValueError(f"`what` is one of {', '.join(EXPIRABLE)}")
        needed = {"omit": "field", "replace": "text", "redirect": "url"}.get(self.action)
        if needed and not getattr(self, needed):
            raise ValueError(f"`{self.action}` needs `{needed}`")
        if self.path == "*" and self.step is None:
            self.step = USUAL_STEP.get(self.action)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def fits(self, visit: "Visit") -> bool:
        """Whether it is for such a request."""
        return (
            fnmatchcase(visit.path, self.path)
            and self.service in (None, visit.service)
            and self.step in (None, visit.step)
            and self.method in (None, visit.method)
            and self.account in (None, visit.account)
            and self.ip in (None, visit.ip)
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

    service: str
    method: str
    path: str
    step: str
    account: str | None
    ip: str
    protobuf: bool = False
    """The question, and so the answer, is in protobuf."""


class Faults(Plan[Fault]):
    """The faults in force. The first one that fits a request strikes."""

    def add(self, action: str, phase: str = "before", **details: Any) -> Fault:
        """`faults.add("reset", "after", step="ChangePassword")`"""
        return self.put(Fault(action, phase, **details))


def step_of(path: str) -> str:
    """The last word of a path without what all have in common.

    `BeginAuthSessionViaCredentials`, `ChangePassword`, `VerifyPassword`, `SendCode`, `ajaxop`,
    `manage_action`, `details`, ...
    """
    words = [word for word in path.split("/") if word and not re.fullmatch("v0*1", word)]
    if len(words) > 1 and words[-1].isdecimal():
        words.pop()
    return words[-1].removeprefix("Ajax").replace("AccountRecovery", "") if words else ""
