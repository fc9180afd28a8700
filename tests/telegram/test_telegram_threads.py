"""The threads of a bot, over real sockets and real time: as fast as a person expects."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from opium import create_app
from opium.clock import Clock
from opium.config import Config
from opium.core import Opium
from opium.job import Job
from opium.modules.telegram_bot import module, polling
from sandbox import clock as sandbox_clock
from sandbox.telegram import Bot, TelegramDouble, User

BASE = "/api/accounts/shop/modules/telegram_bot"


class Life:
    """A server whose threads run, over a Telegram on a port; FunPay is out of reach."""

    def __init__(self, telegram: TelegramDouble, folder: Path) -> None:
        config = Config.load(
            instance=folder,
            funpay_url="http://127.0.0.1:9",
            telegram_url=telegram.url,
            auth_enabled=False,
            rate_limit_enabled=False,
            password_rounds=1000,
            _env_file=None,
        )
        self.core = Opium(config, clock=Clock())
        self.core.boot(threads=False)
        self.api = create_app(self.core).test_client()
        self.ask("POST", "/api/accounts", {"account_id": "shop", "golden_key": "k"})
        self.ask("POST", "/api/accounts/shop/modules", {"module_name": "telegram_bot"})

    def ask(self, method: str, path: str, json: object = None) -> None:
        answer = self.api.open(path, method=method, json=json)
        assert answer.status_code < 300, answer.get_data(as_text=True)

    def trouble(self) -> list[str]:
        """Open alerts of the bot."""
        items = self.api.get("/api/alerts?open=true").get_json()["items"]
        return [item["text"] for item in items if item["kind"] == "telegram"]

    def supervise(self) -> None:
        """What the scheduler does every five seconds."""
        polling.keep_polling(Job(self.core.tools, module))


@pytest.fixture
def telegram() -> Iterator[TelegramDouble]:
    with TelegramDouble(sandbox_clock.Clock()) as double:
        yield double


@pytest.fixture
def bot(telegram: TelegramDouble) -> Bot:
    return telegram.add_bot("shop_bot")


@pytest.fixture
def olya(telegram: TelegramDouble) -> User:
    return telegram.add_user(501, "Оля")


@pytest.fixture
def life(telegram: TelegramDouble, bot: Bot, olya: User, tmp_path: Path) -> Iterator[Life]:
    made = Life(telegram, tmp_path / "instance")
    made.ask("PATCH", f"{BASE}/config", {"bot_token": bot.token})
    made.ask("POST", f"{BASE}/whitelist", {"telegram_id": 501})
    yield made
    made.core.shutdown()
    assert threads() == []


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("telegram-")]


def within(seconds: float, so: Callable[[], bool]) -> float:
    """Seconds until it is so."""
    began, bell = monotonic(), threading.Event()
    while not so():
        assert monotonic() - began < seconds, "too slow"
        bell.wait(0.01)
    return monotonic() - began


def test_from_press_to_effect_it_takes_less_than_a_second(
    life: Life, telegram: TelegramDouble, bot: Bot, olya: User
) -> None:
    life.supervise()
    olya.starts(bot)
    within(5, lambda: olya.texts(bot) != [])
    olya.writes(bot, "/menu")
    within(5, lambda: len(olya.texts(bot)) == 2)
    within(5, lambda: bool(telegram.requests("getUpdates")))
    threading.Event().wait(1.1)  # idle: the next long poll is open
    pressed = olya.presses(olya.messages(bot)[-1], "🚨 Ждёт решения")
    within(1, lambda: pressed.answer is not None and len(olya.texts(bot)) == 3)
    assert telegram.wrongdoings == []


def test_both_threads_end_with_the_module_and_come_back_with_it(life: Life) -> None:
    life.supervise()
    assert len(threads()) == 2
    life.supervise()
    assert len(threads()) == 2
    life.ask("PATCH", f"{BASE}/config", {"bot_token": ""})
    life.supervise()
    within(5, lambda: threads() == [])


def test_a_busy_loop_is_impossible(life: Life, telegram: TelegramDouble, bot: Bot) -> None:
    """A server that answers at once, again and again, is asked once a second."""
    telegram.faults.add("replace", "after", method="getUpdates", text="[]", count=None)
    bot.rival = True
    life.supervise()
    within(5, lambda: bool(telegram.requests("getUpdates")))
    threading.Event().wait(1.5)
    assert len(telegram.requests("getUpdates")) <= 2


def test_a_new_token_ends_a_long_pause(life: Life, bot: Bot, olya: User) -> None:
    bot.revoke()
    life.supervise()
    within(5, lambda: len(life.trouble()) == 1)
    life.ask("PATCH", f"{BASE}/config", {"bot_token": bot.token})
    life.supervise()
    olya.starts(bot)
    within(3, lambda: olya.texts(bot) != [])
