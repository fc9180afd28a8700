"""What can go wrong on demand, before and after the effect."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from telegram_double_cast import Client

from sandbox.telegram import User
from sandbox.telegram.faults import DESCRIPTIONS, Fault


def sends(client: Client, **more: Any) -> requests.Response:
    return client.raw("sendMessage", chat_id=501, text="hi", **more)


@pytest.mark.parametrize(("phase", "there"), [("before", []), ("after", ["hi"])])
@pytest.mark.parametrize("action", ["reset", "hang", "error", "status"])
def test_the_phase_decides_whether_the_message_is_there(
    started: Client, ann: User, action: str, phase: str, there: list[str]
) -> None:
    started.telegram.faults.add(action, phase, method="sendMessage")
    if action in ("reset", "hang"):
        kind = requests.ReadTimeout if action == "hang" else requests.ConnectionError
        with pytest.raises(kind):
            sends(started)
    else:
        assert sends(started).status_code == {"error": 500, "status": 502}[action]
    assert ann.texts(started.bot) == there
    sends(started)
    assert ann.texts(started.bot) == [*there, "hi"]


@pytest.mark.parametrize("code", DESCRIPTIONS)
def test_an_error_has_telegram_s_words(started: Client, code: int) -> None:
    started.telegram.faults.add("error", code=code, retry_after=30 if code == 429 else 0)
    answer = sends(started)
    told = answer.json()
    assert answer.status_code == told["error_code"] == code
    assert told["description"] == DESCRIPTIONS[code].format(seconds=30)
    assert ("parameters" in told) == (code == 429)


@pytest.mark.parametrize(
    ("body", "text"),
    [("empty", ""), ("json-null", "null"), ("html", "<html>"), ("truncated", '{"ok": true')],
)
def test_a_status_with_a_strange_body(started: Client, body: str, text: str) -> None:
    started.telegram.faults.add("status", "after", method="sendMessage", status=503, body=body)
    answer = sends(started)
    assert answer.status_code == 503
    assert answer.text.startswith(text)
    with pytest.raises((ValueError, TypeError)):
        answer.json()["ok"]


def test_half_an_answer_ends_in_the_middle(started: Client, ann: User) -> None:
    started.telegram.faults.add("half", "after", method="sendMessage")
    with pytest.raises((requests.RequestException, OSError)):
        sends(started)
    assert ann.texts(started.bot) == ["hi"]
    assert started.telegram.requests("sendMessage")[-1]["answered"] is False


def test_slow_is_too_slow_for_a_client_of_little_patience(started: Client, ann: User) -> None:
    started.telegram.faults.add("slow", seconds=40, count=2)
    with pytest.raises(requests.ReadTimeout):
        sends(started, patience=35)
    assert sends(started, patience=50).json()["ok"]
    assert ann.texts(started.bot) == ["hi", "hi"]


def test_members_can_be_left_out_and_texts_replaced(started: Client, ann: User) -> None:
    started.telegram.faults.add("omit", method="sendMessage", field="message_id")
    assert "message_id" not in sends(started).json()["result"]
    started.telegram.faults.add("omit", method="sendMessage", field="result")
    assert sends(started).json() == {"ok": True}
    ann.writes(started.bot, "x")
    started.telegram.faults.add("omit", method="getUpdates", field="update_id")
    assert list(started.polls()[0]) == ["message"]
    started.telegram.faults.add("replace", text='"ok": true', replacement='"ok": "yes"')
    assert sends(started).json()["ok"] == "yes"


def test_the_token_is_revoked_and_the_user_blocks_in_between(started: Client, ann: User) -> None:
    started.telegram.faults.add("block", "after", method="sendMessage")
    assert sends(started).json()["ok"]
    assert sends(started).json()["description"] == "Forbidden: bot was blocked by the user"
    started.telegram.faults.add("revoke", method="getUpdates")
    assert started.fails("getUpdates") == "401 Unauthorized"


def test_a_rule_fits_by_method_bot_chat_and_text(started: Client, ann: User) -> None:
    other = Client(started.telegram, started.telegram.add_bot("other_bot"))
    faults = started.telegram.faults
    faults.add("error", count=None, bot="other_bot")
    assert other.fails("getMe").startswith("500")
    assert sends(started).json()["ok"]
    faults.clear()
    faults.add("error", count=None, bot=started.token, method="SEND*", contains="Заказ")
    assert sends(started).json()["ok"]
    assert started.fails("sendMessage", chat_id=501, text="Заказ 7").startswith("500")
    faults.clear()
    faults.add("error", count=None, chat=501)
    assert started("getMe")
    assert not sends(started).json()["ok"]
    assert started.telegram.requests("sendMessage")[-1]["fault"] == "error before"


def test_nth_count_and_seeded_chance(started: Client) -> None:
    started.telegram.switches.limits = False
    fault = started.telegram.faults.add("error", method="sendMessage", nth=2, count=2)
    assert [sends(started).json()["ok"] for _ in range(5)] == [True, False, False, True, True]
    assert fault.hits == 2
    runs = []
    for _ in range(2):
        started.telegram.faults.clear()
        started.telegram.faults.add("error", method="sendMessage", count=None, probability=0.5)
        runs.append([sends(started).json()["ok"] for _ in range(20)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {True, False}


@pytest.mark.parametrize(
    "told",
    [
        {"action": "explode"},
        {"action": "error", "phase": "during"},
        {"action": "status", "body": "xml"},
        {"action": "omit"},
        {"action": "replace"},
        {"action": "error", "cont": 5},
        {"phase": "before"},
        [],
    ],
)
def test_a_rule_that_could_never_work_is_refused(started: Client, told: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        started.telegram.faults.put(Fault.from_json(told))


def test_updates_whose_answer_was_lost_come_again(started: Client, ann: User) -> None:
    ann.writes(started.bot, "order")
    started.telegram.faults.add("reset", "after", method="getUpdates")
    with pytest.raises(requests.ConnectionError):
        started.polls()
    assert started.polls()[0]["message"]["text"] == "order"
