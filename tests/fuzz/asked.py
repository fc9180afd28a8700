"""A request as it goes over the wire, its answer, and the line that repeats it."""

from __future__ import annotations

import base64
import shlex
from dataclasses import dataclass
from typing import Any, Protocol

OWNER, NOBODY, BAD_TOKEN = "owner", "nobody", "bad token"
FORGED = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."
SHOWN = 20_000
CLOSED = 0
"""The status if a server has closed the connection: it does not read the rest of a huge head."""


@dataclass(frozen=True)
class Asked:
    """`route` is the path in the document, `path` the real one, both without /api."""

    method: str
    route: str
    path: str
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    who: str = OWNER
    kind: str = "drawn"
    expected: frozenset[int] | None = None
    """The only good statuses; None for whatever the document names."""

    @property
    def hopeless(self) -> bool:
        """Whether any good answer is a refusal, so that nothing may be stored."""
        return self.expected is not None and min(self.expected) >= 400

    def curl(self) -> str:
        """A shell line that sends the same to a server at $OPIUM, as $TOKEN."""
        words = ["curl", "-i", "--path-as-is", "-X", self.method]
        for name, value in self.headers:
            words += ["-H", f"{name}: {value}"]
        line = shlex.join(words)
        if self.who == OWNER:
            line += ' -H "Authorization: Bearer $TOKEN"'
        elif self.who == BAD_TOKEN:
            line += f" -H 'Authorization: Bearer {FORGED}'"
        line += f' "$OPIUM"{shlex.quote("/api" + self.path)}'
        if self.body is None:
            return line
        if len(self.body) > SHOWN:
            return f"{line} --data-binary @...  # {len(self.body)} bytes: {self.kind}"
        data = base64.b64encode(self.body).decode()
        return f"echo {data} | base64 -d | {line} --data-binary @-"


@dataclass(frozen=True)
class Seen:
    """An answer; names of headers in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes


class Stage(Protocol):
    """Where requests are sent: an application in this process, or a server."""

    ids: dict[str, str]
    """For each parameter of a path the value of something that exists."""

    def send(self, asked: Asked) -> Seen: ...

    def document(self) -> dict[str, Any]: ...

    def fingerprint(self) -> dict[str, int]:
        """Each table → a sum of its rows; without those that only security writes."""

    def rest(self) -> None:
        """Time passes, workers work, and a stopped shop runs again."""

    def misbehave(self) -> None:
        """From now on FunPay, Steam and Telegram answer a fifth of all requests wrongly."""

    def close(self) -> None: ...
