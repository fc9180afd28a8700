"""Settings of the server: environment `OPIUM_X` or `OPIUM_X_FILE`, over `.env`, over defaults.

Read and checked once at start; a bad value stops the start with one sentence that names its key.
Meanings, bounds and defaults are those of contract 1.1 and of the decisions page.
"""

from __future__ import annotations

import os
import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "OPIUM_"

CommaList = Annotated[tuple[str, ...], NoDecode]


class ConfigError(Exception):
    """The settings are unusable; the text is one sentence for the person at the terminal."""


class Config(BaseSettings):
    """Every setting of the server, one field each; the key is `OPIUM_` + the name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    instance: Path = Field(ROOT / "instance", description="Folder of the database, keys and logs.")
    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the API listens on.")
    socket: Path | None = Field(
        None, description="Unix socket the API listens on, in the place of host and port."
    )
    web_dir: Path | None = Field(None, description="Folder of a built web client to serve at /.")
    docs: bool = Field(False, description="Serve /openapi.json and /docs.")
    timezone: str = Field("", description="Zone of times in answers and texts; empty: system zone.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Log level."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="Lines for people, or one JSON object per line."
    )

    secret_key: SecretStr | None = Field(None, description="HS256 key of tokens, 32 characters up.")
    data_key: SecretStr | None = Field(None, description="Key that seals secrets, if not a file.")
    admin_username: str = Field("admin", min_length=1, max_length=128, description="The only user.")
    admin_password: SecretStr | None = Field(
        None, description="First password, stored as a hash if none is stored yet."
    )
    admin_password_hash: str = Field("", description="A ready hash, if none is stored yet.")
    auth_enabled: bool = Field(True, description="Whether requests need a token.")
    token_expire_minutes: int = Field(60, ge=5, le=20160, description="Lifetime of a token.")
    metrics_token: SecretStr | None = Field(
        None, description="Token that reads GET /api/metrics and nothing else, 16 characters up."
    )
    rate_limit_enabled: bool = Field(True, description="Whether limits refuse requests.")
    rate_limit_per_minute: int = Field(60, ge=1, le=100_000, description="Requests per address.")
    login_rate_limit_per_minute: int = Field(5, ge=1, le=10_000, description="Logins per address.")
    login_max_failures: int = Field(10, ge=1, le=1000, description="Failed logins before a ban.")
    login_ban_minutes: int = Field(30, ge=1, le=1440, description="Ban and its counting window.")
    ip_whitelist_enabled: bool = Field(False, description="Serve listed addresses only.")
    ip_whitelist: CommaList = Field(("127.0.0.1", "::1"), description="Addresses or networks.")
    trusted_proxies: CommaList = Field((), description="One proxy address, or `unix`.")
    secure_headers_enabled: bool = Field(True, description="Send the security headers.")
    csp_policy: str = Field(
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: https:; font-src 'self' data:; object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
        description="Content-Security-Policy.",
    )
    referrer_policy: str = Field("strict-origin-when-cross-origin", description="Referrer-Policy.")
    cors_origins: CommaList = Field(
        ("http://localhost:3000", "http://127.0.0.1:3000"), description="Exact origins allowed."
    )
    order_tag_games: Literal["objects", "ids"] = Field(
        "objects", description="Shape of `games` in order-tags; `ids` suits the older client."
    )
    mask_secrets: bool = Field(False, description="Mask golden_key and proxies in GET config.")
    proxy_private: bool = Field(True, description="Allow proxies on loopback and private networks.")
    password_rounds: int = Field(
        600_000, ge=1000, description="PBKDF2 rounds of new password hashes."
    )

    funpay_url: str = Field("https://funpay.com", description="Address of FunPay.")
    telegram_url: str = Field("https://api.telegram.org", description="Address of the Bot API.")
    steam_api_url: str = Field("https://api.steampowered.com", description="Steam's Web API.")
    steam_community_url: str = Field("https://steamcommunity.com", description="Steam community.")
    steam_store_url: str = Field("https://store.steampowered.com", description="Steam's store.")
    steam_help_url: str = Field("https://help.steampowered.com", description="Steam's help site.")
    steam_login_url: str = Field("https://login.steampowered.com", description="Steam's login.")

    steam_pace: float = Field(
        1, ge=0, le=1, description="How slowly Steam is asked; below 1 only against a double."
    )

    settle_seconds: float = Field(
        45, ge=0, le=3600, description="How long a lost send may take to show in the history."
    )
    settle_gap_seconds: float = Field(15, ge=0, le=600, description="Pause between two looks.")
    catchup_seconds: float = Field(300, ge=1, le=3600, description="Between two full compares.")
    disk_alert_mib: int = Field(
        300, ge=0, le=1_000_000, description="An alert below so much free disk space."
    )
    disk_stop_mib: int = Field(
        100, ge=0, le=1_000_000, description="Orders and sends wait below so much."
    )
    web_threads: int = Field(16, ge=4, le=64, description="Threads of the web server.")
    failpoint: str = Field("", description="For crash tests: name:k ends the process there.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, _FileSource(settings_cls), env_settings, dotenv_settings

    @classmethod
    def load(cls, **values: Any) -> Config:
        """Read all sources; raises ConfigError with one sentence naming the key."""
        try:
            return cls(**values)
        except ValidationError as exc:
            first = exc.errors(include_input=False, include_url=False)[0]
            name = PREFIX + "_".join(str(part) for part in first["loc"][:1]).upper()
            raise ConfigError(f"{name} is not usable: {first['msg']}.") from None

    @field_validator("ip_whitelist", "trusted_proxies", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            if value:
                ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("it names no time zone; write for example Europe/Moscow") from None
        return value

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("it must have at least 32 characters")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _a_token(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value is not None else ""
        if value is not None and (len(text) < 16 or not re.fullmatch(r"[!-~]+", text)):
            raise ValueError("it must have at least 16 characters: Latin letters, digits, signs")
        return value

    @field_validator("ip_whitelist")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            ip_network(entry, strict=False)
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _one_proxy(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) > 1:
            raise ValueError("it takes one proxy address, or the word unix")
        for entry in value:
            if entry != "unix":
                ip_address(entry)
        return value

    @field_validator(
        "funpay_url",
        "telegram_url",
        "steam_api_url",
        "steam_community_url",
        "steam_store_url",
        "steam_help_url",
        "steam_login_url",
    )
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it must be an http or https address")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _absolute(self) -> Self:
        object.__setattr__(self, "instance", self.instance.expanduser().resolve())
        return self

    @model_validator(mode="after")
    def _a_socket_for_unix(self) -> Self:
        if "unix" in self.trusted_proxies and self.socket is None:
            raise ValueError("OPIUM_TRUSTED_PROXIES is unix, but OPIUM_SOCKET names no socket")
        return self


class _FileSource(PydanticBaseSettingsSource):
    """`OPIUM_X_FILE=path`: the value is the file's text without its last line break."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        if not path:
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n"), field_name, False
        except (OSError, UnicodeDecodeError) as exc:
            key = f"{PREFIX}{field_name.upper()}_FILE"
            reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
            raise ConfigError(f"{key} cannot be read: {reason}.") from None

    def __call__(self) -> dict[str, Any]:
        found = {}
        for name, field in self.settings_cls.model_fields.items():
            value, key, _ = self.get_field_value(field, name)
            if value is not None and name != "instance":
                found[key] = value
        return found
