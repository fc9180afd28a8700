"""Live reads are shared while young, and few may wait at once; no server needed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import partial

import pytest
from web_cast import eventually

from opium.clock import ManualClock
from opium.errors import UpstreamError
from opium.live import Busy, Live, Waiting


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


def test_parallel_reads_become_one_and_the_sixth_waiter_is_sent_away(clock: ManualClock) -> None:
    live = Live(clock)
    inside, go = threading.Event(), threading.Event()
    calls: list[int] = []

    def fetch() -> int:
        calls.append(1)
        inside.set()
        assert go.wait(10)
        return len(calls)

    found: list[int] = []

    def ask() -> None:
        found.append(live.read("a", "x", fetch=fetch))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert inside.wait(10)
    eventually(lambda: not live.waiting._places["live"]._value)
    with pytest.raises(Busy) as refused:
        live.read("a", "y", fetch=fetch)
    assert (refused.value.code, refused.value.retry_after) == ("busy", 1)
    go.set()
    for thread in threads:
        thread.join(10)
    assert found == [1] * 5
    assert len(calls) == 1


def test_an_answer_is_shared_for_five_seconds(clock: ManualClock) -> None:
    live, calls = Live(clock), [0]

    def fetch() -> int:
        calls[0] += 1
        return calls[0]

    assert [live.read("a", "x", fetch=fetch) for _ in range(3)] == [1, 1, 1]
    assert live.read("b", "x", fetch=fetch) == 2
    clock.advance(5)
    assert live.read("a", "x", fetch=fetch) == 3
    live.forget("a")
    assert live.read("a", "x", fetch=fetch) == 4


def test_what_was_asked_before_a_change_is_not_kept(clock: ManualClock) -> None:
    live = Live(clock)

    def fetch() -> str:
        live.forget("a")  # a message is sent while the read is on its way
        return "old"

    assert live.read("a", "x", fetch=fetch) == "old"
    assert live.read("a", "x", fetch=lambda: "new") == "new"


def test_a_failed_read_is_not_kept(clock: ManualClock) -> None:
    live = Live(clock)

    def fail() -> int:
        raise UpstreamError("down")

    with pytest.raises(UpstreamError):
        live.read("a", "x", fetch=fail)
    assert live.read("a", "x", fetch=lambda: 7) == 7


def test_the_memory_of_live_reads_is_bounded(clock: ManualClock) -> None:
    live = Live(clock, kept=10)
    for n in range(100):
        live.read("a", n, fetch=partial(int, n))
    assert len(live) == 10


def test_each_kind_of_waiting_has_its_own_room() -> None:
    waiting = Waiting({"live": 1, "send": 1, "check": 1})
    with waiting.place("live"), waiting.place("send"), waiting.place("check"):
        for kind in ("live", "send", "check"):
            with pytest.raises(Busy), waiting.place(kind):
                pass
    with waiting.place("live"):
        pass
