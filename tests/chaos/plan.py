"""What will happen in a run, drawn from its seed before anything starts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from typing import Any

from .shops import KINDS

WEIGHTS = (60, 10, 22, 8)
"""How often each kind of goods is bought."""

SEND_FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "500", "when": "before"},
    {"kind": "500", "when": "after"},
    {"kind": "502", "when": "before"},
    {"kind": "502", "when": "after"},
    {"kind": "cut", "when": "before"},
    {"kind": "cut", "when": "after"},
    {"kind": "reset", "when": "after"},
    {"kind": "hang", "when": "before", "seconds": 3},
    {"kind": "hang", "when": "after", "seconds": 3},
    {"kind": "late", "seconds": 1.2},
    {"kind": "429", "retry_after": 1},
    {"kind": "cut_body"},
    {"kind": "no_echo"},
    {"kind": "challenge", "when": "after"},
    {"kind": "newer_message", "text": "спасибо"},
    {"kind": "quoted"},
    {"kind": "stale"},
)
SLOWNESS: tuple[dict[str, Any], ...] = (
    {"kind": "delay", "when": "before", "seconds": 0.4, "probability": 0.25},
    {"kind": "delay", "when": "after", "seconds": 0.4, "probability": 0.35},
)
"""No faults: a slow site while there are deaths, so that they often hit a request on the wire."""
SENDS: dict[str, Any] = {"path": "/runner/", "action": "send"}
READ_FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "500"},
    {"kind": "502", "when": "after"},
    {"kind": "cut"},
    {"kind": "cut_body"},
    {"kind": "hang", "seconds": 1},
    {"kind": "429", "retry_after": 1},
)
READ_PLACES: tuple[dict[str, Any], ...] = (
    {"path": "/orders/*"},
    {"path": "/chat/history"},
    {"path": "/api/orders/get"},
    {"path": "/", "method": "GET"},
    {"path": "/runner/", "action": "poll"},
)
READ_SHARE = 1 / 3
"""Reads fail so much less often than sends: each failed read puts the account to rest."""


@dataclass(frozen=True, slots=True)
class Payment:
    """Somebody pays, so many seconds after the beginning."""

    at: float
    shop: str
    buyer: str
    title: str
    amount: int


@dataclass(frozen=True, slots=True)
class Death:
    """SIGKILL so many seconds after a start began, then nothing for `silence` seconds."""

    after: float
    silence: float


@dataclass(frozen=True, slots=True)
class Plan:
    shops: tuple[str, ...]
    buyers: tuple[str, ...]
    old: tuple[Payment, ...]
    """Paid before the accounts were added: never ours."""
    payments: tuple[Payment, ...]
    deaths: tuple[Death, ...]
    faults: tuple[dict[str, Any], ...]
    slowness: tuple[dict[str, Any], ...]


def draw(
    seed: int,
    orders: int,
    accounts: int,
    kills: int,
    percent: float,
    seconds: float,
    kinds: Collection[str] = (),
) -> Plan:
    """The plan of a seed; orders are paid, and deaths die, within about `seconds`. `kinds`: sends
    meet only these faults."""
    random = Random(seed)
    shops = tuple(f"shop{n}" for n in range(1, accounts + 1))
    buyers = tuple(f"buyer{n}" for n in range(1, max(2, orders // 4) + 1))
    old = tuple(_payment(random, 0, shop, buyers) for shop in shops for _ in range(3))
    moments = sorted(random.uniform(0, seconds) for _ in range(orders))
    payments = tuple(_payment(random, at, random.choice(shops), buyers) for at in moments)
    pause = max(0.85, seconds / max(kills, 1) - 0.4)
    deaths = tuple(
        Death(random.uniform(0.3, 2 * pause - 0.3), random.choice((0, 0, 0.3, 1.2)))
        for _ in range(kills)
    )
    return Plan(shops, buyers, old, payments, deaths, _faults(percent, kinds), _slowness())


def _payment(random: Random, at: float, shop: str, buyers: tuple[str, ...]) -> Payment:
    kind = random.choices(KINDS, WEIGHTS)[0]
    amount = random.choice((1, 1, 1, 2, 3)) if kind.keys and kind.parts == 1 else 1
    return Payment(at, shop, random.choice(buyers), kind.title, amount)


def _faults(percent: float, kinds: Collection[str]) -> tuple[dict[str, Any], ...]:
    """All kinds together strike about `percent` of the sends, and a third of that of the reads."""
    chance = percent / 100
    sends = [{**SENDS, "count": None, **f} for f in SEND_FAULTS if not kinds or f["kind"] in kinds]
    reads = [{**place, "count": None, **fault} for place in READ_PLACES for fault in READ_FAULTS]
    for fault in sends:
        fault["probability"] = chance / len(sends)
    for fault in reads:
        fault["probability"] = chance * READ_SHARE / len(READ_FAULTS)
    return tuple(sends + reads if chance else ())


def _slowness() -> tuple[dict[str, Any], ...]:
    return tuple({**SENDS, "count": None, **fault} for fault in SLOWNESS)
