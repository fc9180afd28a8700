"""docs/modules/telegram_bot.md: its five steps lead to a first notice, its tables are complete."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from telegram_cast import OWNER, Phone

from opium.modules.telegram_bot import buttons, questions, sending, watching, whitelist
from opium.modules.telegram_bot.commands import COMMANDS
from opium.modules.telegram_bot.config import DEFAULT_EVENTS, EVENTS
from opium.modules.telegram_bot.digest import LATE
from opium.modules.telegram_bot.outbox import KEPT
from opium.modules.telegram_bot.presses import VERBS
from opium.modules.telegram_bot.settings import TelegramBotSettings
from opium.modules.telegram_bot.telling import TOLD_BY
from sandbox.telegram import Bot, User

PAGE = (Path(__file__).resolve().parents[2] / "docs/modules/telegram_bot.md").read_text("utf-8")
INNER = {"btn", "confirm", "yes", "no"}
"""Verbs of own buttons and of questions: the text tells of them."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Phone]:
    """An account that has no bot yet."""
    made = Phone(tmp_path / "instance")
    made.dismisses(made.owner)
    made.ask("PATCH", "/config", {"bot_token": ""})
    made.opium.ok("DELETE", f"/api/accounts/{made.name}/modules/telegram_bot")
    yield made
    assert made.telegram.wrongdoings == []
    made.opium.core.db.close()


def section(name: str) -> str:
    return PAGE.split(f"\n## {name}\n")[1].split("\n## ")[0]


def commands(name: str) -> list[str]:
    return [line for line in section(name).splitlines() if line.strip().startswith("curl ")]


def rows(name: str) -> list[list[str]]:
    """The tables of a section, without their heads."""
    found = [line for line in section(name).splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found]


def run(shop: Phone, line: str, bot: Bot, who: User) -> Any:
    """Do what a line asks for; it must work."""
    base = f"/api/accounts/{shop.name}"
    line = line.replace("$SHOP", base).replace("$BOT", f"{base}/modules/telegram_bot")
    line = line.replace("123456789:AA...", bot.token).replace("123456789,", f"{who.id},")
    words = shlex.split(line.strip())[1:]
    given = dict(pairwise(words))
    (path,) = [word for word in words if word.startswith("/api/")]
    answer = shop.opium.call(given.get("-X", "GET"), path, data=given.get("-d", "").encode())
    assert answer.status_code == 200, (line, answer.get_data(as_text=True))
    return answer.get_json()


def test_the_steps_of_the_page_lead_to_a_notice(shop: Phone) -> None:
    bot = shop.telegram.add_bot("my_shop_bot")
    owner = shop.telegram.add_user(777, "Ира")
    attach, token, admit, try_it, choose = commands("Set it up")
    run(shop, attach, bot, owner)
    run(shop, token, bot, owner)
    owner.starts(bot)
    shop.bot = bot
    shop.hears()
    assert "777" in owner.texts(bot)[-1]
    run(shop, admit, bot, owner)
    assert run(shop, try_it, bot, owner) == {"ok": True, "sent": 1, "total": 1}
    assert "[shop]" in owner.texts(bot)[-1]
    run(shop, choose, bot, owner)
    chosen = shop.ask("GET", "/config")["notify_events"]
    assert set(chosen) <= set(EVENTS)
    assert len(chosen) == 4
    order = shop.order()
    shop.opium.poll(shop.seller)
    sending.send_due(shop.job)
    assert f"Новый заказ #{order.id}" in owner.texts(bot)[-1]


@pytest.mark.parametrize("name", ["Your own buttons", "Log watchers", "A group with topics"])
def test_the_commands_of_a_section_work(shop: Phone, name: str) -> None:
    shop.opium.ok("POST", f"/api/accounts/{shop.name}/modules", {"module_name": "telegram_bot"})
    assert [run(shop, line, shop.bot, shop.owner) for line in commands(name)]


def test_every_event_stands_on_the_page_as_it_is_at_first() -> None:
    told = {row[0].strip("`"): row[1] for row in rows("What is told")}
    assert told == {event: "on" if event in DEFAULT_EVENTS else "off" for event in EVENTS}
    alerts = section("What is told").split("**Alerts**")[1]
    assert all(f"`{event}`" in alerts for event in {"account_error", *TOLD_BY.values()})


def test_every_command_and_button_stands_on_the_page() -> None:
    first = [row[0] for row in rows("What you can press and write")]
    assert set(re.findall(r"`/(\w+)`", " ".join(first))) == set(COMMANDS)
    assert {cell.strip("`") for cell in first if "/" not in cell} == set(VERBS) - INNER


def test_every_setting_stands_on_the_page_with_its_default() -> None:
    told = {row[0].strip("`"): row[1].strip("`") for row in rows("Settings")}
    fields = TelegramBotSettings.model_fields.items()
    assert told == {name: str(field.default).lower() for name, field in fields}


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    words = " ".join(PAGE.split())
    assert f"kept for **{KEPT.days} days**" in words
    assert LATE.total_seconds() == 600
    assert "After ten minutes you get one message" in words
    assert f"At most {buttons.MOST} buttons, a body of {buttons.MAX_BODY} bytes" in words
    assert f"No more than {watching.PER_MINUTE} a minute" in words
    assert f"valid for {questions.WRITE.seconds // 60} minutes" in words
    assert (questions.CONFIRM.seconds, "counts once, within a minute" in words) == (60, True)
    assert f"* {whitelist.MOST} people on a whitelist" in words


def test_the_page_s_picture_is_there() -> None:
    (picture,) = re.findall(r"!\[[^]]+\]\(([^)]+)\)", PAGE)
    assert (Path(__file__).resolve().parents[2] / "docs/modules" / picture).exists()


def test_who_is_asked_first_is_asked(phone: Phone) -> None:
    """Each button that the page calls careful puts a question, and does nothing by itself."""
    order = phone.order()
    phone.opium.poll(phone.seller)
    listed = rows("What you can press and write")
    careful = [row[0].strip("`") for row in listed if row[-1] == "yes"]
    assert careful == ["refund", "stop", "endrent"]
    phone.presses(f"refund:{order.id}", phone.notice({"order": order.id}), forged=True)
    assert phone.buttons() == ["Да", "Нет"]
    assert order.status == "paid"
    assert phone.last().chat.id == OWNER
