"""pyTelegramBotAPI, unmodified, as a client of the double."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.clock import Clock
from sandbox.telegram import Bot, TelegramDouble, User

telebot: Any = pytest.importorskip("telebot", reason="pyTelegramBotAPI is not installed")
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\x02\0\0\0"


@pytest.fixture
def telegram() -> Iterator[TelegramDouble]:
    with TelegramDouble(clock=Clock(), seed=7) as double:
        yield double


@pytest.fixture
def library(telegram: TelegramDouble, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The library pointed at the double, as the seller's bot."""
    helper = telebot.apihelper
    # Opium sends through a way of its own, which is set for the whole process once it is imported.
    monkeypatch.setattr(helper, "CUSTOM_REQUEST_SENDER", None)
    monkeypatch.setattr(helper, "API_URL", telegram.url + "/bot{0}/{1}")
    monkeypatch.setattr(helper, "FILE_URL", telegram.url + "/file/bot{0}/{1}")
    monkeypatch.setattr(helper, "SESSION_TIME_TO_LIVE", 0)
    # Once `files` were sent the library has changed urllib3; it is put back afterwards.
    monkeypatch.setattr(helper.fields, helper.format_header_param_name, helper.format_header_param)
    return telebot.TeleBot(bot.token, parse_mode="HTML", threaded=False)


def test_it_speaks_with_the_seller(
    library: Any, telegram: TelegramDouble, bot: Bot, ann: User
) -> None:
    assert library.get_me().username == "shop_bot"
    ann.starts(bot)
    (update,) = library.get_updates(timeout=1, long_polling_timeout=1)
    assert (update.message.text, update.message.from_user.id) == ("/start", 501)
    keyboard = telebot.types.InlineKeyboardMarkup()
    keyboard.add(telebot.types.InlineKeyboardButton("Аренды", callback_data="btn:1"))
    sent = library.send_message(501, "<b>Меню</b> &amp; всё", reply_markup=keyboard)
    assert (sent.text, sent.html_text) == ("Меню & всё", "<b>Меню</b> &amp; всё")
    press = ann.presses(ann.messages(bot)[0], "Аренды")
    updates = library.get_updates(
        offset=update.update_id + 1, allowed_updates=["message", "callback_query"]
    )
    query = updates[0].callback_query
    assert (query.data, query.message.message_id) == ("btn:1", sent.message_id)
    assert library.answer_callback_query(query.id, "Готово", show_alert=True)
    assert (press.answer, press.alert) == ("Готово", True)
    edited = library.edit_message_text("новое", 501, sent.message_id)
    assert edited.text == "новое"
    library.edit_message_reply_markup(501, sent.message_id, reply_markup=keyboard)
    library.send_chat_action(501, "typing")
    commands = [telebot.types.BotCommand("menu", "Меню")]
    assert library.set_my_commands(commands)
    assert library.get_my_commands()[0].command == "menu"
    assert library.get_chat(501).first_name == "Аня"
    assert library.delete_message(501, sent.message_id)
    assert ann.messages(bot) == []
    assert telegram.wrongdoings == []


def test_it_sends_pictures_and_uses_topics(
    library: Any, telegram: TelegramDouble, bot: Bot, ann: User
) -> None:
    forum = telegram.add_group("Форум", ann, forum=True, admins=(bot,))
    topic = library.create_forum_topic(forum.id, "Заказы")
    where = {"message_thread_id": topic.message_thread_id}
    sent = library.send_photo(forum.id, io.BytesIO(PNG), caption="<i>скрин</i>", **where)
    assert sent.caption_entities[0].type == "italic"
    assert library.download_file(library.get_file(sent.photo[-1].file_id).file_path) == PNG
    ann.writes(forum.topics[0], "/menu")
    message = library.get_updates()[-1].message
    assert (message.message_thread_id, message.is_topic_message) == (topic.message_thread_id, True)
    assert message.chat.is_forum
    assert telegram.wrongdoings == []


@pytest.mark.parametrize(
    ("code", "retry_after"), [(400, None), (401, None), (403, None), (409, None), (429, 7)]
)
def test_it_understands_refusals(
    library: Any, telegram: TelegramDouble, code: int, retry_after: int | None
) -> None:
    telegram.faults.add("error", code=code, retry_after=retry_after or 0)
    with pytest.raises(telebot.apihelper.ApiTelegramException) as refused:
        library.get_updates()
    assert refused.value.error_code == code
    parameters = refused.value.result_json.get("parameters", {})
    assert parameters.get("retry_after") == retry_after


def test_its_requests_can_be_sent_without_sockets(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through `CUSTOM_REQUEST_SENDER`, the way of a program with many bots."""
    import requests

    still = TelegramDouble(seed=7)
    session = still.mount(requests.Session(), "https://api.telegram.org")
    monkeypatch.setattr(
        telebot.apihelper,
        "CUSTOM_REQUEST_SENDER",
        lambda method, url, **more: session.request(method, url, **more),
    )
    program = SimpleNamespace(bot=still.add_bot("other_bot"))
    library = telebot.TeleBot(program.bot.token, threaded=False)
    assert library.get_me().username == "other_bot"
    assert library.delete_webhook(drop_pending_updates=True)
    assert library.get_webhook_info().pending_update_count == 0
    assert still.wrongdoings == []
