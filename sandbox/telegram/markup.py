"""Keyboards: the inline one under a message, and the others that stand in for the phone's."""

from typing import Any

from sandbox.telegram.call import Call, bad
from sandbox.telegram.html import link

Markup = dict[str, Any]
BUTTON_BYTES, MOST_BUTTONS = 64, 100
KINDS = ("url", "callback_data", "web_app", "login_url", "switch_inline_query", "copy_text",
         "switch_inline_query_current_chat", "callback_game", "pay")  # fmt: skip
LOOKS = ("text", "style", "icon_custom_emoji_id")


def reply_markup(call: Call, *, inline_only: bool = False) -> Markup | None:
    """`reply_markup`, checked; None if there is none or it has no buttons."""
    told = call.json("reply_markup", "can't parse reply keyboard markup JSON object")
    if told is None:
        return None
    if not isinstance(told, dict):
        raise bad("object expected as reply markup")
    if "inline_keyboard" in told:
        return _inline(told["inline_keyboard"])
    if inline_only:
        if told:
            raise bad("inline keyboard expected")
        return None
    if "keyboard" in told:
        return _keyboard(told)
    if told.get("remove_keyboard") is True or told.get("force_reply") is True:
        return told
    if told:
        raise bad("can't parse reply keyboard markup: no known keyboard in it")
    return None


def _inline(rows: object) -> Markup | None:
    if not isinstance(rows, list):
        raise bad('field "inline_keyboard" must be of type Array')
    if not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" must be an Array of Arrays')
    checked = [[_button(button) for button in row] for row in rows if row]
    if sum(map(len, checked)) > MOST_BUTTONS:
        raise bad("REPLY_MARKUP_TOO_LONG")
    return {"inline_keyboard": checked} if checked else None


def _button(told: object) -> Markup:
    if not isinstance(told, dict):
        raise bad("InlineKeyboardButton must be an Object")
    text = told.get("text")
    if not isinstance(text, str):
        raise bad("can't parse inline keyboard button: Can't find field \"text\"")
    if not text.strip():
        raise bad("can't parse inline keyboard button: BUTTON_TEXT_INVALID")
    if unknown := sorted(set(told) - {*KINDS, *LOOKS}):
        raise bad(f'can\'t parse inline keyboard button: unknown field "{unknown[0]}"')
    kinds = [kind for kind in KINDS if told.get(kind) is not None]
    if not kinds:
        message = "Text buttons are unallowed in the inline keyboard"
        raise bad(f"can't parse inline keyboard button: {message}")
    if len(kinds) > 1:
        raise bad("can't parse inline keyboard button: more than one action")
    if kinds == ["callback_data"]:
        _check_data(told["callback_data"])
    elif kinds == ["url"]:
        _check_url(told["url"])
    return {name: told[name] for name in (*LOOKS, *kinds) if name in told}


def _check_data(data: object) -> None:
    if not isinstance(data, str):
        raise bad(
            'can\'t parse inline keyboard button: Field "callback_data" must be of type String'
        )
    if not 1 <= len(data.encode()) <= BUTTON_BYTES:
        raise bad("BUTTON_DATA_INVALID")


def _check_url(url: object) -> None:
    if not isinstance(url, str) or not link(url):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _keyboard(told: Markup) -> Markup:
    rows = told["keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "keyboard" must be an Array of Arrays')
    for row in rows:
        for button in row:
            text = button.get("text") if isinstance(button, dict) else button
            if not isinstance(text, str) or not text.strip():
                raise bad("can't parse keyboard button: Can't find field \"text\"")
    return told
