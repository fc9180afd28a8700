"""One back-off per account, which is also its breaker (decisions, "states on trouble"; pure).

While it runs, one GET per step goes out and sends wait. It never throws a wish away.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from opium.account_config import Reconnect
from opium.funpay.errors import FunPayError, Limited, SignedOut
from opium.workers.status import State

SIGNED_OUT_PAUSE = 900.0
GIVEN_UP_PAUSE = 600.0
FLOOD_ROW = 5
FLOOD_PAUSE = 300.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an error means for the account: seconds to the next GET, the state shown, and whether
    a person should hear of it."""

    wait: float
    state: State
    alert: str | None
    final: bool = False


def judge(error: FunPayError, attempt: int, settings: Reconnect, random: Random) -> Verdict:
    """The verdict on the `attempt`-th failure in a row, counted from 1."""
    if isinstance(error, SignedOut):
        return Verdict(SIGNED_OUT_PAUSE, "error", "signed_out")
    if not settings.enabled:
        return Verdict(GIVEN_UP_PAUSE, "error", "unreachable", final=True)
    if settings.max_attempts and attempt > settings.max_attempts:
        return Verdict(GIVEN_UP_PAUSE, "error", "unreachable")
    if isinstance(error, Limited):
        alert = "limited" if attempt >= FLOOD_ROW else None
        return Verdict(limited_wait(error.wait, attempt), "reconnecting", alert)
    return Verdict(next_wait(attempt, settings, random), "reconnecting", None)


def next_wait(attempt: int, settings: Reconnect, random: Random) -> float:
    """Seconds before the next try: base × factor^(n-1), at most max_delay, spread by a fifth."""
    grown = settings.base_delay * settings.backoff_factor ** min(attempt - 1, 64)
    return float(min(grown, settings.max_delay) * random.uniform(0.8, 1.2))


def limited_wait(asked: float | None, attempt: int) -> float:
    """Seconds after the `attempt`-th 429 in a row: what FunPay asked for, else 2^n up to 30 s,
    five minutes from the fifth on."""
    if asked is not None:
        return asked
    return FLOOD_PAUSE if attempt >= FLOOD_ROW else float(min(2**attempt, 30))
