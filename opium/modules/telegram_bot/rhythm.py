"""When to poll again: at once while all is well, ever more slowly while it is not (matrix 81, 82).

Pure functions over the error and the number of failures in a row.
"""

from __future__ import annotations

from random import Random

from opium.modules.telegram_bot.telegram import (
    Blocked,
    Conflict,
    TelegramError,
    TooMany,
    Unauthorized,
)

GAP = 1.0
"""Seconds between the beginnings of two polls, at least."""
FIRST, LONGEST = 1.0, 300.0
BY_HAND = 5.0
"""The first pause where a person must act."""
PATIENCE = 3
"""Failures in a row before an outage of the network becomes an alert."""


def pause(error: TelegramError, failures: int, chance: Random) -> float:
    """Seconds until the next try, after so many failures in a row (the first is 1)."""
    if isinstance(error, TooMany):
        return min(float(error.seconds), LONGEST)
    first = BY_HAND if needs_person(error) else FIRST
    longest = min(LONGEST, first * 2 ** min(failures - 1, 16))
    return float(longest * chance.uniform(0.75, 1.0)) if longest > GAP else GAP


def needs_person(error: TelegramError) -> bool:
    """Whether waiting alone will not mend it."""
    return isinstance(error, Unauthorized | Conflict | Blocked)


def alarms(error: TelegramError, failures: int) -> bool:
    """Whether the owner should see an alert by now. Our own last poll, cut by a restart, may be
    the other poller for some seconds."""
    if isinstance(error, Conflict):
        return failures > 1
    return needs_person(error) or failures >= PATIENCE
