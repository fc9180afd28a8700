"""Reviews: of a profile or offer and their paging (9), of one order (6.3)."""

from __future__ import annotations

import re

from bs4 import Tag

from opium.funpay.models import Money, Review, ReviewsPage
from opium.funpay.pages.common import fragment
from opium.funpay.pages.text import fold, money_in, node_text, order_link, user_link
from opium.funpay.pages.tree import Part, attr, classes

__all__ = ["in_list", "next_cursor", "order_review", "reviews"]

_STARS = re.compile(r"rating-?([1-5])")


def reviews(html: str) -> ReviewsPage:
    """Answer of POST `/users/reviews`; a filter without results has neither table nor form."""
    part = fragment(html, "reviews", "dyn-table", "review-container", "pb20")
    return ReviewsPage(in_list(part), next_cursor(part))


def in_list(part: Part) -> tuple[Review, ...]:
    """Every review of a page's list."""
    return tuple(_review(item) for item in part.parts("review-container"))


def next_cursor(part: Part) -> str | None:
    """Where the next page begins; None on the last one (empty, `0` or no input, 5.2)."""
    cursor = part.input("continue")
    return None if cursor in (None, "", "0") else cursor


def order_review(part: Part) -> Review | None:
    """The review of an order page or of `/orders/review`'s answer; None if there is none."""
    box = part.part("review-container")
    if box is None or box.first("review-empty-text"):
        return None
    if not box.first("review-item-text") and not attr(box.tag, "data-rating"):
        return None
    whole = part.part("order-review") or part
    hidden = any("text-warning" in classes(span) for span in whole.named("span"))
    return _review(box, hidden)


def _review(box: Part, hidden: bool = False) -> Review:
    detail = node_text(box.first("review-item-detail")) or None
    author = box.part("review-compiled-review")
    name = author.part("media-user-name") if author else None
    return Review(
        stars=_stars(box),
        text=node_text(box.first("review-item-text")),
        reply=_reply(box),
        hidden=hidden,
        author=node_text(name.tag) or None if name else None,
        author_id=_author_id(box, name),
        date_text=node_text(box.first("review-item-date")) or None,
        order_id=_order(box),
        detail=_game(detail),
        price=_price(detail),
    )


def _stars(box: Part) -> int | None:
    quick = attr(box.tag, "data-rating")
    if quick and re.fullmatch("[1-5]", quick):
        return int(quick)
    return stars_in(box.first("rating"))


def stars_in(tag: Tag | None) -> int | None:
    """1 to 5 from a class `rating4` or `rating-4` of the element or of those in it."""
    for node in [] if tag is None else [tag, *tag.find_all(True)]:
        for name in classes(node):
            if match := _STARS.fullmatch(name):
                return int(match[1])
    return None


def _reply(box: Part) -> str | None:
    reply = box.first("review-compiled-reply")
    text = reply.find("div", recursive=False) if reply else None
    return node_text(text if isinstance(text, Tag) else reply) or None


def _author_id(box: Part, name: Part | None) -> int | None:
    """From the name's link; the photo's once pointed to somebody else. An order page has no
    name but says whose row it is."""
    if name:
        return next((user_link(link) for link in name.named("a")), None)
    for row in box.all("review-item-row"):
        author = attr(row, "data-author") or ""
        if attr(row, "data-row") == "review" and re.fullmatch("[0-9]{1,15}", author):
            return int(author)
    return None


def _order(box: Part) -> str | None:
    if order := attr(box.tag, "data-order"):
        return order
    place = box.part("review-item-order")
    return next((order_link(link) for link in place.named("a")), None) if place else None


def _game(detail: str | None) -> str | None:
    """A game's name may hold commas, the sum after the last one not (9)."""
    return fold(detail.rpartition(",")[0] or detail) if detail else None


def _price(detail: str | None) -> Money | None:
    return money_in(detail.rpartition(",")[2]) if detail and "," in detail else None
