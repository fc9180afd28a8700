"""The same over sockets: long polls, lost clients, dropped connections, proxies."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from telegram_double_cast import Client, inline

from sandbox.clock import Clock
from sandbox.telegram import TelegramDouble, User


@pytest.fixture
def telegram() -> Iterator[TelegramDouble]:
    with TelegramDouble(clock=Clock(), seed=7) as double:
        yield double


def polls_beside(client: Client, told: list[Any]) -> threading.Thread:
    """A long poll over a connection of its own, once it has arrived."""
    number = client.bot.updates.poll
    other = Client(client.telegram, client.bot)
    thread = threading.Thread(target=lambda: told.append(other.raw("getUpdates", timeout=30)))
    thread.start()
    with client.telegram.state.changed:
        assert client.telegram.state.changed.wait_for(
            lambda: client.bot.updates.poll > number, timeout=5
        )
    return thread


def test_a_bot_hears_writes_edits_and_answers(started: Client, ann: User) -> None:
    told: list[Any] = []
    thread = polls_beside(started, told)
    ann.writes(started.bot, "/menu")
    thread.join(5)
    assert told[0].json()["result"][0]["message"]["text"] == "/menu"
    started("sendMessage", chat_id=501, text="?", reply_markup=inline([("Да", "yes")]))
    press = ann.presses(ann.messages(started.bot)[0], "Да")
    started("answerCallbackQuery", callback_query_id=press.id, text="ok")
    assert press.answer == "ok"
    assert started.telegram.wrongdoings == []


def test_who_left_is_no_second_poller(started: Client, ann: User) -> None:
    """A program that was killed in its poll may poll again at once."""
    with pytest.raises(requests.ReadTimeout):
        started.raw("getUpdates", timeout=30, patience=0.1)
    told: list[Any] = []
    thread = polls_beside(started, told)
    ann.writes(started.bot, "hello")
    thread.join(5)
    assert told[0].json()["result"][0]["message"]["text"] == "hello"
    assert started.telegram.wrongdoings == []


def test_two_who_are_both_there_are_one_too_many(started: Client) -> None:
    told: list[Any] = []
    thread = polls_beside(started, told)
    assert started.polls() == []
    thread.join(5)
    assert told[0].status_code == 409
    assert started.telegram.wrongdoings == ["shop_bot: two polls at once"]


def test_with_a_frozen_clock_a_poll_waits_for_the_clock(started: Client) -> None:
    started.telegram.clock.freeze()
    before = started.telegram.clock.now()
    told: list[Any] = []
    thread = polls_beside(started, told)
    assert started.telegram.clock.now() == before
    started.telegram.clock.advance(31)
    thread.join(5)
    assert told[0].json() == {"ok": True, "result": []}


def test_closing_ends_polls(started: Client) -> None:
    failed: list[Exception] = []

    def poll() -> None:
        try:
            Client(started.telegram, started.bot).raw("getUpdates", timeout=30)
        except requests.ConnectionError as error:
            failed.append(error)

    thread = threading.Thread(target=poll)
    number = started.bot.updates.poll
    thread.start()
    with started.telegram.state.changed:
        started.telegram.state.changed.wait_for(lambda: started.bot.updates.poll > number, 5)
    began = time.monotonic()
    started.telegram.close()
    thread.join(5)
    assert len(failed) == 1
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(("phase", "there"), [("before", []), ("after", ["hi"])])
@pytest.mark.parametrize("action", ["reset", "half", "hang"])
def test_connections_break_for_real(
    started: Client, ann: User, action: str, phase: str, there: list[str]
) -> None:
    started.telegram.faults.add(action, phase, method="sendMessage")
    with pytest.raises(requests.RequestException):
        started.raw("sendMessage", chat_id=501, text="hi", patience=0.1).json()["result"]["chat"]
    assert ann.texts(started.bot) == there
    started("sendMessage", chat_id=501, text="again")


def test_a_proxy_stands_in_between(started: Client, ann: User) -> None:
    proxy = started.telegram.add_proxy("berlin", "user:password")
    started.session.proxies = {"http": proxy.address}
    started("sendMessage", chat_id=501, text="hi")
    assert started.telegram.requests("sendMessage")[-1]["proxy"] == "berlin"
    proxy.down = True
    with pytest.raises(requests.RequestException):
        started("sendMessage", chat_id=501, text="lost")
    proxy.down = False
    started.session.proxies = {"http": proxy.address.replace("password", "wrong")}
    assert started.raw("getMe").status_code == 407
    assert ann.texts(started.bot) == ["hi"]


def test_long_texts_fit_into_an_address(started: Client, ann: User) -> None:
    """Some clients send everything as a query."""
    url = f"{started.telegram.url}/bot{started.token}/sendMessage"
    told = {"chat_id": "501", "text": "я" * 4096}
    assert started.session.post(url, params=told, timeout=5).json()["ok"]
    assert ann.texts(started.bot) == ["я" * 4096]
