"""Small shapes that several routes share."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from opium.schema import closed


@closed
class Ok(TypedDict):
    ok: Literal[True]
