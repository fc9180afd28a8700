"""Telegram's HTML: read as strictly as Telegram reads it, and written.

The reader follows TDLib's, including the texts of its complaints and their byte offsets.
"""

import re
from dataclasses import dataclass, replace

from sandbox.telegram.entities import Entity, Formatted, cut, settled, units

TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "ins": "underline", "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "tg-spoiler": "spoiler", "span": "spoiler", "code": "code", "pre": "pre", "a": "text_link",
    "blockquote": "blockquote", "tg-emoji": "custom_emoji",
}  # fmt: skip
NAMED = {b"lt": "<", b"gt": ">", b"amp": "&", b"quot": '"'}
ESCAPE = re.compile(rb"&(?:#x([0-9a-fA-F]{1,8})|#([0-9]{1,8})|(lt|gt|amp|quot)(?![a-zA-Z]));?")
SPACE = b" \t\r\n\0\x0b"
NAME_END = SPACE + b"=>/\"'"
TOKEN = re.compile(rb"[A-Za-z0-9.-]*")
USER_LINK = re.compile(r"tg://user\?id=(\d{1,15})")
LINK = re.compile(
    r"(?P<scheme>https?://|tg://|ton://|mailto:|tel:)?(?P<host>[^\s/?#]+)(?P<rest>[^\s]*)", re.I
)


class Unparsable(ValueError):
    """The text is not Telegram's HTML; the message is Telegram's."""


@dataclass(frozen=True)
class _Open:
    tag: str
    argument: str
    offset: int


def parse(text: str) -> Formatted:
    """The plain text and its formatting, or Unparsable."""
    return _Reader(text.encode()).read()


def render(text: str, entities: tuple[Entity, ...]) -> str:
    """The HTML that `parse` reads as this text with these entities."""
    starts: dict[int, list[Entity]] = {}
    for entity in entities:
        starts.setdefault(entity.offset, []).append(entity)
    open_now: list[Entity] = []
    out: list[str] = []
    at = 0
    points = sorted({0, units(text), *starts, *(e.end for e in entities)})
    for point in points:
        out.append(_escaped(cut(text, at, point)))
        at = point
        while open_now and open_now[-1].end <= point:
            out.append(_tags(open_now.pop())[1])
        for entity in starts.get(point, []):
            if _tags(entity)[0]:
                out.append(_tags(entity)[0])
                open_now.append(entity)
    return "".join(out)


