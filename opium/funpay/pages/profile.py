"""A seller's profile, `/users/N/` (8)."""

from __future__ import annotations

import re
from decimal import Decimal

from bs4 import Tag

from opium.funpay.errors import PageChanged
from opium.funpay.models import Profile, ProfileSection
from opium.funpay.pages.common import Page, require_signed_in, required
from opium.funpay.pages.reviews import in_list, next_cursor
from opium.funpay.pages.rows import offer_rows
from opium.funpay.pages.text import decimal, fold, node_text, number, section_link, user_link
from opium.funpay.pages.tree import Part, attr, classes
from opium.funpay.pages.values import maybe_int

__all__ = ["profile"]

_WIDTH = re.compile(r"width:\s*(?P<n>[0-9]{1,3})%")
_REGISTERED = ("дата регистрации", "дата реєстрації", "registration date", "registered")


def profile(html: str, *, guest_ok: bool = False) -> Profile:
    """A profile with its active lots; a section without a table has none."""
    page = require_signed_in(html, "profile", "content-users-user", guest_ok=guest_ok)
    content = page.content
    title = next(iter(content.named("h1")), None)
    top = Part(required(title, "profile", "title"))
    names = top.named("span")
    chat = content.first("chat")
    return Profile(
        user_id=_user_id(page, node_text(names[0] if names else None)),
        username=fold(required(names[0] if names else None, "profile", "name").get_text()),
        online="online" in classes(title),
        badge=node_text(top.first("label")) or None,
        status_text=node_text(top.first("media-user-status")) or None,
        registered_text=_registered(content),
        rating=_rating(content),
        review_count=_review_count(content),
        sections=_sections(content),
        reviews=in_list(content),
        chat_name=attr(chat, "data-name") or None,
        chat_id=maybe_int(attr(chat, "data-id")),
        next_review_cursor=next_cursor(content),
        bars=_bars(content),
    )


def _user_id(page: Page, name: str) -> int:
    """Whose profile it is: by the reviews' form and link, the chat, the address of the page."""
    content = page.content
    chat = content.part("chat-header")
    count = content.part("rating-full-count")
    links = [*(count.named("a") if count else []), *(chat.named("a") if chat else [])]
    canonical = [tag for tag in page.whole.named("link") if "canonical" in (attr(tag, "rel") or "")]
    found = [maybe_int(content.input("user_id")), *map(user_link, [*links, *canonical])]
    own = page.whole.first("user-link-name")
    if own and name == node_text(own):
        found.append(page.app.user_id)
    user_id = next((user for user in found if user), None)
    if user_id is None:
        raise PageChanged("profile", "user id")
    return user_id


def _registered(content: Part) -> str | None:
    """The first line of it: the moment, not how long ago that was."""
    for item in content.parts("param-item"):
        heading = next(iter(item.named("h5")), None)
        if heading and fold(heading.get_text()).lower() in _REGISTERED:
            value = heading.find_next_sibling(True)
            return node_text(value if isinstance(value, Tag) else None).partition("\n")[0] or None
    return None


def _rating(content: Part) -> Decimal | None:
    """None where it is missing, `?` or `-`."""
    value = content.part("rating-value")
    return decimal(node_text(value.first("big"))) if value else None


def _review_count(content: Part) -> int | None:
    return number(node_text(content.first("rating-full-count")).replace("\n", " "))


def _bars(content: Part) -> tuple[int, ...]:
    block = content.part("rating-full")
    found = [_width(block.part(f"rating-full-item{n}")) for n in (5, 4, 3, 2, 1)] if block else []
    return tuple(found)


def _width(bar: Part | None) -> int:
    styles = [attr(tag, "style") or "" for tag in bar.named("div")] if bar else []
    widths = (int(match["n"]) for style in styles if (match := _WIDTH.search(style)))
    return next(widths, 0)


def _sections(content: Part) -> tuple[ProfileSection, ...]:
    found = []
    for block in content.parts("offer"):
        title = block.part("offer-list-title")
        link = next(iter(title.named("a")), None) if title else None
        if link is None:  # the block of reviews
            continue
        place = section_link(link)
        if place is None:
            raise PageChanged("profile", "section link")
        rows = offer_rows(block, "profile", *place)
        found.append(ProfileSection(place[1], place[0], fold(link.get_text()), rows))
    return tuple(found)
