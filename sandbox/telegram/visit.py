"""The request at hand: which double it came to, and what its body says."""

from typing import TYPE_CHECKING, Any

from flask import request

from sandbox.telegram.bots import Bot
from sandbox.telegram.chats import Chat, Group, Topic
from sandbox.telegram.messages import Message
from sandbox.telegram.state import State
from sandbox.telegram.users import Place, User

if TYPE_CHECKING:
    from sandbox.telegram.double import TelegramDouble


def double() -> "TelegramDouble":
    found: TelegramDouble = request.environ["telegram.double"]
    return found


def state() -> State:
    found: State = request.environ["telegram.state"]
    return found


def body() -> dict[str, Any]:
    told = request.get_json(silent=True) if request.data else {}
    if not isinstance(told, dict):
        raise ValueError("the body must be a JSON object")
    return told


def text(name: str, default: str | None = None) -> str:
    value = body().get(name, default)
    if not isinstance(value, str) or (not value and default is None):
        raise ValueError(f"`{name}` must be a text")
    return value


def number(name: str) -> int:
    value = body().get(name)
    if type(value) is not int:
        raise ValueError(f"`{name}` must be a whole number")
    return value


def bot(username: str) -> Bot:
    found = next((b for b in state().bots.values() if b.username == username), None)
    if found is None:
        raise LookupError(f"no bot {username!r}")
    return found


def user(user_id: int) -> User:
    found = state().users.get(user_id)
    if found is None:
        raise LookupError(f"no user {user_id}")
    return found


def group(chat_id: int) -> Group:
    found = state().groups.get(chat_id)
    if found is None:
        raise LookupError(f"no group {chat_id}")
    return found


def member(told: dict[str, Any]) -> User | Bot:
    """`user` (id) or `bot` (username)."""
    return bot(str(told["bot"])) if told.get("bot") else user(number("user"))


def place(told: dict[str, Any]) -> Place:
    """Where one writes: `bot`, or `chat` with or without `topic`."""
    if told.get("bot"):
        return bot(str(told["bot"]))
    found = group(int(told["chat"]))
    return topic(found, int(told["topic"])) if told.get("topic") else found


def chat(who: User, told: dict[str, Any]) -> tuple[Chat | None, Topic | None]:
    """The same for reading; None for a dialog that nobody began."""
    where = place(told)
    if isinstance(where, Bot):
        return state().find_dialog(where, who), None
    if isinstance(where, Topic):
        return where.group, where
    return where, None


def topic(where: Group, topic_id: int) -> Topic:
    found = where.topic(topic_id)
    if found is None:
        raise LookupError(f"no topic {topic_id}")
    return found


def message(who: User, told: dict[str, Any]) -> Message:
    """`message` in the chat that `bot` or `chat` names."""
    where, _part = chat(who, told)
    found = where.all_messages.get(number("message")) if where else None
    if found is None:
        raise LookupError(f"no message {told.get('message')!r}")
    return found
