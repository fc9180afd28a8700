"""Signing in: throttle, hash, count, open a session (contract 1.4, invariants S4 to S8)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete

from opium.clock import Clock
from opium.config import Config
from opium.db.session import Database
from opium.db.tables import SignIn
from opium.errors import Refused, TooMany, Unauthorized, Unavailable
from opium.security import attempts, audit, passwords
from opium.security.address import Address
from opium.security.attempts import Rules
from opium.security.events import note
from opium.security.sessions import LIFETIME, Sessions, version
from opium.security.tokens import Tokens, new_sid, unix

NO_PASSWORD = "No admin password is set; run `python app.py passwd` on the server."  # noqa: S105 a sentence
WRONG = "Invalid credentials"


class NoPassword(Unavailable):
    code = "no_password"


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh token and its lifetime in seconds."""

    token: str
    expires_in: int
    username: str


class SignIns:
    """Opens, renews and ends sessions."""

    def __init__(
        self, config: Config, db: Database, clock: Clock, sessions: Sessions, tokens: Tokens
    ) -> None:
        self._config, self._db, self._clock = config, db, clock
        self._sessions, self._tokens = sessions, tokens
        self._hashing = passwords.Hashing()
        self._rules = Rules(config.login_max_failures, timedelta(minutes=config.login_ban_minutes))

    def sign_in(self, username: str, password: str, address: Address) -> Issued:
        """A new session; raises Unauthorized, TooMany or NoPassword."""
        admin = self._config.admin_username
        name = attempts.name_key(username, admin)
        with self._db.read() as session:
            stored = passwords.stored_hash(session)
            trusted = attempts.is_trusted(session, address.key, self._clock.now())
        if stored is None:
            raise NoPassword(NO_PASSWORD)
        self._refuse_in_a_storm(name, address, trusted)
        with self._hashing.turn(address.key, patient=trusted):
            # Those who were waiting here may have become too many meanwhile.
            self._refuse_in_a_storm(name, address, trusted)
            # Hashed for a wrong name too, with the same rounds: time must not tell which it was.
            right = passwords.verify(stored, password)
            right &= hmac.compare_digest(_bytes(username), _bytes(admin))
            current = self._renewed(stored, password) if right else None
            if current is None:  # counted before the next one of this address has its turn
                self._failed(name, address)
                raise Unauthorized(WRONG)
        return self._succeeded(name, version(current), address)

    def refresh(self, claims: dict[str, Any]) -> Issued:
        """Another token of the same session, up to 30 days after its sign-in."""
        opened = claims["auth_time"]
        if unix(self._clock.now()) - opened > LIFETIME.total_seconds():
            raise Unauthorized("The session is too old; sign in again.")
        note("TOKEN_REFRESHED")
        return self._issued(self._tokens.issue(claims["sid"], claims["ver"], opened))

    def sign_out(self, claims: dict[str, Any], address: Address, *, everywhere: bool) -> None:
        """End this session, or all."""
        if not self._config.auth_enabled:
            raise Refused("Sign-in is switched off; there is nothing to sign out of.")
        if everywhere:
            self._sessions.revoke_all()
        else:
            self._sessions.revoke(claims["sid"])
        result = "everywhere" if everywhere else "ok"
        with self._db.write() as session:
            audit.record(session, claims["sub"], "SIGN_OUT", claims["sid"], result, address.text)

    def _refuse_in_a_storm(self, name: str, address: Address, trusted: bool) -> None:
        wait = self._sessions.ban_left(address.key)
        if not wait and not trusted:
            with self._db.read() as session:
                wait = attempts.throttle(session, name, self._clock.now())
        if wait:
            raise TooMany(f"Too many sign-ins. Try again in {wait} s.", retry_after=wait)

    def _renewed(self, stored: str, password: str) -> str | None:
        """The stored hash, made stronger if it is an old one; that ends the tokens made before.

        None if another password was set meanwhile.
        """
        rounds = self._config.password_rounds
        if not passwords.is_outdated(stored, rounds):
            return stored
        renewed = passwords.renew(self._db, stored, password, rounds)
        self._sessions.reread()
        if renewed is not None:
            return renewed
        with self._db.read() as session:
            current = passwords.stored_hash(session)
        # Another sign-in may just have renewed it too.
        return current if current and passwords.verify(current, password) else None

    def _failed(self, name: str, address: Address) -> None:
        now = self._clock.now()
        with self._db.write() as session:
            banned = attempts.failed(session, name, address.key, now, self._rules)
        known = name if name == self._config.admin_username else "(unknown)"
        note("LOGIN_FAILED", "Wrong name or password.", username=known)
        if banned:
            self._sessions.banned(address.key, self._rules.ban.total_seconds())
            note("BRUTE_FORCE_BAN", f"{address.key} is banned.", username=known)

    def _succeeded(self, name: str, ver: str, address: Address) -> Issued:
        now, sid = self._clock.now(), new_sid()
        with self._db.write() as session:
            attempts.succeeded(session, name, address.key, now)
            session.execute(delete(SignIn).where(SignIn.expires_at < now))
            session.add(
                SignIn(
                    sid=sid,
                    username=name,
                    address=address.text,
                    auth_time=now,
                    expires_at=now + LIFETIME,
                )
            )
            audit.record(session, name, "SIGN_IN", sid, "ok", address.text, at=now)
        self._sessions.opened(sid)
        return self._issued(self._tokens.issue(sid, ver, unix(now)))

    def _issued(self, token: str) -> Issued:
        return Issued(token, self._tokens.expires_in, self._config.admin_username)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
