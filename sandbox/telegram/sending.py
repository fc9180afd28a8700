"""sendMessage, sendPhoto, sendChatAction."""

import hashlib
import struct
from typing import Any

from sandbox.telegram import formatting, places
from sandbox.telegram.call import Call, Refused, Upload, bad, method
from sandbox.telegram.markup import reply_markup
from sandbox.telegram.messages import Message, Photo

COMMON = (
    *("business_connection_id", "chat_id", "message_thread_id", "disable_notification"),
    *("protect_content", "allow_paid_broadcast", "message_effect_id", "reply_parameters"),
    *("reply_to_message_id", "allow_sending_without_reply", "reply_markup", "parse_mode"),
)
ACTIONS = (
    *("typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice"),
    *("upload_document", "choose_sticker", "find_location", "record_video_note"),
    "upload_video_note",
)
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF")


@method(
    "sendMessage", *COMMON, "text", "entities", "link_preview_options", "disable_web_page_preview",
    sends=True,
)  # fmt: skip
def send_message(call: Call) -> Any:
    """A text, into a dialog, a group or a topic."""
    chat = places.chat_to_write(call)
    text, entities = formatting.message_text(call)
    return _sent(call, chat, text=text, entities=entities)


@method(
    "sendPhoto", *COMMON, "photo", "caption", "caption_entities", "has_spoiler",
    "show_caption_above_media", sends=True,
)  # fmt: skip
def send_photo(call: Call) -> Any:
    """A picture: uploaded, or one that was sent before, by its file_id."""
    chat = places.chat_to_write(call)
    text, entities = formatting.caption(call)
    return _sent(call, chat, text=text, entities=entities, photo=_photo(call))


@method("sendChatAction", "business_connection_id", "chat_id", "message_thread_id", "action")
def send_chat_action(call: Call) -> bool:
    """ "Types…": changes nothing, but may be refused as a message would be."""
    chat = places.chat_to_write(call)
    places.topic(call, chat)
    if call.text("action") not in ACTIONS:
        raise bad("wrong parameter action in request")
    return True


def _sent(call: Call, chat: Any, **content: Any) -> dict[str, Any]:
    """Check the rest, count it, and let the message appear."""
    topic = places.topic(call, chat)
    reply = places.replied(call, chat)
    markup = reply_markup(call)
    inline = markup is None or "inline_keyboard" in markup
    call.state.limits.take(call.bot, chat)
    made = call.state.say(
        chat,
        call.bot,
        content.pop("text"),
        topic=topic,
        reply_to=reply,
        markup=markup if inline else None,
        keyboard=None if inline else markup,
        silent=call.flag("disable_notification"),
        **content,
    )
    note(call, "photo" if made.photo else "message", made)
    return made.as_json()


def note(call: Call, what: str, message: Message) -> None:
    """Write into the log what was accepted."""
    call.state.log.happened(
        what,
        call.bot.username,
        chat=message.chat.id,
        message=message.id,
        topic=message.thread_id,
        text=message.text,
        entities=[entity.as_json() for entity in message.entities],
        markup=message.markup or message.keyboard,
        reply_to=message.reply_to.id if message.reply_to else None,
        silent=message.silent,
    )


def _photo(call: Call) -> Photo:
    told = call.text("photo")
    upload = call.files.get("photo")
    if told.startswith("attach://"):
        upload = call.files.get(told.removeprefix("attach://"))
    if upload is not None:
        return _uploaded(call, upload)
    if not told:
        raise bad("there is no photo in the request")
    if told in call.state.photos:
        return call.state.photos[told]
    if "://" in told:
        # The double fetches nothing from anywhere.
        raise bad("failed to get HTTP URL content")
    raise bad("wrong file identifier/HTTP URL specified")


def _uploaded(call: Call, upload: Upload) -> Photo:
    content = upload.content
    if len(content) > call.state.switches.photo_bytes:
        raise Refused(413, "Request Entity Too Large")
    if not content:
        raise bad("file must be non-empty")
    if not content.startswith(PICTURES):
        raise bad("IMAGE_PROCESS_FAILED")
    width, height = _size(content)
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    number = len(call.state.photos)
    unique = hashlib.sha256(content).hexdigest()[:14]
    made = Photo(
        f"AgAC{number}{unique}", unique, f"photos/file_{number}.jpg", content, width, height
    )
    call.state.photos[made.id] = made
    return made


def _size(content: bytes) -> tuple[int, int]:
    """Of a PNG; others are taken for small squares."""
    if content.startswith(PICTURES[0]) and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return max(1, width), max(1, height)
    return 90, 90
