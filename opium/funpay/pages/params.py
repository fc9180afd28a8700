"""Pairs of heading and value, `.param-list .param-item` of orders (6.2) and offers (11)."""

from __future__ import annotations

from dataclasses import dataclass

from bs4 import Tag

from opium.funpay.pages.text import fold, node_text
from opium.funpay.pages.tree import Part

__all__ = ["Params", "params"]


@dataclass(frozen=True, slots=True)
class Params:
    """The values by heading; headings are compared lower-case (6.2)."""

    found: tuple[tuple[str, Tag], ...]

    def tag(self, headings: tuple[str, ...]) -> Tag | None:
        return next((value for name, value in self.found if name.lower() in headings), None)

    def text(self, headings: tuple[str, ...]) -> str | None:
        value = self.tag(headings)
        return None if value is None else node_text(value)

    def others(self, known: tuple[str, ...]) -> dict[str, str]:
        """What has another heading, by the heading in lower case."""
        return {name.lower(): text for name, text in self.originals(known).items()}

    def originals(self, known: tuple[str, ...]) -> dict[str, str]:
        """The same by the heading as it is shown."""
        return {name: node_text(value) for name, value in self.found if name.lower() not in known}


def params(content: Part) -> Params:
    """Every param of a page; the order form's prices and a block of buttons are none."""
    place = content.part("param-list")
    found = []
    for item in place.all("param-item") if place else []:
        heading = item.find("h5", recursive=False)
        value = heading.find_next_sibling(True) if isinstance(heading, Tag) else None
        if not isinstance(heading, Tag) or not isinstance(value, Tag) or item.find_parent("form"):
            continue
        if value.name in ("div", "ul"):
            found.append((fold(heading.get_text()), value))
    return Params(tuple(found))
