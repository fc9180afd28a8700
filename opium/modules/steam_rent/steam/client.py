"""Steam as the rest of the module sees it: one account, one operation at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Self

from requests.adapters import BaseAdapter

from opium.clock import Clock
from opium.modules.steam_rent.steam import crypto, passwords
from opium.modules.steam_rent.steam.api import TWO_FACTOR, WebApi
from opium.modules.steam_rent.steam.confirmations import Confirmations
from opium.modules.steam_rent.steam.endpoints import Endpoints
from opium.modules.steam_rent.steam.errors import (
    CannotChange,
    NotKicked,
    PasswordRefused,
    SignedOut,
    SteamError,
    Throttled,
    WizardExpired,
    WrongCode,
    WrongPassword,
)
from opium.modules.steam_rent.steam.http import Http
from opium.modules.steam_rent.steam.login import Login, Windows
from opium.modules.steam_rent.steam.mafile import MaFile, account_id
from opium.modules.steam_rent.steam.messages import QueryStatusAnswer, QueryStatusRequest
from opium.modules.steam_rent.steam.server_time import ServerTime
from opium.modules.steam_rent.steam.sessions import Session, Sessions, foreign
from opium.modules.steam_rent.steam.signing import Signing
from opium.modules.steam_rent.steam.steps import Steps
from opium.modules.steam_rent.steam.throttle import Throttle
from opium.modules.steam_rent.steam.tokens import Tokens
from opium.modules.steam_rent.steam.wizard import Wizard
from opium.net.proxy import Proxy

WIZARD_RESTARTS = 3
KICK_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Options:
    """What no source could prove, each behind a switch (protocol 17)."""

    plain: bool = False
    """Plain forms in place of protobuf."""
    web_fallback: bool = True
    """A web sign-in where store or help do not take the mobile session."""
    guard_code_variant: bool = False
    """A Guard code in the wizard where no mobile confirmation appears."""
    device_name: str = "Pixel 7"
    """As it shows on the account's list of devices."""
    pace: float = 1.0
    """Below 1 the pauses between requests are shorter, for tests."""


class Verdict(Enum):
    """What Steam says about a password."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether a password is valid; UNKNOWN says why, and how long to wait if Steam said so."""

    verdict: Verdict
    reason: str = ""
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class GuardStatus:
    """The authenticator on the account, beside the one in the maFile."""

    is_ours: bool | None
    """None where the maFile holds no `token_gid` to compare."""
    can_confirm: bool | None
    """Whether Steam takes our confirmation keys; None without an identity_secret."""
    device_id: str


