"""Every address of the site that Opium uses, without locale prefix (protocol 1.6, 22)."""

from __future__ import annotations

from urllib.parse import quote

HOME = "/"
RUNNER = "/runner/"

CHATS = "/chat/"
HISTORY = "/chat/history"
UPLOAD_IMAGE = "/file/addChatImage"

SALES = "/orders/trade"
ORDERS_API = "/api/orders/get"
REFUND = "/orders/refund"
REVIEW = "/orders/review"
REVIEW_DELETE = "/orders/reviewDelete"

OFFER = "/lots/offer"
CHIPS_OFFER = "/chips/offer"
OFFER_EDIT = "/lots/offerEdit"
OFFER_SAVE = "/lots/offerSave"
RAISE = "/lots/raise"

BALANCE = "/account/balance"
LOGIN = "/account/login"
BLOCKED = "/account/blocked"

LOCALES = ("en", "uk")
"""Prefixes beside the bare one, which is Russian."""


def order(order_id: str) -> str:
    return f"/orders/{quote(order_id, safe='')}/"


def user(user_id: int) -> str:
    return f"/users/{user_id}/"


def own_lots(section_id: int) -> str:
    return f"/lots/{section_id}/trade"


def section(kind: str, section_id: int) -> str:
    """A public list; `kind` is `lot` or `chip`."""
    return f"/{'chips' if kind == 'chip' else 'lots'}/{section_id}/"


def split_locale(path: str) -> tuple[str, str]:
    """("", path) or ("/en", rest): the locale prefix of a path and what follows it."""
    for locale in LOCALES:
        prefix = f"/{locale}"
        if path == prefix or path.startswith(prefix + "/"):
            return prefix, path[len(prefix) :] or "/"
    return "", path
