"""Telegram's HTML, so that every message parses whatever buyers write (fault matrix 85).

What comes from outside passes `esc`; only then our own tags go around it.
"""

from __future__ import annotations

import re

MOST = 4096
"""UTF-16 units of a message as it is read, tags not counted."""
MORE = "…"

_PIECE = re.compile(r"<[^<>]*>|&(?:lt|gt|amp|quot|#\d{1,8});|[^<>&]|[<>&]", re.DOTALL)
_TAG_NAME = re.compile(r"</?([a-z][a-z0-9-]*)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_MARKS = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_SPECIAL = re.compile('[&<>"]')
_ESCAPED = re.compile("&(?:lt|gt|amp|quot);")
_MEANS = {escaped: char for char, escaped in _MARKS.items()}


def esc(text: str) -> str:
    """Text from outside as Telegram shows it unchanged."""
    return _SPECIAL.sub(lambda match: _MARKS[match[0]], clean(text))


def clean(text: str) -> str:
    """Without what Telegram replaces or refuses: control characters, halves of characters."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))


def short(text: str, most: int) -> str:
    """Plain text, at most so many characters; dots say that there is more."""
    return text if len(text) <= most else text[: most - 1].rstrip() + MORE


def line(text: str, most: int) -> str:
    """Plain text as one short line."""
    return short(" ".join(clean(text).split()), most)


def bold(text: str) -> str:
    return f"<b>{esc(text)}</b>"


def pre(text: str) -> str:
    return f"<pre>{esc(text)}</pre>"


def plain(html: str) -> str:
    """What a reader sees of it."""
    words = (piece for piece in _PIECE.findall(html) if not _is_tag(piece))
    return "".join(_ESCAPED.sub(lambda match: _MEANS[match[0]], word) for word in words)


def units(text: str) -> int:
    """How long Telegram says that a text is."""
    return len(text) + sum(char > "\uffff" for char in text)


def length(html: str) -> int:
    """How much of `MOST` it takes."""
    return sum(map(_width, _PIECE.findall(html)))


def cut(html: str, most: int = MOST) -> str:
    """The beginning of a message of ours: no tag or entity is cut in two, none stays open."""
    if len(html) * 2 <= most or length(html) <= most:
        return html
    left, kept, open_tags = most - units(MORE), [], list[str]()
    for piece in _PIECE.findall(html):
        if (width := _width(piece)) > left:
            break
        left -= width
        kept.append(piece)
        if _is_tag(piece):
            _follow(piece, open_tags)
    ends = "".join(f"</{name}>" for name in reversed(open_tags))
    return "".join(kept) + MORE + ends


def _follow(tag: str, open_tags: list[str]) -> None:
    if tag.startswith("</"):
        open_tags.pop()
    elif name := _TAG_NAME.match(tag):
        open_tags.append(name[1])


def _is_tag(piece: str) -> bool:
    return len(piece) > 1 and piece[0] == "<"


def _width(piece: str) -> int:
    if _is_tag(piece):
        return 0
    return 1 if piece[0] == "&" and len(piece) > 1 else units(piece)
