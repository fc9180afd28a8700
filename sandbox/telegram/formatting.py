"""The text of a message: given with a parse mode or with entities, checked and cleaned."""

import re
from typing import Any

from sandbox.telegram import html
from sandbox.telegram.call import Call, bad, encodable
from sandbox.telegram.entities import Entity, Formatted, cut, settled, trimmed, units, with_found

TEXT_UNITS, CAPTION_UNITS, TOAST_UNITS = 4096, 1024, 200
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
GIVEN = (
    *("bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "text_link"),
    *("blockquote", "expandable_blockquote", "custom_emoji", "text_mention", "mention", "hashtag"),
    *("cashtag", "bot_command", "url", "email", "phone_number"),
)


def message_text(call: Call) -> Formatted:
    """`text` of sendMessage and editMessageText."""
    if not call.text("text"):
        raise bad("message text is empty")
    text, entities = _formatted(call, "text", "entities")
    if not text:
        raise bad("text must be non-empty")
    if units(text) > TEXT_UNITS:
        raise bad("message is too long")
    return text, entities


def caption(call: Call) -> Formatted:
    """`caption` of a photo; may be empty."""
    text, entities = _formatted(call, "caption", "caption_entities")
    if units(text) > CAPTION_UNITS:
        raise bad("message caption is too long")
    return text, entities


def toast(call: Call) -> str:
    """`text` of answerCallbackQuery; may be empty."""
    text = call.text("text")
    if units(text) > TOAST_UNITS:
        raise bad("MESSAGE_TOO_LONG")
    return text


def cleaned(text: str) -> str:
    """As every text of Telegram: no carriage returns, no control characters."""
    return CONTROL.sub(" ", text.replace("\r", ""))


def _formatted(call: Call, name: str, entities_name: str) -> Formatted:
    text, mode = call.text(name), call.text("parse_mode").lower()
    if mode == "html":
        try:
            text, entities = html.parse(text)
        except html.Unparsable as wrong:
            raise bad(f"can't parse entities: {wrong}") from wrong
    elif mode:
        # Markdown exists at Telegram; no client of ours needs it.
        raise bad("unsupported parse_mode")
    else:
        entities = _given(call, text, entities_name)
    text, entities = trimmed(cleaned(text), entities)
    return text, with_found(text, entities)


def _given(call: Call, text: str, name: str) -> tuple[Entity, ...]:
    told = call.json(name, f"can't parse {name} JSON object")
    if told is None:
        return ()
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise bad("can't parse entities: expected an Array of MessageEntity")
    entities = [_entity(one) for one in told]
    end = units(text)
    for entity in entities:
        if entity.offset < 0 or entity.length < 0:
            raise bad("receive an entity with incorrect offset or length")
        if entity.end > end:
            raise bad(
                f"entity beginning at UTF-16 offset {entity.offset} "
                f"ends after the end of the text at UTF-16 offset {entity.end}"
            )
        if _halves(text, entity.offset) or _halves(text, entity.end):
            raise bad(
                f"entity beginning at UTF-16 offset {entity.offset} "
                "ends in a middle of a UTF-16 symbol"
            )
    return settled(e for e in entities if e.type in (*html.TAGS.values(), "expandable_blockquote"))


def _halves(text: str, offset: int) -> bool:
    """Whether this offset lies in the middle of a character."""
    return not encodable(cut(text, 0, offset))


def _entity(told: dict[str, Any]) -> Entity:
    kind, offset, length = told.get("type"), told.get("offset"), told.get("length")
    if kind not in GIVEN:
        raise bad("can't parse MessageEntity: unsupported type specified")
    if type(offset) is not int or type(length) is not int:
        raise bad('can\'t parse MessageEntity: field "offset" and "length" must be of type Number')
    user = told.get("user")
    argument = told.get("url") or told.get("language") or told.get("custom_emoji_id") or ""
    if isinstance(user, dict):
        argument = user.get("id", "")
    return Entity(str(kind), offset, length, str(argument))
