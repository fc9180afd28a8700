"""The outbox: a notice is a row, arrives at most once, and none is silently lost."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from outbox_cast import HOUR, MINUTE, Office
from sqlalchemy import select

from opium.modules.telegram_bot import ending, sending
from opium.modules.telegram_bot.models import Notice
from opium.modules.telegram_bot.postman import Postman


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "instance")


def test_a_notice_goes_to_everybody_and_stands_in_the_event_log(office: Office) -> None:
    ann = office.phone(502, "Ann")
    assert office.tells("one") == 2
    assert office.log() == []
    office.sends()
    assert office.shown() == office.shown(ann) == ["[shop] one"]
    assert office.log() == [("new_order", 2, 2)]
    assert office.telegram.wrongdoings == []


def test_the_same_fact_is_told_once(office: Office) -> None:
    assert office.tells("one") == 1
    assert office.tells("one") == 0
    office.sends()
    assert office.tells("one") == 0


def test_without_a_bot_a_list_or_the_event_nothing_is_written(office: Office) -> None:
    assert office.tells("x", "account_error") == 0  # not named by the settings
    office.ask("PATCH", "/config", {"notify_events": []})
    assert office.tells("x") == 0
    office.ask("PATCH", "/config", {"notify_events": ["new_order"]})
    office.ask("DELETE", "/whitelist/501")
    assert office.tells("x") == 0
    office.lets_in(501)
    office.ask("PATCH", "/config", {"bot_token": ""})
    assert office.tells("x") == 0


def test_a_chat_gets_one_message_a_second(office: Office) -> None:
    for text in "abc":
        office.tells(text)
    office.sends()
    assert office.shown() == ["[shop] a"]
    office.sends(2)
    assert office.shown() == ["[shop] a", "[shop] b", "[shop] c"]


def test_a_group_gets_no_more_than_twenty_a_minute(office: Office) -> None:
    forum = office.telegram.add_group(
        "Форум", office.kim, forum=True, admins=(office.shop_bot,), kind="supergroup"
    )
    topic = forum.opens("Заказы")
    office.opium.ok(
        "PUT",
        "/api/accounts/shop/modules/telegram_bot",
        {"config": {"forum_chat_id": forum.id, "topic_id": topic.id}},
    )
    for n in range(30):
        office.tells(f"{n}")
    office.sends(59)
    assert len(topic.messages()) == 20
    office.sends(40)
    assert len(topic.messages()) == 30
    assert not [r for r in office.telegram.requests("sendMessage") if r["outcome"] != "ok"]


@pytest.mark.parametrize("code", [500, 502, 401])
def test_what_telegram_surely_has_not_is_sent_again(office: Office, code: int) -> None:
    office.fails("error", code=code)
    office.tells("one")
    office.sends()
    assert office.states() == ["waiting"]
    office.sends(2 * MINUTE)
    assert office.shown() == ["[shop] one"]


def test_429_is_obeyed_also_after_a_restart(office: Office) -> None:
    office.fails("error", retry_after=30)
    office.tells("one")
    office.sends(10)
    assert office.shown() == []
    office.opium.restart()
    office.sends(19)
    assert len(office.telegram.requests("sendMessage")) == 1
    office.sends(2)
    assert office.shown() == ["[shop] one"]
    assert office.telegram.wrongdoings == []


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_lost_answer_is_never_sent_again_but_named(office: Office, phase: str) -> None:
    office.fails("reset", phase)
    office.tells("#AAAA", name="#AAAA ann")
    office.sends(9 * MINUTE)
    assert office.states() == ["unknown"]
    assert len(office.shown()) == (phase == "after")
    office.sends(5 * MINUTE)
    digest = office.shown()[-1]
    assert "#AAAA ann" in digest
    assert "Неизвестно" in digest
    office.sends(HOUR)
    assert len(office.shown()) == 1 + (phase == "after")


def test_after_a_failure_telegram_is_asked_before_the_next_notice_is_risked(office: Office) -> None:
    office.fails("reset", count=None)
    office.fails("reset", method="getMe", count=None)
    for n in range(5):
        office.tells(f"{n}")
    office.sends(9 * MINUTE)
    assert office.states().count("unknown") == 1
    assert len(office.telegram.requests("sendMessage")) == 1


def test_a_crash_while_sending_leaves_it_unknown(office: Office) -> None:
    office.tells("one", name="#AAAA")
    notice = office.notices()[0]
    assert ending.start(office.job, notice, office.shop_bot.id)
    office.opium.restart()
    office.sends()
    assert office.states() == ["unknown"]
    assert office.shown() == []
    office.sends(15 * MINUTE)
    assert "#AAAA" in office.shown()[-1]


def test_who_blocked_the_bot_is_shown_as_such_and_disturbed_no_more(office: Office) -> None:
    ann = office.phone(502, "Ann")
    ann.blocks(office.shop_bot)
    office.tells("one"), office.tells("two")
    office.sends(5)
    assert office.shown() == ["[shop] one", "[shop] two"]
    assert office.listed(502).blocked is not None
    assert office.listed(501).blocked is None
    before = len(office.telegram.requests("sendMessage"))
    assert office.tells("three") == 1
    office.sends(HOUR)
    assert len(office.telegram.requests("sendMessage")) == before + 1
    assert office.log() == [("new_order", 1, 2), ("new_order", 1, 2), ("new_order", 1, 1)]


def test_who_left_the_whitelist_hears_nothing_more(office: Office) -> None:
    ann = office.phone(502, "Ann")
    office.tells("one")
    office.ask("DELETE", "/whitelist/502")
    office.sends(HOUR)
    assert office.shown(ann) == []
    assert office.shown() == ["[shop] one"]


def test_a_group_that_moved_is_followed(office: Office) -> None:
    group = office.telegram.add_group("Чат", office.kim, admins=(office.shop_bot,), kind="group")
    old = group.id
    office.opium.ok(
        "PUT", "/api/accounts/shop/modules/telegram_bot", {"config": {"forum_chat_id": old}}
    )
    office.tells("one")
    upgraded = group.upgrades()
    office.sends(10)
    config = office.opium.get("/api/accounts/shop/modules/telegram_bot")["config"]
    assert config["forum_chat_id"] == upgraded.id != old
    assert [m.text for m in upgraded.visible()][-1:] == ["[shop] one"]


def test_another_bot_takes_over_what_waits(office: Office) -> None:
    office.fails("error", code=500, count=None, bot="shop_bot")
    office.tells("one")
    office.sends(5)
    bot = office.bot("second_bot")
    office.kim.starts(bot)
    office.sends(MINUTE)
    assert [m.text for m in office.kim.messages(bot)] == ["[shop] one"]


def test_one_bot_in_trouble_holds_up_no_other(office: Office) -> None:
    office.open("second")
    office.account_id = "second"
    bot = office.bot("second_bot")
    office.lets_in(501)
    office.kim.starts(bot)
    office.account_id = "shop"
    office.fails("error", retry_after=600, bot="shop_bot")
    office.tells("one")
    office.sends()
    office.account_id = "second"
    office.tells("two")
    office.sends()
    assert [m.text for m in office.kim.messages(bot)] == ["[shop] two"]


def test_two_accounts_of_one_bot_each_tell_their_own(office: Office) -> None:
    office.open("second")
    office.account_id = "second"
    office.ask("PATCH", "/config", {"bot_token": office.shop_bot.token})
    office.lets_in(501)
    office.tells("two")
    office.account_id = "shop"
    office.tells("one")
    office.sends(2)
    assert sorted(office.shown()) == ["[shop] one", "[shop] two"]


def test_notices_are_forgotten_after_a_week(office: Office) -> None:
    office.tells("one")
    office.sends()
    office.travel(6 * 24 * HOUR)
    office.opium.run_task("telegram_bot", "forget")
    assert office.states() == ["sent"]
    office.travel(2 * 24 * HOUR)
    office.opium.run_task("telegram_bot", "forget")
    assert office.states() == []
    assert office.log() != []


def test_the_event_log_keeps_the_last_200(office: Office) -> None:
    for n in range(205):
        office.tells(f"{n:03}")
    office.sends(300)
    with office.opium.core.db.read() as db:
        assert len(office.notices()) == 205
        assert len(office.log()) == 200
        assert db.scalar(select(Notice.id).where(Notice.state != "sent")) is None


def test_nothing_is_sent_twice_by_two_who_look_at_once(office: Office) -> None:
    office.tells("one")
    first, again = office.notices()[0], office.notices()[0]
    assert ending.start(office.job, first, office.shop_bot.id)
    assert not ending.start(office.job, again, office.shop_bot.id)


def test_the_text_is_sealed_at_rest(office: Office) -> None:
    office.tells("KEY-SECRET-1234")
    raw = (office.opium.core.config.instance / "opium.db").read_bytes()
    wal = (office.opium.core.config.instance / "opium.db-wal").read_bytes()
    assert b"[shop] KEY-SECRET-1234" not in raw + wal


def test_a_notice_leaves_within_a_second_of_the_commit(office: Office) -> None:
    postman = Postman()
    postman.attend(office.job)
    try:
        time.sleep(0.2)  # the thread has looked once and waits
        began = time.monotonic()
        office.tells("one")
        while not office.shown():
            assert time.monotonic() < began + 1
            time.sleep(0.01)
    finally:
        postman.stop()
    assert office.states() == ["sent"]


def test_a_stopped_postman_begins_nothing(office: Office) -> None:
    postman = Postman()
    postman.attend(office.job)
    postman.stop()
    postman.attend(office.job)
    office.tells("one")
    assert office.states() == ["waiting"]
    assert not any(t.name.startswith("telegram-out") for t in threading.enumerate())


def test_a_bot_that_serves_nobody_ends_its_thread(office: Office) -> None:
    assert sending.send_of(office.job, 999) is None
