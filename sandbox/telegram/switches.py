"""Limits, and what differs between what is known of Telegram: each can be put another way."""

from dataclasses import dataclass, fields
from typing import Any


@dataclass
class Switches:
    """Every field can be changed while the double runs."""

    limits: bool = True
    """Whether too many messages are answered with 429."""
    per_second: int = 30
    """Messages of a bot within a second, over all chats."""
    private_gap: float = 1.0
    """Seconds between two messages to one person, after a burst."""
    private_burst: int = 5
    """Messages to one person that may come at once."""
    group_per_minute: int = 20
    """Messages to one group within a minute."""
    callback_seconds: float = 15.0
    """How long a pressed button waits for its answer."""
    answer_twice: bool = False
    """Whether a button's answer may be given a second time."""
    strangers_unknown: bool = False
    """A user who never pressed /start is `chat not found` instead of 403."""
    polls_jump: bool = True
    """Without sockets and with a frozen clock an empty long poll moves the clock and returns."""
    strict_parameters: bool = True
    """A parameter that the method does not know is a wrongdoing."""
    update_hours: float = 24.0
    """How long an update is kept."""
    delete_hours: float = 48.0
    """How long a message can be deleted."""
    photo_bytes: int = 10 * 1024 * 1024
    """The largest photo; a larger one is 413."""

    def change(self, changes: dict[str, Any]) -> None:
        """Apply a JSON object; an unknown name or a wrong type changes nothing."""
        known = {f.name for f in fields(self)}
        if unknown := sorted(set(changes) - known):
            raise ValueError(f"unknown switch {unknown[0]!r}; known: {', '.join(sorted(known))}")
        for name, value in changes.items():
            _check(name, getattr(self, name), value)
        for name, value in changes.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}


def _check(name: str, old: object, value: Any) -> None:
    if isinstance(old, bool):
        fits = isinstance(value, bool)
    elif isinstance(old, int):
        fits = type(value) is int and value >= 0
    else:
        fits = type(value) in (int, float) and value >= 0
    if not fits:
        raise ValueError(f"switch {name!r} cannot be {value!r}")
