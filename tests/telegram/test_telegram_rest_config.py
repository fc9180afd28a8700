"""`/config` of telegram_bot: the token and what is told (contract 11, "Config rules")."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from telegram_rest_cast import Panel

from opium.modules.telegram_bot import config

NEVER = "1234567:" + "c4naryToken_" * 3


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    made = Panel(tmp_path / "instance")
    yield made
    made.opium.core.db.close()


def test_a_fresh_account_has_no_bot_and_tells_the_usual_events(panel: Panel) -> None:
    shown = panel.ask("GET", "/config")
    assert list(shown) == ["bot_token", "has_token", "notify_events", "available_events"]
    assert (shown["bot_token"], shown["has_token"]) == ("", False)
    assert shown["notify_events"] == ["new_order", "new_message", "order_status_changed"]
    assert [choice["key"] for choice in shown["available_events"]] == list(config.EVENTS)
    assert all(set(c) == {"key", "label"} and c["label"] for c in shown["available_events"])


def test_every_event_that_may_be_chosen_has_a_label() -> None:
    assert set(config.EVENTS) == set(get_args(config.EventKey))
    assert set(config.DEFAULT_EVENTS) <= set(config.EVENTS)


def test_a_token_that_telegram_knows_is_stored_sealed_and_shown_masked(panel: Panel) -> None:
    bot = panel.telegram.add_bot("shop_bot", "Магазин")
    answer = panel.ask("PATCH", "/config", {"bot_token": f" {bot.token}\n"})
    assert answer == {"ok": True, "restarted": True}
    shown = panel.ask("GET", "/config")
    assert shown["bot_token"] == f"{bot.token[:4]}:{'*' * 20}"
    assert shown["has_token"] is True
    assert panel.token() == bot.token
    row = panel.setup()
    assert (row.bot_id, row.username, row.first_name) == (bot.id, "shop_bot", "Магазин")
    assert panel.audit()[0] == "BOT_TOKEN_CHANGED"
    assert panel.telegram.wrongdoings == []


@pytest.mark.parametrize(
    "token",
    [
        "QQQ",
        "1" * 200,
        *(f"{digits}:{'a' * 30}" for digits in ("1234", "012345", "1" * 21, "12345x", "-12345")),
        *(f"12345:{key}" for key in ("short", "a" * 65, "ж" * 30, "a" * 20 + "/../../getMe")),
    ],
)
def test_what_cannot_be_a_token_is_refused_without_asking(panel: Panel, token: str) -> None:
    bot = panel.bot()
    asked = len(panel.telegram.requests("getMe"))
    status, detail = panel.refused("PATCH", "/config", {"bot_token": token})
    assert status == 400
    assert token not in detail
    assert panel.token() == bot.token
    assert len(panel.telegram.requests("getMe")) == asked


def test_a_token_that_telegram_refuses_leaves_everything_as_it_was(panel: Panel) -> None:
    bot = panel.bot()
    body = {"bot_token": NEVER, "notify_events": []}
    status, detail = panel.refused("PATCH", "/config", body)
    assert status == 400
    assert "nothing was changed" in detail
    assert panel.token() == bot.token
    assert len(panel.ask("GET", "/config")["notify_events"]) == 3
    assert panel.ask("GET", "/bot-info")["online"] is True


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "reset", "phase": "before"},
        {"action": "status", "status": 502},
        {"action": "status", "status": 401, "body": "html"},
        {"action": "error", "code": 429, "retry_after": 30},
        {"action": "omit", "field": "result"},
    ],
    ids=lambda fault: str(fault["action"]) + str(fault.get("status", "")),
)
def test_without_an_answer_of_telegram_the_old_token_stays(
    panel: Panel, fault: dict[str, Any]
) -> None:
    bot, other = panel.bot(), panel.telegram.add_bot("other_bot")
    panel.telegram.faults.add(**fault, method="getMe", count=None)
    status, detail = panel.refused("PATCH", "/config", {"bot_token": other.token})
    assert status == 400
    assert other.token not in detail
    assert panel.token() == bot.token


@pytest.mark.parametrize("token", ["***", "1234:********************", "12345:***" + "a" * 30])
def test_the_mask_that_comes_back_is_ignored(panel: Panel, token: str) -> None:
    bot = panel.bot()
    changed = panel.ask("PATCH", "/config", {"bot_token": token, "notify_events": ["stock_low"]})
    assert changed == {"ok": True, "restarted": False}
    assert panel.token() == bot.token
    assert panel.ask("GET", "/config")["notify_events"] == ["stock_low"]


def test_an_empty_token_takes_the_bot_away(panel: Panel) -> None:
    panel.bot()
    assert panel.ask("PATCH", "/config", {"bot_token": ""}) == {"ok": True, "restarted": False}
    shown = panel.ask("GET", "/config")
    assert (shown["bot_token"], shown["has_token"]) == ("", False)
    assert panel.setup().token_sealed is None
    assert panel.setup().bot_id is None
    assert panel.audit()[0] == "BOT_TOKEN_REMOVED"
    assert panel.ask("PATCH", "/config", {"bot_token": ""})["restarted"] is False


def test_events_are_known_and_told_once(panel: Panel) -> None:
    chosen = ["stock_low", "new_order", "stock_low"]
    changed = panel.ask("PATCH", "/config", {"notify_events": chosen})
    assert changed == {"ok": True, "restarted": False}
    assert panel.ask("GET", "/config")["notify_events"] == ["stock_low", "new_order"]
    panel.ask("PATCH", "/config", {"notify_events": []})
    assert panel.ask("GET", "/config")["notify_events"] == []
    assert panel.ask("PATCH", "/config", {}) == {"ok": True, "restarted": False}
    for bad in (["nothing"], "new_order", None, [1], ["new_order"] * 101):
        assert panel.status("PATCH", "/config", {"notify_events": bad}) == 400
    assert panel.status("PATCH", "/config", {"bot_token": None}) == 400
    assert panel.ask("GET", "/config")["notify_events"] == []


def test_what_is_chosen_is_heard_at_once_and_only_with_a_bot(panel: Panel) -> None:
    def heard(kind: str) -> bool:
        return "telegram_bot" in panel.opium.core.attachments.listeners("shop", kind)

    assert not heard("new_order")
    panel.bot()
    assert heard("new_order")
    panel.ask("PATCH", "/config", {"notify_events": ["new_message"]})
    assert (heard("new_order"), heard("new_message")) == (False, True)
    panel.ask("PATCH", "/config", {"bot_token": ""})
    assert not heard("new_message")


def test_a_new_token_of_a_bot_holds_for_all_accounts_that_share_it(panel: Panel) -> None:
    bot = panel.bot()
    panel.open("second")
    panel.account_id = "second"
    panel.ask("PATCH", "/config", {"bot_token": bot.token})
    fresh = bot.revoke()
    panel.trouble(bot, "revoked")
    assert panel.ask("PATCH", "/config", {"bot_token": fresh})["restarted"] is True
    assert panel.token("shop") == panel.token("second") == fresh
    assert panel.bot_row(bot).trouble is None
    assert panel.open_alerts() == 0
    panel.ask("PATCH", "/config", {"bot_token": ""})
    assert panel.token("shop") == fresh


def test_the_token_is_nowhere_in_the_clear(
    panel: Panel, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    bot = panel.bot()
    panel.refused("PATCH", "/config", {"bot_token": NEVER})
    panel.telegram.faults.add("reset", "after", method="getMe", count=None)
    panel.refused("PATCH", "/config", {"bot_token": NEVER})
    panel.refused("POST", "/restart")
    panel.ask("GET", "/bot-info")
    panel.refused("POST", "/test")
    panel.opium.core.db.checkpoint()
    stored = b"".join(p.read_bytes() for p in (tmp_path / "instance").glob("opium.db*"))
    shown = str(panel.opium.get(f"/api/accounts/{panel.account_id}/modules"))
    shown += str(panel.ask("GET", "/config")) + str(panel.opium.get("/api/audit"))
    for token in (bot.token, NEVER):
        secret = token.partition(":")[2]
        assert secret not in caplog.text
        assert secret not in shown
        assert secret.encode() not in stored
