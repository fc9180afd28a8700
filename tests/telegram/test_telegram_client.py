"""The client: what each answer of Telegram means, and that no error tells the token."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from opium.clock import Clock, ManualClock
from opium.modules.telegram_bot.telegram import (
    BadRequest,
    Blocked,
    Conflict,
    Down,
    Line,
    Migrated,
    OutcomeUnknown,
    Telegram,
    TelegramError,
    TooMany,
    Unauthorized,
)
from opium.net.errors import NotSent
from opium.net.proxy import Proxy
from sandbox.telegram import Bot, TelegramDouble, User
from sandbox.telegram.double import ORIGIN

OLYA = 501


def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 20, tzinfo=UTC))


@pytest.fixture
def double() -> TelegramDouble:
    return TelegramDouble(seed=1)


@pytest.fixture
def bot(double: TelegramDouble) -> Bot:
    return double.add_bot("shop_bot", "Магазин")


@pytest.fixture
def olya(double: TelegramDouble, bot: Bot) -> User:
    found = double.add_user(OLYA, "Оля")
    found.starts(bot)
    return found


class Broken(BaseAdapter):
    """A network that fails in one way."""

    def __init__(self, fails: Callable[[], Any]) -> None:
        super().__init__()
        self._fails = fails

    def send(self, request: PreparedRequest, *args: Any, **more: Any) -> Response:
        found: Response = self._fails()
        return found

    def close(self) -> None:
        """Nothing is open."""


def client(double: TelegramDouble, bot: Bot) -> Telegram:
    adapter = double.mount(requests.Session()).get_adapter(ORIGIN)
    return Telegram(bot.token, Line(ORIGIN, clock(), None, adapter))


def over(bot: Bot, fails: Callable[[], Any]) -> Telegram:
    return Telegram(bot.token, Line(ORIGIN, clock(), None, Broken(fails)))


def raising(exc: Exception) -> Callable[[], Any]:
    def fail() -> Any:
        raise exc

    return fail


def test_it_knows_itself_hears_and_says(double: TelegramDouble, bot: Bot, olya: User) -> None:
    telegram = client(double, bot)
    me = telegram.me()
    assert (me.id, me.username, me.first_name) == (bot.id, "shop_bot", "Магазин")
    [update] = telegram.updates(0, 0)
    assert update["message"]["text"] == "/start"
    sent = telegram.send(OLYA, "<b>Да</b>", keyboard=[[("Кнопка", "menu:")]], silent=True)
    [message] = olya.messages(bot)
    assert (message.id, message.text, message.silent) == (sent, "Да", True)
    assert [(b.text, b.data) for b in message.buttons] == [("Кнопка", "menu:")]
    telegram.edit(OLYA, sent, "Нет")
    telegram.edit(OLYA, sent, "Нет")
    assert (message.text, message.buttons) == ("Нет", [])
    telegram.tell_commands([("menu", "Кнопки")])
    assert double.wrongdoings == []


def test_a_long_text_goes_in_the_body_not_in_the_address(
    double: TelegramDouble, bot: Bot, olya: User
) -> None:
    client(double, bot).send(OLYA, "я" * 4096)
    [message] = olya.messages(bot)
    assert len(message.text) == 4096
    assert "?" not in str(double.requests("sendMessage")[-1]["path"])


def test_a_pressed_button_is_answered(double: TelegramDouble, bot: Bot, olya: User) -> None:
    telegram = client(double, bot)
    telegram.send(OLYA, "x", keyboard=[[("Да", "yes:1")]])
    pressed = olya.presses(olya.messages(bot)[-1], "Да")
    telegram.answer(pressed.id, "ой" * 200, alert=True)
    assert (len(str(pressed.answer)), pressed.alert) == (200, True)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"action": "error", "code": 500}, Down),
        ({"action": "error", "code": 400, "text": "Bad Request: too long"}, BadRequest),
        ({"action": "error", "code": 403}, Blocked),
        ({"action": "error", "code": 429, "retry_after": 30}, TooMany),
        ({"action": "error", "code": 401}, Unauthorized),
        ({"action": "error", "code": 409}, Conflict),
        ({"action": "status", "status": 502, "body": "html"}, OutcomeUnknown),
        ({"action": "status", "status": 413, "body": "html"}, Down),
        ({"action": "status", "status": 200, "body": "truncated"}, OutcomeUnknown),
        ({"action": "status", "status": 200, "body": "json-null"}, OutcomeUnknown),
        ({"action": "omit", "field": "result"}, OutcomeUnknown),
        ({"action": "omit", "field": "message_id"}, OutcomeUnknown),
        ({"action": "reset"}, OutcomeUnknown),
    ],
)
def test_each_bad_answer_has_its_error_without_the_token(
    double: TelegramDouble,
    bot: Bot,
    olya: User,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, Any],
    error: type[TelegramError],
) -> None:
    caplog.set_level(logging.DEBUG)
    telegram = client(double, bot)
    phase = "after" if fault["action"] in ("omit", "reset") else "before"
    double.faults.add(fault.pop("action"), phase, method="sendMessage", **fault)
    with pytest.raises(TelegramError) as caught:
        telegram.send(OLYA, "привет")
    assert type(caught.value) is error
    assert caught.value.surely_not is (error is not OutcomeUnknown)
    assert caught.value.surely_not is (olya.messages(bot) == []) or error is OutcomeUnknown
    told = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(telegram)
    assert bot.token.partition(":")[2] not in told


@pytest.mark.parametrize(
    ("exc", "error"),
    [
        (NotSent("No connection to the proxy socks5h://p:1: refused."), Down),
        (requests.ConnectTimeout("https://api/bot1:SECRET/x"), Down),
        (requests.exceptions.ProxyError("https://api/bot1:SECRET/x"), Down),
        (requests.exceptions.SSLError("https://api/bot1:SECRET/x"), Down),
        (requests.ReadTimeout("https://api/bot1:SECRET/x"), OutcomeUnknown),
        (requests.ConnectionError("https://api/bot1:SECRET/x"), OutcomeUnknown),
    ],
)
def test_only_what_failed_before_the_request_was_surely_not_sent(
    bot: Bot, exc: Exception, error: type[TelegramError]
) -> None:
    with pytest.raises(TelegramError) as caught:
        over(bot, raising(exc)).send(OLYA, "x")
    assert type(caught.value) is error
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))


def test_a_revoked_token_and_a_blocked_bot_are_told_apart(
    double: TelegramDouble, bot: Bot, olya: User
) -> None:
    telegram = client(double, bot)
    olya.blocks(bot)
    with pytest.raises(Blocked):
        telegram.send(OLYA, "x")
    with pytest.raises(Blocked):
        telegram.send(999, "x")
    bot.revoke()
    with pytest.raises(Unauthorized):
        telegram.send(OLYA, "x")


def test_a_group_that_became_a_supergroup_says_its_new_id(
    double: TelegramDouble, bot: Bot, olya: User
) -> None:
    group = double.add_group("Группа", olya, bot, kind="group")
    old = group.id
    group.upgrades()
    with pytest.raises(Migrated) as caught:
        client(double, bot).send(old, "x")
    assert caught.value.new_chat_id == group.migrated_to.id  # type: ignore[union-attr]


def test_while_a_chat_must_rest_nothing_is_asked(
    double: TelegramDouble, bot: Bot, olya: User
) -> None:
    telegram = client(double, bot)
    double.faults.add("error", "before", method="sendMessage", code=429, retry_after=30)
    with pytest.raises(TooMany):
        telegram.send(OLYA, "x")
    asked = len(double.requests("sendMessage"))
    with pytest.raises(TooMany) as caught:
        telegram.send(OLYA, "x")
    assert caught.value.seconds == 30
    assert len(double.requests("sendMessage")) == asked
    assert double.wrongdoings == []


def test_another_poller_is_a_conflict(double: TelegramDouble, bot: Bot) -> None:
    bot.rival = True
    with pytest.raises(Conflict):
        client(double, bot).updates(0, 0)


def test_a_closed_client_sends_nothing(double: TelegramDouble, bot: Bot) -> None:
    telegram = client(double, bot)
    telegram.close()
    with pytest.raises(Down):
        telegram.me()
    assert double.requests() == []


def test_over_sockets_it_keeps_a_connection_for_some_seconds_only() -> None:
    with TelegramDouble(seed=1) as double:
        bot = double.add_bot("shop_bot")
        time = clock()
        telegram = Telegram(bot.token, Line(double.url, time, None))
        assert telegram.me().id == bot.id
        time.advance(60)
        assert telegram.me().id == bot.id
        telegram.close()


def test_a_proxy_that_is_not_there_is_named_without_its_password() -> None:
    way = Proxy("http", "127.0.0.1", 9, "user", "proxy-secret")
    line = Line("http://127.0.0.1:9", Clock(), way)
    with pytest.raises(Down) as caught:
        Telegram(f"42:{'A' * 35}", line).me()
    assert "127.0.0.1:9" in str(caught.value)
    assert "proxy-secret" not in "".join(traceback.format_exception(caught.value))
