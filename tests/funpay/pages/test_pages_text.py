"""Dates, sums and numbers as the site writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pages_cast import NOW

from opium.funpay.errors import PageChanged
from opium.funpay.models import Currency, Money
from opium.funpay.pages import text, tree

RUB, USD, EUR = Currency.RUB, Currency.USD, Currency.EUR

DATES = [  # seen on 19 August 2026 at 15:00 in Moscow
    ("сегодня, 13:56", "2026-08-19T10:56:00"),
    ("Сегодня, 13:56 (10 минут назад)", "2026-08-19T10:56:00"),
    ("сьогодні о 13:56", "2026-08-19T10:56:00"),
    ("today, 12:20", "2026-08-19T09:20:00"),
    ("сегодня, 0:05", "2026-08-18T21:05:00"),
    ("вчера, 19:34", "2026-08-18T16:34:00"),
    ("вчора о 12:20", "2026-08-18T09:20:00"),
    ("yesterday at 9:05", "2026-08-18T06:05:00"),
    ("Был сегодня в 16:31 (10 минут назад)", "2026-08-19T13:31:00"),
    ("15 января, 12:00", "2026-01-15T09:00:00"),
    ("17 August, 13:26:58", "2026-08-17T10:26:58"),
    ("17 September, 13:26:58", "2025-09-17T10:26:58"),
    ("17 Sep, 13:26", "2025-09-17T10:26:00"),
    ("17 Sept, 13:26", "2025-09-17T10:26:00"),
    ("14 серпня, 18:19", "2026-08-14T15:19:00"),
    ("20 августа, 10:00", "2026-08-20T07:00:00"),
    ("22 августа, 10:00", "2025-08-22T07:00:00"),
    ("29 февраля, 10:00", "2024-02-29T07:00:00"),
    ("15 января 2024, 12:00", "2024-01-15T09:00:00"),
    ("11 августа 2022 в 18:12", "2022-08-11T15:12:00"),
    ("20 января в 12:58, 3 месяца назад", "2026-01-20T09:58:00"),
    ("30\u00a0октября 2022,  14:12 ", "2022-10-30T11:12:00"),
    ("17 августа, 4:05:06", "2026-08-17T01:05:06"),
    ("12.05.24", "2024-05-11T21:00:00"),
    ("04.05.2025", "2025-05-03T21:00:00"),
    ("12.05", "2026-05-11T21:00:00"),
    ("12.10", "2025-10-11T21:00:00"),
    ("01:57", "2026-08-18T22:57:00"),
    ("04:10:22", "2026-08-19T01:10:22"),
    ("вчера", None),
    ("В этом месяце", None),
    ("2 года назад", None),
    ("5 months ago", None),
    ("31 февраля, 10:00", None),
    ("5 мартобря, 10:00", None),
    ("сегодня, 25:00", None),
    ("99.99.2024", None),
    ("1 января 0001, 00:00", None),
    ("", None),
]


@pytest.mark.parametrize(("written", "moment"), DATES)
def test_dates(written: str, moment: str | None) -> None:
    found = text.parse_date(written, NOW)
    assert (found.replace(tzinfo=None).isoformat() if found else None) == moment
    assert found is None or found.tzinfo is UTC


def test_today_is_moscows_day() -> None:
    late = datetime(2026, 8, 19, 22, 30, tzinfo=UTC)  # 01:30 of the 20th in Moscow
    assert text.parse_date("сегодня, 01:00", late) == datetime(2026, 8, 19, 22, 0, tzinfo=UTC)


def test_new_year_is_not_a_year_ago() -> None:
    eve = datetime(2026, 12, 31, 20, 59, tzinfo=UTC)  # a minute to midnight in Moscow
    assert text.parse_date("1 января, 00:00", eve) == datetime(2026, 12, 31, 21, 0, tzinfo=UTC)


def test_every_month_in_every_language() -> None:
    months = {
        "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада "
        "грудня",
        "en": "January February March April May June July August September October November "
        "December",
    }
    for names in months.values():
        found = [text.parse_date(f"2 {name} 2025, 12:00", NOW) for name in names.split()]
        assert [moment.month for moment in found if moment] == list(range(1, 13))


SUMS = [
    ("10.00 ₽", "10.00", RUB),
    ("1\u00a0234.5 ₽", "1234.5", RUB),
    ("91 998 ₽", "91998", RUB),
    ("2 000 000 $", "2000000", USD),
    ("+ 1.42 ₽", "1.42", RUB),
    ("− 68.52 ₽", "-68.52", RUB),
    ("-5 €", "-5", EUR),
    ("$ 5.25", "5.25", USD),
    ("€5", "5", EUR),
    ("0.0119 $", "0.0119", USD),
    ("1234,5 ₽", "1234.5", RUB),
    ("1,234.50 $", "1234.50", USD),
    ("1.234,50 €", "1234.50", EUR),
    ("1,234,567 $", "1234567", USD),
    ("10.5 RUB", "10.5", RUB),
    ("10 USD", "10", USD),
    ("3 ¤", "3", RUB),
    ("16.22 USDT", "16.22", None),
    ("от 1664.96 ₽", "1664.96", RUB),
    ("x5 за 10 $", "10", USD),
    ("0", "0", None),
]


@pytest.mark.parametrize(("written", "amount", "currency"), SUMS)
def test_sums(written: str, amount: str, currency: Currency | None) -> None:
    assert text.money(written) == Money(Decimal(amount), currency)


@pytest.mark.parametrize("written", ["", "бесплатно", "₽", "9" * 50])
def test_a_text_without_a_sum(written: str) -> None:
    with pytest.raises(PageChanged) as caught:
        text.money(written, "orders", "price")
    assert (caught.value.page, caught.value.field) == ("orders", "price")


NUMBERS = [
    ("1 отзыв", 1),
    ("2 отзыва", 2),
    ("415 отзывов за 9 лет", 415),
    ("12 reviews in 3 months", 12),
    ("2\u00a0000\u00a0000", 2000000),
    ("3 шт.", 3),
    ("no reviews", None),
    ("9" * 30, None),
    (None, None),
]


@pytest.mark.parametrize(("written", "value"), NUMBERS)
def test_numbers(written: str | None, value: int | None) -> None:
    assert text.number(written) == value


PICTURES = [
    ('<div style="background-image: url(/img/a.png);"></div>', "/img/a.png"),
    ("<div style=\"background-image: url('/img/a.png')\"></div>", "/img/a.png"),
    ('<div><a><img src="/img/a.png"></a></div>', "/img/a.png"),
    ('<img src="/img/a.png">', "/img/a.png"),
    ("<div></div>", None),
]


@pytest.mark.parametrize(("html", "url"), PICTURES)
def test_pictures(html: str, url: str | None) -> None:
    whole = tree.parse(html)
    assert text.avatar_url(next(iter(whole.named("div", "img")))) == url


def test_the_source_of_a_page_is_indented_its_text_is_not() -> None:
    whole = tree.parse("<p>\n   раз,\n   два<br>\n   три\n</p>")
    assert text.node_text(whole.named("p")[0]) == "раз, два\nтри"
