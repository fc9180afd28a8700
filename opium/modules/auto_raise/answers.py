"""What the routes of auto_raise answer; pydantic wants the TypedDict of typing_extensions."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from opium.schema import closed


@closed
class Config(TypedDict):
    enabled: bool
    delay_range_minutes: int


@closed
class ChangedConfig(Config):
    ok: bool


@closed
class Done(TypedDict):
    ok: bool


@closed
class CategoryResult(TypedDict):
    """How the last raise of a category ended; `wait_seconds` None: FunPay did not tell."""

    category_name: str
    success: bool
    skipped: NotRequired[bool]
    error: NotRequired[str]
    wait_seconds: int | None


@closed
class NextRaise(TypedDict):
    next_raise_in: int
    next_raise_at: float


@closed
class Status(TypedDict):
    """Keys of the objects are ids of categories (games) as text."""

    active: bool
    raising: bool
    enabled: bool
    next_raises: dict[str, NextRaise]
    last_results: dict[str, CategoryResult]


@closed
class Raised(TypedDict):
    ok: bool
    results: dict[str, CategoryResult]
    pending: bool


@closed
class LogEntry(TypedDict):
    timestamp: str
    category_id: int
    category_name: str
    success: bool
    error: str | None
