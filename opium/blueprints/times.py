"""Moments as the API writes them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from opium.config import Config

MOSCOW = ZoneInfo("Europe/Moscow")
UNKNOWN_DATE = "1970-01-01 00:00:00"
"""For an order whose date was not understood: the text is never null and sorts last."""


def iso(moment: datetime, config: Config) -> str:
    """ISO-8601 with offset, in the configured zone (the system's if none is set)."""
    zone = ZoneInfo(config.timezone) if config.timezone else None
    return moment.astimezone(zone).isoformat(timespec="seconds")


def shown_date(moment: datetime | None) -> str:
    """An order's date as FunPay shows it: Moscow time, no zone."""
    if moment is None:
        return UNKNOWN_DATE
    return moment.astimezone(MOSCOW).strftime("%Y-%m-%d %H:%M:%S")
