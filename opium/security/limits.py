"""Rate limits: one bucket hit per request, moving window, bounded memory.

flask-limiter is used without decorators: routes that do not exist and refused requests count too.
Its own memory store starts a timer thread per burst and copies lists; this one keeps a deque per
key and never more than `MAX_KEYS` of them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask_limiter import Limiter
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import Storage
from limits.storage.base import MovingWindowSupport

from opium.clock import Clock
from opium.config import Config

MAX_KEYS = 20_000
SCHEME = "opium-window"


@dataclass(frozen=True, slots=True)
class Hit:
    """What one request left of its bucket; `wait` is 0 unless it is to be refused."""

    limit: int
    remaining: int
    wait: int


class Limits:
    """The buckets `login` and `api`, per address key."""

    def __init__(self, app: Flask, config: Config, clock: Clock) -> None:
        self._enabled = config.rate_limit_enabled
        self._clock = clock
        self._items: dict[str, RateLimitItem] = {
            "login": RateLimitItemPerMinute(config.login_rate_limit_per_minute, 1, "login"),
            "api": RateLimitItemPerMinute(config.rate_limit_per_minute, 1, "api"),
        }
        options: dict[str, Any] = {"clock": clock}
        limiter = Limiter(
            key_func=lambda: "",
            strategy="moving-window",
            storage_uri=f"{SCHEME}://",
            storage_options=options,
        )
        # Known to the application already, it adds no hooks that look for decorated routes.
        app.extensions.setdefault("limiter", set()).add(limiter)
        limiter.init_app(app)
        self._limiter = limiter.limiter

    def hit(self, bucket: str, key: str) -> Hit:
        """Count one request of this address key."""
        item = self._items[bucket]
        allowed = self._limiter.hit(item, key)
        reset, remaining = self._limiter.get_window_stats(item, key)
        if allowed or not self._enabled:
            return Hit(item.amount, max(0, remaining), 0)
        wait = max(1, int(reset - self._clock.monotonic() + 0.999))
        return Hit(item.amount, 0, wait)

    def full(self, bucket: str) -> Hit:
        """What a refusal before the count shows."""
        return Hit(self._items[bucket].amount, 0, 0)


class WindowStorage(Storage, MovingWindowSupport):
    """Moments of the last hits per key; when full, the key that was quiet longest goes."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 the library's own way to register

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any):
        super().__init__(uri, wrap_exceptions)
        self._clock: Clock = options["clock"]
        self._max_keys: int = options.get("max_keys", MAX_KEYS)
        self._hits: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = self._clock.monotonic()
        with self._lock:
            hits = self._hits.get(key)
            if hits is None:
                hits = self._hits[key] = deque()
                if len(self._hits) > self._max_keys:
                    self._hits.popitem(last=False)
            else:
                self._hits.move_to_end(key)
            while hits and hits[0] <= now - expiry:
                hits.popleft()
            if len(hits) + amount > limit:
                return False
            hits.extend([now] * amount)
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        with self._lock:
            hits = self._hits.get(key)
            return (hits[0], len(hits)) if hits else (self._clock.monotonic(), 0)

    def __len__(self) -> int:
        return len(self._hits)

    def reset(self) -> int | None:
        with self._lock:
            count = len(self._hits)
            self._hits.clear()
            return count

    def clear(self, key: str) -> None:
        with self._lock:
            self._hits.pop(key, None)

    def check(self) -> bool:
        return True

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        raise NotImplementedError("Only the moving window is kept here.")

    def get(self, key: str) -> int:
        raise NotImplementedError("Only the moving window is kept here.")

    def get_expiry(self, key: str) -> float:
        raise NotImplementedError("Only the moving window is kept here.")
