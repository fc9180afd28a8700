"""Who is signed in to the account, and ending all of them but us (protocol 9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from bs4 import BeautifulSoup

from opium.modules.steam_rent.steam import crypto
from opium.modules.steam_rent.steam.api import AUTHENTICATION, WebApi
from opium.modules.steam_rent.steam.endpoints import Host, Place
from opium.modules.steam_rent.steam.errors import Refused, SignedOut, Unreachable
from opium.modules.steam_rent.steam.messages import (
    EnumerateAnswer,
    EnumerateRequest,
    Nothing,
    RefreshTokenDescription,
    RevokeRequest,
    SeenEvent,
)
from opium.modules.steam_rent.steam.results import EResult
from opium.modules.steam_rent.steam.signing import Signing

MANAGE = Place(Host.STORE, "/twofactor/manage")
MANAGE_ACTION = Place(Host.STORE, "/twofactor/manage_action")
_DEAD_STATES = frozenset({4, 5, 6, 99})
"""Denied, logged out, consumed, revoked."""
_PERMANENT = 1
_LATEST = 253402300799  # 9999-12-31: what `datetime` can still hold


@dataclass(frozen=True, slots=True)
class Session:
    """A refresh token of the account, as Steam describes it."""

    id: int
    is_ours: bool
    description: str
    platform: int
    country: str
    city: str
    first_seen: datetime | None
    last_seen: datetime | None


class Sessions:
    """The sessions of one account."""

    def __init__(self, api: WebApi, signing: Signing, shared_secret: bytes) -> None:
        self._api = api
        self._signing = signing
        self._shared_secret = shared_secret

    def listed(self) -> list[Session]:
        """All that live, ours among them. The only proof that the others are out."""
        return self._signing.signed(lambda: self._api.http.patiently(self._listed))

    def revoke(self, foreign: Iterable[Session]) -> bool:
        """End these sessions one by one (K2); False where Steam denies us that.

        What became of each is judged by the next enumeration: a token that is gone already
        answers with an error too.
        """
        for session in foreign:
            request = RevokeRequest(
                token_id=session.id,
                steamid=self._signing.steam_id,
                revoke_action=_PERMANENT,
                signature=crypto.revoke_signature(self._shared_secret, session.id),
            )
            try:
                outcome = self._api.ask(
                    AUTHENTICATION,
                    "RevokeRefreshToken",
                    request,
                    Nothing,
                    token=self._signing.token,
                )
            except Unreachable as exc:
                if not exc.sent:
                    raise
                continue
            if outcome.result == EResult.AccessDenied:
                return False
        return True

    def deauthorize(self) -> None:
        """Sign every device out, perhaps ours too (K1). Its 200 proves nothing.

        Raises SignedOut where the store wants a fresh sign-in.
        """
        http = self._api.http
        page = http.patiently(lambda: http.page(MANAGE))
        # No other `action` is ever sent: they switch the Guard method of the account.
        form = {"action": "deauthorize", "sessionid": _form_session(page.text)}
        origin = http.endpoints.origin(Host.STORE)
        headers = {"Origin": origin, "Referer": origin + MANAGE.path}
        try:
            http.post(MANAGE_ACTION, form, headers=headers)
        except Unreachable as exc:
            if not exc.sent:
                raise

    def _listed(self) -> list[Session]:
        answer = self._api.call(
            AUTHENTICATION,
            "EnumerateTokens",
            EnumerateRequest(include_revoked=False),
            EnumerateAnswer,
            token=self._signing.token,
        )
        if not answer.requesting_token:
            raise Refused("Steam does not say which of the sessions is ours.")
        return [
            _session(found, answer.requesting_token)
            for found in answer.refresh_tokens
            if found.effective_token_state not in _DEAD_STATES
        ]


def foreign(sessions: Iterable[Session]) -> list[Session]:
    """Everybody but us."""
    return [session for session in sessions if not session.is_ours]


def _session(found: RefreshTokenDescription, ours: int) -> Session:
    last = found.last_seen or SeenEvent()
    return Session(
        id=found.token_id,
        is_ours=found.token_id == ours,
        description=found.token_description[:200],
        platform=found.platform_type,
        country=last.country[:64],
        city=last.city[:64],
        first_seen=_moment(found.first_seen.time if found.first_seen else 0),
        last_seen=_moment(last.time or found.time_updated),
    )


def _moment(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _LATEST else None


def _form_session(text: str) -> str:
    """The hidden proof of the form; without the form we are not let in."""
    found = BeautifulSoup(text, "html.parser").select_one(
        "#deauthorize_devices_form input[name=sessionid]"
    )
    value = str(found.get("value", "")) if found else ""
    if not value:
        raise SignedOut("The store does not show its device page to this session.")
    return value
