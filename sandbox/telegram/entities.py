"""Formatting of a text as Telegram keeps it: ranges counted in UTF-16 units."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

STYLES = ("bold", "italic", "underline", "strikethrough", "spoiler")
CODES = ("code", "pre")
ORDER = ("blockquote", "expandable_blockquote", "text_link", "text_mention", *STYLES,
         "custom_emoji", *CODES)  # fmt: skip
"""From the outside to the inside where two ranges are the same."""
FOUND = ("mention", "hashtag", "bot_command", "url", "email")
"""What Telegram finds by itself."""
ARGUMENTS = {
    "text_link": "url",
    "pre": "language",
    "custom_emoji": "custom_emoji_id",
    "text_mention": "user",
}
TOP = "com|net|org|ru|io|me|info|online|shop|dev|app|su|ua|by|kz|test|example"
PATTERNS = (
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,8}\b", re.I)),
    ("url", re.compile(rf"(?<![\w@.-])(?:https?://[^\s<>\"']+|[\w-]+(?:\.[\w-]+)*\.(?:{TOP})\b"
                       r"(?:/[^\s<>\"']*)?)", re.I)),
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?"
                               r"(?![\w/])")),
    ("mention", re.compile(r"(?<![\w@])@[A-Za-z0-9_]{2,32}\b")),
    ("hashtag", re.compile(r"(?<![\w#])#\w*[^\W\d]\w*")),
)  # fmt: skip


@dataclass(frozen=True)
class Entity:
    """One range. `argument` is the address of a link, the language of code and so on."""

    type: str
    offset: int
    length: int
    argument: str = ""

    @property
    def end(self) -> int:
        return self.offset + self.length

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"offset": self.offset, "length": self.length, "type": self.type}
        if self.argument and self.type in ARGUMENTS:
            told[ARGUMENTS[self.type]] = self.argument
        if self.type == "text_mention":
            told["user"] = {"id": int(self.argument), "is_bot": False, "first_name": ""}
        return told


Formatted = tuple[str, tuple[Entity, ...]]


def units(text: str) -> int:
    """How long Telegram finds this text."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, start: int, end: int) -> str:
    """The part of a text between two UTF-16 offsets."""
    raw = text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end]
    return raw.decode("utf-16-le", "surrogatepass")


def settled(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """In Telegram's order, without doubles, and with nothing over or in code."""
    kept = {e for e in entities if e.length > 0}
    codes = _outermost(e for e in kept if e.type in CODES)
    quotes = _outermost(e for e in kept if e.type.endswith("blockquote"))
    loose = [e for e in kept if e.type not in CODES and not e.type.endswith("blockquote")]
    outside = [part for e in loose for part in _without(e, codes)]
    return tuple(_nested([*quotes, *codes, *outside]))


def trimmed(text: str, entities: Iterable[Entity]) -> Formatted:
    """Without spaces and empty lines at both ends, as Telegram keeps it."""
    short = text.strip()
    start = units(text[: len(text) - len(text.lstrip())])
    end = start + units(short)
    moved = []
    for entity in entities:
        begin, stop = max(entity.offset, start), min(entity.end, end)
        if stop > begin:
            moved.append(replace(entity, offset=begin - start, length=stop - begin))
    return short, settled(moved)


def with_found(text: str, entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Commands, links, mentions and tags are found where nothing else forbids it."""
    known = list(entities)
    taken = [e for e in known if e.type in (*CODES, "text_link", "text_mention", "custom_emoji")]
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            entity = Entity(kind, units(text[: match.start()]), units(match.group()))
            if not any(entity.offset < other.end and other.offset < entity.end for other in taken):
                taken.append(entity)
                known.append(entity)
    return tuple(sorted(known, key=_place))


def _place(entity: Entity) -> tuple[int, int, int, str]:
    rank = ORDER.index(entity.type) if entity.type in ORDER else len(ORDER)
    return entity.offset, -entity.length, rank, entity.argument


def _nested(entities: Iterable[Entity]) -> list[Entity]:
    """What begins in another range and ends after it is cut in two."""
    left = sorted(set(entities), key=_place)
    done: list[Entity] = []
    while left:
        entity = left.pop(0)
        ends = [o.end for o in done if o.offset <= entity.offset < o.end < entity.end]
        if ends:
            at = min(ends)
            rest = replace(entity, offset=at, length=entity.end - at)
            left = sorted({*left, rest}, key=_place)
            entity = replace(entity, length=at - entity.offset)
        if entity not in done:
            done.append(entity)
    return sorted(done, key=_place)


def _outermost(entities: Iterable[Entity]) -> list[Entity]:
    kept: list[Entity] = []
    for entity in sorted(entities, key=_place):
        if not any(entity.offset < other.end for other in kept):
            kept.append(entity)
    return kept


def _without(entity: Entity, codes: list[Entity]) -> Iterator[Entity]:
    """What is left of a style where code lies in it; a link stays, unless it lies in code."""
    if entity.type not in STYLES:
        if not any(c.offset <= entity.offset and entity.end <= c.end for c in codes):
            yield entity
        return
    start = entity.offset
    for code in codes:
        if code.end <= start or code.offset >= entity.end:
            continue
        if code.offset > start:
            yield replace(entity, offset=start, length=code.offset - start)
        start = code.end
    if start < entity.end:
        yield replace(entity, offset=start, length=entity.end - start)
