"""The cast: Telegram at a frozen moment without sockets, a bot, and Ann with her phone."""

from __future__ import annotations

import pytest
from telegram_double_cast import Client

from sandbox.telegram import Bot, TelegramDouble, User


@pytest.fixture
def telegram() -> TelegramDouble:
    return TelegramDouble(seed=7)


@pytest.fixture
def bot(telegram: TelegramDouble) -> Bot:
    return telegram.add_bot("shop_bot", "Магазин")


@pytest.fixture
def ann(telegram: TelegramDouble) -> User:
    return telegram.add_user(501, "Аня", "anya")


@pytest.fixture
def client(telegram: TelegramDouble, bot: Bot) -> Client:
    return Client(telegram, bot)


@pytest.fixture
def started(client: Client, ann: User) -> Client:
    """Ann has pressed /start, and the bot has heard of it."""
    ann.starts(client.bot)
    last = client.polls()[-1]["update_id"]
    client.polls(last + 1)
    return client
