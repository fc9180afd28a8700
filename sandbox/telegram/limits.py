"""How fast a bot may talk: over all chats, to one person, to one group."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.telegram.call import too_many

if TYPE_CHECKING:
    from sandbox.telegram.bots import Bot
    from sandbox.telegram.chats import Chat
    from sandbox.telegram.state import State


@dataclass
class _Talk:
    """What a bot said in one chat lately."""

    left: float
    filled: float
    said: deque[float] = field(default_factory=deque)


class Limits:
    """Counts messages that are accepted; the one too many is 429 with `retry_after`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._talks: dict[tuple[int, int], _Talk] = {}
        self._all: dict[int, deque[float]] = {}
        self._told: dict[tuple[int, str], float] = {}

    def take(self, bot: "Bot", chat: "Chat") -> None:
        """Count a message that is about to be accepted, or refuse it."""
        if not self._state.switches.limits:
            return
        wait = max(self._overall(bot), self._in_chat(bot, chat))
        if wait > 0:
            raise too_many(max(1, math.ceil(wait)))
        now = self._state.now()
        self._all[bot.id].append(now)
        talk = self._talks[bot.id, chat.id]
        talk.said.append(now)
        talk.left -= 1

    def told_to_wait(self, bot: "Bot", chat: str, seconds: float) -> None:
        """The client heard `retry_after`; sending to this chat earlier is a wrongdoing."""
        self._told[bot.id, chat] = self._state.now() + seconds

    def look(self, bot: "Bot", chat: str) -> None:
        """Note a message that comes before its `retry_after` is over."""
        early = self._told.get((bot.id, chat), 0) - self._state.now()
        if early > 0.01:
            self._state.wrong(
                f"{bot.username}: wrote to {chat} {early:.1f} s before retry_after was over"
            )

    def forget(self) -> None:
        self._talks.clear()
        self._all.clear()
        self._told.clear()

    def as_json(self) -> list[dict[str, object]]:
        """Which chats must wait, and for how many seconds."""
        now = self._state.now()
        return [
            {"bot": bot, "chat": chat, "seconds": round(until - now, 3)}
            for (bot, chat), until in self._told.items()
            if until > now
        ]

    def _overall(self, bot: "Bot") -> float:
        return self._wait(self._all.setdefault(bot.id, deque()), 1, self._state.switches.per_second)

    def _in_chat(self, bot: "Bot", chat: "Chat") -> float:
        switches, now = self._state.switches, self._state.now()
        full = float(switches.private_burst)
        talk = self._talks.setdefault((bot.id, chat.id), _Talk(full, now))
        if chat.kind != "private":
            return self._wait(talk.said, 60, switches.group_per_minute)
        gap = switches.private_gap
        gained = (now - talk.filled) / gap if gap else full
        talk.left, talk.filled = min(full, talk.left + max(0.0, gained)), now
        return (1 - talk.left) * gap if talk.left < 1 else 0

    def _wait(self, said: deque[float], seconds: float, most: int) -> float:
        """Until the oldest of the last `most` is `seconds` ago."""
        now = self._state.now()
        while said and said[0] <= now - seconds:
            said.popleft()
        return said[-most] + seconds - now if 0 < most <= len(said) else 0
