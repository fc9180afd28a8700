"""Answers of the API as a person reads them on a phone, without secrets (contract 12, "Answer")."""

from __future__ import annotations

import json
import re
from typing import Any

from opium.modules.telegram_bot.html import bold, clean, esc, pre, short
from opium.modules.telegram_bot.words import Html, Words, lines

MASK = "***"
MOST_ITEMS = 10
MOST_CHARS = 1500
MOST_DETAIL = 300
_SECRET = re.compile(r"password|passwd|secret|token|golden_key|mafile|api_key", re.IGNORECASE)
_LOGIN = re.compile(r"(://[^:/@\s]{0,100}:)[^/@\s]{1,200}@")


def masked(data: Any) -> Any:
    """The same without the values of members whose name says that they are secret."""
    if isinstance(data, dict):
        return {
            name: MASK if _SECRET.search(str(name)) and _tells(value) else masked(value)
            for name, value in data.items()
        }
    if isinstance(data, list):
        return [masked(item) for item in data]
    if isinstance(data, str):
        return _LOGIN.sub(rf"\1{MASK}@", data)
    return data


def readable(label: str, data: Any, words: Words) -> Html:
    """A good answer below its label: names and values, nested ones as JSON, 1500 characters."""
    told = masked(data)
    if isinstance(told, list):
        body = _list(told, words)
    elif isinstance(told, dict):
        body = _object(told)
    else:
        body = esc(short(clean(str(told)), MOST_CHARS)) if told not in (None, "") else ""
    return lines(bold(short(label, 100)), body or words("empty"))


def failure(words: Words, what: str, status: int, data: Any) -> Html:
    """Why it did not work, in the words of the route."""
    detail = data.get("detail") if isinstance(data, dict) else data
    told = masked(detail) if isinstance(detail, str) else ""
    return words("failed", what=what, status=status, detail=short(clean(told), MOST_DETAIL))


def _object(told: dict[str, Any]) -> str:
    rows, left = [], MOST_CHARS
    for name, value in told.items():
        if left <= 0:
            rows.append("…")
            break
        text = _value(value)
        nested = isinstance(value, dict | list) and bool(value)
        text = short(text, left)
        left -= len(text) + len(str(name))
        name_shown = esc(short(str(name), 100))
        rows.append(f"{name_shown}:\n{pre(text)}" if nested else f"{name_shown}: {esc(text)}")
    return "\n".join(rows)


def _list(told: list[Any], words: Words) -> str:
    """The first items; those that are objects as JSON."""
    items, left = [], MOST_CHARS
    for item in told[:MOST_ITEMS]:
        if left <= 0:
            break
        text = short(_value(item), left)
        left -= len(text)
        items.append(pre(text) if isinstance(item, dict | list) else f"• {esc(text)}")
    if len(told) > len(items):
        items.append(words("more", n=len(told) - len(items)))
    return "\n".join(items)


def _value(value: Any) -> str:
    if isinstance(value, dict | list):
        return clean(json.dumps(value, ensure_ascii=False, indent=1)) if value else "—"
    if value is None or value == "":
        return "—"
    return clean(str(value))


def _tells(value: Any) -> bool:
    """Whether there is anything to hide: `has_token: true` is no secret."""
    return not isinstance(value, bool) and value not in (None, "")
