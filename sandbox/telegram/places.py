"""Which chat, topic and message a request means, and whether the bot may write there."""

from typing import TYPE_CHECKING

from sandbox.telegram.call import Call, bad, forbidden
from sandbox.telegram.chats import Chat, Group, Topic
from sandbox.telegram.messages import Message

if TYPE_CHECKING:
    from sandbox.telegram.users import User

IGNORED = "allow_sending_without_reply"


def chat_to_write(call: Call) -> Chat:
    """The chat of `chat_id`, if this bot may write there."""
    state, number = call.state, _chat_id(call)
    if number in state.users:
        return _dialog(call, state.users[number])
    if number in state.bots:
        raise forbidden("bots can't send messages to bots")
    group = state.groups.get(number)
    if group is None or call.bot.id not in group.status:
        raise bad("chat not found")
    _check_group(call, group)
    if group.muted and group.status[call.bot.id] != "administrator":
        raise bad("not enough rights to send text messages to the chat")
    return group


def known_chat(call: Call) -> Chat:
    """The chat of `chat_id`, if this bot ever met it."""
    number = _chat_id(call)
    user = call.state.users.get(number)
    found: Chat | None = call.state.find_dialog(call.bot, user) if user else None
    if found is None:
        group = call.state.groups.get(number)
        if group is None or call.bot.id not in group.status:
            raise bad("chat not found")
        _check_group(call, group)
        found = group
    return found


def topic(call: Call, chat: Chat) -> Topic | None:
    """The topic of `message_thread_id`, open to the bot; None for none."""
    number = call.whole("message_thread_id")
    if not number:
        return None
    found = chat.topic(number) if isinstance(chat, Group) else None
    if found is None:
        raise bad("message thread not found")
    if found.closed and found.group.status.get(call.bot.id) != "administrator":
        raise bad("TOPIC_CLOSED")
    return found


def replied(call: Call, chat: Chat) -> Message | None:
    """What `reply_parameters` (or the old `reply_to_message_id`) means."""
    told = call.json("reply_parameters", "can't parse reply parameters JSON object") or {}
    if not isinstance(told, dict):
        raise bad("object expected as reply parameters")
    number = told.get("message_id") or call.whole("reply_to_message_id")
    if not number:
        return None
    found = chat.message(number) if type(number) is int else None
    if found is None and not (told.get(IGNORED) is True or call.flag(IGNORED)):
        raise bad("message to be replied not found")
    return found


def message(call: Call, what: str) -> Message:
    """The message of `chat_id` and `message_id`; `what` is what is to be done with it."""
    if not call.text("message_id"):
        raise bad("message identifier is not specified")
    found = known_chat(call).message(call.whole("message_id"))
    if found is None:
        raise bad(f"message to {what} not found")
    return found


def check_reachable(call: Call, chat: Chat) -> None:
    """403 where the person, or the group, wants to hear nothing of this bot any more."""
    user = call.state.users.get(chat.id)
    if user is not None:
        _dialog(call, user)


def _chat_id(call: Call) -> int:
    told = call.text("chat_id").strip()
    if not told:
        raise bad("chat_id is empty")
    try:
        return int(told)
    except ValueError:
        raise bad("chat not found") from None


def _dialog(call: Call, user: "User") -> Chat:
    bot, state = call.bot, call.state
    if user.deactivated:
        raise forbidden("user is deactivated")
    if bot.id in user.blocked:
        raise forbidden("bot was blocked by the user")
    found = state.find_dialog(bot, user)
    if found is None:
        met = any(group.holds(user) and group.holds(bot) for group in state.groups.values())
        if state.switches.strangers_unknown and not met:
            raise bad("chat not found")
        raise forbidden("bot can't initiate conversation with a user")
    return found


def _check_group(call: Call, group: Group) -> None:
    if group.migrated_to is not None:
        raise bad(
            "group chat was upgraded to a supergroup chat",
            migrate_to_chat_id=group.migrated_to.id,
        )
    status = group.status[call.bot.id]
    if status == "kicked":
        raise forbidden(f"bot was kicked from the {group.kind} chat")
    if status == "left":
        raise forbidden(f"bot is not a member of the {group.kind} chat")
