"""A call of the Bot API as its methods see it, and how they refuse."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from sandbox.telegram.bots import Bot
    from sandbox.telegram.state import State


class Refused(Exception):
    """`{"ok": false, ...}`; the HTTP status is `code`, too."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters

    def as_json(self) -> dict[str, Any]:
        told = {"ok": False, "error_code": self.code, "description": self.description}
        return {**told, "parameters": self.parameters} if self.parameters else told


NOT_UTF8 = "strings must be encoded in UTF-8"


def encodable(told: object) -> bool:
    """Whether no text in it holds half of a character."""
    try:
        json.dumps(told, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def bad(description: str, **parameters: int) -> Refused:
    return Refused(400, f"Bad Request: {description}", **parameters)


def forbidden(description: str) -> Refused:
    return Refused(403, f"Forbidden: {description}")


def conflict(description: str) -> Refused:
    return Refused(409, f"Conflict: {description}")


def too_many(seconds: int) -> Refused:
    text = f"Too Many Requests: retry after {seconds}"
    return Refused(429, text, retry_after=seconds)


@dataclass(frozen=True)
class Upload:
    """A file that came with the request."""

    name: str
    content: bytes


@dataclass
class Call:
    """One request to one method. Parameters are texts, as most clients send them."""

    state: "State"
    bot: "Bot"
    params: dict[str, str]
    files: dict[str, Upload] = field(default_factory=dict)
    environ: dict[str, Any] = field(default_factory=dict)
    described: str = ""
    """The `description` of a good answer, where there is one."""

    def text(self, name: str) -> str:
        return self.params.get(name, "")

    def whole(self, name: str, default: int = 0) -> int:
        """A whole number; Telegram takes anything else for the default, we do not."""
        told = self.params.get(name, "").strip()
        if not told:
            return default
        try:
            return int(told)
        except ValueError:
            self.state.wrong(f"{self.bot.username}: {name}={told!r} is no whole number")
            raise bad(f"parameter {name} must be a whole number") from None

    def flag(self, name: str) -> bool:
        return self.text(name).strip().lower() in ("true", "yes", "1")

    def json(self, name: str, complaint: str) -> Any:
        """A parameter that holds JSON; None if it is not there."""
        told = self.text(name)
        if not told:
            return None
        try:
            found = json.loads(told)
        except ValueError:
            raise bad(complaint) from None
        if not encodable(found):
            raise bad(NOT_UTF8)
        return found


@dataclass(frozen=True)
class Method:
    """What a method does, and the parameters that it knows."""

    name: str
    does: Callable[[Call], Any]
    knows: frozenset[str]
    sends: bool = False
    """Whether it counts for the limits."""


Does = TypeVar("Does", bound=Callable[[Call], Any])
METHODS: dict[str, Method] = {}
"""By their names in small letters: Telegram does not mind capitals."""


def method(name: str, *knows: str, sends: bool = False) -> Callable[[Does], Does]:
    """Enter a function as the method `name`."""

    def enter(does: Does) -> Does:
        METHODS[name.lower()] = Method(name, does, frozenset(knows), sends)
        return does

    return enter
