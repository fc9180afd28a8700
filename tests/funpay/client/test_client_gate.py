"""When the next turn is, who gets it, and who is sent away."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opium.clock import Clock, ManualClock
from opium.funpay.errors import Limited, Unreachable
from opium.funpay.gate import Busy, Gate, Kind, Pace, Pauses
from opium.funpay.pace import CHAT_GAP, Past, next_turn, take_turn
from opium.funpay.pauses import back_off

SEND, ORDER, OTHER = Kind.SEND, Kind.ORDER, Kind.OTHER
EVEN = Pace(jitter_min=1.0, jitter_max=1.0)


def past(*turns: tuple[Kind, str | None, float], pace: Pace = EVEN) -> Past:
    made = Past()
    for kind, chat, now in turns:
        take_turn(kind, chat, pace, made, now, 0.5)
    return made


@pytest.mark.parametrize(
    ("turns", "kind", "chat", "expected"),
    [
        pytest.param([], OTHER, None, 0, id="the first is free"),
        pytest.param([(OTHER, None, 100)], OTHER, None, 101, id="base delay between others"),
        pytest.param([(SEND, "a", 100)], OTHER, None, 101, id="base delay after a send"),
        pytest.param([(ORDER, None, 100)], OTHER, None, 101, id="base delay after order work"),
        pytest.param([(OTHER, None, 100)], ORDER, None, 0, id="order reads follow at once"),
        pytest.param([(SEND, "a", 100)], ORDER, None, 0, id="also after a send"),
        pytest.param([(OTHER, None, 100)], SEND, "a", 0, id="a send follows a poll at once"),
        pytest.param([(SEND, "a", 100)], SEND, "b", 101, id="base delay between sends"),
        pytest.param([(SEND, "a", 100)], SEND, "a", 101.5, id="1.5 s inside one chat"),
        pytest.param([(SEND, 7, 100), (SEND, 8, 101)], SEND, 7, 102, id="the later of both"),
        pytest.param([(OTHER, None, t) for t in range(4)], OTHER, None, 4, id="four: no burst"),
        pytest.param([(OTHER, None, t) for t in range(5)], OTHER, None, 9, id="five: cool down"),
        pytest.param(
            [(OTHER, None, t) for t in (0, 3, 6, 9, 12)], OTHER, None, 13, id="five, slowly"
        ),
        pytest.param(
            [(OTHER, None, t) for t in (0, 1, 2, 3, 4, 9)], OTHER, None, 10, id="a new count"
        ),
        pytest.param(
            [(OTHER, None, t) for t in range(5)], SEND, "a", 0, id="a burst does not stop sends"
        ),
        pytest.param(
            [(ORDER, None, t) for t in range(9)], OTHER, None, 9, id="order work is not counted"
        ),
    ],
)
def test_the_next_turn(
    turns: list[tuple[Kind, str | None, float]], kind: Kind, chat: str | None, expected: float
) -> None:
    assert next_turn(kind, chat, EVEN, past(*turns)) == expected


@pytest.mark.parametrize("kind", list(Kind))
def test_a_pause_stops_both_classes(kind: Kind) -> None:
    assert next_turn(kind, None, EVEN, Past(paused_until=500.0)) == 500


def test_jitter_stretches_delays_and_the_cool_down() -> None:
    pace = Pace(jitter_min=0.8, jitter_max=1.3)
    made = Past()
    take_turn(OTHER, None, pace, made, 100, 1.0)
    assert next_turn(OTHER, None, pace, made) == pytest.approx(101.3)
    for moment in (101, 102, 103, 104):
        take_turn(OTHER, None, pace, made, moment, 0.0)
    assert next_turn(OTHER, None, pace, made) == pytest.approx(104 + 5 * 0.8)


def test_the_chats_remembered_are_bounded() -> None:
    made = past(*[(SEND, f"chat-{n}", float(n)) for n in range(1000)])
    assert len(made.chats) == 256


@given(
    st.lists(
        st.tuples(st.sampled_from(Kind), st.sampled_from("ab"), st.floats(0, 5), st.floats(0, 1)),
        max_size=60,
    ),
    st.integers(1, 6),
)
def test_no_order_of_calls_breaks_the_pace(
    calls: list[tuple[Kind, str, float, float]], burst_limit: int
) -> None:
    pace = Pace(burst_limit=burst_limit)
    made, now = Past(), 1000.0
    sends: list[tuple[float, str]] = []
    others: list[float] = []
    for kind, chat, idle, chance in calls:
        now = max(now + idle, next_turn(kind, chat, pace, made))
        take_turn(kind, chat, pace, made, now, chance)
        if kind is SEND:
            sends.append((now, chat))
        elif kind is OTHER:
            others.append(now)
    assert all(b - a >= 0.8 - 1e-9 for (a, _), (b, _) in itertools.pairwise(sends))
    for chat in "ab":
        moments = [moment for moment, name in sends if name == chat]
        gaps = itertools.pairwise(moments)
        assert all(b - a >= CHAT_GAP - 1e-9 for a, b in gaps)
    assert all(b - a >= 0.8 - 1e-9 for a, b in itertools.pairwise(others))
    for at in range(len(others) - burst_limit):
        # burst_limit + 1 calls in a row hold a cool-down, or took longer than a window.
        held = others[at : at + burst_limit + 1]
        longest = max(b - a for a, b in itertools.pairwise(held))
        assert longest >= 5 * 0.8 - 1e-9 or held[-1] - held[0] > pace.burst_window - 1e-9


# The gate itself


def still() -> ManualClock:
    return ManualClock(datetime(2026, 9, 1, tzinfo=UTC))


def gate_of(clock: ManualClock, pace: Pace = EVEN, pauses: Pauses | None = None) -> Gate:
    return Gate(
        pace,
        clock=clock,
        random=Random(1),
        pauses=pauses,
        wait=lambda condition, seconds: clock.advance(seconds),
    )


def moments(gate: Gate, clock: ManualClock, kinds: list[Kind]) -> list[float]:
    begun, found = clock.monotonic(), []
    for kind in kinds:
        with gate.turn(kind, "a" if kind is SEND else None, patience=60):
            found.append(clock.monotonic() - begun)
    return found


def test_turns_come_at_the_pace() -> None:
    clock = still()
    assert moments(gate_of(clock), clock, [OTHER] * 7) == [0, 1, 2, 3, 4, 9, 10]


def test_sends_of_a_delivery_are_not_slowed_by_polls() -> None:
    clock = still()
    kinds = [OTHER] * 5 + [ORDER, SEND, ORDER, SEND]
    assert moments(gate_of(clock), clock, kinds)[5:] == [4, 4, 4, 5.5]


def test_settings_change_while_it_runs() -> None:
    clock = still()
    gate = gate_of(clock)
    moments(gate, clock, [OTHER])
    gate.set_pace(Pace(base_delay=3.0, jitter_min=1.0, jitter_max=1.0))
    assert moments(gate, clock, [OTHER, OTHER]) == [3, 6]


def test_a_turn_that_is_too_late_is_refused_at_once() -> None:
    clock = still()
    gate = gate_of(clock)
    moments(gate, clock, [OTHER] * 5)
    before = clock.monotonic()
    with pytest.raises(Busy) as busy, gate.turn(OTHER, patience=2.0):
        pass
    assert busy.value.wait == 5.0
    assert clock.monotonic() == before


def test_a_pause_of_the_outgoing_address_is_named_as_such() -> None:
    clock = still()
    gate = gate_of(clock)
    gate.limited(20.0)
    with pytest.raises(Limited, match="slow down; 20 s") as limited, gate.turn(SEND, "a"):
        pass
    assert not isinstance(limited.value, Busy)
    with gate.turn(SEND, "a", patience=30):
        assert clock.monotonic() == 1020


def test_a_pause_holds_for_all_accounts_of_one_address_only() -> None:
    clock = still()
    pauses = Pauses(clock)
    here, there = (
        Gate(EVEN, clock=clock, random=Random(1), pauses=pauses, address=address)
        for address in ("direct", "http://u@10.0.0.1:80")
    )
    neighbour = gate_of(clock, pauses=pauses)
    here.limited(60.0)
    with pytest.raises(Limited), neighbour.turn(SEND, "a"):
        pass
    with there.turn(SEND, "a"):
        pass


def test_a_pause_of_the_account_stops_everything() -> None:
    clock = still()
    gate = gate_of(clock)
    gate.pause(30.0)
    for kind in Kind:
        with pytest.raises(Busy), gate.turn(kind):
            pass


@pytest.mark.parametrize(
    ("streak", "retry_after", "expected"),
    [
        (1, None, 2),
        (2, None, 4),
        (4, None, 16),
        (5, None, 300),
        (50, None, 300),
        (1, 20, 20),
        (9, 20, 20),
        (1, 0, 1),
        (1, 1e9, 3600),
    ],
)
def test_pauses_grow_with_the_row_of_429(
    streak: int, retry_after: float | None, expected: float
) -> None:
    assert back_off(streak, retry_after) == expected


def test_a_good_answer_ends_the_row_of_429() -> None:
    clock = still()
    pauses = Pauses(clock)
    found = []
    for _ in range(5):
        found.append(pauses.limited("direct"))
        clock.advance(found[-1])
    assert found == [2, 4, 8, 16, 300]
    assert pauses.streak("direct") == 5
    pauses.answered("direct")
    assert (pauses.streak("direct"), pauses.limited("direct")) == (0, 2)


def test_what_was_under_way_when_a_pause_began_neither_lifts_nor_worsens_it() -> None:
    clock = still()
    pauses = Pauses(clock)
    pauses.limited("direct", 60)
    pauses.answered("direct")
    assert [pauses.limited("direct") for _ in range(9)] == [2] * 9
    assert (pauses.until("direct"), pauses.streak("direct")) == (1060, 1)


def test_the_addresses_remembered_are_bounded() -> None:
    pauses = Pauses(still())
    for number in range(3000):
        pauses.limited(f"http://{number}")
    assert len(pauses._known) == 1024


def test_a_turn_inside_a_turn_is_free() -> None:
    clock = still()
    gate = gate_of(clock)
    with gate.turn(SEND, "a"), gate.turn(OTHER), gate.turn(SEND, "a"):
        assert clock.monotonic() == 1000


def test_the_gate_opens_again_after_an_error() -> None:
    gate = gate_of(still())
    with pytest.raises(KeyError), gate.turn(ORDER):
        raise KeyError
    with gate.turn(ORDER):
        pass


# With real threads


def in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def waiting(gate: Gate, number: int) -> None:
    """Until so many threads wait at the gate."""
    tick = threading.Event()
    for _ in range(500):
        if len(gate._waiters) >= number:
            return
        tick.wait(0.002)
    raise AssertionError("nobody came")


def open_gate() -> Gate:
    pace = Pace(base_delay=0.0, burst_limit=100)
    return Gate(pace, clock=Clock(), random=Random(1))


def test_orders_are_served_before_what_came_earlier() -> None:
    gate, served = open_gate(), []

    def ask(kind: Kind, name: str) -> None:
        with gate.turn(kind, name if kind is SEND else None):
            served.append(name)

    with gate.turn(OTHER):
        threads = []
        for number, (kind, name) in enumerate(
            [(OTHER, "poll"), (OTHER, "read"), (ORDER, "order"), (SEND, "goods")], 1
        ):
            threads.append(in_thread(lambda k=kind, n=name: ask(k, n)))  # type: ignore[misc]
            waiting(gate, number)
    for thread in threads:
        thread.join(2)
    assert served == ["order", "goods", "poll", "read"]


def test_one_request_at_a_time() -> None:
    gate, inside, most = open_gate(), [0], [0]

    def ask() -> None:
        for kind in (ORDER, OTHER) * 5:
            with gate.turn(kind):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [in_thread(ask) for _ in range(8)]
    for thread in threads:
        thread.join(5)
    assert (inside[0], most[0]) == (0, 1)


def test_whoever_waits_for_a_hanging_request_gives_up_in_time() -> None:
    gate, errors = open_gate(), []

    def ask() -> None:
        try:
            with gate.turn(ORDER, patience=0.05):
                pass
        except Busy as exc:
            errors.append(str(exc))

    with gate.turn(OTHER):
        in_thread(ask).join(2)
    assert errors == ["Another request to FunPay is still running."]


def test_closing_sends_those_who_wait_away_at_once() -> None:
    gate, errors = open_gate(), []

    def ask() -> None:
        try:
            with gate.turn(SEND, "a", patience=60):
                pass
        except Unreachable as exc:
            errors.append(exc)

    with gate.turn(OTHER):
        threads = [in_thread(ask) for _ in range(3)]
        waiting(gate, 3)
        gate.close()
        for thread in threads:
            thread.join(2)
    assert len(errors) == 3
    with pytest.raises(Unreachable), gate.turn(ORDER):
        pass
