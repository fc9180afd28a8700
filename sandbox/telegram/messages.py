"""A message, wherever it stands."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.telegram import html
from sandbox.telegram.entities import Entity

if TYPE_CHECKING:
    from sandbox.telegram.bots import Bot
    from sandbox.telegram.chats import Chat, Topic
    from sandbox.telegram.users import User


@dataclass(frozen=True)
class Photo:
    """A picture that was sent, and how it is named from then on."""

    id: str
    unique: str
    path: str
    content: bytes = field(repr=False)
    width: int = 0
    height: int = 0

    def as_json(self) -> list[dict[str, Any]]:
        whole = {"file_id": self.id, "file_unique_id": self.unique, "file_size": len(self.content)}
        return [{**whole, "width": self.width, "height": self.height}]


@dataclass(frozen=True)
class Button:
    """One button under a message."""

    text: str
    data: str | None
    url: str | None


@dataclass(eq=False)
class Message:
    """Text and entities are as Telegram keeps them; `markup` is the inline keyboard."""

    chat: "Chat"
    id: int
    sender: "Bot | User"
    at: float
    text: str = ""
    entities: tuple[Entity, ...] = ()
    topic: "Topic | None" = None
    reply_to: "Message | None" = None
    markup: dict[str, Any] | None = None
    keyboard: dict[str, Any] | None = None
    """Another keyboard than an inline one."""
    photo: Photo | None = None
    other: dict[str, Any] = field(default_factory=dict)
    """A sticker, a service message: members that have no text."""
    silent: bool = False
    edited: float | None = None
    deleted: bool = False
    versions: list[str] = field(default_factory=list)
    """The texts it had before."""

    @property
    def html(self) -> str:
        return html.render(self.text, self.entities)

    @property
    def thread_id(self) -> int | None:
        return self.topic.id if self.topic else None

    @property
    def buttons(self) -> list[Button]:
        """The buttons under it, row after row."""
        rows = (self.markup or {}).get("inline_keyboard", [])
        return [
            Button(told["text"], told.get("callback_data"), told.get("url"))
            for row in rows
            for told in row
        ]

    @property
    def date(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def as_json(self, *, with_reply: bool = True) -> dict[str, Any]:
        """As bots are told of it."""
        told: dict[str, Any] = {
            "message_id": self.id,
            "from": self.sender.as_user(),
            "chat": self.chat.as_json(),
            "date": int(self.at),
        }
        if self.edited is not None:
            told["edit_date"] = int(self.edited)
        if self.topic is not None:
            told.update(message_thread_id=self.topic.id, is_topic_message=True)
        replied = self.reply_to or (self.topic and self.topic.opening)
        if with_reply and replied and replied is not self and not replied.deleted:
            told["reply_to_message"] = replied.as_json(with_reply=False)
        text, entities = ("caption", "caption_entities") if self.photo else ("text", "entities")
        if self.text:
            told[text] = self.text
        if self.entities:
            told[entities] = [entity.as_json() for entity in self.entities]
        if self.photo:
            told["photo"] = self.photo.as_json()
        if self.markup:
            told["reply_markup"] = self.markup
        return {**told, **self.other}
