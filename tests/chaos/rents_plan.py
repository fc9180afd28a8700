"""What will happen in a trial of rentals, drawn from its seed before anything starts."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from .plan import Death, draw

PACE = 0.005
"""Steam's pauses and retry delays last so much of what they last in life; Guard windows stay."""
GAMES = ("cs2", "dota")
MINUTES = (1, 3)
ENDINGS = ("terminate", "shorten", "refund", "runs_out")
ASKS = ("!данные", "!статус cs2", "!помощь", "!код", "!продлить", "!возврат", "!аренда dota")
CHOICES = ("rent", "extend", "refund", "")
MISCHIEF = ("", "", "", "deauthorize", "wizard")
FUNPAY_SHARE = 1 / 3
"""Sends to FunPay fail so much less often than requests to Steam."""

ANYWHERE: tuple[dict[str, Any], ...] = (
    {"action": "status", "status": 502},
    {"action": "status", "status": 502, "phase": "after"},
    {"action": "status", "status": 503, "body": "empty"},
    {"action": "status", "status": 500, "body": "truncated", "phase": "after"},
    {"action": "status", "status": 200, "body": "json-null", "phase": "after"},
    {"action": "status", "status": 200, "body": "html"},
    {"action": "eresult", "eresult": 2},
    {"action": "eresult", "eresult": 20},
    {"action": "eresult", "eresult": 2, "phase": "after"},
    {"action": "redirect_login"},
    {"action": "reset"},
    {"action": "reset", "phase": "after"},
    {"action": "half"},
    {"action": "hang", "seconds": 2},
    {"action": "hang", "seconds": 2, "phase": "after"},
    {"action": "slow", "seconds": 1},
    {"action": "expire", "what": "access_token"},
    {"action": "expire", "what": "refresh_token"},
    {"action": "buyer_kicks"},
    {"action": "decoy"},
)
LOST_CHANGES: tuple[dict[str, Any], ...] = tuple(
    {"step": "ChangePassword", "phase": phase, **kind}
    for phase in ("before", "after")
    for kind in (
        {"action": "reset"},
        {"action": "half"},
        {"action": "hang", "seconds": 2},
        {"action": "status", "status": 502},
        {"action": "status", "status": 200, "body": "json-null"},
    )
)
AT_STEPS: tuple[dict[str, Any], ...] = (
    {"action": "eresult", "eresult": 5, "step": "BeginAuthSessionViaCredentials"},
    {"action": "drop_confirmation"},
    {"action": "delay_confirmation", "seconds": 2},
    {"action": "poll_forever"},
    {"action": "expire", "what": "wizard", "step": "VerifyPassword"},
    {"action": "expire", "what": "rsa_key", "step": "ChangePassword"},
    {"action": "expire", "what": "auth_session", "step": "PollAuthSessionStatus"},
    {"action": "html", "step": "VerifyPassword"},
    {"action": "omit", "field": "access_token", "step": "PollAuthSessionStatus"},
)
LIMITS: tuple[dict[str, Any], ...] = (
    {"action": "status", "status": 429},
    {"action": "eresult", "eresult": 84, "step": "BeginAuthSessionViaCredentials"},
)
"""After these we rest for half an hour, so they strike once, a little before a death."""


@dataclass(frozen=True, slots=True)
class Stay:
    """An order, and what buyer and seller will do about it."""

    at: float
    shop: str
    buyer: str
    game: str
    minutes: int
    amount: int
    signs_in: bool
    late: bool
    """He signs in with his code only when his time is over."""
    mischief: str
    asks: tuple[str, ...]
    choice: str
    """What he wants while the order waits: see CHOICES; "" leaves it there."""
    ending: str
    stays: float


@dataclass(frozen=True, slots=True)
class RentPlan:
    shops: tuple[str, ...]
    buyers: tuple[str, ...]
    logins: dict[str, tuple[str, ...]]
    """Steam accounts of each shop: fewer than its orders."""
    stays: tuple[Stay, ...]
    deaths: tuple[Death, ...]
    limits: tuple[dict[str, Any] | None, ...]
    """For each death what Steam says a little before it."""
    funpay_faults: tuple[dict[str, Any], ...]
    steam_faults: tuple[dict[str, Any], ...]


def draw_rents(
    seed: int, rentals: int, accounts: int, kills: int, percent: float, seconds: float
) -> RentPlan:
    """The plan of a seed; orders are paid in the first half of `seconds`."""
    base = draw(seed, 0, accounts, kills, percent * FUNPAY_SHARE, seconds)
    random = Random(seed)
    buyers = tuple(f"tenant{n}" for n in range(max(2, rentals * 2 // 3)))
    logins = {
        shop: tuple(f"{shop}x{n}" for n in range(max(2, rentals // accounts // 3)))
        for shop in base.shops
    }
    moments = sorted(random.uniform(0, seconds / 2) for _ in range(rentals))
    stays = tuple(_stay(random, at, random.choice(base.shops), buyers) for at in moments)
    limits = tuple(random.choice((None, None, *LIMITS)) if percent else None for _ in base.deaths)
    funpay = (*base.faults, *base.slowness) if percent else ()
    return RentPlan(
        base.shops, buyers, logins, stays, base.deaths, limits, funpay, _faults(percent)
    )


def _stay(random: Random, at: float, shop: str, buyers: tuple[str, ...]) -> Stay:
    ending = random.choices(ENDINGS, (45, 15, 15, 25))[0]
    return Stay(
        at=at,
        shop=shop,
        buyer=random.choice(buyers),
        game=random.choice(GAMES),
        minutes=3 if ending == "shorten" else random.choice((1, 1, 1, 3)),
        amount=random.choice((1, 1, 1, 1, 2)) if ending == "terminate" else 1,
        signs_in=random.random() < 0.75,
        late=random.random() < 0.2,
        mischief=random.choice(MISCHIEF),
        asks=tuple(random.sample(ASKS, random.choice((0, 0, 1, 2)))),
        choice=random.choice(CHOICES),
        ending=ending,
        stays=random.uniform(4, 25),
    )


def _faults(percent: float) -> tuple[dict[str, Any], ...]:
    """All kinds together strike about `percent` of the requests, and lose more of the changes."""
    chance = percent / 100
    found = [
        *({**fault, "probability": 2 * chance / len(LOST_CHANGES)} for fault in LOST_CHANGES),
        *({**fault, "probability": chance / 4} for fault in AT_STEPS),
        *({**fault, "probability": chance / len(ANYWHERE)} for fault in ANYWHERE),
    ]
    return tuple({**fault, "count": None} for fault in found if chance)
