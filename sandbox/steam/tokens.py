"""Refresh tokens, the access tokens made from them, and who may use which (§5.5, §6, §9)."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.steam.accounts import Account

if TYPE_CHECKING:
    from sandbox.steam.state import State

CLIENT, WEB, MOBILE = 1, 2, 3
DAY = 86_400
LIVES = {CLIENT: 212 * DAY, WEB: 212 * DAY, MOBILE: 30 * DAY}
"""Measured for web and mobile [B]."""
AUDIENCES = {CLIENT: ("client", "web"), WEB: ("web",), MOBILE: ("web", "mobile")}
STATES = {"issued": 3, "logged_out": 5, "consumed": 6, "revoked": 99}


@dataclass(eq=False)
class RefreshToken:
    """One device that is signed in."""

    token_id: int
    text: str = field(repr=False)
    account: Account
    platform: int
    description: str
    ip: str
    created: float
    last_seen: float
    expires: float
    of_buyer: bool = False
    state: str = "issued"


@dataclass(eq=False)
class AccessToken:
    """What opens requests for a day."""

    text: str = field(repr=False)
    refresh: RefreshToken
    audience: tuple[str, ...]
    created: float
    expires: float

    @property
    def account(self) -> Account:
        return self.refresh.account


class Tokens:
    """All tokens ever issued."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._refresh: dict[int, RefreshToken] = {}
        self._refresh_texts: dict[str, RefreshToken] = {}
        self._access: dict[str, AccessToken] = {}

    def issue(
        self, account: Account, platform: int, description: str, ip: str, *, of_buyer: bool = False
    ) -> RefreshToken:
        """A new device; every second id does not fit a signed number."""
        now = self._state.now()
        token_id = self._state.chance.u64("token") >> 1 | (len(self._refresh) % 2 == 0) << 63
        aud = [*AUDIENCES[platform], "renew", "derive"]
        expires = now + LIVES[platform]
        claims = self._claims("steam", account, aud, now, expires, f"{token_id:x}", ip)
        token = RefreshToken(
            token_id, self._jwt(claims), account, platform, description, ip, now, now, expires,
            of_buyer,
        )  # fmt: skip
        self._refresh[token_id] = self._refresh_texts[token.text] = token
        return token

    def access(self, refresh: RefreshToken, audience: tuple[str, ...] | None = None) -> AccessToken:
        """An access token; of platform 2 the ones for sites name the site in `audience`."""
        now = self._state.now()
        audience = audience or AUDIENCES[refresh.platform]
        expires = now + self._state.switches.access_seconds
        jti = self._state.chance.hex(16, "jti")
        issuer = f"r:{refresh.token_id:x}"
        claims = self._claims(
            issuer, refresh.account, list(audience), now, expires, jti, refresh.ip
        )
        token = AccessToken(self._jwt(claims), refresh, audience, now, expires)
        self._access[token.text] = token
        refresh.last_seen = now
        return token

    def of(self, account: Account) -> Iterator[RefreshToken]:
        return (t for t in list(self._refresh.values()) if t.account is account)

    def by_id(self, token_id: int) -> RefreshToken | None:
        return self._refresh.get(token_id)

    def refresh_named(self, text: str) -> RefreshToken | None:
        return self._refresh_texts.get(text)

    def access_named(self, text: str) -> AccessToken | None:
        return self._access.get(text)

    def lives(self, token: RefreshToken | AccessToken) -> bool:
        if token.expires <= self._state.now():
            return False
        if isinstance(token, RefreshToken):
            return token.state == "issued"
        return self._state.switches.access_outlives_refresh or self.lives(token.refresh)

    def fits(self, token: AccessToken, service: str) -> bool:
        """Whether a cookie with this token is accepted by a site (§5.3, open question 1)."""
        if f"web:{service}" in token.audience:
            return True
        if "mobile" in token.audience:
            switches = self._state.switches
            doubtful = {"help": switches.mobile_on_help, "store": switches.mobile_on_store}
            return doubtful.get(service, True)
        return "client" in token.audience

    def revoke_all(self, account: Account, keep: RefreshToken | None = None) -> None:
        for token in self.of(account):
            if token is not keep and token.state == "issued":
                token.state = "revoked"

    def expire(self, account: Account, what: str) -> None:
        """`access_token` or `refresh_token` of ours: it was good until now."""
        now = self._state.now()
        for token in self.of(account):
            if what == "refresh_token" and not token.of_buyer:
                token.expires = min(token.expires, now)
        for access in self._access.values():
            if access.account is account and not access.refresh.of_buyer:
                access.expires = min(access.expires, now)

    def _claims(
        self, issuer: str, account: Account, audience: list[str], now: float, expires: float,
        jti: str, ip: str,
    ) -> dict[str, Any]:  # fmt: skip
        return {
            "iss": issuer,
            "sub": str(account.steamid),
            "aud": audience,
            "exp": int(expires),
            "nbf": int(now) - 8,
            "iat": int(now),
            "jti": jti,
            "oat": int(now),
            "per": 1 if issuer == "steam" else 0,
            "ip_subject": ip,
            "ip_confirmer": ip,
        }

    def _jwt(self, claims: dict[str, Any]) -> str:
        head = json.dumps({"typ": "JWT", "alg": "EdDSA"}).encode()
        parts = (head, json.dumps(claims).encode(), self._state.chance.bytes(64, "jwt"))
        return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
