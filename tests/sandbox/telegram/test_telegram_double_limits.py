"""429: how much is too much, and who does not wait."""

from __future__ import annotations

from telegram_double_cast import Client

from sandbox.telegram import TelegramDouble, User


def send(client: Client, chat: int) -> int:
    """Seconds to wait; 0 when it was accepted."""
    answer = client.raw("sendMessage", chat_id=chat, text="x")
    told = answer.json()
    if told["ok"]:
        return 0
    wait: int = told["parameters"]["retry_after"]
    assert answer.status_code == 429
    assert told["description"] == f"Too Many Requests: retry after {wait}"
    return wait


def test_to_one_person_a_burst_and_then_one_a_second(started: Client) -> None:
    assert [send(started, 501) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    started.telegram.clock.advance(1)
    assert [send(started, 501) for _ in range(2)] == [0, 1]
    started.telegram.clock.advance(60)
    assert [send(started, 501) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    assert started.telegram.wrongdoings == []


def test_twenty_a_minute_to_a_group(started: Client, ann: User) -> None:
    group = started.telegram.add_group("Группа", ann, started.bot)
    for _ in range(20):
        assert send(started, group.id) == 0
        started.telegram.clock.advance(1)
    assert send(started, group.id) == 40
    started.telegram.clock.advance(40)
    assert send(started, group.id) == 0


def test_thirty_a_second_over_all(started: Client, telegram: TelegramDouble) -> None:
    for number in range(600, 631):
        telegram.add_user(number, f"u{number}").starts(started.bot)
    assert [send(started, number) for number in range(600, 631)] == [0] * 30 + [1]
    telegram.clock.advance(1)
    assert send(started, 630) == 0


def test_who_does_not_wait_is_noted(started: Client, telegram: TelegramDouble) -> None:
    telegram.switches.private_burst = 1
    telegram.switches.private_gap = 10
    assert [send(started, 501) for _ in range(2)] == [0, 10]
    telegram.clock.advance(3)
    assert send(started, 501) == 7
    assert telegram.wrongdoings == ["shop_bot: wrote to 501 7.0 s before retry_after was over"]
    telegram.clock.advance(7)
    assert send(started, 501) == 0
    assert len(telegram.wrongdoings) == 1


def test_a_fault_s_retry_after_counts_as_well(started: Client, telegram: TelegramDouble) -> None:
    telegram.faults.add("error", method="sendMessage", retry_after=30)
    assert send(started, 501) == 30
    telegram.clock.advance(29)
    assert send(started, 501) == 0
    assert telegram.wrongdoings == ["shop_bot: wrote to 501 1.0 s before retry_after was over"]


def test_what_is_refused_does_not_count(started: Client) -> None:
    for _ in range(50):
        started.fails("sendMessage", chat_id=501, text="<b>", parse_mode="HTML")
    assert send(started, 501) == 0


def test_limits_can_be_switched_off(started: Client) -> None:
    started.telegram.switches.limits = False
    assert [send(started, 501) for _ in range(100)] == [0] * 100
