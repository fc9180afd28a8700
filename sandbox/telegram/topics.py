"""getChat, getFile, and the topics of forums."""

from typing import Any

from sandbox.telegram import places
from sandbox.telegram.call import Call, bad, method
from sandbox.telegram.chats import Group, Topic

LONGEST_NAME = 128


@method("getChat", "chat_id")
def get_chat(call: Call) -> Any:
    """What is known of a chat that the bot met."""
    chat = places.known_chat(call)
    full = {"accent_color_id": 0, "max_reaction_count": 11}
    accepted = {"unlimited_gifts": True, "limited_gifts": True, "unique_gifts": True,
                "premium_subscription": True, "gifts_from_channels": True}  # fmt: skip
    return {**chat.as_json(), **full, "accepted_gift_types": accepted}


@method("getFile", "file_id")
def get_file(call: Call) -> Any:
    """Where `/file/bot<token>/...` has it."""
    found = call.state.photos.get(call.text("file_id"))
    if found is None:
        raise bad("invalid file_id")
    return {
        "file_id": found.id,
        "file_unique_id": found.unique,
        "file_size": len(found.content),
        "file_path": found.path,
    }


@method("createForumTopic", "chat_id", "name", "icon_color", "icon_custom_emoji_id")
def create_forum_topic(call: Call) -> Any:
    """Only administrators may."""
    group, name = _forum(call), call.text("name")
    if not 1 <= len(name) <= LONGEST_NAME:
        raise bad("TOPIC_TITLE_EMPTY" if not name else "TOPIC_TITLE_TOO_LONG")
    made = group.opens(name, call.bot)
    call.state.log.happened("topic", call.bot.username, chat=group.id, topic=made.id, name=name)
    return {"message_thread_id": made.id, "name": name, "icon_color": 7322096}


@method("closeForumTopic", "chat_id", "message_thread_id")
def close_forum_topic(call: Call) -> bool:
    _topic(call).closed = True
    return True


@method("reopenForumTopic", "chat_id", "message_thread_id")
def reopen_forum_topic(call: Call) -> bool:
    _topic(call).closed = False
    return True


def _forum(call: Call) -> Group:
    chat = places.known_chat(call)
    if not isinstance(chat, Group) or not chat.forum:
        raise bad("the chat is not a forum")
    if chat.status.get(call.bot.id) != "administrator":
        raise bad("not enough rights to create a topic")
    return chat


def _topic(call: Call) -> Topic:
    found = _forum(call).topic(call.whole("message_thread_id"))
    if found is None:
        raise bad("message thread not found")
    return found
