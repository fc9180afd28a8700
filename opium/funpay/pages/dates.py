"""Dates as FunPay writes them, in Moscow time (18)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

MOSCOW = timezone(timedelta(hours=3), "MSK")

_TIME = r"(?P<h>[0-9]{1,2}):(?P<mi>[0-9]{2})(?::(?P<s>[0-9]{2}))?"
_SEP = r"(?:,|\s(?:в|о|at))?\s+"
_RELATIVE = re.compile(rf"(?P<w>сегодня|сьогодні|today|вчера|вчора|yesterday){_SEP}{_TIME}")
_FULL = re.compile(
    rf"(?<![0-9])(?P<d>[0-9]{{1,2}})\s+(?P<mon>[a-zа-яіїєґ]+)(?:\s+(?P<y>[0-9]{{4}}))?{_SEP}{_TIME}"
)
_NUMERIC = re.compile(r"(?P<d>[0-9]{2})\.(?P<m>[0-9]{2})(?:\.(?P<y>[0-9]{4}|[0-9]{2}))?")
_CLOCK = re.compile(_TIME)

_TODAY = ("сегодня", "сьогодні", "today")
_MONTHS = {
    word: month
    for month, words in enumerate(
        (
            "января січня january",
            "февраля лютого february",
            "марта березня march",
            "апреля квітня april",
            "мая травня may",
            "июня червня june",
            "июля липня july",
            "августа серпня august",
            "сентября вересня september sept",
            "октября жовтня october",
            "ноября листопада november",
            "декабря грудня december",
        ),
        1,
    )
    for word in [*words.split(), words.split()[2][:3]]
}


def parse_date(text: str, now: datetime) -> datetime | None:
    """The moment in UTC that the text names, seen from `now`; None if it names none.

    A day without a year is the latest one that is not more than a day ahead.
    """
    text = " ".join(text[:200].lower().split())
    here = now.astimezone(MOSCOW)
    try:
        moment = _moment(text, here)
        return None if moment is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _moment(text: str, here: datetime) -> datetime | None:
    if match := _RELATIVE.search(text):
        return _at(here if match["w"] in _TODAY else here - timedelta(days=1), match)
    if match := _FULL.search(text):
        month = _MONTHS.get(match["mon"])
        day = month and _day(here, match["y"], month, int(match["d"]))
        return _at(day, match) if day else None
    if match := _NUMERIC.fullmatch(text):
        return _day(here, match["y"], int(match["m"]), int(match["d"]))
    if match := _CLOCK.fullmatch(text):
        return _at(here, match)
    return None


def _at(day: datetime, match: re.Match[str]) -> datetime:
    hour, minute, second = int(match["h"]), int(match["mi"]), int(match["s"] or 0)
    return day.replace(hour=hour, minute=minute, second=second, microsecond=0)


def _day(here: datetime, year: str | None, month: int, day: int) -> datetime | None:
    if year:
        full = int(year) + (2000 if len(year) == 2 else 0)
        return datetime(full, month, day, tzinfo=MOSCOW)
    for candidate in range(here.year + 1, here.year - 9, -1):
        try:
            moment = datetime(candidate, month, day, tzinfo=MOSCOW)
        except ValueError:  # 29 February of another year
            continue
        if moment <= here + timedelta(days=1):
            return moment
    return None
