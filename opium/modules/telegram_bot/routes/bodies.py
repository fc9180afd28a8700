"""What clients may send. Absent members stay as they are: see `model_dump(exclude_unset=True)`.

The factories keep defaults out of the API document where what is absent is not changed.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from opium.modules.telegram_bot.config import EventKey
from opium.schema import Body, Query


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must hold more than spaces")
    return value


def _visible(value: str) -> str:
    """Telegram refuses a whole menu if one of its buttons shows nothing."""
    if not any(unicodedata.category(char)[0] in "LNPS" for char in value):
        raise ValueError("must hold a letter, digit or sign that can be seen")
    return value


TelegramId = Annotated[int, Field(ge=1, le=2**53)]
UserLabel = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)]
Pattern = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_not_blank)]
CustomMessage = Annotated[str, Field(max_length=500)]
Label = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64),
    AfterValidator(_visible),
]
Endpoint = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Description = Annotated[str, Field(max_length=1000)]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class ConfigPatch(Body):
    """A `bot_token` that holds `***` is ignored, "" takes the token away."""

    bot_token: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = Field(
        default_factory=str, repr=False
    )
    notify_events: list[EventKey] = Field(default_factory=list, max_length=100)


class NewUser(Body):
    telegram_id: TelegramId
    label: UserLabel = ""


class UserPatch(Body):
    label: UserLabel


class Latest(Query):
    limit: int = Field(50, ge=1, le=200)


class NewWatcher(Body):
    pattern: Pattern
    custom_message: CustomMessage = ""
    enabled: bool = True


class WatcherPatch(Body):
    pattern: Pattern = Field(default_factory=str)
    custom_message: CustomMessage = Field(default_factory=str)
    enabled: bool = Field(default_factory=bool)


class NewButton(Body):
    """`{account_id}` in the endpoint stands for the account's id."""

    label: Label
    api_endpoint: Endpoint
    api_method: Method = "GET"
    api_body: dict[str, Any] | None = None
    description: Description = ""
    confirm: bool = False
    enabled: bool = True


class ButtonPatch(Body):
    """`api_body: null` takes the body away."""

    label: Label = Field(default_factory=str)
    api_endpoint: Endpoint = Field(default_factory=str)
    api_method: Method = Field(default_factory=lambda: "GET")
    api_body: dict[str, Any] | None = None
    description: Description = Field(default_factory=str)
    confirm: bool = Field(default_factory=bool)
    enabled: bool = Field(default_factory=bool)


class Nothing(Body):
    """A body that may be there and says nothing."""
