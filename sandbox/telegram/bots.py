"""Bots: their tokens, and what they told Telegram about themselves."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.telegram.updates import Updates

if TYPE_CHECKING:
    from sandbox.telegram.messages import Message
    from sandbox.telegram.state import State

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"


@dataclass
class Webhook:
    """Never called here; it only forbids getUpdates."""

    url: str = ""


@dataclass(eq=False)
class Bot:
    """One bot. `token` is what its owner was given by @BotFather."""

    state: "State" = field(repr=False)
    id: int
    username: str
    name: str
    token: str = field(repr=False)
    updates: Updates = field(repr=False)
    revoked: bool = False
    """The owner made a new token; the old one is 401."""
    rival: bool = False
    """Somebody else polls with the same token all the time: getUpdates is always 409."""
    reads_all: bool = False
    """Privacy mode is off: it hears everything that is said in its groups."""
    webhook: Webhook = field(default_factory=Webhook)
    commands: dict[tuple[str, str], list[dict[str, str]]] = field(default_factory=dict)
    """By scope and language, as JSON."""

    def revoke(self) -> str:
        """A new token, as by /revoke at @BotFather; the old one is dead."""
        with self.state.lock:
            self.state.tokens.pop(self.token)
            self.token = self.state.new_token(self)
            self.updates.end_poll("")
        return self.token

    def messages(self) -> list["Message"]:
        """Everything this bot sent that is still there, in order."""
        return [m for m in self.state.messages if m.sender is self and not m.deleted]

    def as_user(self) -> dict[str, Any]:
        """As the sender of a message."""
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": self.name,
            "username": self.username,
        }

    def as_me(self) -> dict[str, Any]:
        """The answer of getMe."""
        return {
            **self.as_user(),
            "can_join_groups": True,
            "can_read_all_group_messages": self.reads_all,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }
