"""Signing in with login, password and Guard code (protocol 5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import partial
from typing import Protocol

from opium.modules.steam_rent.steam import crypto
from opium.modules.steam_rent.steam.api import AUTHENTICATION, WebApi
from opium.modules.steam_rent.steam.errors import (
    GuardMissing,
    GuardMoved,
    Locked,
    SteamError,
    Unreachable,
    WrongCode,
    WrongPassword,
)
from opium.modules.steam_rent.steam.messages import (
    BeginAnswer,
    BeginRequest,
    DeviceDetails,
    GuardCodeAnswer,
    GuardCodeRequest,
    PasswordKeyAnswer,
    PasswordKeyRequest,
    PollAnswer,
    PollRequest,
)
from opium.modules.steam_rent.steam.results import EResult, name
from opium.modules.steam_rent.steam.tokens import Tokens

CODE_TRIES = 3
POLL_SECONDS = 30.0
_SAFE_SECONDS = 5
"""A code is not sent when its window has less than this left."""
_WINDOWS_WAITED_FOR = 6
_DEVICE_CODE, _DEVICE_TAP = 3, 4


class Platform(IntEnum):
    """What we sign in as."""

    WEB = 2
    MOBILE = 3


class Windows(Protocol):
    """Which Guard windows are spent; one code serves one sign-in (protocol 3)."""

    def take(self, window: int) -> bool:
        """Claim a window for our own sign-in; False if the tenant got its code or we used it."""
        ...


@dataclass(frozen=True, slots=True)
class Started:
    """A sign-in whose password was right."""

    steam_id: int
    client_id: int
    request_id: bytes
    interval: float
    methods: frozenset[int]
    agreement: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session of ours."""

    steam_id: int
    tokens: Tokens


