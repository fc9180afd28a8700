"""`/bot-info`, `/restart` and `/test` of telegram_bot (contract 11)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from telegram_rest_cast import Panel

OFFLINE = {"online": False, "username": None, "first_name": None, "bot_id": None}


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    made = Panel(tmp_path / "instance")
    yield made
    made.opium.core.db.close()


def test_the_bot_is_shown_as_telegram_knows_it(panel: Panel) -> None:
    assert panel.ask("GET", "/bot-info") == OFFLINE
    bot = panel.bot()
    assert panel.ask("GET", "/bot-info") == {
        "online": True,
        "username": "shop_bot",
        "first_name": "Магазин",
        "bot_id": bot.id,
    }


def test_who_looks_often_does_not_ask_telegram_each_time(panel: Panel) -> None:
    panel.bot()
    before = len(panel.telegram.requests("getMe"))
    for _ in range(5):
        assert panel.ask("GET", "/bot-info")["online"] is True
    assert len(panel.telegram.requests("getMe")) == before + 1
    panel.world.travel(6)
    panel.ask("GET", "/bot-info")
    assert len(panel.telegram.requests("getMe")) == before + 2


def test_a_bot_whose_token_died_is_offline_until_it_has_a_new_one(panel: Panel) -> None:
    bot = panel.bot()
    fresh = bot.revoke()
    assert panel.ask("GET", "/bot-info") == OFFLINE
    panel.ask("PATCH", "/config", {"bot_token": fresh})
    assert panel.ask("GET", "/bot-info")["online"] is True
    panel.ask("PATCH", "/config", {"bot_token": ""})
    assert panel.ask("GET", "/bot-info") == OFFLINE


def test_a_restart_asks_telegram_anew(panel: Panel) -> None:
    assert panel.refused("POST", "/restart")[0] == 400
    bot = panel.bot()
    panel.trouble(bot, "no connection")
    bot.name = "Лавка"
    assert panel.ask("POST", "/restart") == {"ok": True}
    assert panel.setup().first_name == "Лавка"
    assert panel.bot_row(bot).trouble is None
    assert panel.open_alerts() == 0
    bot.revoke()
    panel.trouble(bot, "revoked")
    status, detail = panel.refused("POST", "/restart")
    assert (status, "not running" in detail) == (400, True)
    assert panel.bot_row(bot).trouble == "revoked"
    assert panel.open_alerts() == 1


def test_a_test_message_reaches_who_lets_the_bot_write(panel: Panel) -> None:
    bot = panel.bot()
    ann, bob = panel.telegram.add_user(501, "Аня"), panel.telegram.add_user(502, "Боря")
    ann.starts(bot)
    panel.lets_in(bob.id)
    panel.lets_in(ann.id)
    assert panel.ask("POST", "/test") == {"ok": True, "sent": 1, "total": 2}
    assert ann.messages(bot)[-1].text.startswith("[shop] ")
    assert panel.user_row(502).blocked
    assert panel.user_row(501).blocked is None
    bob.starts(bot)
    assert panel.ask("POST", "/test") == {"ok": True, "sent": 2, "total": 2}
    assert panel.user_row(502).blocked is None
    assert panel.ask("GET", "/events") == []
    assert panel.telegram.wrongdoings == []


def test_a_new_bot_may_write_to_who_has_blocked_the_former(panel: Panel) -> None:
    bot = panel.bot()
    ann = panel.telegram.add_user(501, "Аня")
    panel.lets_in(ann.id)
    assert panel.ask("POST", "/test")["sent"] == 0
    assert panel.user_row(501).blocked
    panel.ask("PATCH", "/config", {"bot_token": bot.token})
    assert panel.user_row(501).blocked
    panel.bot("other_bot")
    assert panel.user_row(501).blocked is None


def test_a_test_needs_a_bot_and_somebody_to_write_to(panel: Panel) -> None:
    status, detail = panel.refused("POST", "/test")
    assert (status, "not running" in detail) == (400, True)
    bot = panel.bot()
    status, detail = panel.refused("POST", "/test")
    assert (status, "whitelist is empty" in detail) == (400, True)
    panel.lets_in(501)
    bot.revoke()
    status, detail = panel.refused("POST", "/test")
    assert (status, "not running" in detail) == (400, True)


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        ({"action": "error", "code": 429, "retry_after": 30}, 0),
        ({"action": "error", "code": 500}, 1),
        ({"action": "reset", "phase": "after"}, 1),
    ],
)
def test_only_what_surely_arrived_is_counted(
    panel: Panel, fault: dict[str, object], sent: int
) -> None:
    bot = panel.bot()
    for number in (501, 502):
        panel.telegram.add_user(number, "x").starts(bot)
        panel.lets_in(number)
    panel.telegram.faults.add(**fault, method="sendMessage", count=1)  # type: ignore[arg-type]
    assert panel.ask("POST", "/test") == {"ok": True, "sent": sent, "total": 2}
    assert panel.telegram.wrongdoings == []


def test_the_test_speaks_the_language_of_the_settings(panel: Panel) -> None:
    bot = panel.bot()
    ann = panel.telegram.add_user(501, "Ann")
    ann.starts(bot)
    panel.lets_in(501)
    panel.opium.ok("PUT", panel.base, {"config": {"language": "en"}})
    panel.ask("POST", "/test")
    assert "works" in ann.messages(bot)[-1].text


def test_who_waits_for_telegram_takes_a_place(panel: Panel) -> None:
    bot = panel.bot()
    waiting = panel.opium.app.extensions["opium.live"].waiting
    with waiting.place("check"), waiting.place("check"):
        for method, path, body in (
            ("PATCH", "/config", {"bot_token": bot.token}),
            ("POST", "/restart", None),
            ("POST", "/test", None),
        ):
            answer = panel.call(method, path, body)
            assert (answer.status_code, answer.get_json()["code"]) == (503, "busy")
        panel.ask("PATCH", "/config", {"notify_events": []})
    assert panel.ask("POST", "/restart") == {"ok": True}
