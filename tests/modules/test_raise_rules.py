"""When a category is raised next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from opium.modules.auto_raise.rules import (
    LONGEST_WAIT,
    SHORTEST_WAIT,
    USUAL_WAIT,
    Known,
    Outcome,
    Verdict,
    jitter,
    judge,
    pause_after,
    seconds_until,
)

NOW = datetime(2026, 2, 15, 9, tzinfo=UTC)
RAISED = Outcome(True, "")
TOO_EARLY = Outcome(False, "Подождите 3 часа.", 10_800)
REFUSED = Outcome(False, "Что-то пошло не так.")
LOST = Outcome(False, "The answer was lost.", certain=False)


def verdict(outcome: Outcome, known: Known | None = None, delay: int = 0) -> Verdict:
    return judge(outcome, known or Known(), timedelta(seconds=delay), NOW)


@pytest.mark.parametrize(
    ("told", "known", "wait", "learnt", "probe"),
    [
        (14_000, Known(), 14_000, 14_000, False),
        (14_000, Known(learnt_wait=7200), 14_000, 14_000, False),
        (None, Known(), USUAL_WAIT, None, True),
        (None, Known(learnt_wait=7200), 7200, 7200, True),
        (None, Known(may_probe=False), USUAL_WAIT, None, False),
        (None, Known(learnt_wait=7200, may_probe=False), 7200, 7200, False),
        (0, Known(), SHORTEST_WAIT, SHORTEST_WAIT, False),
        (-5, Known(), SHORTEST_WAIT, SHORTEST_WAIT, False),
        (10**12, Known(), LONGEST_WAIT, LONGEST_WAIT, False),
    ],
)
def test_after_a_success(
    told: int | None, known: Known, wait: int, learnt: int | None, probe: bool
) -> None:
    after = verdict(Outcome(True, "", told), known)
    assert (after.success, after.wait, after.learnt_wait, after.probe) == (
        True,
        wait,
        learnt,
        probe,
    )
    assert after.next_at == NOW + timedelta(seconds=wait)


@pytest.mark.parametrize(
    ("outcome", "known", "wait", "learnt"),
    [
        (TOO_EARLY, Known(), 10_800, 10_800),
        (TOO_EARLY, Known(learnt_wait=7200), 10_800, 10_800),
        (REFUSED, Known(), USUAL_WAIT, None),
        (REFUSED, Known(learnt_wait=7200), 7200, 7200),
        (LOST, Known(), USUAL_WAIT, None),
        (RAISED, Known(), USUAL_WAIT, None),
    ],
)
def test_a_probe_learns_the_wait_and_is_never_followed_by_another(
    outcome: Outcome, known: Known, wait: int, learnt: int | None
) -> None:
    probing = Known(known.failures, known.learnt_wait, probing=True, may_probe=True)
    after = verdict(outcome, probing)
    assert (after.success, after.wait, after.learnt_wait, after.probe, after.failures) == (
        True,
        wait,
        learnt,
        False,
        0,
    )


def test_a_refusal_with_a_wait_teaches_nothing_since_it_is_only_the_rest() -> None:
    after = verdict(TOO_EARLY, Known(failures=3, learnt_wait=14_000))
    assert after == Verdict(False, 10_800, NOW + timedelta(hours=3), 0, 14_000)


@pytest.mark.parametrize(("learnt", "wait"), [(None, USUAL_WAIT), (7200, 7200)])
def test_an_unknown_outcome_waits_for_the_cool_down(learnt: int | None, wait: int) -> None:
    after = verdict(LOST, Known(learnt_wait=learnt))
    assert after == Verdict(False, wait, NOW + timedelta(seconds=wait), 0, learnt)


@pytest.mark.parametrize(
    ("before", "seconds"),
    [(0, 60), (1, 120), (2, 240), (3, 480), (4, 960), (5, 1800), (6, 1800), (10_000, 1800)],
)
def test_failures_without_a_wait_rest_longer_each_time(before: int, seconds: int) -> None:
    after = verdict(REFUSED, Known(failures=before), delay=600)
    assert after == Verdict(False, None, NOW + timedelta(seconds=seconds), before + 1, None)
    assert pause_after(before + 1) == timedelta(seconds=seconds)


@pytest.mark.parametrize("outcome", [Outcome(True, "", 14_000), RAISED, TOO_EARLY, LOST])
def test_every_cool_down_gets_the_random_delay(outcome: Outcome) -> None:
    assert verdict(outcome, delay=600).next_at - verdict(outcome).next_at == timedelta(seconds=600)
    assert verdict(outcome, delay=600).wait == verdict(outcome).wait


@pytest.mark.parametrize(
    ("minutes", "chance", "seconds"), [(0, 0.9, 0), (15, 0.0, 0), (15, 0.5, 450), (1440, 1, 86_400)]
)
def test_the_random_delay_is_within_its_range(minutes: int, chance: float, seconds: int) -> None:
    assert jitter(minutes, chance) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("ahead", "seconds"), [(None, 0), (-5, 0), (0, 0), (0.1, 1), (59.9, 60), (60, 60)]
)
def test_seconds_until(ahead: float | None, seconds: int) -> None:
    moment = None if ahead is None else NOW + timedelta(seconds=ahead)
    assert seconds_until(moment, NOW) == seconds