def link(url: str) -> str:
    """The address as Telegram keeps it; empty if it is none."""
    match = LINK.fullmatch(url.strip())
    if match is None:
        return ""
    scheme, host = (match["scheme"] or "http://").lower(), match["host"]
    if scheme in ("tg://", "ton://", "mailto:", "tel:"):
        return scheme + host + match["rest"]
    name = host.rpartition("@")[2].partition(":")[0]
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)+|\[.*\]", name):
        return ""
    return scheme + host + (match["rest"] or "/")


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 0
        self._out: list[str] = []
        self._length = 0
        self._open: list[_Open] = []
        self._entities: list[Entity] = []

    def read(self) -> Formatted:
        while self._at < len(self._raw):
            if self._raw[self._at] == ord("<"):
                self._tag()
            else:
                self._add(self._text())
        if self._open:
            tag = self._open[-1].tag
            raise Unparsable(f'Can\'t find end tag corresponding to start tag "{tag}"')
        bare = (replace(e, argument="") if e.type == "code" else e for e in self._entities)
        return "".join(self._out), settled(bare)

    def _add(self, text: str) -> None:
        self._out.append(text)
        self._length += units(text)

    def _text(self) -> str:
        """One escaped character, or everything up to the next `<` or `&`."""
        if self._raw[self._at] == ord("&"):
            return self._escape() or self._plain()
        return self._plain()

    def _plain(self) -> str:
        ends = [p for p in (self._raw.find(c, self._at + 1) for c in (b"<", b"&")) if p != -1]
        start, self._at = self._at, min(ends, default=len(self._raw))
        return self._raw[start : self._at].decode()

    def _escape(self) -> str:
        """The character that an entity stands for; what is no entity is text."""
        match = ESCAPE.match(self._raw, self._at)
        if match is None:
            return ""
        char = NAMED.get(match[3] or b"")
        if char is None:
            code = int(match[1], 16) if match[1] else int(match[2])
            if code == 0 or code >= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                return ""
            char = chr(code)
        self._at = match.end()
        return char

    def _peek(self) -> bytes:
        return self._raw[self._at : self._at + 1]

    def _skip_spaces(self) -> None:
        while self._peek() and self._peek() in SPACE:
            self._at += 1

    def _word(self, ends: bytes) -> str:
        start = self._at
        while self._peek() and self._peek() not in ends:
            self._at += 1
        return self._raw[start : self._at].decode()

    def _tag(self) -> None:
        begin = self._at
        self._at += 1
        if self._peek() == b"/":
            self._end_tag(begin)
        else:
            self._start_tag(begin)

    def _start_tag(self, begin: int) -> None:
        tag = self._word(SPACE + b">").lower()
        if not self._peek():
            raise Unparsable(f"Unclosed start tag at byte offset {begin}")
        if tag not in TAGS:
            raise Unparsable(f'Unsupported start tag "{tag}" at byte offset {begin}')
        argument = ""
        while self._peek() != b">":
            self._skip_spaces()
            if self._peek() == b">":
                break
            argument = self._attribute(tag, begin) or argument
        self._at += 1
        if tag == "span" and argument != "spoiler":
            raise Unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
        self._open.append(_Open(tag, argument, self._length))

    def _attribute(self, tag: str, begin: int) -> str:
        """Read one attribute; its value if it is the one that counts for this tag."""
        name = self._word(NAME_END).lower()
        if not name:
            if not self._peek():
                raise Unparsable(f'Unclosed start tag "{tag}" at byte offset {begin}')
            raise Unparsable(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
        self._skip_spaces()
        if self._peek() != b"=":
            if tag == "blockquote" and name == "expandable":
                return "expandable"
            raise Unparsable(
                "Expected equal sign in declaration of an attribute "
                f'of the tag "{tag}" at byte offset {begin}'
            )
        self._at += 1
        self._skip_spaces()
        value = self._value(begin)
        match tag, name:
            case ("a", "href") | ("tg-emoji", "emoji-id"):
                return value
            case ("code", "class") if value.startswith("language-"):
                return value.removeprefix("language-")
            case ("span", "class") if value.startswith("tg-"):
                return value.removeprefix("tg-")
            case ("blockquote", "expandable"):
                return "expandable"
        return ""

    def _value(self, begin: int) -> str:
        quote = self._peek()
        if quote not in (b"'", b'"'):
            start = self._at
            token = TOKEN.match(self._raw, self._at)
            self._at = token.end() if token else self._at
            if not self._peek():
                raise Unparsable(f"Unclosed start tag at byte offset {begin}")
            if self._peek() not in SPACE + b">":
                raise Unparsable(f"Unexpected end of name token at byte offset {start}")
            return self._raw[start : self._at].decode().lower()
        self._at += 1
        out: list[str] = []
        while self._peek() and self._peek() != quote:
            char = self._escape() if self._peek() == b"&" else ""
            if not char:
                start = self._at
                self._at += 1
                while self._peek() and self._peek() not in (quote, b"&"):
                    self._at += 1
                char = self._raw[start : self._at].decode()
            out.append(char)
        self._at += 1
        if not self._peek():
            raise Unparsable(f"Unclosed start tag at byte offset {begin}")
        return "".join(out)

    def _end_tag(self, begin: int) -> None:
        if not self._open:
            raise Unparsable(f"Unexpected end tag at byte offset {begin}")
        self._at += 1
        name = self._word(SPACE + b">").lower()
        self._skip_spaces()
        if self._peek() != b">":
            raise Unparsable(f"Unclosed end tag at byte offset {begin}")
        self._at += 1
        opened = self._open.pop()
        if name and name != opened.tag:
            raise Unparsable(
                f"Unmatched end tag at byte offset {begin}, "
                f'expected "</{opened.tag}>", found "</{name}>"'
            )
        if self._length > opened.offset:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        kind, argument = TAGS[opened.tag], opened.argument
        length = self._length - opened.offset
        if kind == "text_link":
            kind, argument = _target(
                argument or cut("".join(self._out), opened.offset, self._length)
            )
        elif kind == "blockquote" and argument:
            kind, argument = "expandable_blockquote", ""
        elif kind == "custom_emoji" and not argument.isdecimal():
            raise Unparsable("Invalid custom emoji identifier specified")
        elif kind in ("pre", "code"):
            kind, argument = self._code(kind, argument, opened.offset, length)
        if kind:
            self._entities.append(
                Entity(kind, opened.offset, length, "" if kind == "spoiler" else argument)
            )

    def _code(self, kind: str, argument: str, offset: int, length: int) -> tuple[str, str]:
        """`<pre><code class="language-x">` is one entity."""
        last = self._entities[-1] if self._entities else None
        if last and (last.offset, last.length) == (offset, length) and last.type in ("pre", "code"):
            self._entities.pop()
            return "pre", argument or last.argument
        return kind, argument


def _target(url: str) -> tuple[str, str]:
    user = USER_LINK.fullmatch(url.strip())
    if user:
        return "text_mention", user[1]
    good = link(url)
    return ("text_link", good) if good else ("", "")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _tags(entity: Entity) -> tuple[str, str]:
    """Start and end tag; both empty for what Telegram finds by itself."""
    argument = _escaped(entity.argument).replace('"', "&quot;")
    match entity.type:
        case "bold":
            return "<b>", "</b>"
        case "italic":
            return "<i>", "</i>"
        case "underline":
            return "<u>", "</u>"
        case "strikethrough":
            return "<s>", "</s>"
        case "spoiler":
            return "<tg-spoiler>", "</tg-spoiler>"
        case "code":
            return "<code>", "</code>"
        case "pre" if argument:
            return f'<pre><code class="language-{argument}">', "</code></pre>"
        case "pre":
            return "<pre>", "</pre>"
        case "text_link":
            return f'<a href="{argument}">', "</a>"
        case "text_mention":
            return f'<a href="tg://user?id={argument}">', "</a>"
        case "blockquote":
            return "<blockquote>", "</blockquote>"
        case "expandable_blockquote":
            return "<blockquote expandable>", "</blockquote>"
        case "custom_emoji":
            return f'<tg-emoji emoji-id="{argument}">', "</tg-emoji>"
        case _:
            return "", ""
