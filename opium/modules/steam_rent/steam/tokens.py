"""The tokens of one session and what can be read from them (protocol 5.5, 6)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tokens:
    """A session of ours; store both, encrypted, so that a restart costs no sign-in."""

    refresh: str = field(repr=False)
    access: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says about itself; None where it does not, or is opaque."""

    expires: float | None = None
    issued: float | None = None
    steam_id: int | None = None
    audience: frozenset[str] = frozenset()


def read(token: str) -> Claims:
    """The claims of a token, without checking its signature: they are hints, not proof."""
    try:
        body = token.split(".")[1]
        data = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError, RecursionError):
        return Claims()
    if not isinstance(data, dict):
        return Claims()
    audience = data.get("aud")
    names = audience if isinstance(audience, list) else [audience]
    return Claims(
        expires=_moment(data.get("exp")),
        issued=_moment(data.get("iat")),
        steam_id=_number(data.get("sub")),
        audience=frozenset(name for name in names if isinstance(name, str)),
    )


def _moment(value: object) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if usable and 0 <= value < 1e11 else None  # type: ignore[arg-type, operator]


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None
