"""Chats that Telegram told us to leave in peace, so that no client of the bot asks too early."""

from __future__ import annotations

import math
import threading

from opium.clock import Clock
from opium.modules.telegram_bot.telegram.errors import TooMany

MOST = 1000


class Pauses:
    """For all clients of one bot: until when (monotonic) each chat rests."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._until: dict[int, float] = {}

    def check(self, chat: int) -> None:
        """TooMany while the chat rests."""
        now = self._clock.monotonic()
        with self._lock:
            left = self._until.get(chat, now) - now
        if left > 0:
            raise TooMany(math.ceil(left))

    def rest(self, chat: int, seconds: float) -> None:
        """Telegram wants nothing for this chat for so long."""
        now = self._clock.monotonic()
        with self._lock:
            if len(self._until) >= MOST:
                self._until = {c: until for c, until in self._until.items() if until > now}
            self._until[chat] = now + seconds
