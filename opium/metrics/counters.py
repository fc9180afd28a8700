"""What no row remembers, counted while we work; it begins at 0 with each start.

Called from the hot path: a count costs a few microseconds and never waits for anybody.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

from opium.clock import Clock

SECONDS = (0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 15, 30, 60, 120, 300, 900, 3600)


class Counters:
    """The counters of one server; `registry` is what Prometheus' library reads them from."""

    def __init__(self, clock: Clock) -> None:
        # A moment of birth beside each counter would double the page; nobody asks for it.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._clock = clock
        self.registry = CollectorRegistry(auto_describe=False)
        self._polls = Counter(
            "opium_polls",
            "Polls of FunPay, by how they ended.",
            ["account", "result"],
            registry=self.registry,
        )
        self._answers = Counter(
            "opium_funpay_answers",
            "Requests to FunPay by status; none: the answer was lost, not_sent: no connection.",
            ["account", "code"],
            registry=self.registry,
        )
        self._ended = Counter(
            "opium_commands_ended",
            "Commands that a worker brought to an end.",
            ["account", "kind", "state"],
            registry=self.registry,
        )
        self._accepted = Histogram(
            "opium_command_seconds",
            "From a command being stored to FunPay having accepted it, with all waiting.",
            ["kind"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._goods = Histogram(
            "opium_order_to_goods_seconds",
            "From a paid order being first seen to its goods being with the buyer.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self._last_poll: dict[str, float] = {}
        self._found: dict[tuple[Any, ...], Counter] = {}
        """Looking a counter up by its labels costs more than counting."""

    def polled(self, account_id: str) -> None:
        """A poll was answered."""
        self._count(self._polls, account_id, "good")
        self._last_poll[account_id] = self._clock.monotonic()

    def poll_failed(self, account_id: str, error: Exception) -> None:
        self._count(self._polls, account_id, type(error).__name__.lower())

    def since_poll(self, account_id: str) -> float | None:
        """Seconds since the last good poll; None if there was none since the start."""
        last = self._last_poll.get(account_id)
        return None if last is None else self._clock.monotonic() - last

    def answered(self, account_id: str, code: str) -> None:
        """A request to FunPay ended: the status, `none` or `not_sent`."""
        self._count(self._answers, account_id, code)

    def ended(self, account_id: str, kind: str, state: str, seconds: float) -> None:
        """A command came to its end, `seconds` after it was stored."""
        self._count(self._ended, account_id, kind, state)
        if state == "done":
            self._accepted.labels(kind).observe(max(0.0, seconds))

    def handed_out(self, seconds: float) -> None:
        """All goods of an order are with the buyer, `seconds` after the order was seen."""
        self._goods.observe(max(0.0, seconds))

    def keep(self, accounts: Collection[str]) -> None:
        """Drop the counts of all others: who was deleted must not stay on the page for ever."""
        gone = {key[1] for key in tuple(self._found)} - set(accounts)
        for account_id in gone:
            self._last_poll.pop(account_id, None)
            for key in [key for key in tuple(self._found) if key[1] == account_id]:
                self._found.pop(key, None)
            for counter in (self._polls, self._answers, self._ended):
                counter.remove_by_labels({"account": account_id})

    def _count(self, counter: Counter, *labels: str) -> None:
        key = (counter, *labels)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = counter.labels(*labels)
        found.inc()
