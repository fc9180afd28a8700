"""getUpdates: what is told, when it is gone, and who may ask."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from telegram_double_cast import Client, inline

from sandbox.telegram import Bot, TelegramDouble, User


def texts(updates: list[dict[str, Any]]) -> list[str]:
    return [update["message"]["text"] for update in updates]


def test_updates_come_again_until_they_are_confirmed(client: Client, ann: User) -> None:
    for text in ("/start", "one", "two"):
        ann.writes(client.bot, text)
    found = client.polls()
    assert texts(found) == ["/start", "one", "two"]
    ids = [update["update_id"] for update in found]
    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]
    assert client.polls() == found
    assert texts(client.polls(ids[1])) == ["one", "two"]
    assert texts(client.polls()) == ["one", "two"]
    assert client.polls(ids[2] + 1) == []
    ann.writes(client.bot, "three")
    assert client.polls(ids[2] + 1)[0]["update_id"] == ids[2] + 1


def test_a_negative_offset_keeps_only_the_last_ones(client: Client, ann: User) -> None:
    for number in range(5):
        ann.writes(client.bot, str(number))
    assert texts(client.polls(-2)) == ["3", "4"]
    assert texts(client.polls()) == ["3", "4"]
    assert texts(client.polls(-9)) == ["3", "4"]


def test_an_offset_far_ahead_confirms_nothing(client: Client, ann: User) -> None:
    ann.writes(client.bot, "hi")
    (update,) = client.polls()
    assert client.polls(update["update_id"] + 1000) == [update]
    assert client.polls(update["update_id"] + 5) == []


def test_a_limit_cuts_and_the_rest_waits(client: Client, ann: User) -> None:
    for number in range(105):
        ann.writes(client.bot, str(number))
    assert len(client.polls()) == 100
    assert len(client.polls(limit=1000)) == 100
    assert texts(client.polls(limit=2)) == ["0", "1"]
    assert len(client.polls(limit=0)) == 1
    assert client("getWebhookInfo")["pending_update_count"] == 105


def test_after_a_day_an_update_is_gone(client: Client, ann: User) -> None:
    ann.writes(client.bot, "early")
    client.telegram.clock.advance(23 * 3600)
    ann.writes(client.bot, "late")
    assert len(client.polls()) == 2
    client.telegram.clock.advance(3600)
    assert texts(client.polls()) == ["late"]


def test_allowed_updates_are_remembered_and_do_not_touch_what_waits(
    client: Client, ann: User
) -> None:
    message = ann.writes(client.bot, "first")
    client.polls(allowed_updates=["edited_message"])
    ann.edits(message, "better")
    ann.writes(client.bot, "unheard")
    found = client.polls()
    assert [sorted(update)[0] for update in found] == ["message", "edited_message"]
    assert found[1]["edited_message"]["text"] == "better"
    assert client("getWebhookInfo")["allowed_updates"] == ["edited_message"]
    client.polls(allowed_updates=[])
    ann.writes(client.bot, "heard")
    assert texts(client.polls(-1)) == ["heard"]
    client.polls(allowed_updates=["mesage"])
    assert client.telegram.wrongdoings == ["shop_bot: no updates are called 'mesage'"]


def test_a_frozen_clock_jumps_over_an_empty_poll(client: Client) -> None:
    before = client.telegram.clock.now()
    assert client.polls(timeout=25) == []
    assert (client.telegram.clock.now() - before).total_seconds() == 25
    assert client.polls(timeout=600) == []
    assert (client.telegram.clock.now() - before).total_seconds() == 75, "50 is the longest"


def waiting(client: Client, told: list[Any]) -> threading.Thread:
    """A poll in a thread of its own, once it has arrived."""
    number = client.bot.updates.poll
    other = Client(client.telegram, client.bot)
    thread = threading.Thread(
        target=lambda: told.append(other.raw("getUpdates", patience=10, timeout=30).json())
    )
    thread.start()
    with client.telegram.state.changed:
        assert client.telegram.state.changed.wait_for(
            lambda: client.bot.updates.poll > number, timeout=5
        )
    return thread


@pytest.fixture
def patient(client: Client) -> Client:
    """Polls wait for real although the clock stands still."""
    client.telegram.switches.polls_jump = False
    return client


def test_a_long_poll_ends_when_something_happens(patient: Client, ann: User) -> None:
    told: list[Any] = []
    thread = waiting(patient, told)
    ann.writes(patient.bot, "hello")
    thread.join(5)
    assert texts(told[0]["result"]) == ["hello"]
    assert patient.telegram.wrongdoings == []


def test_of_two_polls_the_older_one_is_told_to_go(patient: Client, ann: User) -> None:
    told: list[Any] = []
    thread = waiting(patient, told)
    later: list[Any] = []
    second = waiting(patient, later)
    thread.join(5)
    assert told == [{
        "ok": False,
        "error_code": 409,
        "description": "Conflict: terminated by other getUpdates request; "
        "make sure that only one bot instance is running",
    }]  # fmt: skip
    assert patient.telegram.wrongdoings == ["shop_bot: two polls at once"]
    ann.writes(patient.bot, "for the newer")
    second.join(5)
    assert texts(later[0]["result"]) == ["for the newer"]


def test_a_webhook_ends_polls_and_forbids_them(patient: Client) -> None:
    told: list[Any] = []
    thread = waiting(patient, told)
    answer = patient.raw("setWebhook", url="https://example.com/hook").json()
    assert answer == {"ok": True, "result": True, "description": "Webhook was set"}
    thread.join(5)
    assert told[0]["description"] == "Conflict: terminated by setWebhook request"
    assert patient.telegram.wrongdoings == []


def test_with_a_webhook_there_is_no_polling(client: Client, ann: User) -> None:
    assert client.fails("setWebhook", url="http://example.com") == (
        "400 Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
    )
    client("setWebhook", url="https://example.com/hook")
    ann.writes(client.bot, "hi")
    assert client.fails("getUpdates") == (
        "409 Conflict: can't use getUpdates method while webhook is active; "
        "use deleteWebhook to delete the webhook first"
    )
    assert client("getWebhookInfo")["pending_update_count"] == 1
    client("deleteWebhook", drop_pending_updates=True)
    assert client.polls() == []


def test_a_rival_makes_every_poll_a_conflict(client: Client, bot: Bot) -> None:
    bot.rival = True
    assert client.fails("getUpdates").startswith("409 Conflict: terminated by other getUpdates")
    bot.rival = False
    assert client.polls() == []
    assert client.telegram.wrongdoings == []


def test_a_revoked_token_ends_the_poll_and_works_no_more(patient: Client, bot: Bot) -> None:
    told: list[Any] = []
    thread = waiting(patient, told)
    new = bot.revoke()
    thread.join(5)
    assert told == [{"ok": False, "error_code": 401, "description": "Unauthorized"}]
    assert patient.fails("getMe") == "401 Unauthorized"
    patient.token = new
    assert patient("getMe")["username"] == "shop_bot"


def test_unknown_tokens_methods_and_verbs(client: Client, telegram: TelegramDouble) -> None:
    good = client.token
    client.token = f"{client.bot.id}:{'x' * 35}"
    assert client.fails("getMe") == "401 Unauthorized"
    assert telegram.wrongdoings == []
    client.token = "none"
    assert client.fails("getMe") == "404 Not Found"
    client.token = good
    assert client.fails("sendMesage") == "404 Not Found"
    url = f"{telegram.url}/bot{good}/getMe"
    assert client.session.put(url, timeout=5).status_code == 405
    assert client.session.get(url, timeout=5).json()["ok"]
    assert client("GETME")["is_bot"]
    assert len(telegram.wrongdoings) == 3
    assert good not in str([entry.as_json() for entry in telegram.log.requests()])


def test_a_repeated_press_is_one_update_with_its_old_number(started: Client, ann: User) -> None:
    started("sendMessage", chat_id=501, text="?", reply_markup=inline([("Да", "yes")]))
    ann.presses(ann.messages(started.bot)[0], "yes")
    (first,) = started.polls()
    assert first["callback_query"]["data"] == "yes"
    assert started.polls() == [first]
