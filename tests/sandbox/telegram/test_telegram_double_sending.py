"""Messages, edits, pictures and answers to buttons, with Telegram's refusals."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from telegram_double_cast import Client, inline

from sandbox.telegram import TelegramDouble, User

YES = inline([("Да", "yes"), ("Нет", "no")])
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\x02\0\0\0"


def test_a_message_is_shown_as_it_was_meant(started: Client, ann: User) -> None:
    text = "  <b>Заказ</b> &lt;1&gt; на funpay.com, см. /help \n"
    told = started("sendMessage", chat_id=501, text=text, parse_mode="HTML", reply_markup=YES)
    assert told["text"] == "Заказ <1> на funpay.com, см. /help"
    assert [e["type"] for e in told["entities"]] == ["bold", "url", "bot_command"]
    (shown,) = ann.messages(started.bot)
    assert shown.html == "<b>Заказ</b> &lt;1&gt; на funpay.com, см. /help"
    assert [button.text for button in shown.buttons] == ["Да", "Нет"]
    (effect,) = started.telegram.effects("message")
    assert (effect["chat"], effect["text"], effect["markup"]) == (501, told["text"], YES)


@pytest.mark.parametrize("how", ["form", "multipart", "json", "query"])
def test_every_way_to_send_parameters_works(started: Client, ann: User, how: str) -> None:
    url = f"{started.telegram.url}/bot{started.token}/sendMessage"
    told = {"chat_id": "501", "text": "Привет & пока"}
    ways: dict[str, dict[str, Any]] = {
        "form": {"data": told},
        "multipart": {"files": {name: (None, value) for name, value in told.items()}},
        "json": {"json": {**told, "chat_id": 501, "disable_notification": True, "entities": None}},
        "query": {"params": told},
    }
    assert started.session.post(url, timeout=5, **ways[how]).json()["ok"]
    assert ann.texts(started.bot) == ["Привет & пока"]
    assert started.telegram.wrongdoings == []


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n "}, "text must be non-empty"),
        ({"text": "<b> </b>", "parse_mode": "HTML"}, "text must be non-empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
        ({"text": "<b>x", "parse_mode": "html"},
         'can\'t parse entities: Can\'t find end tag corresponding to start tag "b"'),
        ({"text": "x", "chat_id": ""}, "chat_id is empty"),
        ({"text": "x", "chat_id": 9999}, "chat not found"),
        ({"text": "x", "chat_id": "@nobody"}, "chat not found"),
        ({"text": "x", "chat_id": -100123}, "chat not found"),
        ({"text": "x", "message_thread_id": 5}, "message thread not found"),
        ({"text": "x", "reply_parameters": {"message_id": 4}}, "message to be replied not found"),
        ({"text": "x", "entities": [{"type": "bold", "offset": 0, "length": 2}]},
         "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 2"),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        ({"text": "x", "reply_markup": [1]}, "object expected as reply markup"),
        ({"text": "x", "reply_markup": {"inline_keyboard": [{}]}},
         'field "inline_keyboard" must be an Array of Arrays'),
        ({"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a"}]]}},
         "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        ({"text": "x", "reply_markup": inline([("a", "")])}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": inline([("a", "я" * 33)])}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a", "url": "no url"}]]}},
         "inline keyboard button URL 'no url' is invalid: Wrong HTTP URL"),
        ({"text": "x", "reply_markup": inline(*[[("a", "b")]] * 101)}, "REPLY_MARKUP_TOO_LONG"),
    ],
)  # fmt: skip
def test_what_is_refused_does_nothing(
    started: Client, ann: User, params: dict[str, Any], description: str
) -> None:
    assert started.fails("sendMessage", **{"chat_id": 501, **params}) == (
        f"400 Bad Request: {description}"
    )
    assert ann.messages(started.bot) == []
    assert started.telegram.effects() == []


def test_what_just_fits_is_taken(started: Client) -> None:
    started("sendMessage", chat_id=501, text="😀" * 2048)
    started("sendMessage", chat_id=501, text=f"<b>{'x' * 4096}</b>", parse_mode="HTML")
    started("sendMessage", chat_id=501, text="x", reply_markup=inline([("a", "я" * 32)]))


def test_entities_can_be_given_instead_of_html(started: Client, ann: User) -> None:
    bold = [{"type": "bold", "offset": 3, "length": 4}]
    started("sendMessage", chat_id=501, text="😀 да&нет", entities=bold)
    assert ann.messages(started.bot)[0].html == "😀 <b>да&amp;н</b>ет"


def test_an_edit_changes_text_and_keyboard(started: Client, ann: User) -> None:
    sent = started("sendMessage", chat_id=501, text="one", reply_markup=YES)
    which = {"chat_id": 501, "message_id": sent["message_id"]}
    assert started.fails("editMessageText", **which, text="one", reply_markup=YES) == (
        "400 Bad Request: message is not modified: specified new message content and reply "
        "markup are exactly the same as a current content and reply markup of the message"
    )
    started("editMessageText", **which, text="two")
    (shown,) = ann.messages(started.bot)
    assert (shown.text, shown.buttons, shown.versions) == ("two", [], ["one"])
    started("editMessageReplyMarkup", **which, reply_markup=YES)
    assert started.fails("editMessageReplyMarkup", **which, reply_markup=YES).startswith(
        "400 Bad Request: message is not modified"
    )
    assert started.fails("editMessageText", chat_id=501, message_id=9999, text="x") == (
        "400 Bad Request: message to edit not found"
    )
    assert started.fails("editMessageText", chat_id=501, text="x") == (
        "400 Bad Request: message identifier is not specified"
    )
    foreign = ann.writes(started.bot, "mine")
    assert started.fails("editMessageText", chat_id=501, message_id=foreign.id, text="x") == (
        "400 Bad Request: message can't be edited"
    )
    assert [e["what"] for e in started.telegram.effects()] == ["message", "edit", "edit_markup"]


def test_a_message_can_be_deleted_for_two_days(started: Client, ann: User) -> None:
    sent = [started("sendMessage", chat_id=501, text=t)["message_id"] for t in ("a", "b")]
    started("deleteMessage", chat_id=501, message_id=sent[0])
    assert ann.texts(started.bot) == ["b"]
    assert started.fails("deleteMessage", chat_id=501, message_id=sent[0]) == (
        "400 Bad Request: message to delete not found"
    )
    started.telegram.clock.advance(49 * 3600)
    assert started.fails("deleteMessage", chat_id=501, message_id=sent[1]) == (
        "400 Bad Request: message can't be deleted for everyone"
    )


def test_a_button_is_answered_once_and_in_time(started: Client, ann: User) -> None:
    started("sendMessage", chat_id=501, text="?", reply_markup=YES)
    (shown,) = ann.messages(started.bot)
    press = ann.presses(shown, "Да")
    (update,) = started.polls()
    asked = update["callback_query"]
    assert (asked["data"], asked["from"]["id"], asked["message"]["text"]) == ("yes", 501, "?")
    started("answerCallbackQuery", callback_query_id=asked["id"], text="Готово")
    assert (press.answer, press.alert) == ("Готово", False)
    old = "400 Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert started.fails("answerCallbackQuery", callback_query_id=asked["id"]) == old
    late = ann.presses(shown, "no")
    started.telegram.clock.advance(16)
    assert started.fails("answerCallbackQuery", callback_query_id=late.id) == old
    assert late.answer is None
    long = ann.presses(shown, "no")
    assert started.fails("answerCallbackQuery", callback_query_id=long.id, text="x" * 201) == (
        "400 Bad Request: MESSAGE_TOO_LONG"
    )


def test_only_what_is_shown_can_be_pressed_unless_forged(started: Client, ann: User) -> None:
    started("sendMessage", chat_id=501, text="?", reply_markup=YES)
    (shown,) = ann.messages(started.bot)
    with pytest.raises(ValueError, match="no button 'delete all'; there are: 'Да', 'Нет'"):
        ann.presses(shown, "delete all")
    ann.presses(shown, "delete all", forged=True)
    assert started.polls()[0]["callback_query"]["data"] == "delete all"


def test_a_picture_is_uploaded_once_and_sent_again(started: Client, ann: User) -> None:
    url = f"{started.telegram.url}/bot{started.token}"
    told = {"chat_id": 501, "caption": "<i>скрин</i>", "parse_mode": "HTML"}
    files = {"photo": ("a.png", PNG)}
    answer = started.session.post(f"{url}/sendPhoto", data=told, files=files, timeout=5).json()
    photo = answer["result"]["photo"][-1]
    assert (photo["width"], photo["height"]) == (640, 480)
    assert answer["result"]["caption_entities"][0]["type"] == "italic"
    started("sendPhoto", chat_id=501, photo=photo["file_id"])
    assert [m.photo is not None for m in ann.messages(started.bot)] == [True, True]
    path = started("getFile", file_id=photo["file_id"])["file_path"]
    base = f"{started.telegram.url}/file/bot{started.token}"
    assert started.session.get(f"{base}/{path}", timeout=5).content == PNG
    assert started.session.get(f"{base}/photos/other.jpg", timeout=5).status_code == 404
    assert started.telegram.wrongdoings == []


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (b"", (400, "Bad Request: file must be non-empty")),
        (b"no picture", (400, "Bad Request: IMAGE_PROCESS_FAILED")),
        (PNG[:16] + struct.pack(">II", 9000, 9000), (400, "Bad Request: PHOTO_INVALID_DIMENSIONS")),
        (PNG + b"x" * 2000, (413, "Request Entity Too Large")),
    ],
)
def test_a_picture_that_is_none_is_refused(
    started: Client, content: bytes, answer: tuple[int, str]
) -> None:
    started.telegram.switches.photo_bytes = 1000
    url = f"{started.telegram.url}/bot{started.token}/sendPhoto?chat_id=501"
    told = started.session.post(url, files={"photo": ("a.png", content)}, timeout=5).json()
    assert (told["error_code"], told["description"]) == answer


def test_a_picture_by_name_must_be_known(started: Client) -> None:
    assert started.fails("sendPhoto", chat_id=501) == (
        "400 Bad Request: there is no photo in the request"
    )
    assert started.fails("sendPhoto", chat_id=501, photo="AgACnone") == (
        "400 Bad Request: wrong file identifier/HTTP URL specified"
    )
    assert started.fails("sendPhoto", chat_id=501, photo="https://example.com/a.png") == (
        "400 Bad Request: failed to get HTTP URL content"
    )


def test_commands_are_kept_for_each_language(client: Client) -> None:
    menu = [{"command": "menu", "description": "Меню"}]
    client("setMyCommands", commands=menu)
    client("setMyCommands", commands=[], language_code="en")
    assert client("getMyCommands") == menu
    assert client("getMyCommands", language_code="en") == []
    wrong = [{"command": "Menu!", "description": "x"}]
    assert client.fails("setMyCommands", commands=wrong) == "400 Bad Request: BOT_COMMAND_INVALID"
    assert client.fails("setMyCommands", commands="[") == (
        "400 Bad Request: can't parse commands JSON object"
    )


def test_sloppy_requests_are_noted(started: Client, telegram: TelegramDouble) -> None:
    started("sendMessage", chat_id=501, text="x", parse_mod="HTML")
    assert started.fails("getUpdates", offset="soon") == (
        "400 Bad Request: parameter offset must be a whole number"
    )
    assert telegram.wrongdoings == [
        "sendMessage knows no parameter 'parse_mod'",
        "shop_bot: offset='soon' is no whole number",
    ]
    url = f"{telegram.url}/bot{started.token}/sendMessage"
    started.session.post(
        url, params={"chat_id": 501}, data={"chat_id": 501, "text": "x"}, timeout=5
    )
    assert telegram.wrongdoings[2:] == ["sendMessage: 'chat_id' came twice"]
    garbled = started.session.post(
        url, data=b"{", headers={"Content-Type": "application/json"}, timeout=5
    )
    assert garbled.json()["description"] == "Bad Request: can't parse JSON encoded request object"


@pytest.mark.parametrize(
    "params",
    [
        {"text": "half \ud83d"},
        {"text": "x", "reply_markup": '{"inline_keyboard": [[{"text": "\\ud83d"}]]}'},
    ],
)
def test_half_characters_are_refused(started: Client, params: dict[str, Any]) -> None:
    told = "400 Bad Request: strings must be encoded in UTF-8"
    assert started.fails("sendMessage", chat_id=501, **params) == told
    url = f"{started.telegram.url}/bot{started.token}/sendMessage?chat_id=501&text=%ff"
    assert started.session.get(url, timeout=5).status_code == 400
    started("sendMessage", chat_id=501, text="\ufffd is a character like others")


def test_an_entity_keeps_characters_whole(started: Client, ann: User) -> None:
    half = [{"type": "bold", "offset": 1, "length": 1}]
    assert started.fails("sendMessage", chat_id=501, text="😀", entities=half) == (
        "400 Bad Request: entity beginning at UTF-16 offset 1 ends in a middle of a UTF-16 symbol"
    )
    crossing = [
        {"type": "bold", "offset": 0, "length": 4},
        {"type": "italic", "offset": 2, "length": 4},
    ]
    started("sendMessage", chat_id=501, text="abcdef", entities=crossing)
    assert ann.messages(started.bot)[0].html == "<b>ab<i>cd</i></b><i>ef</i>"


def test_a_chat_action_is_refused_like_a_message(started: Client, ann: User) -> None:
    assert started("sendChatAction", chat_id=501, action="typing") is True
    assert started.fails("sendChatAction", chat_id=501, action="sleeping") == (
        "400 Bad Request: wrong parameter action in request"
    )
    ann.blocks(started.bot)
    assert started.fails("sendChatAction", chat_id=501, action="typing") == (
        "403 Forbidden: bot was blocked by the user"
    )
