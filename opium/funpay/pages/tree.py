"""A page as a tree whose elements are found by class or name without walking it again."""

from __future__ import annotations

from functools import cached_property

from bs4 import BeautifulSoup, ParserRejectedMarkup, Tag

from opium.funpay.errors import PageChanged


def parse(html: str) -> Part:
    """The tree of a page or fragment, whatever it holds."""
    # The line feed keeps a short text from being taken for a file name, and FunPay has no
    # processing instructions: both would only make the parser warn.
    try:
        return Part(BeautifulSoup("\n" + html.replace("<?", "&lt;?"), "html.parser"))
    except (ParserRejectedMarkup, AssertionError, ValueError) as exc:
        raise PageChanged("markup", "tags") from exc


class Part:
    """A piece of a page; its descendants are sorted by class and name in one walk."""

    def __init__(self, tag: Tag) -> None:
        self.tag = tag

    @cached_property
    def _found(self) -> tuple[dict[str, list[Tag]], dict[str, list[Tag]]]:
        by_class: dict[str, list[Tag]] = {}
        by_name: dict[str, list[Tag]] = {}
        for node in self.tag.descendants:
            if isinstance(node, Tag):
                by_name.setdefault(node.name, []).append(node)
                for name in node.attrs.get("class", ()):
                    by_class.setdefault(name, []).append(node)
        return by_class, by_name

    def all(self, css_class: str) -> list[Tag]:
        return self._found[0].get(css_class, [])

    def first(self, css_class: str) -> Tag | None:
        return next(iter(self.all(css_class)), None)

    def part(self, css_class: str) -> Part | None:
        found = self.first(css_class)
        return None if found is None else Part(found)

    def parts(self, css_class: str) -> list[Part]:
        return [Part(tag) for tag in self.all(css_class)]

    def named(self, *names: str) -> list[Tag]:
        """Elements by tag name, in the order of the page for each name."""
        return [tag for name in names for tag in self._found[1].get(name, [])]

    def input(self, name: str) -> str | None:
        """The value of the first `input` of that name."""
        for tag in self.named("input"):
            if attr(tag, "name") == name:
                return attr(tag, "value") or ""
        return None


def attr(tag: Tag | None, name: str) -> str | None:
    """An attribute as text; None if the element or the attribute is missing."""
    value = None if tag is None else tag.attrs.get(name)
    if value is None:
        return None
    return value if isinstance(value, str) else " ".join(value)


def classes(tag: Tag | None) -> frozenset[str]:
    return frozenset((attr(tag, "class") or "").split())