class Login:
    """Sign-ins to one account."""

    def __init__(
        self,
        api: WebApi,
        login: str,
        shared_secret: bytes,
        windows: Windows,
        *,
        device_name: str = "Pixel 7",
    ) -> None:
        self._api = api
        self._http = api.http
        self._time = api.time
        self._login = login.lower()
        self._shared_secret = shared_secret
        self._windows = windows
        self._device_name = device_name

    def sign_in(self, password: str, platform: Platform = Platform.MOBILE) -> SignedIn:
        """A whole sign-in. Raises whatever may be wrong with it."""
        try:
            started = self.begin(password, platform)
        except Unreachable as exc:
            if not exc.sent:
                raise
            # An answer was lost: once more, with a fresh key (protocol 13.1, "start").
            started = self.begin(password, platform)
        done = self._approved(started)
        return SignedIn(started.steam_id, Tokens(done.refresh_token, done.access_token))

    def begin(self, password: str, platform: Platform = Platform.MOBILE) -> Started:
        """The first half: tells whether the password is right, and needs no code."""
        self._http.throttle.check(self._http.exit, login=True)
        self._http.wait(self._http.throttle.login_turn(self._http.exit))
        key = self._http.patiently(self._key)
        try:
            encrypted = crypto.encrypt_password(password, key.publickey_mod, key.publickey_exp)
        except ValueError:
            raise Unreachable("Steam gave no usable key for the password.") from None
        request = self._request(platform, encrypted, key.timestamp)
        outcome = self._api.ask(
            AUTHENTICATION, "BeginAuthSessionViaCredentials", request, BeginAnswer
        )
        if not outcome.ok:
            raise self._begin_error(outcome.result)
        self._http.throttle.answered(self._http.exit, login=True)
        return _started(outcome.answer)

    def code(self) -> str:
        """A Guard code that nobody has used; waits for the next window if it must."""
        for _ in range(_WINDOWS_WAITED_FOR):
            self._api.sync()
            now = self._time.now()
            left = crypto.seconds_left(now)
            if left >= _SAFE_SECONDS and self._windows.take(crypto.code_window(now)):
                return crypto.guard_code(self._shared_secret, now)
            self._http.wait(left)
        raise Unreachable("No Guard window is free for our own sign-in.", sent=False)

    def _key(self) -> PasswordKeyAnswer:
        request = PasswordKeyRequest(self._login)
        return self._api.call(
            AUTHENTICATION, "GetPasswordRSAPublicKey", request, PasswordKeyAnswer, get=True
        )

    def _request(self, platform: Platform, encrypted: str, timestamp: int) -> BeginRequest:
        mobile = platform is Platform.MOBILE
        details = DeviceDetails(
            device_friendly_name=self._device_name,
            platform_type=int(platform),
            os_type=-500 if mobile else 20,
            gaming_device_type=528 if mobile else None,
        )
        return BeginRequest(
            device_friendly_name=self._device_name,
            account_name=self._login,
            encrypted_password=encrypted,
            encryption_timestamp=timestamp,
            remember_login=True,
            platform_type=int(platform),
            persistence=1,
            website_id="Mobile" if mobile else "Community",
            device_details=details,
        )

    def _begin_error(self, result: int) -> SteamError:
        """What a refused sign-in means; only 5 says anything about the password."""
        if result in (EResult.InvalidPassword, EResult.AccountNotFound):
            return WrongPassword("Steam says that login or password is wrong.")
        if result in (EResult.AccessDenied, EResult.NeedCaptcha):
            return self._http.throttle.limited(self._http.exit, login=True)
        if result in (EResult.AccountLogonDenied, EResult.AccountLoginDeniedNeedTwoFactor):
            return GuardMissing("The account does not use the mobile authenticator.")
        return self._api.error(result)

    def _approved(self, started: Started) -> PollAnswer:
        _check_agreement(started.agreement)
        if started.methods & {_DEVICE_CODE, _DEVICE_TAP} == {_DEVICE_TAP}:
            raise GuardMoved("The account asks for a tap in the app, but takes no codes.")
        if _DEVICE_CODE not in started.methods:
            raise GuardMissing("The account asks for no code of a mobile authenticator.")
        for _ in range(CODE_TRIES):
            code = self.code()
            try:
                accepted = self._send_code(started, code)
            except Unreachable:
                # The code is never sent again; it may have worked, so look first.
                done = self._poll(started)
                if done.refresh_token:
                    return done
                continue
            if accepted:
                return self._polled(started)
        raise WrongCode("Steam refuses our Guard codes: the authenticator may have been replaced.")

    def _send_code(self, started: Started, code: str) -> bool:
        """Whether Steam took the code."""
        request = GuardCodeRequest(started.client_id, started.steam_id, code, _DEVICE_CODE)
        outcome = self._api.ask(
            AUTHENTICATION, "UpdateAuthSessionWithSteamGuardCode", request, GuardCodeAnswer
        )
        if outcome.ok:
            _check_agreement(outcome.answer.agreement_session_url)
        if outcome.ok or outcome.result == EResult.DuplicateRequest:
            return True
        if outcome.result in (EResult.TwoFactorCodeMismatch, EResult.InvalidLoginAuthCode):
            self._time.drop()
            return False
        if outcome.result in (EResult.Expired, EResult.ExpiredLoginAuthCode):
            raise Unreachable("The sign-in took too long and expired.")
        raise self._api.error(outcome.result)

    def _polled(self, started: Started) -> PollAnswer:
        """Wait for the tokens of an approved sign-in, about 30 s."""
        waited = 0.0
        while True:
            done = self._http.patiently(partial(self._poll, started))
            if done.refresh_token:
                return done
            if waited >= POLL_SECONDS:
                raise Unreachable("Steam did not finish the sign-in.")
            if done.new_client_id:
                started = replace(started, client_id=done.new_client_id)
            self._http.pause(started.interval)
            waited += started.interval

    def _poll(self, started: Started) -> PollAnswer:
        request = PollRequest(started.client_id, started.request_id)
        outcome = self._api.ask(AUTHENTICATION, "PollAuthSessionStatus", request, PollAnswer)
        if outcome.ok:
            _check_agreement(outcome.answer.agreement_session_url)
            return outcome.answer
        if outcome.result in (EResult.Expired, EResult.FileNotFound):
            raise Unreachable(f"The sign-in is gone, Steam answered {name(outcome.result)}.")
        raise self._api.error(outcome.result)


def _started(answer: BeginAnswer) -> Started:
    if not answer.client_id:
        raise Unreachable("Steam began no sign-in and did not say why.")
    return Started(
        steam_id=answer.steamid,
        client_id=answer.client_id,
        request_id=answer.request_id,
        interval=answer.interval if 1 <= answer.interval <= 10 else 5.0,
        methods=frozenset(allowed.confirmation_type for allowed in answer.allowed_confirmations),
        agreement=answer.agreement_session_url,
    )


def _check_agreement(url: str) -> None:
    if url:
        raise Locked("The owner must accept Steam's new agreement in a browser first.")
