"""Being signed in: a good access token, else a renewed one, else a new sign-in (protocol 5, 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from opium.modules.steam_rent.steam import mafile, tokens, web_login
from opium.modules.steam_rent.steam.api import AUTHENTICATION, WebApi
from opium.modules.steam_rent.steam.errors import SignedOut, SteamError, WrongAccount
from opium.modules.steam_rent.steam.login import Login, Platform
from opium.modules.steam_rent.steam.messages import (
    Nothing,
    RenewAnswer,
    RenewRequest,
    RevokeOwnRequest,
)
from opium.modules.steam_rent.steam.results import DEAD, EResult
from opium.modules.steam_rent.steam.tokens import Tokens

USED_SECONDS = 600.0
"""An access token is taken as it is while younger than this (protocol 5.3)."""
LEFT_SECONDS = 600.0
ROTATE_SECONDS = 7 * 86400.0
"""A refresh token with less than this left is asked to be replaced."""
_PERMANENT = 1

T = TypeVar("T")


class Signing:
    """The session of one account. Others ask it for the token and tell it when that is dead."""

    def __init__(
        self,
        api: WebApi,
        login: Login,
        *,
        steam_id: int | None,
        kept: Tokens | None,
        keep: Callable[[Tokens], None],
    ) -> None:
        self._api = api
        self._login = login
        self._steam_id = steam_id
        self._tokens = self._usable(kept)
        self._keep = keep
        self._password = ""
        self._signed_in = False
        self._web: str | None = None

    @property
    def steam_id(self) -> int:
        """Whose session it is. Raises SignedOut before the first sign-in."""
        if self._steam_id is None:
            raise SignedOut("The Steam id is not known before the first sign-in.")
        return self._steam_id

    @property
    def known_steam_id(self) -> int | None:
        """The same, None before the first sign-in to an account whose maFile holds no id."""
        return self._steam_id

    @property
    def token(self) -> str:
        """The access token. Raises SignedOut if there is none."""
        if self._tokens is None or not self._tokens.access:
            raise SignedOut("Not signed in to Steam.")
        return self._tokens.access

    def sign_in(self, password: str) -> None:
        """Be signed in, as cheaply as possible."""
        self._password = password
        if self._tokens and self._is_young(self._tokens.access):
            self._use(self._tokens)
        else:
            self.renew()

    def renew(self) -> None:
        """A new access token, by a full sign-in if the session is dead."""
        if self._tokens is None or not self._refreshed(self._tokens):
            self.start_over()

    def start_over(self) -> None:
        """A full sign-in with the stored password."""
        if not self._password:
            raise SignedOut("The Steam session is dead and no password is at hand.")
        self._forget()
        done = self._login.sign_in(self._password)
        self._check_id(done.steam_id)
        self._steam_id = done.steam_id
        self._keep(done.tokens)
        self._tokens = done.tokens
        if done.tokens.access:
            self._use(done.tokens)
        elif not self._refreshed(done.tokens):
            raise SignedOut("Steam gave no access token.")

    def signed(self, work: Callable[[], T]) -> T:
        """Do what needs a session; if it turns out to be dead, once more with a new one."""
        if not self._signed_in:
            self.renew()
        try:
            return work()
        except SignedOut:
            self.renew()
            return work()

    def use_password(self, password: str) -> None:
        """The password has changed; the session is taken for dead (protocol 8, notes)."""
        self._password = password
        self._forget()

    def sign_in_to_web(self) -> None:
        """A web session beside ours, for pages that do not take a mobile one (protocol 5.4)."""
        done = self._login.sign_in(self._password, Platform.WEB)
        self._check_id(done.steam_id)
        self._web = done.tokens.refresh
        web_login.finish(self._api.http, self.steam_id, done.tokens.refresh)

    def leave_web(self) -> None:
        """End our own web session, if there is one; the mobile one serves the pages again."""
        if self._web is None:
            return
        web, self._web = self._web, None
        request = RevokeOwnRequest(web, _PERMANENT)
        try:
            self._api.ask(AUTHENTICATION, "RevokeToken", request, Nothing, token=self.token)
        except SteamError:
            # The kick's enumeration will show it if it still lives.
            return
        finally:
            if self._tokens and self._tokens.access:
                self._use(self._tokens)

    def _refreshed(self, current: Tokens) -> bool:
        """Whether the session lives. A rotated refresh token is kept before anything else."""
        request = RenewRequest(current.refresh, self.steam_id, int(self._wants_new(current)))
        outcome = self._api.ask(AUTHENTICATION, "GenerateAccessTokenForApp", request, RenewAnswer)
        if outcome.result in (*DEAD, EResult.InvalidPassword, EResult.FileNotFound):
            return False
        if not outcome.ok:
            raise self._api.error(outcome.result)
        if not outcome.answer.access_token:
            return False
        renewed = Tokens(
            outcome.answer.refresh_token or current.refresh, outcome.answer.access_token
        )
        self._keep(renewed)
        self._tokens = renewed
        self._use(renewed)
        return True

    def _use(self, current: Tokens) -> None:
        self._api.http.cookies.sign_in(self.steam_id, current.access)
        self._signed_in = True

    def _forget(self) -> None:
        self._tokens, self._web, self._signed_in = None, None, False
        self._api.http.cookies.sign_out()

    def _check_id(self, found: int) -> None:
        """The maFile of another account would confirm what we did not ask for (protocol 4)."""
        if self._steam_id is not None and found != self._steam_id:
            raise WrongAccount("This login is not the account of the maFile.")
        if not mafile.is_steam_id(found):
            raise WrongAccount("Steam named no ordinary account for this login.")

    def _usable(self, kept: Tokens | None) -> Tokens | None:
        """Stored tokens, unless they say themselves that they are of no use."""
        if kept is None or not kept.refresh:
            return None
        claims = tokens.read(kept.refresh)
        if self._steam_id is None or claims.steam_id not in (None, self._steam_id):
            return None
        if claims.expires is not None and claims.expires <= self._api.time.now():
            return None
        return kept

    def _is_young(self, access: str) -> bool:
        claims, now = tokens.read(access), self._api.time.now()
        if claims.expires is None or claims.issued is None or claims.steam_id != self._steam_id:
            return False
        return now - claims.issued < USED_SECONDS and claims.expires - now > LEFT_SECONDS

    def _wants_new(self, current: Tokens) -> bool:
        expires = tokens.read(current.refresh).expires
        return expires is not None and expires - self._api.time.now() < ROTATE_SECONDS
