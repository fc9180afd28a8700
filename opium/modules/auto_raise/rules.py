"""When a category is raised next: plain functions of what FunPay answered and what we know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

USUAL_WAIT = 14400
"""Seconds between two raises of a game when FunPay never told; it is four hours there."""

FIRST_PAUSE, LONGEST_PAUSE = 60, 1800
"""Seconds after a failure of which nothing is known, doubling from one to the other."""

SHORTEST_WAIT, LONGEST_WAIT = 60, 7 * 86400
"""A wait outside of these is taken for a slip: it would mean a storm, or never again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a raise ended. `certain` is False if it was sent and nobody knows what came of it."""

    raised: bool
    message: str
    wait: int | None = None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """What we know of a category: its failures in a row and its cool-down as learnt before."""

    failures: int = 0
    learnt_wait: int | None = None
    probing: bool = False
    may_probe: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows: `wait` is FunPay's cool-down in seconds, None if it is only our own pause."""

    success: bool
    wait: int | None
    next_at: datetime
    failures: int
    learnt_wait: int | None
    probe: bool = False


def judge(outcome: Outcome, known: Known, delay: timedelta, now: datetime) -> Verdict:
    """The next time of a category; `delay` is the jitter that every cool-down gets."""
    usual = known.learnt_wait or USUAL_WAIT
    told = None if outcome.wait is None else min(max(outcome.wait, SHORTEST_WAIT), LONGEST_WAIT)
    if known.probing or outcome.raised:
        # The whole cool-down: both tell it right after a raise.
        wait = told or usual
        probe = told is None and known.may_probe and not known.probing
        learnt = told or known.learnt_wait
        return Verdict(True, wait, now + timedelta(seconds=wait) + delay, 0, learnt, probe)
    if told is not None or not outcome.certain:
        # Only the rest of a cool-down, or a guess: nothing is learnt from it.
        wait = told or usual
        next_at = now + timedelta(seconds=wait) + delay
        return Verdict(False, wait, next_at, 0, known.learnt_wait)
    failures = known.failures + 1
    next_at = now + pause_after(failures)
    return Verdict(False, None, next_at, failures, known.learnt_wait)


def pause_after(failures: int) -> timedelta:
    """How long to rest after this many failures in a row of which FunPay did not tell a wait."""
    return timedelta(seconds=min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE))


def jitter(delay_range_minutes: int, chance: float) -> timedelta:
    """A random delay from 0 to the whole range; `chance` is from 0 to 1."""
    return timedelta(seconds=delay_range_minutes * 60 * chance)


def seconds_until(moment: datetime | None, now: datetime) -> int:
    """Whole seconds, rounded up, never below zero."""
    return 0 if moment is None else max(0, ceil((moment - now).total_seconds()))
