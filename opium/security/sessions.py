"""Sessions and bans: rows in the database, and a copy in memory that every request looks at.

Our own writes change the copy at once; it is read anew every 5 s, so that the command line
(another process) acts within 5 s. If it cannot be read, nobody is let in.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from opium.clock import Clock
from opium.db.session import Database
from opium.db.tables import Ban, SignIn
from opium.errors import OpiumError
from opium.security.passwords import stored_hash

FRESH_SECONDS = 5.0
LIFETIME = timedelta(days=30)


def version(password_hash: str | None) -> str:
    """The `ver` claim: another password, another version; it says nothing about the hash."""
    return hashlib.sha256(f"opium token version {password_hash}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Copy:
    sids: frozenset[str]
    version: str
    read_at: float


class Sessions:
    """Which sign-ins are alive and which addresses are banned."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._lock = threading.Lock()
        self._copy: _Copy | None = None
        self._bans: dict[str, float] = {}

    def alive(self, sid: str, ver: str) -> bool:
        """Whether a token of this session and version may be used; Unavailable if unknown."""
        copy = self._fresh()
        return sid in copy.sids and ver == copy.version

    def ban_left(self, key: str) -> int:
        """Whole seconds that this address key is still banned; 0 if it is not."""
        with suppress(OpiumError):  # the bans known so far go on
            self._fresh()
        until = self._bans.get(key)
        return 0 if until is None else max(0, int(until - self._clock.monotonic() + 0.999))

    def opened(self, sid: str) -> None:
        """A sign-in was committed."""
        self._change(lambda sids: sids | {sid})

    def banned(self, key: str, seconds: float) -> None:
        """A ban was committed."""
        with self._lock:
            self._bans[key] = self._clock.monotonic() + seconds

    def revoke(self, sid: str) -> None:
        """End one session; its tokens stop working with the next request."""
        self._revoke(sid)
        self._change(lambda sids: sids - {sid})

    def revoke_all(self) -> None:
        """End all sessions."""
        self._revoke(None)
        self._change(lambda _sids: frozenset())

    def reread(self) -> None:
        """Forget the copy; for a password that was changed in this process."""
        with self._lock:
            self._copy = None

    def _revoke(self, sid: str | None) -> None:
        ended = update(SignIn).where(SignIn.revoked_at.is_(None))
        if sid is not None:
            ended = ended.where(SignIn.sid == sid)
        with self._db.write() as session:
            session.execute(ended.values(revoked_at=self._clock.now()))

    def _change(self, change: Callable[[frozenset[str]], frozenset[str]]) -> None:
        with self._lock:
            if self._copy is not None:
                copy = self._copy
                self._copy = _Copy(change(copy.sids), copy.version, copy.read_at)

    def _fresh(self) -> _Copy:
        copy = self._copy
        if copy is not None and self._clock.monotonic() - copy.read_at < FRESH_SECONDS:
            return copy
        # One reader; a write that commits meanwhile changes the copy after it, under this lock.
        with self._lock:
            copy = self._copy
            if copy is None or self._clock.monotonic() - copy.read_at >= FRESH_SECONDS:
                copy = self._copy = self._read()
            return copy

    def _read(self) -> _Copy:
        now, read_at = self._clock.now(), self._clock.monotonic()
        living = select(SignIn.sid).where(SignIn.revoked_at.is_(None), SignIn.expires_at > now)
        with self._db.read() as session:
            sids = frozenset(session.scalars(living))
            ver = version(stored_hash(session))
            bans = [(ban.address, ban.until) for ban in session.scalars(select(Ban))]
        self._note_bans(bans, now, read_at)
        return _Copy(sids, ver, read_at)

    def _note_bans(
        self, bans: Iterable[tuple[str, datetime]], now: datetime, read_at: float
    ) -> None:
        alive = {key: end for key, end in self._bans.items() if end > read_at}
        for key, until in bans:
            left = (until - now).total_seconds()
            if left > 0:
                # A known ban keeps its own end: the wall clock may have been set since.
                alive.setdefault(key, read_at + left)
        self._bans = alive
