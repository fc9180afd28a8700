"""What a button carries: `<verb>:<arg>[:<arg>][@<account>]`, at most 64 bytes (see `presses`).

`@…` is a short hash of the account, since several accounts may share a bot. It is a hint, not a
right: who presses must be on the whitelist of the account that is meant.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

LIMIT = 64
_DATA = re.compile(r"([a-z]{1,12}):([A-Za-z0-9_:.-]{0,60})(?:@([0-9a-f]{8}))?")


@dataclass(frozen=True, slots=True)
class Pressed:
    """The data of a button, read; `tag` names the account, if it is named."""

    verb: str
    args: tuple[str, ...]
    tag: str | None

    @property
    def arg(self) -> str:
        return self.args[0] if self.args else ""


def data(account_id: str | None, verb: str, *args: object) -> str:
    """What a button of this account carries; ValueError above 64 bytes."""
    text = f"{verb}:{':'.join(str(arg) for arg in args)}"
    if account_id is not None:
        text += f"@{tag(account_id)}"
    if len(text.encode()) > LIMIT or read(text) is None:
        raise ValueError(f"a button cannot carry {verb} with these arguments")
    return text


def read(text: str) -> Pressed | None:
    """The data of a press; None for what no button of ours carries."""
    found = _DATA.fullmatch(text) if len(text) <= LIMIT else None
    if found is None:
        return None
    args = tuple(found[2].split(":")) if found[2] else ()
    return Pressed(found[1], args, found[3])


def tag(account_id: str) -> str:
    return hashlib.sha256(account_id.encode()).hexdigest()[:8]
