"""Texts, numbers and money as FunPay writes them (18); dates have `dates`."""

from __future__ import annotations

import re
from decimal import Decimal

from bs4 import NavigableString, Tag

from opium.funpay.errors import PageChanged
from opium.funpay.models import Currency, Money
from opium.funpay.pages.dates import parse_date
from opium.funpay.pages.tree import attr

__all__ = [
    "avatar_url",
    "decimal",
    "fold",
    "money",
    "money_in",
    "node_text",
    "number",
    "order_link",
    "parse_date",
    "section_link",
    "user_link",
]

_BREAK = "\v"
_SPACES = re.compile(r"[^\S\v\n]+")
_MONEY = re.compile(
    r"(?P<sign>[+\-\u2212–—]?)\s*(?P<pre>[₽$€¤])?\s*(?P<num>[0-9][0-9 .,]*)"
    r"\s*(?P<cur>₽|\$|€|¤|[A-Z]{3,4}\b)?"
)
_CURRENCIES = {
    "₽": Currency.RUB,
    "¤": Currency.RUB,
    "RUB": Currency.RUB,
    "$": Currency.USD,
    "USD": Currency.USD,
    "€": Currency.EUR,
    "EUR": Currency.EUR,
}
_NUMBER = re.compile(r"[0-9]+(?: [0-9]{3})*")
_DECIMAL = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_URL = re.compile(r"url\((?P<q>['\"]?)(?P<url>[^'\")]+)(?P=q)\)")
_USER = re.compile(r"/users/(?P<id>[0-9]{1,15})(?:/|$)")
_ORDER = re.compile(r"/orders/(?P<order>[A-Z0-9]{8})(?:/|$|[?#])")
_SECTION = re.compile(r"/(?P<kind>lots|chips)/(?P<id>[0-9]{1,15})(?:/|$)")


def fold(text: str) -> str:
    """The text on one line: runs of spaces, nbsp and line feeds are one space."""
    return " ".join(text.split())


def node_text(tag: Tag | None, *, typed: bool = False) -> str:
    """The text of an element, `<br>` as line feed; "" for a missing element.

    In a `typed` text (a chat message, 3.3) line feeds of the source count as well; elsewhere
    they are the template's indentation.
    """
    if tag is None:
        return ""
    pieces = (_piece(node) for node in tag.descendants)
    lines = "".join(piece for piece in pieces if piece).split(_BREAK)
    if typed:
        return "\n".join(_typed(line) for line in lines).strip("\n")
    return "\n".join(fold(line) for line in lines).strip("\n")


def _piece(node: object) -> str | None:
    if isinstance(node, Tag):
        return _BREAK if node.name == "br" else None
    # Comments, scripts and declarations are subclasses.
    return node.replace(_BREAK, " ") if type(node) is NavigableString else None


def _typed(line: str) -> str:
    rows = _SPACES.sub(" ", line).strip().split("\n")
    return "\n".join(row.strip() for row in rows)


def money(text: str, page: str = "text", field: str = "price") -> Money:
    """The first sum of the text, with its sign; `PageChanged` if there is none."""
    found = money_in(text)
    if found is None:
        raise PageChanged(page, field)
    return found


def money_in(text: str) -> Money | None:
    """The first sum with a currency, else the first number, else None."""
    found = list(_MONEY.finditer(fold(text[:200])))
    for match in found:
        if match["pre"] or match["cur"]:
            return _money(match)
    return _money(found[0]) if found else None


def _money(match: re.Match[str]) -> Money | None:
    digits = _plain(match["num"])
    if digits is None:
        return None
    minus = match["sign"] not in ("", "+")
    sign = match["pre"] or match["cur"] or ""
    return Money(-digits if minus else digits, _CURRENCIES.get(sign))


def _plain(digits: str) -> Decimal | None:
    """The later of `,` and `.` is the decimal mark; a mark that occurs twice groups."""
    digits = digits.replace(" ", "").rstrip(".,")
    mark = max(".,", key=digits.rfind)
    if digits.count(mark) > 1:
        mark = ""
    whole, _, fraction = digits.rpartition(mark) if mark and mark in digits else (digits, "", "")
    return decimal(re.sub("[.,]", "", whole) + ("." + fraction if fraction else ""))


def decimal(text: str | None) -> Decimal | None:
    """A plain decimal such as `data-s`; None for anything else."""
    return Decimal(text) if text and _DECIMAL.fullmatch(text) else None


def number(text: str | None) -> int | None:
    """The first whole number, its groups split by spaces (`2 000 000`); None if there is none."""
    match = _NUMBER.search(fold((text or "")[:200]))
    digits = match[0].replace(" ", "") if match else ""
    return int(digits) if 0 < len(digits) <= 15 else None


def avatar_url(tag: Tag | None) -> str | None:
    """The picture of `.avatar-photo`: its style or the image in it."""
    if tag is None:
        return None
    match = _URL.search(attr(tag, "style") or "")
    image = tag if tag.name == "img" else tag.find("img")
    return match["url"] if match else attr(image, "src") if isinstance(image, Tag) else None


def user_link(tag: Tag | None) -> int | None:
    """The user whom a link or a `data-href` names."""
    match = _USER.search(attr(tag, "href") or attr(tag, "data-href") or "")
    return int(match["id"]) if match else None


def order_link(tag: Tag | None) -> str | None:
    match = _ORDER.search(attr(tag, "href") or "")
    return match["order"] if match else None


def section_link(tag: Tag | None) -> tuple[str, int] | None:
    """(`lot` or `chip`, id) of a link to a section."""
    match = _SECTION.search(attr(tag, "href") or "")
    return (match["kind"].removesuffix("s"), int(match["id"])) if match else None
