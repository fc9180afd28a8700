"""kill -9 around a press on the phone: what was asked for happens once (fault matrix 83, D20)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from chaos.processes import Marketplace, Server, until
from chaos.shops import open_shop

from opium.modules.telegram_bot.callback import data
from sandbox.clock import Clock
from sandbox.telegram import Bot, TelegramDouble, User

pytestmark = pytest.mark.system

OWNER = 501


@pytest.fixture
def telegram() -> Iterator[TelegramDouble]:
    with TelegramDouble(Clock()) as double:
        yield double


@pytest.fixture
def bot(telegram: TelegramDouble) -> Bot:
    return telegram.add_bot("shop_bot")


@pytest.fixture
def owner(telegram: TelegramDouble) -> User:
    return telegram.add_user(OWNER, "Оля")


def watch(market: Marketplace, server: Server, bot: Bot, name: str) -> None:
    """A shop whose owner has a bot."""
    shop = open_shop(market, name)
    body = {"account_id": name, "golden_key": shop.golden_key}
    server.ask("POST", "/api/accounts", body)
    server.ask("POST", f"/api/accounts/{name}/modules", {"module_name": "telegram_bot"})
    base = f"/api/accounts/{name}/modules/telegram_bot"
    server.ask("POST", f"{base}/whitelist", {"telegram_id": OWNER})
    server.ask("PATCH", f"{base}/config", {"bot_token": bot.token})
    server.wait_state(name, "running")


def said(owner: User, bot: Bot, text: str) -> bool:
    return any(text in shown for shown in owner.texts(bot))


@pytest.mark.parametrize("place", ["telegram_taken:3", "telegram_done:1"])
def test_a_refund_pressed_before_a_crash_happens_once(
    market: Marketplace,
    new_server: Callable[..., Server],
    telegram: TelegramDouble,
    bot: Bot,
    owner: User,
    place: str,
) -> None:
    name = f"refunds_{place[9:13]}"
    server = new_server(name, OPIUM_TELEGRAM_URL=telegram.url)
    server.start(OPIUM_FAILPOINT=place)
    server.wait_ready()
    watch(market, server, bot, name)
    market.buyer(f"{name}_buyer")
    order = market.buy(f"{name}_buyer", market.lot(name, "Ключ"))
    owner.starts(bot)
    until(lambda: said(owner, bot, "Это Opium"), 20, "the bot greets nobody")
    owner.presses(owner.messages(bot)[-1], data(name, "refund", order), forged=True)
    until(lambda: said(owner, bot, "Вернуть деньги"), 20, "the bot asks nothing")
    question = next(m for m in owner.messages(bot) if "Вернуть деньги" in m.text)
    owner.presses(question, "Да")
    until(lambda: not server.alive, 20, "the server does not die")
    server.start()
    server.wait_ready()
    until(lambda: said(owner, bot, "возвращены"), 40, "the refund is not told")
    assert len(market.log(what="refund", account=name)) == 1
    assert server.end() == 0
    assert telegram.wrongdoings == []


def test_an_effect_that_cannot_be_asked_twice_is_reported_not_repeated(
    market: Marketplace,
    new_server: Callable[..., Server],
    telegram: TelegramDouble,
    bot: Bot,
    owner: User,
) -> None:
    server = new_server("unknown", OPIUM_TELEGRAM_URL=telegram.url)
    server.start(OPIUM_FAILPOINT="telegram_begun:1")
    server.wait_ready()
    watch(market, server, bot, "unknown")
    path = "/api/accounts/unknown/modules/telegram_bot/bot-buttons"
    endpoint = "/api/accounts/{account_id}/stop"
    body = {"label": "Стоп", "api_endpoint": endpoint, "api_method": "POST"}
    server.ask("POST", path, body)
    owner.starts(bot)
    owner.writes(bot, "/menu")
    until(lambda: said(owner, bot, "🎛"), 20, "there is no menu")
    owner.presses(owner.messages(bot)[-1], "Стоп")
    until(lambda: not server.alive, 20, "the server does not die")
    server.start()
    server.wait_ready()
    until(lambda: said(owner, bot, "Неизвестно, выполнено ли"), 20, "nothing is told")
    server.wait_state("unknown", "running")
    assert telegram.wrongdoings == []
