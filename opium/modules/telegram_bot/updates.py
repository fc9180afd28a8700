"""What Telegram tells us, read once: who wrote or pressed what, and where."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

TEXT_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Asked:
    """A message or a press. `thread`: the topic; `reply_to`: the message that it answers."""

    kind: Literal["text", "press"]
    user: int
    chat: int
    private: bool
    message: int
    thread: int = 0
    text: str = ""
    """What was written, or the data of the button."""
    reply_to: int = 0
    callback: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        """As `as_json` gave it."""
        return cls(**told)


def number(update: dict[str, Any]) -> int | None:
    """The update's id; None for what is no update."""
    try:
        return _id(update.get("update_id"))
    except ValueError:
        return None


def read(update: dict[str, Any]) -> Asked | None:
    """What somebody asks with it; None for all that we do not serve: channels, stickers, bots,
    messages whose text we cannot know."""
    try:
        if "callback_query" in update:
            return _press(update["callback_query"])
        if "message" in update:
            return _text(update["message"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return None


def _press(told: dict[str, Any]) -> Asked | None:
    message = told["message"]
    chat = message["chat"]
    if told["from"].get("is_bot"):
        return None
    return Asked(
        kind="press",
        user=_id(told["from"]["id"]),
        chat=_id(chat["id"]),
        private=chat["type"] == "private",
        message=_id(message["message_id"]),
        thread=_thread(message),
        text=_string(told["data"])[:64],
        callback=_string(told["id"])[:64],
    )


def _text(message: dict[str, Any]) -> Asked | None:
    chat = message["chat"]
    # In a topic, what answers nothing "answers" the message that opened the topic.
    answered = message.get("reply_to_message") or {}
    if message["from"].get("is_bot") or chat["type"] not in ("private", "group", "supergroup"):
        return None
    return Asked(
        kind="text",
        user=_id(message["from"]["id"]),
        chat=_id(chat["id"]),
        private=chat["type"] == "private",
        message=_id(message["message_id"]),
        thread=_thread(message),
        text=_string(message["text"])[:TEXT_LIMIT],
        reply_to=_id(answered.get("message_id", 0)),
    )


def _thread(message: dict[str, Any]) -> int:
    return _id(message.get("message_thread_id", 0)) if message.get("is_topic_message") else 0


def _id(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**62:
        raise ValueError("no id")
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value