class Steam:
    """One account through one exit address. Not for two threads at once, save `abort`."""

    def __init__(
        self,
        endpoints: Endpoints,
        login: str,
        mafile: MaFile,
        *,
        clock: Clock,
        windows: Windows,
        throttle: Throttle,
        proxy: Proxy | None = None,
        tokens: Tokens | None = None,
        keep_tokens: Callable[[Tokens], None] = lambda tokens: None,
        time: ServerTime | None = None,
        options: Options | None = None,
        wait: Callable[[float], object] | None = None,
        adapter: BaseAdapter | None = None,
    ) -> None:
        """`keep_tokens` hears of every new session before it is used; `time` may be shared by
        all accounts; `wait` lets time pass, else the clock decides."""
        self._options = options or Options()
        self._login_name = login.lower()
        self._mafile = mafile
        self._http = Http(
            endpoints,
            clock=clock,
            throttle=throttle,
            proxy=proxy,
            wait=wait,
            pace=self._options.pace,
            adapter=adapter,
        )
        self._api = WebApi(self._http, time or ServerTime(clock), plain=self._options.plain)
        self._login = Login(
            self._api,
            login,
            mafile.shared_secret,
            windows,
            device_name=self._options.device_name,
        )
        self._signing = Signing(
            self._api, self._login, steam_id=mafile.steam_id, kept=tokens, keep=keep_tokens
        )
        self._sessions = Sessions(self._api, self._signing, mafile.shared_secret)
        self._device: str | None = mafile.device_id

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the idle connections."""
        self._http.close()

    def abort(self) -> None:
        """Cut the request under way, from another thread; its caller learns that it was lost."""
        self._http.abort()

    @property
    def steam_id(self) -> int | None:
        """The account's id: the maFile's, else what the first sign-in told."""
        return self._signing.known_steam_id

    def sign_in(self, password: str) -> None:
        """Be signed in: a good access token, else a renewed one, else a full sign-in.

        Raises WrongPassword, WrongCode, GuardMissing, WrongAccount, Locked, Throttled,
        Unreachable.
        """
        self._signing.sign_in(password)

    def probe(self, password: str) -> Probe:
        """Ask whether a password is valid, with one sign-in that goes no further (13.3)."""
        try:
            started = self._login.begin(password)
        except WrongPassword as exc:
            return Probe(Verdict.WRONG, str(exc))
        except Throttled as exc:
            return Probe(Verdict.UNKNOWN, str(exc), exc.wait)
        except SteamError as exc:
            return Probe(Verdict.UNKNOWN, str(exc))
        if self.steam_id not in (None, started.steam_id):
            return Probe(Verdict.UNKNOWN, "This login is not the account of the maFile.")
        return Probe(Verdict.RIGHT)

    def change_password(self, old: str, new: str, *, before_sending: Callable[[], None]) -> None:
        """Walk through the wizard; returns only when Steam said that it is done.

        `before_sending` is called right before the one request that cannot be taken back; if it
        raises, nothing is sent. Raises OutcomeUnknown when that request's answer was lost or
        unclear; after any other SteamError the old password is certainly valid. Afterwards the
        session is taken for dead: `sign_in(new)` is a full sign-in, which is the proof.
        """
        if new == old:
            raise PasswordRefused("The new password is the old one.")
        if problem := passwords.password_problem(new, self._login_name):
            raise PasswordRefused(problem)
        if self._mafile.identity_secret is None:
            raise CannotChange("The maFile has no identity_secret, which a change needs.")
        self._signing.sign_in(old)
        self._walk(old, new, before_sending)
        self._signing.use_password(new)

    def sessions(self) -> list[Session]:
        """Who is signed in, ours marked."""
        return self._sessions.listed()

    def kick(self) -> int:
        """End every session but ours and prove it; how many were ended.

        Raises NotKicked if others remain, and whatever else keeps us from proving it.
        """
        ended: set[int] = set()
        others, allowed, rounds = foreign(self._sessions.listed()), True, 0
        while others and allowed and rounds < KICK_ROUNDS:
            ended.update(session.id for session in others)
            allowed, rounds = self._revoke(others), rounds + 1
            others = foreign(self._sessions.listed())
        if others:
            ended.update(session.id for session in others)
            self._deauthorize()
            others = foreign(self._sessions.listed())
        if others:
            raise NotKicked(f"Other sessions are still alive: {len(others)}.", len(others))
        return len(ended)

    def check(self) -> GuardStatus:
        """Whether the maFile is still the authenticator of the account, and works (protocol 4)."""
        status = self._signing.signed(self._status)
        ours = self._mafile.token_gid
        return GuardStatus(
            is_ours=status.token_gid == ours if ours and status.token_gid else None,
            can_confirm=self._can_confirm(),
            device_id=self._device_id(),
        )

    def _walk(self, old: str, new: str, before_sending: Callable[[], None]) -> None:
        """The wizard, started anew when it or our session dies before the last request."""
        signed_out = 0
        for restart in range(WIZARD_RESTARTS + 1):
            try:
                wizard = self._wizard(old, new)
                wizard.change(old, new, before_sending)
            except WizardExpired:
                if restart == WIZARD_RESTARTS or wizard.was_sent:
                    raise
            except SignedOut:
                if restart == WIZARD_RESTARTS:
                    raise
                signed_out += 1
                self._sign_in_again(signed_out)
            else:
                return

    def _sign_in_again(self, times: int) -> None:
        """The tenant may have signed us out, or the page wants more than a mobile session."""
        if times == 1:
            self._signing.renew()
        elif times == 2 and self._options.web_fallback:
            self._signing.sign_in_to_web()
        else:
            self._signing.start_over()

    def _wizard(self, old: str, new: str) -> Wizard:
        return Wizard(
            Steps(self._http, old, new, self._signing.token),
            self._confirmations(),
            login=self._login_name,
            account=account_id(self._signing.steam_id),
            code=self._login.code if self._options.guard_code_variant else None,
        )

    def _confirmations(self) -> Confirmations:
        secret = self._mafile.identity_secret
        if secret is None:
            raise CannotChange("The maFile has no identity_secret.")
        return Confirmations(self._api, self._signing.steam_id, secret, self._device_id())

    def _revoke(self, others: list[Session]) -> bool:
        return self._signing.signed(lambda: self._sessions.revoke(others))

    def _deauthorize(self) -> None:
        """K1, by a web session if the store does not take ours."""
        try:
            self._signing.signed(self._sessions.deauthorize)
        except SignedOut:
            if not self._options.web_fallback:
                raise
            try:
                self._signing.sign_in_to_web()
                self._sessions.deauthorize()
            finally:
                self._signing.leave_web()

    def _can_confirm(self) -> bool | None:
        if self._mafile.identity_secret is None:
            return None
        try:
            self._signing.signed(lambda: self._confirmations().listed())
        except WrongCode:
            return False
        return True

    def _device_id(self) -> str:
        """The maFile's, else Steam's, else the one that old authenticators had (protocol 4)."""
        if self._device is None:
            found = self._signing.signed(self._status).device_identifier
            self._device = found or crypto.derived_device_id(self._signing.steam_id)
        return self._device

    def _status(self) -> QueryStatusAnswer:
        request = QueryStatusRequest(self._signing.steam_id)
        return self._http.patiently(
            lambda: self._api.call(
                TWO_FACTOR, "QueryStatus", request, QueryStatusAnswer, token=self._signing.token
            )
        )
