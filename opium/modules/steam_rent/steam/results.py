"""The numbers of `x-eresult` (protocol 14) and what they mean outside a sign-in."""

from __future__ import annotations

from enum import IntEnum

from opium.modules.steam_rent.steam.errors import (
    Locked,
    Refused,
    SignedOut,
    SteamError,
    Unreachable,
)


class EResult(IntEnum):
    """The outcomes that we have to tell apart, with Steam's names."""

    OK = 1
    Fail = 2
    NoConnection = 3
    InvalidPassword = 5
    InvalidParam = 8
    FileNotFound = 9
    Busy = 10
    InvalidState = 11
    AccessDenied = 15
    Timeout = 16
    Banned = 17
    AccountNotFound = 18
    ServiceUnavailable = 20
    NotLoggedOn = 21
    Revoked = 26
    Expired = 27
    DuplicateRequest = 29
    AccountDisabled = 43
    IllegalPassword = 61
    SameAsPreviousValue = 62
    AccountLogonDenied = 63
    CannotUseOldPassword = 64
    InvalidLoginAuthCode = 65
    ExpiredLoginAuthCode = 71
    IPLoginRestrictionFailed = 72
    AccountLockedDown = 73
    RateLimitExceeded = 84
    AccountLoginDeniedNeedTwoFactor = 85
    AccountLoginDeniedThrottle = 87
    TwoFactorCodeMismatch = 88
    TimeNotSynced = 93
    NeedCaptcha = 101
    MustAgreeToSSA = 118


THROTTLED = frozenset({EResult.RateLimitExceeded, EResult.AccountLoginDeniedThrottle})
DOWN = frozenset(
    {EResult.NoConnection, EResult.Busy, EResult.Timeout, EResult.ServiceUnavailable, EResult.Fail}
)
DEAD = frozenset({EResult.AccessDenied, EResult.Revoked, EResult.Expired, EResult.NotLoggedOn})
"""A token with this answer is good for nothing any more (protocol 6)."""
CLOCK = frozenset({EResult.TwoFactorCodeMismatch, EResult.TimeNotSynced})
"""Our idea of Steam's time may be wrong (protocol 2)."""

_LOCKED = {
    EResult.AccountDisabled: "Steam has disabled the account.",
    EResult.Banned: "Steam has banned the account.",
    EResult.AccountLockedDown: "Steam has locked the account.",
    EResult.MustAgreeToSSA: "The owner must accept Steam's new agreement in a browser first.",
}


def name(number: int) -> str:
    """`84 (RateLimitExceeded)`, or just the number."""
    try:
        return f"{number} ({EResult(number).name})"
    except ValueError:
        return str(number)


def error(number: int) -> SteamError:
    """What an outcome other than 1 means where nothing more special applies.

    Throttling is not in here: whoever sees it must tell the `Throttle`.
    """
    if number in _LOCKED:
        return Locked(_LOCKED[EResult(number)])
    if number in DEAD:
        return SignedOut("Steam no longer accepts the session.")
    if number in DOWN:
        return Unreachable(f"Steam is not available, it answered {name(number)}.")
    return Refused(f"Steam refused, it answered {name(number)}.", reason=name(number))
