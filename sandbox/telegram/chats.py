"""Where one talks: dialogs of a bot and a person, groups, supergroups and their topics."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.telegram.bots import Bot
from sandbox.telegram.messages import Message

if TYPE_CHECKING:
    from sandbox.telegram.state import State
    from sandbox.telegram.users import User


@dataclass(eq=False)
class Topic:
    """A topic of a forum; its number is that of the message that opened it."""

    group: "Group"
    name: str
    opening: Message
    closed: bool = False
    deleted: bool = False

    @property
    def id(self) -> int:
        return self.opening.id

    def messages(self) -> list[Message]:
        """What is written in it, without the message that opened it."""
        return [m for m in self.group.visible() if m.topic is self and m is not self.opening]


@dataclass(eq=False)
class Chat:
    """What a dialog and a group have in common."""

    state: "State" = field(repr=False)
    id: int
    kind: str
    first_message: int = 1
    all_messages: dict[int, Message] = field(default_factory=dict, repr=False)

    def next_id(self) -> int:
        return max(self.all_messages, default=self.first_message - 1) + 1

    def message(self, number: int) -> Message | None:
        """A message that is still there."""
        found = self.all_messages.get(number)
        return None if found is None or found.deleted else found

    def visible(self) -> list[Message]:
        return [m for m in self.all_messages.values() if not m.deleted]

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "type": self.kind}

    def hearers(self, message: Message) -> list[Bot]:
        """The bots that are told of what a person wrote."""
        return []

    def holds(self, who: "Bot | User") -> bool:
        """Whether somebody is in it."""
        return False


@dataclass(eq=False)
class Dialog(Chat):
    """A person and a bot. To the bot its id is the person's."""

    user: "User" = field(kw_only=True)
    bot: Bot = field(kw_only=True)

    def as_json(self) -> dict[str, Any]:
        return {**self.user.as_chat(), "type": "private"}

    def hearers(self, message: Message) -> list[Bot]:
        return [self.bot]

    def holds(self, who: "Bot | User") -> bool:
        return who in (self.user, self.bot)


@dataclass(eq=False)
class Group(Chat):
    """A group (`group`) or supergroup (`supergroup`), with topics if it is a forum."""

    title: str = field(kw_only=True)
    forum: bool = field(default=False, kw_only=True)
    muted: bool = field(default=False, kw_only=True)
    """Bots that are no administrators may not write."""
    members: dict[int, "User | Bot"] = field(default_factory=dict, repr=False)
    status: dict[int, str] = field(default_factory=dict)
    """Of each bot: `member`, `administrator`, `left`, `kicked`."""
    topics: list[Topic] = field(default_factory=list, repr=False)
    migrated_to: "Group | None" = field(default=None, repr=False)

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {**super().as_json(), "title": self.title}
        if self.kind == "group":
            told["all_members_are_administrators"] = True
        if self.forum:
            told["is_forum"] = True
        return told

    def holds(self, who: "Bot | User") -> bool:
        return self.members.get(who.id) is who

    def hearers(self, message: Message) -> list[Bot]:
        """With privacy mode only commands, replies and mentions are heard by a bot."""
        bots = [m for m in self.members.values() if isinstance(m, Bot)]
        return [bot for bot in bots if self._hears(bot, message)]

    def topic(self, number: int) -> Topic | None:
        return next((t for t in self.topics if t.id == number and not t.deleted), None)

    # What its owner does

    def adds(self, who: "User | Bot", *, admin: bool = False) -> None:
        """A person or bot joins."""
        with self.state.lock:
            self.members[who.id] = who
            if isinstance(who, Bot):
                self._becomes(who, "administrator" if admin else "member")

    def kicks(self, who: "User | Bot") -> None:
        """Somebody is thrown out; a bot cannot write any more."""
        with self.state.lock:
            self.members.pop(who.id, None)
            if isinstance(who, Bot):
                self._becomes(who, "kicked")

    def opens(self, name: str, by: "User | Bot | None" = None) -> Topic:
        """A new topic."""
        if not self.forum:
            raise ValueError(f"{self.title} is not a forum")
        with self.state.lock:
            opener = by or self._anybody()
            created = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
            opening = self.state.say(self, opener, "", other=created, quiet=True)
            topic = Topic(self, name, opening)
            opening.topic = topic
            self.topics.append(topic)
            self.state.tell(opening)
        return topic

    def upgrades(self) -> "Group":
        """The group becomes a supergroup with another id; the old id is only a sign post."""
        if self.kind != "group" or self.migrated_to:
            raise ValueError(f"{self.title} cannot become a supergroup")
        with self.state.lock:
            by = self._anybody()
            new = self.state.add_group(self.title, "supergroup")
            new.members, new.status = self.members, dict(self.status)
            self.migrated_to = new
            self.state.say(self, by, "", other={"migrate_to_chat_id": new.id})
            self.state.say(new, by, "", other={"migrate_from_chat_id": self.id})
        return new

    def _anybody(self) -> "User | Bot":
        for member in self.members.values():
            return member
        raise ValueError(f"nobody is in {self.title}")

    def _becomes(self, bot: Bot, status: str) -> None:
        old = self.status.get(bot.id, "left")
        self.status[bot.id] = status
        people = (m for m in self.members.values() if not isinstance(m, Bot))
        by = next(people, None)
        self.state.tell_of_status(bot, self.as_json(), by.as_user() if by else bot.as_user(),
                                  old, status)  # fmt: skip

    def _hears(self, bot: Bot, message: Message) -> bool:
        if bot.reads_all or self.status.get(bot.id) == "administrator":
            return True
        if message.other and "sticker" not in message.other:
            return True  # of what happens to the group everybody hears
        if message.reply_to is not None and message.reply_to.sender is bot:
            return True
        if re.search(rf"@{re.escape(bot.username)}\b", message.text, re.I):
            return True
        return re.match(r"/\w+(?!\w*@)(\s|$)", message.text) is not None
