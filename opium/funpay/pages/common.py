"""What every page shares: app data (1.5), header (1.7) and the check of what came (1.8).

Parsing is BeautifulSoup with the built-in html.parser: with lxml as its tree builder a section of
214 rows takes 0.79 of the time end to end and a chat message 0.93, and a SoupStrainer for the rows
builds the tree in 0.91, which is not worth a dependency or a second way of reading.
"""

from __future__ import annotations

import html as entities
import json
import re
from dataclasses import dataclass
from typing import Any

from bs4 import Tag

from opium.funpay.errors import Banned, Missing, PageChanged, SignedOut, Stale, Unreachable
from opium.funpay.models import AppData, Header, Money
from opium.funpay.pages.text import fold, money_in, node_text, number
from opium.funpay.pages.tree import Part, attr, parse
from opium.funpay.pages.values import as_int, as_object, as_text

__all__ = [
    "Page",
    "Stale",
    "app_data",
    "fragment",
    "header",
    "require_signed_in",
    "required",
]

_APP_DATA = re.compile(
    r"<body\b[^>]*?\sdata-app-data\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')", re.I
)
_DOCUMENT = re.compile(r"<(?:!doctype|title|body)\b", re.I)
_CHALLENGE = ("Just a moment", "challenge-platform")
_NOT_FOUND = (
    "страница не найдена",
    "сторінку не знайдено",
    "page not found",
    "предложение не найдено",
    "offer not found",
    "пропозицію не знайдено",
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is what was asked for."""

    name: str
    whole: Part
    content: Part
    app: AppData


def app_data(html: str) -> AppData:
    """The account, token and locale of any page, also of a guest's and of a 404 (1.5)."""
    match = _APP_DATA.search(html)
    if match is None:
        raise PageChanged("page", "app data")
    try:
        text = entities.unescape(match["double"] or match["single"] or "")
        data: dict[str, Any] = as_object(json.loads(text), "page", "app data")
    except (ValueError, RecursionError) as exc:
        raise PageChanged("page", "app data") from exc
    return AppData(
        user_id=as_int(data.get("userId"), "page", "app data userId"),
        csrf=as_text(data.get("csrf-token"), "page", "app data csrf-token"),
        locale=as_text(data.get("locale"), "page", "app data locale"),
    )


def require_signed_in(html: str, name: str, *roots: str, guest_ok: bool = False) -> Page:
    """The page, once it is sure that it is one of ours to read (1.8).

    `roots` are the classes of which the content has one; none means any page will do.
    """
    whole = parse(html)
    _refuse_dead(whole)
    root = next((found for found in map(whole.first, roots) if found), None)
    if not _APP_DATA.search(html):
        if root is None:
            raise Unreachable(_not_ours(html))
        raise PageChanged(name, "app data")
    app = app_data(html)
    guest = app.user_id == 0 or whole.first("menu-item-login") is not None
    if guest and not guest_ok:
        raise SignedOut("FunPay shows its guest page: the golden_key is no longer accepted.")
    if roots and root is None:
        _refuse_not_found(whole)
        raise PageChanged(name, f"content root {roots[0]}")
    return Page(name, whole, Part(root) if root else whole, app)


def fragment(html: str, name: str, *marks: str) -> Part:
    """A piece of HTML that an XHR brought. One of the classes `marks` must be in it, unless
    it is empty; a whole page in its place is a dead session or maintenance (1.8)."""
    part = parse(html)
    _refuse_dead(part)
    if part.first("menu-item-login"):
        raise SignedOut("FunPay shows its guest page: the golden_key is no longer accepted.")
    if any(part.first(mark) for mark in marks):
        return part
    if _APP_DATA.search(html):
        _refuse_not_found(part)
    elif _DOCUMENT.search(html) or _challenged(html):
        raise Unreachable(_not_ours(html))
    if html.strip():
        raise PageChanged(name, marks[0])
    return part


def _refuse_dead(whole: Part) -> None:
    if blocked := whole.part("account-blocked-box"):
        texts = [fold(p.get_text()) for p in blocked.named("p")] or [fold(blocked.tag.get_text())]
        raise Banned(" ".join(text for text in texts if text) or "The account is blocked.")
    if whole.first("content-account-login"):
        raise SignedOut("FunPay shows its login page: the golden_key is no longer accepted.")


def _refuse_not_found(whole: Part) -> None:
    for title in (*whole.named("h1", "title"), *whole.all("lead")):
        text = fold(title.get_text())
        if text.lower().startswith(_NOT_FOUND):
            raise Missing(text)


def _challenged(html: str) -> bool:
    return any(sign in html for sign in _CHALLENGE)


def _not_ours(html: str) -> str:
    if _challenged(html):
        return "Cloudflare asks FunPay's visitors to prove that they are human."
    return "FunPay answers with a page that is not its own, maintenance perhaps."


def header(page: Page) -> Header:
    """The header of a signed-in page (1.7)."""
    whole = page.whole
    counters = next((tag for tag in whole.named("div") if tag.get("id") == "live-counters"), None)
    return Header(
        app=page.app,
        username=fold(required(whole.first("user-link-name"), "header", "user name").get_text()),
        purchases=_badge(whole, "badge-orders"),
        sales=_badge(whole, "badge-trade"),
        unread_chats=_badge(whole, "badge-chat"),
        balance=_balance(whole),
        orders_tag=attr(counters, "data-orders") or None,
        chat_tag=attr(counters, "data-chat") or None,
    )


def _badge(whole: Part, css_class: str) -> int:
    text = node_text(whole.first(css_class))
    count = number(text) if text else 0
    if count is None:
        raise PageChanged("header", css_class)
    return count


def _balance(whole: Part) -> Money | None:
    badge = whole.first("badge-balance")
    return money_in(badge.get_text()) if badge else None


def required(tag: Tag | None, page: str, field: str) -> Tag:
    if tag is None:
        raise PageChanged(page, field)
    return tag
