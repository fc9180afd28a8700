"""Times as buyers read them (contract 9.8). Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

OVER = "истекло"
"""What is left of a rental that is over."""

_HOUR = 60
_DAY = 24 * _HOUR


def remaining(left: timedelta) -> str:
    """«45м», «2ч 15м», «1д 3ч»; a begun minute counts as one."""
    minutes = -(-left // timedelta(minutes=1))
    if minutes <= 0:
        return OVER
    days, rest = divmod(minutes, _DAY)
    hours, rest = divmod(rest, _HOUR)
    if days:
        return _joined((days, "д"), (hours, "ч"))
    return _joined((hours, "ч"), (rest, "м"))


def duration(minutes: int) -> str:
    """«12ч», «1ч 30м», «48ч»: what was bought, in hours and minutes."""
    return _joined((minutes // _HOUR, "ч"), (minutes % _HOUR, "м")) or "0м"


def end_date(moment: datetime, zone: ZoneInfo) -> str:
    """«15.02.2026 12:00» in the server's zone."""
    return moment.astimezone(zone).strftime("%d.%m.%Y %H:%M")


def _joined(*parts: tuple[int, str]) -> str:
    return " ".join(f"{number}{unit}" for number, unit in parts if number)
