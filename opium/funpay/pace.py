"""When the next turn is: pure rules, all moments in monotonic seconds.

Two classes (decisions, "pace"). *Order work* (sends, refunds and the reads that decide an order)
is not counted in bursts and its reads follow at once; sends keep the base delay between any two
and 1.5 s inside one chat. *Everything else* obeys `rate_limit` whole. A pause stops both.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from enum import IntEnum

CHAT_GAP = 1.5
"""Seconds between two messages to one chat (protocol 2.5)."""

_CHATS_REMEMBERED = 256


class Kind(IntEnum):
    """What a turn is for; smaller is served first."""

    SEND = 0
    """A message: order work with the gaps of sends."""
    ORDER = 1
    """A refund, or a read that decides an order."""
    OTHER = 2


@dataclass(frozen=True, slots=True)
class Pace:
    """`rate_limit` of contract 4.3; seconds and factors."""

    base_delay: float = 1.0
    jitter_min: float = 0.8
    jitter_max: float = 1.3
    burst_limit: int = 5
    burst_window: float = 10.0
    cooldown_after_burst: float = 5.0

    def spread(self, chance: float) -> float:
        """The jitter factor for a chance in [0, 1)."""
        return self.jitter_min + (self.jitter_max - self.jitter_min) * chance


@dataclass(slots=True)
class Past:
    """What the next turn depends on. `chance` is drawn anew with each turn, so that settings
    changed meanwhile act at once."""

    last: float | None = None
    last_send: float | None = None
    chance: float = 0.5
    send_chance: float = 0.5
    counted: deque[float] = field(default_factory=deque)
    chats: OrderedDict[int | str, float] = field(default_factory=OrderedDict)
    paused_until: float = 0.0


def next_turn(kind: Kind, chat: int | str | None, pace: Pace, past: Past) -> float:
    """The earliest moment of a turn; may lie in the past."""
    moments = [past.paused_until]
    if kind is Kind.SEND:
        if past.last_send is not None:
            moments.append(past.last_send + pace.base_delay * pace.spread(past.send_chance))
        if chat is not None and chat in past.chats:
            moments.append(past.chats[chat] + CHAT_GAP)
    elif kind is Kind.OTHER:
        if past.last is not None:
            moments.append(past.last + pace.base_delay * pace.spread(past.chance))
        moments.append(_after_burst(pace, past))
    return max(moments)


def take_turn(
    kind: Kind, chat: int | str | None, pace: Pace, past: Past, now: float, chance: float
) -> None:
    """Note in `past` that a turn begins now."""
    past.last, past.chance = now, chance
    if kind is Kind.SEND:
        past.last_send, past.send_chance = now, chance
        if chat is not None:
            past.chats[chat] = now
            past.chats.move_to_end(chat)
            while len(past.chats) > _CHATS_REMEMBERED:
                past.chats.popitem(last=False)
    elif kind is Kind.OTHER:
        if len(past.counted) >= pace.burst_limit:
            past.counted.clear()  # the burst's cool-down is over: a new count begins
        past.counted.append(now)
        while past.counted[0] <= now - pace.burst_window:
            past.counted.popleft()


def spare_turns(pace: Pace, past: Past, now: float) -> int:
    """Quiet turns left before the cool-down; at a limit of one, every turn counts as spare."""
    recent = sum(1 for moment in past.counted if moment > now - pace.burst_window)
    return max(pace.burst_limit, 2) - recent


def _after_burst(pace: Pace, past: Past) -> float:
    """The end of the cool-down, if `burst_limit` calls lie inside the window of the last one."""
    if len(past.counted) < pace.burst_limit:
        return 0.0
    return past.counted[-1] + pace.cooldown_after_burst * pace.spread(past.chance)
