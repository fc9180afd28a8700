"""The messages that we exchange with Steam's Web API (protocol 2, 5.2, 6, 9)."""

# ruff: noqa: RUF009 - the calls in here make fields, which dataclasses takes apart

from __future__ import annotations

from dataclasses import dataclass

from opium.modules.steam_rent.steam.protobuf import (
    boolean,
    fixed64,
    integer,
    part,
    parts,
    raw,
    real,
    string,
    uint,
)

# Requests: None is left out, everything else is written, zero too.


@dataclass(frozen=True, slots=True)
class QueryTimeRequest:
    pass


@dataclass(frozen=True, slots=True)
class QueryStatusRequest:
    steamid: int | None = fixed64(1, None)


@dataclass(frozen=True, slots=True)
class PasswordKeyRequest:
    account_name: str | None = string(1, None)


@dataclass(frozen=True, slots=True)
class DeviceDetails:
    device_friendly_name: str | None = string(1, None)
    platform_type: int | None = integer(2, None)
    os_type: int | None = integer(3, None)
    gaming_device_type: int | None = uint(4, None)


@dataclass(frozen=True, slots=True)
class BeginRequest:
    """BeginAuthSessionViaCredentials."""

    device_friendly_name: str | None = string(1, None)
    account_name: str | None = string(2, None)
    encrypted_password: str | None = string(3, None)
    encryption_timestamp: int | None = uint(4, None)
    remember_login: bool | None = boolean(5, None)
    platform_type: int | None = integer(6, None)
    persistence: int | None = integer(7, None)
    website_id: str | None = string(8, None)
    device_details: DeviceDetails | None = part(9, DeviceDetails)


@dataclass(frozen=True, slots=True)
class GuardCodeRequest:
    """UpdateAuthSessionWithSteamGuardCode."""

    client_id: int | None = uint(1, None)
    steamid: int | None = fixed64(2, None)
    code: str | None = string(3, None)
    code_type: int | None = integer(4, None)


@dataclass(frozen=True, slots=True)
class PollRequest:
    client_id: int | None = uint(1, None)
    request_id: bytes | None = raw(2, None)


@dataclass(frozen=True, slots=True)
class RenewRequest:
    """GenerateAccessTokenForApp."""

    refresh_token: str | None = string(1, None)
    steamid: int | None = fixed64(2, None)
    renewal_type: int | None = integer(3, None)


@dataclass(frozen=True, slots=True)
class EnumerateRequest:
    include_revoked: bool | None = boolean(1, None)


@dataclass(frozen=True, slots=True)
class RevokeRequest:
    """RevokeRefreshToken."""

    token_id: int | None = fixed64(1, None)
    steamid: int | None = fixed64(2, None)
    revoke_action: int | None = integer(3, None)
    signature: bytes | None = raw(4, None)


@dataclass(frozen=True, slots=True)
class RevokeOwnRequest:
    """RevokeToken: signs nobody out but the bearer (protocol 9, K3)."""

    token: str | None = string(1, None)
    revoke_action: int | None = integer(2, None)


# Answers: what is absent has its default.


@dataclass(frozen=True, slots=True)
class Nothing:
    """An answer whose outcome is all that matters."""


@dataclass(frozen=True, slots=True)
class QueryTimeAnswer:
    server_time: int = uint(1)


@dataclass(frozen=True, slots=True)
class QueryStatusAnswer:
    state: int = uint(1)
    authenticator_type: int = uint(3)
    steamguard_scheme: int = uint(5)
    token_gid: str = string(6)
    device_identifier: str = string(8)
    time_transferred: int = uint(13)
    version: int = uint(14)


@dataclass(frozen=True, slots=True)
class PasswordKeyAnswer:
    publickey_mod: str = string(1)
    publickey_exp: str = string(2)
    timestamp: int = uint(3)


@dataclass(frozen=True, slots=True)
class AllowedConfirmation:
    confirmation_type: int = integer(1)


@dataclass(frozen=True, slots=True)
class BeginAnswer:
    client_id: int = uint(1)
    request_id: bytes = raw(2)
    interval: float = real(3)
    allowed_confirmations: tuple[AllowedConfirmation, ...] = parts(4, AllowedConfirmation)
    steamid: int = uint(5)
    agreement_session_url: str = string(7)


@dataclass(frozen=True, slots=True)
class GuardCodeAnswer:
    agreement_session_url: str = string(7)


@dataclass(frozen=True, slots=True)
class PollAnswer:
    new_client_id: int = uint(1)
    refresh_token: str = string(3)
    access_token: str = string(4)
    account_name: str = string(6)
    agreement_session_url: str = string(8)


@dataclass(frozen=True, slots=True)
class RenewAnswer:
    access_token: str = string(1)
    refresh_token: str = string(2)


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """When and from where a token was used."""

    time: int = uint(1)
    country: str = string(4)
    state: str = string(5)
    city: str = string(6)


@dataclass(frozen=True, slots=True)
class RefreshTokenDescription:
    token_id: int = fixed64(1)
    token_description: str = string(2)
    time_updated: int = uint(3)
    platform_type: int = integer(4)
    logged_in: bool = boolean(5)
    os_platform: int = uint(6)
    first_seen: SeenEvent | None = part(9, SeenEvent)
    last_seen: SeenEvent | None = part(10, SeenEvent)
    os_type: int = integer(11)
    effective_token_state: int = integer(13)


@dataclass(frozen=True, slots=True)
class EnumerateAnswer:
    refresh_tokens: tuple[RefreshTokenDescription, ...] = parts(1, RefreshTokenDescription)
    requesting_token: int = fixed64(2)
