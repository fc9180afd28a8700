"""Hearing from Telegram: nothing lost, nothing done twice, and no busy loop in bad times."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from telegram_cast import Phone

from opium.modules.telegram_bot import bots, commands, desk, inbox, polling, rhythm
from opium.modules.telegram_bot.callback import data
from opium.modules.telegram_bot.telegram import Conflict, Down, TooMany, Unauthorized


class Killed(BaseException):
    """The process dies here."""


# --- once, over a crash (matrix 83)


def killed_in(monkeypatch: pytest.MonkeyPatch, place: str, act: Callable[[], object]) -> None:
    """`act` goes on until `inbox.<place>`, where the process dies."""

    def dies(*_args: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(inbox, place, dies)
        with pytest.raises(Killed):
            act()


def test_what_was_taken_over_is_not_asked_for_again(phone: Phone) -> None:
    phone.says("/help")
    phone.hears(2)
    offsets = [int(r["params"].get("offset", 0)) for r in phone.telegram.requests("getUpdates")]
    assert offsets == sorted(offsets)
    assert offsets[-1] == phone.updates()[-1].update_id + 1
    assert len([t for t in phone.owner.texts(phone.bot) if "Нажимайте" in t]) == 1


def test_a_crash_before_the_row_leaves_it_to_telegram(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.owner.writes(phone.bot, "/help")
    killed_in(monkeypatch, "take_over", phone.hears)
    phone.restart()
    phone.hears()
    assert "Нажимайте" in phone.last().text


def test_a_crash_after_the_row_carries_it_out_at_the_next_start(phone: Phone) -> None:
    phone.owner.writes(phone.bot, "/help")
    polling.hear(phone.job, phone.bot.id, 0)
    phone.restart()
    desk.carry_out(phone.job, phone.bot.id)
    assert "Нажимайте" in phone.last().text


def test_a_refund_is_not_repeated_after_a_crash_behind_it(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = phone.order()
    phone.presses(data("shop", "refund", order.id), forged=True)
    killed_in(monkeypatch, "finish", lambda: phone.presses("Да"))
    assert order.status == "refunded"
    phone.restart()
    phone.hears()
    assert "возвращены" in phone.last().text
    assert len(phone.world.log.effects("refund")) == 1
    assert phone.updates()[-1].result == "ok"


def test_an_answer_to_a_buyer_is_not_repeated_either(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.order()
    notice = phone.notice({"chat": phone.chat})
    killed_in(monkeypatch, "finish", lambda: phone.replies(notice, "Один раз"))
    phone.restart()
    phone.hears()
    assert phone.bought() == ["Один раз"]


def test_what_cannot_be_asked_twice_is_reported_as_unknown(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"label": "Старт", "api_endpoint": "/api/accounts/{account_id}/start"}
    button = phone.ask("POST", "/bot-buttons", {**body, "api_method": "POST"})["id"]
    killed_in(monkeypatch, "finish", lambda: phone.presses(f"btn:{button}", forged=True))
    done = len(phone.audit("ACCOUNT_STARTED"))
    phone.restart()
    phone.hears()
    assert "Неизвестно, выполнено ли оно" in phone.last().text
    assert len(phone.audit("ACCOUNT_STARTED")) == done == 1
    assert phone.updates()[-1].result == "unknown"


def test_an_update_that_breaks_us_holds_up_no_other(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_scene: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(commands.COMMANDS, "status", breaks)
    phone.owner.writes(phone.bot, "/status")
    [*_, failed, helped] = phone.says("/help")
    assert "внутренняя ошибка" in failed
    assert "Нажимайте" in helped


def test_an_update_without_its_number_is_passed_over(phone: Phone) -> None:
    phone.telegram.faults.add("omit", "after", method="getUpdates", field="update_id")
    phone.owner.writes(phone.bot, "/help")
    phone.hears()
    assert phone.updates() == []
    phone.hears()
    assert "Нажимайте" in phone.last().text


# --- one bot, several shops


def test_a_shared_token_is_polled_once_for_all_its_shops(phone: Phone) -> None:
    phone.opens(phone.world.seller("second"))
    assert bots.bot_ids(phone.job) == [phone.bot.id]
    phone.hears()
    assert phone.telegram.wrongdoings == []


def test_a_bot_whose_module_was_taken_away_is_polled_no_more(phone: Phone) -> None:
    phone.opium.ok("DELETE", "/api/accounts/shop/modules/telegram_bot")
    assert bots.bot_ids(phone.job) == []
    with pytest.raises(bots.NoBot):
        phone.hears()


# --- bad times (matrix 81, 82)


def test_pauses_grow_to_five_minutes_and_obey_telegram() -> None:
    chance = Random(1)
    down = [rhythm.pause(Down("x"), n, chance) for n in range(1, 20)]
    assert down[0] >= 1
    assert down[-1] >= 225
    assert max(down) <= 300
    revoked = [rhythm.pause(Unauthorized("x"), n, chance) for n in range(1, 20)]
    assert revoked[0] >= 3.75
    assert max(revoked) <= 300
    assert rhythm.pause(TooMany(30), 1, chance) == 30


def test_what_alarms_the_owner() -> None:
    assert rhythm.alarms(Unauthorized("x"), 1)
    assert not rhythm.alarms(Conflict("x"), 1), "our own last poll may still be there"
    assert rhythm.alarms(Conflict("x"), 2)
    assert not rhythm.alarms(Down("x"), 2)
    assert rhythm.alarms(Down("x"), 3)


def test_a_revoked_token_raises_an_alert_until_there_is_a_new_one(phone: Phone) -> None:
    phone.bot.revoke()
    assert phone.hears() > 3
    [text] = phone.alerts()
    assert "token" in text
    assert phone.bot.token not in text
    fresh = phone.bot.token
    phone.ask("PATCH", "/config", {"bot_token": fresh})
    phone.hears()
    phone.says("/help")
    assert phone.alerts() == []


def test_another_poller_raises_an_alert_until_it_is_gone(phone: Phone) -> None:
    phone.bot.rival = True
    phone.hears(2)
    assert len(phone.alerts()) == 1
    phone.bot.rival = False
    phone.hears()
    assert phone.alerts() == []


def test_an_outage_is_an_alert_only_when_it_lasts(phone: Phone) -> None:
    phone.telegram.faults.add("error", "before", method="getUpdates", count=None)
    phone.hears(2)
    assert phone.alerts() == []
    phone.hears()
    assert len(phone.alerts()) == 1
    phone.telegram.faults.clear()
    phone.hears()
    assert phone.alerts() == []


def test_429_is_waited_out(phone: Phone) -> None:
    phone.telegram.faults.add("error", "before", method="getUpdates", code=429, retry_after=30)
    assert phone.hears() == 30


def test_an_answer_that_must_wait_some_seconds_comes_later(phone: Phone) -> None:
    phone.telegram.faults.add("error", "before", method="sendMessage", code=429, retry_after=3)
    assert len(phone.says("/help")) == 1


def test_an_effect_does_not_depend_on_telegram_s_patience(phone: Phone) -> None:
    """The toast and the answer are lost; what was asked for is done."""
    phone.telegram.faults.add("error", "before", method="answerCallbackQuery", count=None)
    phone.telegram.faults.add("error", "before", method="sendMessage", count=None)
    phone.opium.ok("POST", "/api/accounts/shop/stop", status=202)
    phone.presses(data("shop", "start"), forged=True)
    assert phone.opium.get("/api/accounts/shop")["state"] in ("starting", "running")
    assert phone.updates()[-1].result == "ok, untold"
