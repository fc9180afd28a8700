"""Small shapes that several routes share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from opium.schema import closed

ProductId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
LineId = Annotated[int, Field(ge=1, le=2**53)]


@closed
class Done(TypedDict):
    ok: Literal[True]


@closed
class Deleted(TypedDict):
    ok: Literal[True]
    deleted: int


@closed
class Imported(TypedDict):
    ok: Literal[True]
    added: int
    skipped_duplicates: int
    skipped_empty: int
    stock_count: int


def masked(text: str) -> str:
    """Enough to recognise a line, too little to use it."""
    return f"{text[:2]}***"
