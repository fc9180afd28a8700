"""Dialogs, messages, read marks: who wrote what to whom."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sandbox.world.errors import Refused
from sandbox.world.files import Image
from sandbox.world.notices import Notice
from sandbox.world.texts import stored

if TYPE_CHECKING:
    from sandbox.world.people import Person
    from sandbox.world.world import World

PRIVATE = re.compile(r"^users-(?P<a>\d+)-(?P<b>\d+)$")
TOO_OFTEN = (
    "Нельзя отправлять сообщения слишком часто.",
    "You cannot send messages too frequently.",
)
TOO_MANY = (
    "Нельзя слишком часто отправлять сообщения разным пользователям.",
    "You cannot message multiple users too frequently.",
)


@dataclass(eq=False)
class Message:
    """`author` 0 is the site itself; `label` marks automatic replies and staff."""

    id: int
    author: int
    text: str
    at: datetime
    label: str | None = None
    image: Image | None = None
    notice: Notice | None = None

    def text_for(self, locale: str) -> str:
        return self.notice.text(locale) if self.notice else self.text


@dataclass(eq=False)
class Chat:
    """A dialog of two, or a public chat without members."""

    id: int
    name: str
    members: tuple[int, ...] = ()
    messages: list[Message] = field(default_factory=list)
    marks: dict[int, int] = field(default_factory=dict)
    muted_by: set[int] = field(default_factory=set)
    version: int = 0

    @property
    def public(self) -> bool:
        return not self.members

    @property
    def last_id(self) -> int:
        return self.messages[-1].id if self.messages else 0

    def other(self, person_id: int) -> int:
        return self.members[1] if self.members[0] == person_id else self.members[0]


def private_name(a: int, b: int) -> str:
    return f"users-{min(a, b)}-{max(a, b)}"


class Chats:
    """Every chat of the world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._by_id: dict[int, Chat] = {}
        self._by_name: dict[str, Chat] = {}
        self._of: dict[int, list[Chat]] = {}
        self._store(Chat(2, "flood"))
        for game in world.games:
            self._store(Chat(10_000 + game.id, f"game-{game.id}"))

    def find(self, node: int | str) -> Chat | None:
        """By name or by number; numbers also as text."""
        text = str(node)
        return self._by_id.get(int(text)) if text.isdecimal() else self._by_name.get(text)

    def find_between(self, a: int, b: int) -> Chat | None:
        return self._by_name.get(private_name(a, b))

    def between(self, one: "Person", other: "Person") -> Chat:
        """The dialog of these two; it begins when first needed."""
        found = self.find_between(one.id, other.id)
        if found:
            return found
        if one.id == other.id:
            raise Refused("Нельзя писать самому себе.", "You cannot message yourself.")
        members = (min(one.id, other.id), max(one.id, other.id))
        chat = Chat(self._world.ids.next("chat"), private_name(*members), members)
        self._store(chat)
        return chat

    def of(self, person: "Person") -> list[Chat]:
        """A person's dialogs, the one with the newest message first."""
        chats = [c for c in self._of.get(person.id, []) if c.messages]
        return sorted(chats, key=lambda c: c.last_id, reverse=True)

    def open_for(self, person: "Person", node: int | str) -> Chat | None:
        """The chat if this person may see it."""
        chat = self.find(node)
        return chat if chat and (chat.public or person.id in chat.members) else None

    def to_write(self, person: "Person", node: int | str) -> Chat:
        """The chat a message goes to; the first one to somebody begins it."""
        chat = self.open_for(person, node)
        if chat:
            return chat
        name = PRIVATE.match(str(node))
        if name:
            a, b = int(name["a"]), int(name["b"])
            if a < b and person.id in (a, b):
                other = self._world.people.get(b if person.id == a else a)
                if other:
                    self._may_begin(person)
                    return self.between(person, other)
        raise Refused("Чат не найден.", "The chat was not found.")

    def send(
        self,
        author: "Person",
        chat: Chat,
        text: str,
        *,
        image: Image | None = None,
        via: str,
        label: str | None = None,
    ) -> Message:
        """Accept a message; `via` tells the log where it came from."""
        now = self._world.now()
        gap = timedelta(seconds=self._world.switches.message_gap)
        if via == "http" and author.last_sent and now - author.last_sent < gap:
            raise Refused(*TOO_OFTEN)
        if any(member in chat.muted_by for member in chat.members if member != author.id):
            raise Refused("Пользователь вас заблокировал.", "The user has blocked you.")
        if image is None:
            text = stored(text, self._world.switches.break_long_words)
        author.last_sent = author.seen = now
        label = label or author.label
        message = self._append(chat, Message(0, author.id, text, now, label, image))
        self._world.log.happened(
            "message",
            author.name,
            via=via,
            chat=chat.id,
            node=chat.name,
            message_id=message.id,
            text=text,
            image=image.name if image else None,
        )
        return message

    def notify(self, chat: Chat, notice: Notice) -> Message:
        """The site itself says something."""
        message = Message(0, 0, notice.text("ru"), self._world.now(), notice=notice)
        return self._append(chat, message)

    def mark_read(self, person: "Person", chat: Chat) -> None:
        if chat.public or chat.marks.get(person.id, 0) >= chat.last_id:
            return
        chat.marks[person.id] = chat.last_id
        person.unread.discard(chat.id)
        person.bookmarks_version += 1

    def delete(self, chat: Chat, message: Message) -> None:
        """Staff removes a message; the newest id of a chat may go down."""
        chat.messages.remove(message)
        self._touch(chat)

    def _append(self, chat: Chat, message: Message) -> Message:
        message.id = self._world.ids.next("message")
        chat.messages.append(message)
        for member in chat.members:
            person = self._world.people[member]
            person.newest_message = message.id
            if member != message.author:
                person.unread.add(chat.id)
            elif chat.id not in person.unread:
                chat.marks[member] = message.id
        self._touch(chat)
        return message

    def _touch(self, chat: Chat) -> None:
        chat.version += 1
        for member in chat.members:
            self._world.people[member].bookmarks_version += 1

    def _may_begin(self, person: "Person") -> None:
        limit, now = self._world.switches.new_chats_per_hour, self._world.now()
        hour_ago = now - timedelta(hours=1)
        person.chats_begun = [at for at in person.chats_begun if at > hour_ago]
        if limit and len(person.chats_begun) >= limit:
            raise Refused(*TOO_MANY)
        person.chats_begun.append(now)

    def _store(self, chat: Chat) -> None:
        self._by_id[chat.id] = chat
        self._by_name[chat.name] = chat
        for member in chat.members:
            self._of.setdefault(member, []).append(chat)
