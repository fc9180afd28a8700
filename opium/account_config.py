"""An account's configuration: models, bounds and the proxy grammar (contract 4.3). Pure."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from opium.schema.wording import clause

MASK = "***"
BOTH = ("http", "https")

Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
Poll = Annotated[float, Field(ge=1, le=300, allow_inf_nan=False)]
Factor = Annotated[float, Field(ge=0.1, le=10, allow_inf_nan=False)]


class _Object(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def of(cls, given: dict[str, Any] | None) -> Self:
        """The effective values: what was given over the defaults; None is all defaults."""
        return cls.model_validate(given or {})


class AntiDetect(_Object):
    """Pauses of an account, all in seconds."""

    startup_delay_min: Seconds = 0
    startup_delay_max: Seconds = 0
    shutdown_delay_min: Seconds = 0
    shutdown_delay_max: Seconds = 0
    runner_delay_min: Poll = 4
    runner_delay_max: Poll = 8
    session_refresh_interval: float = Field(2400, ge=300, le=86400, allow_inf_nan=False)
    session_refresh_jitter: float = Field(600, ge=0, le=86400, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for name in ("startup_delay", "shutdown_delay", "runner_delay"):
            _no_more(self, f"{name}_min", f"{name}_max")
        _no_more(self, "session_refresh_jitter", "session_refresh_interval")
        return self


class RateLimit(_Object):
    """The pace towards FunPay: seconds, factors, and calls inside a window of seconds."""

    base_delay: float = Field(1.0, ge=0, le=60, allow_inf_nan=False)
    jitter_min: Factor = 0.8
    jitter_max: Factor = 1.3
    burst_limit: int = Field(5, ge=1, le=100)
    burst_window: float = Field(10, ge=1, le=600, allow_inf_nan=False)
    cooldown_after_burst: float = Field(5, ge=0, le=600, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _no_more(self, "jitter_min", "jitter_max")
        return self


class Reconnect(_Object):
    """The back-off after a failure; `max_attempts` 0 is endless, delays in seconds."""

    enabled: bool = True
    max_attempts: int = Field(50, ge=0, le=1_000_000)
    base_delay: float = Field(5, ge=0.1, le=3600, allow_inf_nan=False)
    max_delay: float = Field(300, ge=0.1, le=86400, allow_inf_nan=False)
    backoff_factor: float = Field(2, ge=1, le=10, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _no_more(self, "base_delay", "max_delay")
        return self


def proxies(proxy: dict[str, str] | str | None) -> dict[str, str] | None:
    """What `requests` takes: both schemes always filled, names resolved by a SOCKS proxy.

    A single URL serves both schemes: with only `http` set, FunPay, which is https, would be
    reached without any proxy.
    """
    if proxy is None:
        return None
    given = {"http": proxy} if isinstance(proxy, str) else proxy
    first = given.get("https") or given["http"]
    return {scheme: _normal(given.get(scheme) or first) for scheme in BOTH}


def check_proxy(proxy: object, *, allow_private: bool = True) -> dict[str, str] | str | None:
    """`proxy` unchanged if it is usable; ValueError with one clause that never shows it."""
    if proxy is None:
        return None
    if isinstance(proxy, dict):
        if not proxy or not set(proxy) <= set(BOTH):
            raise ValueError("must hold the keys http or https and nothing else")
        for url in proxy.values():
            _check_url(url, allow_private)
        return proxy
    if isinstance(proxy, str):
        _check_url(proxy, allow_private)
        return proxy
    raise ValueError("must be null, a proxy address or an object of http and https addresses")


def mask_proxy(proxy: dict[str, str] | str | None) -> dict[str, str] | str | None:
    """`proxy` with its credentials masked."""
    if isinstance(proxy, dict):
        return {scheme: _masked(url) for scheme, url in proxy.items()}
    return None if proxy is None else _masked(proxy)


def _no_more(model: BaseModel, low: str, high: str) -> None:
    if getattr(model, low) > getattr(model, high):
        raise ValueError(f"{low} must not be greater than {high}")


# --- proxy grammar: [scheme://][user:password@]host:port

_URL = re.compile(
    r"(?:(?P<scheme>http|https|socks5|socks5h)://)?"
    r"(?:(?P<user>[!-9;-?A-Z\[-~]{1,128}):(?P<password>[!-?A-Z\[-~]{0,256})@)?"
    r"(?:(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?)|\[(?P<v6>[0-9A-Fa-f:.]{2,45})\])"
    r":(?P<port>[0-9]{1,5})",
    re.ASCII,
)
_NUMERIC_LABEL = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*", re.ASCII)
_METADATA_HOSTS = {"metadata.google.internal", "metadata", "instance-data"}
_METADATA = {ip_address("100.100.100.200"), ip_address("fd00:ec2::254")}
_WRONG = "must look like socks5://user:password@host:port"


def _check_url(url: object, allow_private: bool) -> None:
    match = _URL.fullmatch(url) if isinstance(url, str) else None
    if match is None or any(
        char in (match["user"] or "") + (match["password"] or "") for char in "/?#\\"
    ):
        raise ValueError(_WRONG)
    if not 1 <= int(match["port"]) <= 65535:
        raise ValueError("must have a port between 1 and 65535")
    host = match["host"] or match["v6"]
    address = _address(host)
    if host.lower() in _METADATA_HOSTS or (address and _never(address)):
        raise ValueError("must not be a link-local, metadata, multicast or unspecified address")
    local_name = host.lower() == "localhost" or host.lower().endswith(".localhost")
    private = local_name or (address is not None and not address.is_global)
    if private and not allow_private:
        raise ValueError("must not be a loopback or private address on this server")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        # 2130706433, 127.1 and 0x7f.1 are addresses to the system, though not to us.
        if ":" in host or _NUMERIC_LABEL.fullmatch(host.rsplit(".", 1)[-1]):
            raise ValueError(_WRONG) from None
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _never(address: IPv4Address | IPv6Address) -> bool:
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address in _METADATA
    )


def _normal(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator:
        return f"http://{url}"
    return f"socks5h://{rest}" if scheme == "socks5" else url


def _masked(url: str) -> str:
    head, separator, place = url.rpartition("@")
    if not separator:
        return url
    scheme = f"{head.partition('://')[0]}://" if "://" in head else ""
    return f"{scheme}{MASK}:{MASK}@{place}"


# --- the members and the bodies


def _golden_key(value: str) -> str:
    if not re.fullmatch(r"[!-+\--:<-~]{1,256}", value):  # printable, without space ; ,
        raise ValueError("must be 1 to 256 printable characters without spaces, ';' and ','")
    return value


def _user_agent(value: str) -> str:
    if not re.fullmatch(r"(?:[!-~][ -~\xa0-\xff]*)?", value):
        raise ValueError("must be a plain header text without line breaks")
    return value


def _shape(model: type[_Object]) -> BeforeValidator:
    """Checks a free object against `model`, and keeps it as it was given."""

    def check(value: object) -> object:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise ValueError("must be an object or null")
        try:
            model.model_validate(value)
        except ValidationError as exc:
            raise ValueError(f"is not acceptable: {clause(exc)}") from None
        return value

    return BeforeValidator(check)


def _schema_of(model: type[_Object]) -> WithJsonSchema:
    schema = model.model_json_schema()
    return WithJsonSchema({"anyOf": [schema, {"type": "null"}]})


_PROXY_TEXT = {"type": "string", "minLength": 3, "maxLength": 700}
GoldenKey = Annotated[
    str,
    Field(min_length=1, max_length=256, json_schema_extra={"pattern": r"^[!-+\--:<-~]{1,256}$"}),
    AfterValidator(_golden_key),
]
UserAgent = Annotated[
    str,
    Field(max_length=512, json_schema_extra={"pattern": r"^([!-~][ -~\u00a0-\u00ff]*)?$"}),
    AfterValidator(_user_agent),
]
_ProxySchema = WithJsonSchema(
    {
        "anyOf": [
            {"type": "null"},
            _PROXY_TEXT,
            {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": False,
                "properties": {"http": _PROXY_TEXT, "https": _PROXY_TEXT},
            },
        ]
    }
)
Proxy = Annotated[dict[str, str] | str | None, BeforeValidator(check_proxy), _ProxySchema]
AntiDetectGiven = Annotated[dict[str, Any] | None, _shape(AntiDetect), _schema_of(AntiDetect)]
RateLimitGiven = Annotated[dict[str, Any] | None, _shape(RateLimit), _schema_of(RateLimit)]
ReconnectGiven = Annotated[dict[str, Any] | None, _shape(Reconnect), _schema_of(Reconnect)]


class AccountConfig(BaseModel):
    """The eight members, objects as they were given; `effective_*` fill in the defaults."""

    model_config = ConfigDict(strict=True, frozen=True)

    golden_key: GoldenKey = Field(repr=False)
    user_agent: UserAgent = ""
    proxy: Proxy = Field(None, repr=False)
    anti_detect: AntiDetectGiven = None
    rate_limit: RateLimitGiven = None
    reconnect: ReconnectGiven = None
    disable_messages: bool = False
    disable_orders: bool = False


class CreateBody(AccountConfig):
    """POST /api/accounts."""

    account_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")


class PatchBody(BaseModel):
    """PATCH …/config: what is absent is kept, null means the default, the mask means keep."""

    model_config = ConfigDict(strict=True, frozen=True)

    golden_key: GoldenKey = Field(MASK, repr=False)
    user_agent: UserAgent = ""
    proxy: Annotated[dict[str, str] | str | None, _ProxySchema] = Field(None, repr=False)
    anti_detect: AntiDetectGiven = None
    rate_limit: RateLimitGiven = None
    reconnect: ReconnectGiven = None
    disable_messages: bool = False
    disable_orders: bool = False

    def changes(self, stored: AccountConfig) -> dict[str, Any]:
        """The members to change, checked; raises ValueError naming the member."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if given.get("golden_key") == MASK:
            del given["golden_key"]
        if "proxy" in given:
            if _is_mask_of(given["proxy"], stored.proxy):
                del given["proxy"]
            else:
                try:
                    check_proxy(given["proxy"])
                except ValueError as exc:
                    raise ValueError(f"proxy {exc}") from None
        return given


def _is_mask_of(given: dict[str, str] | str | None, stored: dict[str, str] | str | None) -> bool:
    return given is not None and given == mask_proxy(stored)
