"""Games and their sections: the main page and the game search (16, 17)."""

from __future__ import annotations

from bs4 import Tag

from opium.funpay.errors import PageChanged
from opium.funpay.models import Category
from opium.funpay.pages.answers import refuse
from opium.funpay.pages.common import fragment, require_signed_in, required
from opium.funpay.pages.text import fold, section_link
from opium.funpay.pages.tree import Part, attr
from opium.funpay.pages.values import as_int, as_object, as_text

__all__ = ["categories", "promo_filter"]


def categories(html: str, *, guest_ok: bool = False) -> tuple[Category, ...]:
    """Every game of the main page once, though the recent ones are listed twice."""
    page = require_signed_in(html, "main page", "content-promo-index", guest_ok=guest_ok)
    required(page.content.first("promo-game-item"), "main page", "games")
    return _categories(page.content)


def promo_filter(data: object) -> tuple[Category, ...]:
    """Decoded answer of POST `/games/promoFilter`; nothing found is no error."""
    answer = as_object(data, "game search", "answer")
    refuse(answer, stale_on_one=True)
    html = as_text(answer.get("html"), "game search", "html")
    return _categories(fragment(html, "game search", "promo-game-item", "promo-games"))


def _categories(part: Part) -> tuple[Category, ...]:
    found: dict[int, Category] = {}
    for item in part.parts("promo-game-item"):
        for category in _item(item):
            found.setdefault(category.game_id, category)
    return tuple(found.values())


def _item(item: Part) -> list[Category]:
    """One game; with several regions each has a title, a list and a button of its own id."""
    regions = {attr(button, "data-id"): fold(button.get_text()) for button in item.named("button")}
    lists = {attr(ul, "data-id"): ul for ul in item.named("ul")}
    found = []
    for title in item.all("game-title"):
        name = attr(title, "data-id")
        found.append(
            Category(
                game_id=as_int(name, "games", "data-id"),
                name=fold(title.get_text()),
                region=regions.get(name, ""),
                sections=_sections(lists.get(name)),
            )
        )
    return found


def _sections(ul: Tag | None) -> tuple[tuple[str, int, str], ...]:
    found = []
    for link in ul.find_all("a") if ul else []:
        place = section_link(link)
        if place is None:
            raise PageChanged("games", "section link")
        found.append((*place, fold(link.get_text())))
    return tuple(found)
