"""What a bot does to messages that are there: edit, delete; and answers to buttons."""

from typing import Any

from sandbox.telegram import formatting, places
from sandbox.telegram.call import Call, bad, method
from sandbox.telegram.chats import Group
from sandbox.telegram.markup import Markup, reply_markup
from sandbox.telegram.messages import Message
from sandbox.telegram.sending import note

WHICH = ("business_connection_id", "chat_id", "message_id", "inline_message_id", "reply_markup")
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup "
    "are exactly the same as a current content and reply markup of the message"
)
DATE_DELETED = "message can't be deleted for everyone"


@method(
    "editMessageText", *WHICH, "text", "parse_mode", "entities", "link_preview_options",
    "disable_web_page_preview", sends=True,
)  # fmt: skip
def edit_message_text(call: Call) -> Any:
    """Another text. Without a keyboard in the request the old one goes away, as in truth."""
    text, entities = formatting.message_text(call)
    found = _own(call)
    if found.photo is not None:
        raise bad("there is no text in the message to edit")
    markup = reply_markup(call, inline_only=True)
    if (text, entities, markup) == (found.text, found.entities, found.markup):
        raise bad(NOT_MODIFIED)
    call.state.limits.take(call.bot, found.chat)
    found.versions.append(found.text)
    found.text, found.entities = text, entities
    return _edited(call, found, markup, "edit")


@method("editMessageReplyMarkup", *WHICH)
def edit_message_reply_markup(call: Call) -> Any:
    """Another keyboard, or none."""
    found = _own(call)
    markup = reply_markup(call, inline_only=True)
    if markup == found.markup:
        raise bad(NOT_MODIFIED)
    return _edited(call, found, markup, "edit_markup")


@method("deleteMessage", "chat_id", "message_id")
def delete_message(call: Call) -> bool:
    """Any message of a dialog, an own one in a group, for two days."""
    found = places.message(call, "delete")
    places.check_reachable(call, found.chat)
    hours = (call.state.now() - found.at) / 3600
    admin = isinstance(found.chat, Group) and found.chat.status.get(call.bot.id) == "administrator"
    own = found.sender is call.bot
    if hours > call.state.switches.delete_hours and not admin:
        raise bad(DATE_DELETED)
    if isinstance(found.chat, Group) and not own and not admin:
        raise bad("message can't be deleted")
    found.deleted = True
    note(call, "delete", found)
    return True


@method("answerCallbackQuery", "callback_query_id", "text", "show_alert", "url", "cache_time")
def answer_callback_query(call: Call) -> bool:
    """The toast (or alert) after a pressed button; also takes the little clock away."""
    text = formatting.toast(call)
    number = call.text("callback_query_id")
    found = call.state.callbacks.answer(call.bot, number, text, alert=call.flag("show_alert"))
    call.state.log.happened(
        "answer",
        call.bot.username,
        chat=found.message.chat.id,
        message=found.message.id,
        user=found.user.id,
        data=found.data,
        text=text,
        alert=found.alert,
    )
    return True


def _own(call: Call) -> Message:
    """A message of this bot that can still be seen by whom it was for."""
    if call.text("inline_message_id"):
        raise bad("MESSAGE_ID_INVALID")
    found = places.message(call, "edit")
    places.check_reachable(call, found.chat)
    if found.sender is not call.bot or found.other:
        raise bad("message can't be edited")
    return found


def _edited(call: Call, found: Message, markup: Markup | None, what: str) -> dict[str, Any]:
    found.markup = markup
    found.edited = call.state.now()
    note(call, what, found)
    return found.as_json()
