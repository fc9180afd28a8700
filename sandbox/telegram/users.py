"""People with a phone, and what they do with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.telegram.bots import Bot
from sandbox.telegram.callbacks import Callback
from sandbox.telegram.chats import Chat, Group, Topic
from sandbox.telegram.entities import Entity, with_found
from sandbox.telegram.messages import Message

if TYPE_CHECKING:
    from sandbox.telegram.state import State

Place = Bot | Group | Topic


@dataclass(eq=False)
class User:
    """One person. Verbs are what he does, and raise ValueError for what his app would not let."""

    state: "State" = field(repr=False)
    id: int
    name: str
    username: str = ""
    language: str = "ru"
    blocked: set[int] = field(default_factory=set)
    """Ids of the bots that he blocked."""
    deactivated: bool = False
    """He deleted his account."""

    # Writing

    def starts(self, bot: Bot, argument: str = "") -> Message:
        """Press the button below an empty dialog; a bot may write to him from now on."""
        return self.writes(bot, f"/start {argument}".strip())

    def writes(self, to: Place, text: str, entities: Sequence[Entity] = ()) -> Message:
        """To a bot, into a group or into a topic of one."""
        return self._says(to, text, entities=with_found(text, entities))

    def replies(self, message: Message, text: str) -> Message:
        chat = message.chat
        to = message.topic or (chat if isinstance(chat, Group) else self._other(chat))
        return self._says(to, text, entities=with_found(text, ()), reply_to=message)

    def sends_sticker(self, to: Place) -> Message:
        """A message without text."""
        told = {"file_id": "sticker1", "file_unique_id": "s1", "type": "regular", "width": 512,
                "height": 512, "is_animated": False, "is_video": False, "emoji": "👍"}  # fmt: skip
        return self._says(to, "", other={"sticker": told})

    def edits(self, message: Message, text: str) -> None:
        """Change his own message."""
        if message.sender is not self or message.deleted:
            raise ValueError("only own messages can be edited")
        with self.state.lock:
            message.versions.append(message.text)
            message.text, message.entities = text, with_found(text, ())
            message.edited = self.state.now()
            self.state.tell(message, "edited_message")

    def presses(self, message: Message, button: str, *, forged: bool = False) -> Callback:
        """Press a button by its text or data. `forged`: any data, as with a changed app."""
        with self.state.lock:
            chat = message.chat
            if not isinstance(message.sender, Bot) or not chat.holds(self):
                raise ValueError("he sees no such message")
            data = button if forged else self._data_of(message, button)
            return self.state.callbacks.press(self, message.sender, message, data)

    # Bots and the account

    def blocks(self, bot: Bot) -> None:
        with self.state.lock:
            self.blocked.add(bot.id)
            self._changes(bot, "member", "kicked")

    def unblocks(self, bot: Bot) -> None:
        with self.state.lock:
            self.blocked.discard(bot.id)
            self._changes(bot, "kicked", "member")

    def deletes_account(self) -> None:
        with self.state.lock:
            self.deactivated = True

    # What he sees

    def messages(self, bot: Bot) -> list[Message]:
        """What a bot wrote to him, in order."""
        return [m for m in self.dialog(bot) if m.sender is bot]

    def dialog(self, bot: Bot) -> list[Message]:
        """Both sides."""
        found = self.state.find_dialog(bot, self)
        return found.visible() if found else []

    def texts(self, bot: Bot) -> list[str]:
        return [message.text for message in self.messages(bot)]

    def as_user(self) -> dict[str, Any]:
        """As the sender of a message."""
        told = {"id": self.id, "is_bot": False, "first_name": self.name}
        if self.username:
            told["username"] = self.username
        return {**told, "language_code": self.language}

    def as_chat(self) -> dict[str, Any]:
        told: dict[str, Any] = {"id": self.id, "first_name": self.name}
        return {**told, "username": self.username} if self.username else told

    def _says(self, to: Place, text: str, **more: Any) -> Message:
        with self.state.lock:
            if self.deactivated:
                raise ValueError(f"{self.name} has no account any more")
            if isinstance(to, Bot):
                if to.id in self.blocked:
                    raise ValueError(f"{self.name} blocked {to.username}; unblock first")
                return self.state.say(self.state.dialog(to, self), self, text, **more)
            group = to.group if isinstance(to, Topic) else to
            if not group.holds(self) or group.migrated_to:
                raise ValueError(f"{self.name} is not in {group.title}")
            topic = to if isinstance(to, Topic) else None
            return self.state.say(group, self, text, topic=topic, **more)

    def _other(self, chat: Chat) -> Bot:
        return self.state.bot_of(chat)

    def _data_of(self, message: Message, button: str) -> str:
        if message.deleted:
            raise ValueError("the message is gone")
        for found in message.buttons:
            if button in (found.text, found.data):
                if found.data is None:
                    raise ValueError(f"{found.text!r} opens {found.url}, and tells no bot")
                return found.data
        shown = ", ".join(repr(found.text) for found in message.buttons) or "none"
        raise ValueError(f"no button {button!r}; there are: {shown}")

    def _changes(self, bot: Bot, old: str, new: str) -> None:
        chat = self.state.find_dialog(bot, self)
        if chat is not None:
            self.state.tell_of_status(bot, chat.as_json(), self.as_user(), old, new)
