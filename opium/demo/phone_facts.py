"""What the phone is told, as lines: read from the Telegram double's log. Most of it stays there."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import Any

from opium.demo.calls import Sandbox
from opium.demo.phone import PHONE
from opium.demo.sales import Sales
from opium.demo.timeline import Line

SALE = re.compile(r"Новый заказ #(\w{8})")
NEEDS_HIM = re.compile(r"(?:Товар заканчивается: |Ждёт вашего решения\n)(.+)")
Entry = dict[str, Any]


class PhoneFacts:
    """`site` gives what is new; `summary` counts it, `wrong` is what must not be."""

    def __init__(self, telegram: Sandbox, sales: Sales) -> None:
        self._telegram, self._sales = telegram, sales
        self._seen = 0
        self._told: Counter[str] = Counter()
        """Order → how often the phone was told that it is new."""

    def site(self) -> list[Line]:
        """What reached the phone since the last call: the first sale, and what needs him."""
        lines = []
        for entry in self._telegram.get("/log", since=self._seen, what="message"):
            self._seen = entry["n"]
            at = datetime.fromisoformat(entry["wall"])
            if sale := SALE.search(entry["text"]):
                self._told[sale[1]] += 1
                if self._told.total() == 1:
                    lines.append(Line(at, PHONE, "told", sale[1], self._after(sale[1], at)))
            elif found := NEEDS_HIM.search(entry["text"]):
                lines.append(Line(at, PHONE, "told", "", f"«{found[0].splitlines()[-1]}»"))
        return lines

    def wrong(self) -> list[str]:
        """Sales told twice, and what no bot may do."""
        twice = [order for order, times in self._told.items() if times > 1]
        return twice + [str(wrong) for wrong in self._telegram.get("/wrongdoings")]

    def summary(self) -> str:
        """One line for the end."""
        twice = self._told.total() - len(self._told)
        return f"sales told to the phone {len(self._told)}, twice {twice}: says Telegram"

    def _after(self, order: str, at: datetime) -> str:
        sale = self._sales.get(order)
        after = f", {(at - sale.at).total_seconds():.1f} s after the payment" if sale else ""
        return f"that it is sold{after}"
