"""The eight members of a configuration, and the bodies that create and change it."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)

from opium.account_config.objects import AntiDetect, Part, RateLimit, Reconnect
from opium.account_config.proxy import MASK, check_proxy, mask_proxy
from opium.schema.wording import clause

KEY = r"[!#-+\--:<-\[\]-~]{1,256}"
"""What a cookie can carry: printable, without space " , ; and backslash."""


def _golden_key(value: str) -> str:
    if not re.fullmatch(KEY, value):
        raise ValueError(
            "must be 1 to 256 printable characters without spaces, quotes, ';', ',' and backslashes"
        )
    return value


def _user_agent(value: str) -> str:
    if not re.fullmatch(r"(?:[!-~][ -~\xa0-\xff]*)?", value):
        raise ValueError("must be a plain header text without line breaks")
    return value


def _shape(model: type[Part]) -> BeforeValidator:
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


def _schema_of(model: type[Part]) -> WithJsonSchema:
    schema = model.model_json_schema()
    return WithJsonSchema({"anyOf": [schema, {"type": "null"}]})


_PROXY_TEXT = {"type": "string", "minLength": 3, "maxLength": 700}
GoldenKey = Annotated[
    str,
    Field(min_length=1, max_length=256, json_schema_extra={"pattern": f"^{KEY}$"}),
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
