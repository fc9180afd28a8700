"""The account of all orders: what was paid, what its buyer got, what came twice or not at all."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from opium.demo.shop import Lot

WAITS = ("waiting_stock", "held", "no_account", "existing_rental")
LATE = 20
"""Seconds after which a paid order whose buyer has nothing counts as lost."""


@dataclass
class Sale:
    """A paid order of one of our lots. Times are those of the sandbox's log: `paid` and
    `delivered` on its monotonic clock, `at` is the payment on the wall."""

    order: str
    lot: Lot
    buyer: str
    amount: int
    paid: float
    at: datetime
    parts: Counter[str] = field(default_factory=Counter)
    """Marker line of a message → how often it arrived."""
    goods: list[str] = field(default_factory=list)
    delivered: float | None = None
    refunded: bool = False
    waited: bool = False
    status: str = ""
    """Opium's own word for the delivery."""

    @property
    def seconds(self) -> float:
        """From the payment to the last of the goods."""
        return (self.delivered or self.paid) - self.paid

    @property
    def waits(self) -> bool:
        """Rightly without goods: there are none, or a person has to decide."""
        return self.delivered is None and self.status in WAITS

    def got(self, marker: str, of: int, goods: list[str], at: float) -> bool:
        """A message with goods arrived; whether it made the order complete."""
        self.parts[marker] += 1
        self.goods += goods
        complete = self.lot.stock is None or len(self.goods) == self.amount
        if self.delivered is not None or len(self.parts) < of or not complete:
            return False
        self.delivered = at
        return True


class Sales(dict[str, Sale]):
    """All sales by order id."""

    def delivered(self) -> list[Sale]:
        return [sale for sale in self.values() if sale.delivered is not None]

    def open(self) -> list[Sale]:
        """Still owed something, and not for want of stock."""
        return [
            sale
            for sale in self.values()
            if sale.delivered is None and not sale.refunded and not sale.waits
        ]

    def lost(self) -> list[Sale]:
        """Open for longer than any delivery may take."""
        now = time.monotonic()
        return [sale for sale in self.open() if now - sale.paid > LATE]

    def doubled(self) -> int:
        """Messages and goods that came more often than once; re-deliveries aside."""
        parts = [times for sale in self.values() for times in sale.parts.values()]
        goods = Counter(item for sale in self.values() for item in sale.goods)
        return sum(times - 1 for times in (*parts, *goods.values()))

    def median(self) -> float | None:
        """Seconds of a delivery, of orders that did not have to wait for stock."""
        taken = [sale.seconds for sale in self.delivered() if not sale.waited]
        return median(taken) if taken else None

    def summary(self) -> str:
        """Two lines for the end."""
        middle = self.median()
        orders = f"{len(self)} order{'' if len(self) == 1 else 's'}"
        pieces = [orders, f"{len(self.delivered())} delivered"]
        if middle is not None:
            pieces.append(f"median {middle:.1f} s from payment to goods")
        for name, count in (
            ("refunded", sum(sale.refunded for sale in self.values())),
            ("waiting", sum(sale.waits and not sale.refunded for sale in self.values())),
            ("on the way", len(self.open()) - len(self.lost())),
        ):
            if count:
                pieces.append(f"{count} {name}")
        checked = "counted in the marketplace's own log"
        return f"{', '.join(pieces)}\ndoubled {self.doubled()}, lost {len(self.lost())}: {checked}"
