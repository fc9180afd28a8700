"""Values out of decoded JSON, each checked; a wrong one names its page and field."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from opium.funpay.errors import PageChanged
from opium.funpay.pages.text import decimal

LARGEST = 2**53
_WHOLE = re.compile(r"-?[0-9]{1,16}")


def as_object(value: object, page: str, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PageChanged(page, field)
    return value


def as_list(value: object, page: str, field: str) -> list[Any]:
    if not isinstance(value, list):
        raise PageChanged(page, field)
    return value


def as_text(value: object, page: str, field: str) -> str:
    if not isinstance(value, str):
        raise PageChanged(page, field)
    return value


def as_int(value: object, page: str, field: str) -> int:
    found = maybe_int(value)
    if found is None:
        raise PageChanged(page, field)
    return found


def maybe_int(value: object) -> int | None:
    """A whole number, as number or text (the site uses both, 2.1); None for anything else."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= LARGEST:
        return None
    return value


def as_decimal(value: object, page: str, field: str) -> Decimal:
    """A sum as number or text; floats go through their shortest text."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    text = str(value) if plain and abs(value) < LARGEST else value  # type: ignore[arg-type]
    found = decimal(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise PageChanged(page, field)
    return found


def maybe_text(value: object) -> str | None:
    """A text that says something; None for "", null and anything that is no text."""
    return value if isinstance(value, str) and value.strip() else None
