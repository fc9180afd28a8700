"""Texts to buyers: templates that a seller may change, and messages that fit into the chat.

Templates know `{name}` tokens only, replaced in one pass: a value is never scanned again, so what
a buyer typed stays what it is. Goods are marked (`goods`) so that `split` never cuts an item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from typing_extensions import TypedDict

MAX_LINES = 20
MAX_CHARS = 2000
MARKER_ROOM = 40
"""Characters kept free for the marker line (`#ABCD1234-D1/2`) of a part; it takes one line."""

_EDGE = "\0"
"""Stands around an item inside a rendered text; no text from outside may hold it."""
_TOKEN = re.compile(r"\{([a-z][a-z_]*)\}")


def tokens(template: str) -> list[str]:
    """Names of the `{name}` tokens of a template, in order, each once."""
    return list(dict.fromkeys(_TOKEN.findall(template)))


def unknown_tokens(template: str, known: Iterable[str]) -> list[str]:
    """Tokens that nobody will replace."""
    return [name for name in tokens(template) if name not in set(known)]


def render(template: str, values: Mapping[str, str]) -> str:
    """The template with its tokens replaced; others stay as they are.

    A line whose tokens are all empty is dropped, more than one blank line shrinks to one, and the
    ends are trimmed. Line breaks inside values are kept.
    """
    lines: list[str] = []
    for line in template.replace("\r\n", "\n").split("\n"):
        names = [name for name in _TOKEN.findall(line) if name in values]
        if names and not any(values[name].strip() for name in names):
            continue
        text = _TOKEN.sub(lambda match: values.get(match[1], match[0]), line)
        if text.strip() or (lines and lines[-1].strip()):
            lines.append(text)
    return "\n".join(lines).strip()


def goods(items: Iterable[str]) -> str:
    """Items as a value for `render`, one under the other, kept whole by `split`."""
    return "\n".join(f"{_EDGE}{item.replace(_EDGE, '')}{_EDGE}" for item in items)


def plain(rendered: str) -> str:
    """A rendered text as one piece, without the marks of its items."""
    return rendered.replace(_EDGE, "")


def split(rendered: str, *, marked: bool = True) -> list[str]:
    """Messages of at most 20 lines and 2000 characters, in order.

    An item stays whole unless it alone is longer than a message: then it is cut at a line break,
    and a line longer than a message at its length. `marked` keeps room for the marker line.
    """
    limits = (MAX_LINES - 1, MAX_CHARS - MARKER_ROOM) if marked else (MAX_LINES, MAX_CHARS)
    messages: list[str] = []
    current: list[str] = []
    for block in _small(_blocks(rendered), *limits):
        if not _fits("\n".join([*current, block]), *limits):
            messages.append("\n".join(current).strip("\n"))
            current = []
        if current or block.strip():
            current.append(block)
    messages.append("\n".join(current).strip("\n"))
    return [message for message in messages if message.strip()]


def fits_one_message(item: str) -> bool:
    """Whether an item can be sent without cutting it."""
    return _fits(item, MAX_LINES - 1, MAX_CHARS - MARKER_ROOM)


def apart(nick: str) -> str:
    """A nick with invisible separators between its letters, so that FunPay's filters pass it."""
    return "\u2063".join(nick)


def _fits(text: str, lines: int, chars: int) -> bool:
    return len(text) <= chars and text.count("\n") < lines


def _blocks(rendered: str) -> list[str]:
    """The lines of a text; an item with line breaks stays in one block."""
    blocks, current = [], ""
    for number, part in enumerate(rendered.split(_EDGE)):
        if number % 2:
            current += part
            continue
        first, *rest = part.split("\n")
        current += first
        for line in rest:
            blocks.append(current)
            current = line
    return [*blocks, current]


def _small(blocks: Iterable[str], lines: int, chars: int) -> Iterator[str]:
    for block in blocks:
        if _fits(block, lines, chars):
            yield block
            continue
        for line in block.split("\n"):
            yield from (line[at : at + chars] for at in range(0, len(line), chars))


@dataclass(frozen=True, slots=True)
class Template:
    """A text of a module; `needs` are tokens without which it makes no sense."""

    label: str
    default: str
    placeholders: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


class GroupPage(TypedDict):
    id: str
    label: str
    description: str
    keys: list[str]


class _Meta(TypedDict):
    label: str
    placeholders: list[str]
    examples: dict[str, str]


class MetaPage(_Meta, total=False):
    stale: bool
    unknown_placeholders: list[str]


class MessagesPage(TypedDict):
    """What the editor of templates is given (contract 9.8)."""

    messages: dict[str, str]
    defaults: dict[str, str]
    groups: list[GroupPage]
    meta: dict[str, MetaPage]
    placeholder_docs: dict[str, str]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All texts of a module. `overrides` (key → text) are what the seller changed."""

    templates: Mapping[str, Template]
    groups: Sequence[GroupPage]
    docs: Mapping[str, str]
    examples: Mapping[str, str]

    def text(self, key: str, overrides: Mapping[str, str]) -> str:
        """The template in force: an override that lacks a needed token counts as none."""
        template, own = self.templates[key], overrides.get(key, "")
        return own if own and not self.lacking(key, own) else template.default

    def lacking(self, key: str, text: str) -> list[str]:
        """Needed tokens that the text does not have."""
        return [name for name in self.templates[key].needs if name not in tokens(text)]

    def render(self, key: str, overrides: Mapping[str, str], values: Mapping[str, str]) -> str:
        """The text for a buyer; only the placeholders of this key are replaced."""
        allowed = {name: values.get(name, "") for name in self.templates[key].placeholders}
        return render(self.text(key, overrides), allowed)

    def page(self, overrides: Mapping[str, str]) -> MessagesPage:
        return {
            "messages": {key: self.text(key, overrides) for key in self.templates},
            "defaults": {key: template.default for key, template in self.templates.items()},
            "groups": list(self.groups),
            "meta": {key: self._meta(key, overrides) for key in self.templates},
            "placeholder_docs": dict(self.docs),
        }

    def _meta(self, key: str, overrides: Mapping[str, str]) -> MetaPage:
        template = self.templates[key]
        page: MetaPage = {
            "label": template.label,
            "placeholders": list(template.placeholders),
            "examples": {name: self.examples[name] for name in template.placeholders},
        }
        if stale := unknown_tokens(self.text(key, overrides), template.placeholders):
            page["stale"], page["unknown_placeholders"] = True, stale
        return page
