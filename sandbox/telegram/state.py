"""Everything the double knows, in memory, behind one lock."""

import threading
from dataclasses import dataclass
from typing import Any

from sandbox.clock import Clock
from sandbox.log import Log
from sandbox.steam.chance import Chance
from sandbox.telegram.bots import LETTERS, Bot
from sandbox.telegram.callbacks import Callbacks
from sandbox.telegram.chats import Chat, Dialog, Group
from sandbox.telegram.faults import Faults
from sandbox.telegram.limits import Limits
from sandbox.telegram.messages import Message, Photo
from sandbox.telegram.switches import Switches
from sandbox.telegram.updates import Updates
from sandbox.telegram.users import User

RIGHTS = (
    *("can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members"),
    *("can_promote_members", "can_change_info", "can_invite_users", "can_post_stories"),
    *("can_edit_stories", "can_delete_stories", "can_pin_messages", "can_manage_topics"),
)
"""Of an administrator: all of them are always told."""


@dataclass
class Endpoints:
    """Where the double is."""

    api: str


class State:
    """Telegram itself: the same seed and the same requests give the same state."""

    def __init__(self, clock: Clock, seed: int, endpoints: Endpoints) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        """Rung whenever a long poll may have something to look at."""
        self.closing = False
        self.clock = clock
        self.endpoints = endpoints
        self.switches = Switches()
        self.log = Log(clock.now)
        self.faults = Faults(seed)
        self.chance = Chance(seed)
        self.wrongdoings: list[str] = []
        """What no client may ever do, as it happened; a test asserts that it is empty."""
        self.bots: dict[int, Bot] = {}
        self.tokens: dict[str, Bot] = {}
        self.users: dict[int, User] = {}
        self.groups: dict[int, Group] = {}
        self.dialogs: dict[tuple[int, int], Dialog] = {}
        self.messages: list[Message] = []
        """Of all chats, as they came."""
        self.photos: dict[str, Photo] = {}
        """By file id."""
        self.limits = Limits(self)
        self.callbacks = Callbacks(self)

    def now(self) -> float:
        return self.clock.now().timestamp()

    def wrong(self, what: str) -> None:
        self.wrongdoings.append(what)

    # Who there is

    def new_token(self, bot: Bot) -> str:
        """A token for this bot that works from now on."""
        secret = "".join(self.chance.stream("token").choices(LETTERS, k=33))
        token = f"{bot.id}:AA{secret}"
        self.tokens[token] = bot
        return token

    def add_bot(self, username: str, name: str = "", bot_id: int | None = None) -> Bot:
        if any(bot.username.lower() == username.lower() for bot in self.bots.values()):
            raise ValueError(f"there is a bot {username!r}")
        number = bot_id or 7_000_000_000 + self.chance.stream("bot").randrange(900_000_000)
        updates = Updates(self, self.chance.stream("update").randrange(10**8, 9 * 10**8))
        bot = Bot(self, number, username, name or username, "", updates)
        bot.token = self.new_token(bot)
        self.bots[number] = bot
        return bot

    def add_user(self, number: int, name: str, username: str = "", language: str = "ru") -> User:
        if number in self.users or number <= 0:
            raise ValueError(f"there can be no user {number}")
        self.users[number] = User(self, number, name, username, language)
        return self.users[number]

    def add_group(self, title: str, kind: str, *, forum: bool = False) -> Group:
        if kind not in ("group", "supergroup") or (forum and kind == "group"):
            raise ValueError("a group is `group` or `supergroup`, and a forum is a supergroup")
        number = -(4_000_000_000 + self.chance.stream("group").randrange(900_000_000))
        if kind == "supergroup":
            number = -(1_002_000_000_000 + self.chance.stream("group").randrange(900_000_000))
        # Message 1 of a forum is its general topic, which no bot can name.
        made = Group(self, number, kind, 2, title=title, forum=forum)
        self.groups[number] = made
        return made

    def find_dialog(self, bot: Bot, user: User) -> Dialog | None:
        return self.dialogs.get((bot.id, user.id))

    def dialog(self, bot: Bot, user: User) -> Dialog:
        """The dialog of these two, begun now if it has not been."""
        found = self.find_dialog(bot, user)
        if found is None:
            first = self.chance.stream("first message").randrange(2, 900)
            found = Dialog(self, user.id, "private", first, user=user, bot=bot)
            self.dialogs[bot.id, user.id] = found
        return found

    def bot_of(self, chat: Chat) -> Bot:
        if not isinstance(chat, Dialog):
            raise ValueError("not a dialog with a bot")
        return chat.bot

    # What is said

    def say(
        self, chat: Chat, sender: Bot | User, text: str, *, quiet: bool = False, **more: Any
    ) -> Message:
        """A message appears; the bots that may hear it are told."""
        message = Message(chat, chat.next_id(), sender, self.now(), text, **more)
        chat.all_messages[message.id] = message
        self.messages.append(message)
        if not quiet:
            self.tell(message)
        return message

    def tell(self, message: Message, kind: str = "message") -> None:
        """Bots hear of what people write, and of nothing that bots write."""
        if message.sender.id in self.users:
            for bot in message.chat.hearers(message):
                bot.updates.add(kind, message.as_json())

    def tell_of_status(
        self, bot: Bot, chat: dict[str, Any], by: dict[str, Any], old: str, new: str
    ) -> None:
        """my_chat_member: somebody blocked the bot, let it in or threw it out."""
        bot.updates.add("my_chat_member", {
            "chat": chat,
            "from": by,
            "date": int(self.now()),
            "old_chat_member": _member(bot, old),
            "new_chat_member": _member(bot, new),
        })  # fmt: skip


def _member(bot: Bot, status: str) -> dict[str, Any]:
    told: dict[str, Any] = {"user": bot.as_user(), "status": status}
    if status == "kicked":
        told["until_date"] = 0
    if status == "administrator":
        told.update(can_be_edited=False, is_anonymous=False, **dict.fromkeys(RIGHTS, True))
    return told
