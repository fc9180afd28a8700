"""What clients may send. Absent members stay as they are: see `model_dump(exclude_unset=True)`.

The factories keep defaults out of the API document where what is absent is not changed.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints

from opium.schema import Body

MASK = "***"
KEEP = (MASK, "")
"""Secrets that are sent like this stay what they are."""

_ID = r"^[^/?#%\\\x00-\x1f\x7f-\x9f]{1,64}$"
_SECRET_SIZE = 20
_DOTS = (".", "..")  # a client would never reach these by their path


def _no_dots(value: str) -> str:
    if value in _DOTS:
        raise ValueError("must be more than dots")
    return value


def is_id(text: str) -> bool:
    """Whether a text can stand in a path."""
    return re.fullmatch(_ID, text) is not None and text not in _DOTS


def decoded(secret: str) -> bytes:
    """The bytes of a base64 secret; empty if it is none."""
    try:
        return base64.b64decode(secret + "=" * (-len(secret) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _secret(value: str) -> str:
    if value not in KEEP and len(decoded(value)) != _SECRET_SIZE:
        raise ValueError(f"must be {_SECRET_SIZE} bytes in base64")
    return value


def _only_freeze(value: object) -> object:
    if value != "freeze":
        raise ValueError(
            "must be freeze: an account whose release failed is never handed out by itself"
        )
    return value


Id = Annotated[str, StringConstraints(strip_whitespace=True, pattern=_ID), AfterValidator(_no_dots)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=128)]
Alias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Login = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f\x7f-\x9f]{1,64}$")]
Password = Annotated[str, Field(max_length=128)]
Secret = Annotated[str, Field(max_length=64), AfterValidator(_secret)]
Minutes = Annotated[int, Field(ge=0, le=525_600)]
Mode = Literal["direct", "fixed", "mix", "mix-list"]
Fallback = Literal["try-all", "direct", "none"]
ProxyType = Literal["http", "https", "socks5"]
Host = Annotated[str, Field(min_length=1, max_length=253)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Credential = Annotated[str, Field(max_length=255)]
ProxyName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)]
ListName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
ProxyId = Annotated[str, Field(max_length=64)]


class Freeze(Body):
    """Without a body, or without the member: the other way round."""

    frozen: bool | None = None


class ConfigPatch(Body):
    """Unknown keys are stored and shown as they are."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any]

    change_password_on_rent: bool = Field(default_factory=bool)
    kick_devices_on_rent: bool = Field(default_factory=bool)
    scheduler_check_interval_sec: int = Field(default_factory=int, ge=10, le=3600)
    pending_ttl_minutes: Minutes = Field(default_factory=int)
    pending_expire_action: Literal["notify", "refund"] = Field(default_factory=lambda: "notify")
    expiry_warning_minutes: int = Field(default_factory=int, ge=0, le=10_080)
    process_missed_orders: bool = Field(default_factory=bool)
    missed_orders_max_age_hours: int = Field(default_factory=int, ge=1, le=720)
    multiply_by_amount: bool = Field(default_factory=bool)
    clock_starts_at_delivery: bool = Field(default_factory=bool)
    on_release_failure: Annotated[Literal["freeze"], BeforeValidator(_only_freeze)] = Field(
        default_factory=lambda: "freeze"
    )
    release_retries: int = Field(default_factory=int, ge=0, le=10)
    command_cooldown_sec: float = Field(default_factory=float, ge=0, le=60)
    refund_closes_rental: bool = Field(default_factory=bool)


class ProxySettings(Body):
    mode: Mode = "direct"
    fixed_proxy_id: ProxyId | None = None
    proxy_list_id: ProxyId | None = None
    fallback: Fallback = "try-all"


class GamePatch(Body):
    """`game_id` may only repeat the path's; an empty name is the id."""

    game_id: Id = Field(default_factory=str)
    name: Name = Field(default_factory=str)
    aliases: list[Alias] = Field(default_factory=list, max_length=50)
    proxy_settings: ProxySettings | None = None
    frozen: bool = Field(default_factory=bool)


class NewGame(Body):
    game_id: Id
    name: Name = ""
    aliases: list[Alias] = Field(default=[], max_length=50)
    proxy_settings: ProxySettings | None = None
    frozen: bool = False


class Mapping(Body):
    """`mapping_id` says which one is meant where the path has an index only. With a `lot_id`, or
    with the address of a lot as its pattern, only that lot counts."""

    lot_pattern: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)
    ]
    game_id: Id
    rent_minutes: Minutes = 0
    bonus_minutes: Minutes = 0
    min_rating_for_bonus: int = Field(4, ge=0, le=5)
    mapping_id: str | None = Field(None, max_length=64)
    lot_id: int | None = Field(None, ge=1, le=2**53)


class SteamAccountPatch(Body):
    """Password and secrets sent as `***` or "" stay; null takes a secret away."""

    login: Login = Field(default_factory=str)
    password: Password = Field("", repr=False)
    game_ids: list[Id] = Field(default_factory=list, max_length=1000)
    change_password_on_rent: bool = Field(default_factory=bool)
    kick_devices_on_rent: bool = Field(default_factory=bool)
    shared_secret: Secret | None = Field(None, repr=False)
    identity_secret: Secret | None = Field(None, repr=False)
    proxy_settings: ProxySettings | None = None


class NewSteamAccount(Body):
    """Flags that are absent are those of the module's settings."""

    login: Login
    id: Id | None = None
    password: Password = Field("", repr=False)
    game_ids: list[Id] = Field(default=[], max_length=1000)
    change_password_on_rent: bool | None = None
    kick_devices_on_rent: bool | None = None
    shared_secret: Secret | None = Field(None, repr=False)
    identity_secret: Secret | None = Field(None, repr=False)
    proxy_settings: ProxySettings | None = None


class ProxyPatch(Body):
    """A password that is null or `***` stays, "" takes it away."""

    host: Host = Field(default_factory=str)
    port: Port = Field(default_factory=int)
    proxy_type: ProxyType = Field(default_factory=lambda: "http")
    username: Credential = Field(default_factory=str)
    password: Credential | None = Field(None, repr=False)
    name: ProxyName = Field(default_factory=str)
    enabled: bool = Field(default_factory=bool)


class NewProxy(Body):
    """Either `url`, or at least `host` and `port`; with `url` only name and enabled count."""

    url: str | None = Field(None, max_length=1000, repr=False)
    host: Host | None = None
    port: Port | None = None
    proxy_type: ProxyType = "http"
    username: Credential = ""
    password: Credential = Field("", repr=False)
    name: ProxyName = ""
    enabled: bool = True


class NewProxyList(Body):
    name: ListName
    proxy_ids: list[ProxyId] = Field(default=[], max_length=1000)


class Nothing(Body):
    """A body that may be there and says nothing."""


class Texts(Body):
    """Key → text; null or "" brings the default back. Unknown keys are ignored."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any]
