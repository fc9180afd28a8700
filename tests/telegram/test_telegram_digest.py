"""Digests: an outage floods nobody, and everything that did not arrive is named."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outbox_cast import HOUR, MINUTE, Office

from opium.modules.telegram_bot import digest, ending
from opium.modules.telegram_bot.html import MOST, length
from sandbox.telegram.html import parse


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "instance")


def out_of_order(office: Office) -> None:
    office.fails("error", method="*", code=502, count=None)


def test_a_day_without_telegram_loses_nothing_and_floods_nobody(office: Office) -> None:
    out_of_order(office)
    for n in range(24):
        office.tells(f"#ORDER{n:02}")
        office.tells(f"buyer{n}", "new_message", name=f"buyer{n % 3}")
        office.sends(HOUR)
    office.telegram.faults.clear()
    office.tells("#LAST")
    office.sends(2 * MINUTE)
    shown = office.shown()
    assert len(shown) == 3, shown
    assert shown[-1] == "[shop] #LAST"
    orders = next(text for text in shown if "Новые заказы" in text)
    assert all(f"#ORDER{n:02}" in orders for n in range(24))
    assert "(24)" in orders
    messages = next(text for text in shown if "Новые сообщения" in text)
    assert "buyer0 ×8, buyer1 ×8, buyer2 ×8" in messages
    office.sends(HOUR)
    assert len(office.shown()) == 3
    assert office.telegram.wrongdoings == []


def test_telegram_is_asked_no_more_than_once_a_minute_while_it_is_away(office: Office) -> None:
    out_of_order(office)
    office.tells("one")
    office.sends(24 * HOUR)
    assert len(office.telegram.requests()) < 24 * 60 + 20


def test_what_is_younger_than_ten_minutes_arrives_as_itself(office: Office) -> None:
    out_of_order(office)
    office.tells("one")
    office.sends(9 * MINUTE)
    office.telegram.faults.clear()
    office.sends(MINUTE - 1)
    assert office.shown() == ["[shop] one"]


def test_a_digest_that_is_lost_is_told_by_the_next(office: Office) -> None:
    out_of_order(office)
    office.tells("#AAAA")
    office.sends(20 * MINUTE)
    office.telegram.faults.clear()
    office.fails("reset", "before")
    office.sends(2 * MINUTE)
    assert office.shown() == []
    office.sends(15 * MINUTE)
    assert ["#AAAA" in text for text in office.shown()] == [True]
    assert sorted(office.states()) == ["digested", "sent", "unknown"]


def test_waiting_digests_become_one(office: Office) -> None:
    office.fails("error", code=500, count=None)  # getMe works, messages do not
    for n in range(12):
        office.tells(f"#{n:04}")
        office.sends(15 * MINUTE)
    assert office.states().count("waiting") <= 2
    office.telegram.faults.clear()
    office.sends(15 * MINUTE)
    assert len(office.shown()) <= 2
    assert all(f"#{n:04}" in " ".join(office.shown()) for n in range(12))


def test_names_that_one_message_cannot_hold_go_on_in_the_next(office: Office) -> None:
    out_of_order(office)
    for n in range(900):
        office.tells(f"#ORDER{n:03} from a buyer with a long name, 150 RUB")
    office.sends(11 * MINUTE)
    office.telegram.faults.clear()
    office.sends(2 * MINUTE)
    shown = office.shown()
    assert len(shown) <= 4
    assert all(f"#ORDER{n:03}" in " ".join(shown) for n in range(900))
    assert all(len(text) <= MOST for text in shown)


def test_a_refused_notice_is_named_too(office: Office) -> None:
    office.fails("error", code=400, text="Bad Request: message is strange")
    office.tells("one", name="#AAAA")
    office.sends(15 * MINUTE)
    assert office.states() == ["refused", "sent"]
    assert "Telegram не принял (1):\n#AAAA" in office.shown()[-1]


def test_a_refused_digest_raises_an_alert_and_is_not_repeated(office: Office) -> None:
    office.fails("error", code=400, text="Bad Request: message is strange", count=2)
    office.tells("one", name="#AAAA")
    office.sends(HOUR)
    assert office.states() == ["refused", "refused"]
    alerts = office.opium.get("/api/alerts?open=true")["items"]
    assert [a["kind"] for a in alerts] == ["telegram"]


def test_after_a_week_the_rest_is_given_up_aloud(office: Office) -> None:
    out_of_order(office)
    office.tells("one")
    office.sends(5)
    office.travel(8 * 24 * HOUR)
    office.opium.run_task("telegram_bot", "forget")
    assert office.states() == []
    assert "1 notices" in office.opium.get("/api/alerts?open=true")["items"][0]["text"]


def test_what_no_digest_could_name_in_a_week_is_given_up_aloud(office: Office) -> None:
    """Its answer was lost, and then Telegram was not there."""
    office.fails("reset", "after", method="sendMessage")
    office.tells("one")
    office.sends()
    assert office.states() == ["unknown"]
    out_of_order(office)
    office.travel(8 * 24 * HOUR)
    office.opium.run_task("telegram_bot", "forget")
    assert office.states() == []
    assert "1 notices" in office.opium.get("/api/alerts?open=true")["items"][0]["text"]


@pytest.mark.parametrize("seed", [1])
def test_a_thousand_notices_with_every_third_call_failing(tmp_path: Path, seed: int) -> None:
    """Each arrives at most once; each that did not is named; also with crashes at any moment."""
    office, chance = Office(tmp_path / "instance"), Random(seed)
    for action, phase, share in (
        ("reset", "before", 0.08),
        ("reset", "after", 0.08),
        ("error", "before", 0.1),
        ("omit", "after", 0.04),
    ):
        more = {"field": "message_id"} if action == "omit" else {}
        office.fails(action, phase, method="*", count=None, probability=share, **more)
    names = [f"#N{n:04}" for n in range(1000)]
    for at in range(0, 1000, 10):
        for name in names[at : at + 10]:
            office.tells(name)
        office.sends(chance.uniform(0, 30))
        if chance.random() < 0.1:
            waiting = [n for n in office.notices() if n.state == "waiting"]
            if waiting and chance.random() < 0.7:  # the process dies between the two commits
                ending.start(office.job, waiting[0], office.shop_bot.id)
            office.opium.restart()
    office.telegram.faults.clear()
    office.sends(2 * HOUR)
    shown = office.shown()
    arrived = [text.removeprefix("[shop] ") for text in shown if "\n" not in text]
    assert len(arrived) == len(set(arrived))
    told = " ".join(text for text in shown if "\n" in text)
    assert [name for name in names if name not in arrived and name not in told] == []
    assert len(arrived) > 500
    assert set(office.states()) <= {"sent", "digested", "unknown"}
    assert office.telegram.wrongdoings == []


NAMES = st.lists(st.text(max_size=60), max_size=300)


class _Plain(digest._Teller):
    """A teller without rows."""

    def __init__(self) -> None:
        self._account, self._language = "shop<1>", "ru"


@settings(max_examples=60, deadline=None)
@given(NAMES, NAMES)
def test_digests_are_valid_and_hold_all_names(late: list[str], unsure: list[str]) -> None:
    names = {"late": late, "unsure": unsure, "refused": []}
    letters = list(digest._split(_Plain(), "new_order", names))
    for letter in letters:
        text, _entities = parse(letter.html)
        assert length(letter.html) <= MOST
        assert len(text.encode("utf-16-le")) // 2 <= MOST
    assert sorted(name for letter in letters for name in letter.late) == sorted(late)
    assert sorted(name for letter in letters for name in letter.unsure) == sorted(unsure)
