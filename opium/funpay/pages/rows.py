"""A lot in a table: of a section (10), a profile (8) or my own list (12.1)."""

from __future__ import annotations

import re
from decimal import Decimal

from opium.funpay.errors import PageChanged
from opium.funpay.models import Money, OfferRow
from opium.funpay.pages.reviews import stars_in
from opium.funpay.pages.text import decimal, fold, money_in, node_text, number, user_link
from opium.funpay.pages.tree import Part, attr, classes

__all__ = ["offer_rows"]

_ID = re.compile(r"[?&](?:id|offer)=(?P<id>[0-9]{1,15}(?:-[0-9]{1,15}){0,4})(?:&|#|$)")
_KNOWN_DATA = ("server", "side", "online", "auto", "user", "offer")
_KNOWN_CELLS = ("server", "side", "desc", "user", "amount", "price", "item", "visible", "status")


def offer_rows(part: Part, page: str, kind: str, section_id: int) -> tuple[OfferRow, ...]:
    """The lots of a table. A promoted one is shown twice (10): its copy is dropped."""
    rows = [_row(item, page, kind, section_id) for item in part.parts("tc-item")]
    plain = {row.offer_id for row, promoted in rows if not promoted}
    kept: dict[str, OfferRow] = {}
    for row, promoted in rows:
        if not (promoted and row.offer_id in plain):
            kept.setdefault(row.offer_id, row)
    return tuple(kept.values())


def _row(row: Part, page: str, kind: str, section_id: int) -> tuple[OfferRow, bool]:
    marks = classes(row.tag)
    title = row.first("tc-desc-text")
    if title is None and kind == "lot":
        raise PageChanged(page, "lot title")
    user = row.part("tc-user")
    exact, shown = _price(row, kind)
    return OfferRow(
        offer_id=_offer_id(row, page),
        title=node_text(title),
        price=exact,
        section_id=section_id,
        section_type=kind,
        active="warning" not in marks,
        server=node_text(row.first("tc-server")) or None,
        side=node_text(row.first("tc-side")) or None,
        amount=_amount(row),
        auto_delivery=attr(row.tag, "data-auto") == "1" or row.first("auto-dlv-icon") is not None,
        promoted=bool(marks & {"offer-promo", "offer-promoted"}),
        online=attr(row.tag, "data-online") == "1",
        seller=node_text(user.first("media-user-name")) or None if user else None,
        seller_id=_seller_id(row, user),
        seller_stars=stars_in(user.first("rating-stars")) if user else None,
        seller_reviews=_seller_reviews(user) if user else None,
        shown_price=shown,
        extra=_extra(row),
    ), "offer-promoted" in marks


def _offer_id(row: Part, page: str) -> str:
    """My own rows say it themselves, the others by their link."""
    own = attr(row.tag, "data-offer") or ""
    match = _ID.search(attr(row.tag, "href") or "")
    if re.fullmatch("[0-9]{1,15}", own):
        return own
    if match is None:
        raise PageChanged(page, "lot id")
    return match["id"]


def _price(row: Part, kind: str) -> tuple[Money | None, Money | None]:
    """(exact, shown). `data-s` is exact on lots and a mere rank on chips (10)."""
    cell = row.first("tc-price")
    shown = money_in(cell.get_text(" ")) if cell else None
    exact: Decimal | None = decimal(attr(cell, "data-s"))
    if kind == "chip" or exact is None:
        return shown, shown
    return Money(exact, shown.currency if shown else None), shown


def _amount(row: Part) -> int | None:
    cell = row.first("tc-amount")
    return number(attr(cell, "data-s") or node_text(cell)) if cell else None


def _seller_id(row: Part, user: Part | None) -> int | None:
    """The avatar links to the seller on guests' pages too (10)."""
    for tag in user.named("div", "span", "a") if user else []:
        if found := user_link(tag):
            return found
    return number(attr(row.tag, "data-user"))


def _seller_reviews(user: Part) -> int | None:
    return number(node_text(user.first("rating-mini-count") or user.first("media-user-reviews")))


def _extra(row: Part) -> dict[str, str]:
    """The section's own fields: filter values (`data-f-type`), then columns (`tc-level`)."""
    names = [name for name in row.tag.attrs if name.startswith("data-")]
    extra = {name[5:]: attr(row.tag, name) or "" for name in names if name[5:] not in _KNOWN_DATA}
    for tag in row.named("div"):
        for name in classes(tag):
            if name.startswith("tc-") and not name[3:].startswith(_KNOWN_CELLS):
                extra[name] = fold(tag.get_text(" "))
    return extra
