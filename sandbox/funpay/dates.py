"""Moments in the site's many spellings. All of them are Moscow time."""

from datetime import datetime, timedelta, timezone

MOSCOW = timezone(timedelta(hours=3))
MONTHS = {
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "en": "January February March April May June July August September October November December",
}
WORDS = {
    "ru": ("сегодня", "вчера", "{n} {unit} назад", "только что"),
    "en": ("today", "yesterday", "{n} {unit} ago", "just now"),
}
UNITS = (
    (365 * 86400, ("год", "года", "лет"), "year"),
    (30 * 86400, ("месяц", "месяца", "месяцев"), "month"),
    (7 * 86400, ("неделю", "недели", "недель"), "week"),
    (86400, ("день", "дня", "дней"), "day"),
    (3600, ("час", "часа", "часов"), "hour"),
    (60, ("минуту", "минуты", "минут"), "minute"),
)


def plural(n: int, forms: tuple[str, str, str]) -> str:
    """1 час, 2 часа, 5 часов."""
    if n % 10 == 1 and n % 100 != 11:
        return forms[0]
    if 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14:
        return forms[1]
    return forms[2]


def day_and_time(at: datetime, now: datetime, locale: str, seconds: bool = False) -> str:
    """`сегодня, 13:56`, `17 сентября, 9:05`, `15 января 2024, 12:00`."""
    return f"{_day(at, now, locale)}, {_time(at, seconds)}"


def said(at: datetime, now: datetime, locale: str) -> str:
    """`сегодня в 16:31`, as in states and own reviews."""
    return f"{_day(at, now, locale)} {'at' if locale == 'en' else 'в'} {_time(at)}"


def date_title(at: datetime, locale: str) -> str:
    """`17 августа, 4:05:06`: no year, and no zero before the hour."""
    at = at.astimezone(MOSCOW)
    return f"{at.day} {_month(at, locale)}, {_time(at, seconds=True)}"


def day_title(at: datetime, locale: str) -> str:
    at = at.astimezone(MOSCOW)
    return f"{at.day} {_month(at, locale)}"


def full(at: datetime, locale: str) -> str:
    """With the year whatever it is, as in registrations."""
    at = at.astimezone(MOSCOW)
    return f"{at.day} {_month(at, locale)} {at.year}, {_time(at)}"


def short(at: datetime, now: datetime) -> str:
    """In messages: the time today, else `DD.MM.YY`."""
    at, now = at.astimezone(MOSCOW), now.astimezone(MOSCOW)
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%d.%m.%y}"


def contact(at: datetime, now: datetime, locale: str) -> str:
    """In the chat list: `01:57`, `вчера`, `17.08`."""
    at, now = at.astimezone(MOSCOW), now.astimezone(MOSCOW)
    if at.date() == now.date():
        return f"{at:%H:%M}"
    if at.date() == now.date() - timedelta(days=1):
        return WORDS[locale][1]
    return f"{at:%d.%m}"


def ago(at: datetime, now: datetime, locale: str) -> str:
    passed = int((now - at).total_seconds())
    for size, forms, english in UNITS:
        if passed >= size:
            n = passed // size
            unit = plural(n, forms) if locale == "ru" else english + "s" * (n != 1)
            return WORDS[locale][2].format(n=n, unit=unit)
    return WORDS[locale][3]


def lasting(at: datetime, now: datetime, locale: str) -> str:
    """How long: `5 лет`, `3 месяца`."""
    text = ago(at, now, locale)
    return text.removesuffix(" назад").removesuffix(" ago")


def coarse(at: datetime, now: datetime, locale: str) -> str:
    """Dates of public reviews."""
    months = (now - at).days // 30
    if months == 0:
        return "This month" if locale == "en" else "В этом месяце"
    if months == 1:
        return "Month ago" if locale == "en" else "Месяц назад"
    return ago(at, now, locale)


def _day(at: datetime, now: datetime, locale: str) -> str:
    at, now = at.astimezone(MOSCOW), now.astimezone(MOSCOW)
    today, yesterday, *_ = WORDS[locale]
    if at.date() == now.date():
        return today
    if at.date() == now.date() - timedelta(days=1):
        return yesterday
    year = "" if at.year == now.year else f" {at.year}"
    return f"{at.day} {_month(at, locale)}{year}"


def _time(at: datetime, seconds: bool = False) -> str:
    at = at.astimezone(MOSCOW)
    return f"{at.hour}:{at:%M}" + (f":{at:%S}" if seconds else "")


def _month(at: datetime, locale: str) -> str:
    return MONTHS[locale].split()[at.month - 1]
