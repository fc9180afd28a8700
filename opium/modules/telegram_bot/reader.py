"""For whom a notice is made, and what one is before it is put into the outbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from opium.modules.telegram_bot import callback, texts
from opium.modules.telegram_bot.html import cut, esc, line

MOST_WORD = 100
NAME = 60

UTC = ZoneInfo("UTC")
Buttons = tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice before it is put into the outbox."""

    html: str
    name: str
    keyboard: Buttons = ()
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a notice is made."""

    account_id: str
    language: str = "ru"
    wants: frozenset[str] = frozenset()
    """The events that he is told of."""
    zone: ZoneInfo = UTC

    def say(self, key: str, **values: object) -> str:
        """A text of his language; the values are text from outside."""
        return texts.say(self.language, key, **{k: esc(str(v)) for k, v in values.items()})

    def draft(self, head: str, rows: Iterable[str | None], **more: Any) -> Draft:
        """The account, the heading, and the rows that there are."""
        lines = [f"[{esc(self.account_id)}] {head}", *(row for row in rows if row)]
        return Draft(cut("\n".join(lines)), **more)

    def row(self, key: str, value: object, most: int = MOST_WORD) -> str | None:
        """A named value; None if there is none."""
        words = line(str(value), most) if value is not None else ""
        return self.say(f"row_{key}", value=words) if words else None

    def status(self, name: str) -> str:
        key = f"status_{name}"
        return texts.say(self.language, key) if texts.known(self.language, key) else name

    def keyboard(self, *buttons: tuple[str, str, object]) -> Buttons:
        """One row of (text, verb, argument); without those whose argument nobody knows."""
        row = []
        for key, verb, arg in buttons:
            if arg is None:
                continue
            try:
                data = callback.data(self.account_id, verb, *([arg] if arg != "" else []))
            except ValueError:
                continue
            row.append((texts.say(self.language, f"button_{key}"), data))
        return (tuple(row),) if row else ()
