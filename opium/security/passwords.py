"""The admin password: its hash, its rules, its place in the settings.

Stored as `pbkdf2:sha256:<rounds>$<salt>$<hex>`; the salt is used as the ASCII text it is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.orm import Session

from opium.config import Config
from opium.db.session import Database
from opium.db.tables import Setting
from opium.errors import Invalid, TooMany
from opium.security import audit

SETTING = "admin_password"
MIN_LENGTH, MAX_LENGTH = 8, 256
RECOMMENDED = 12
AT_WORK, WAITING = 2, 4
PATIENCE = 5.0

_STORED = re.compile(r"pbkdf2:sha256:([0-9]{3,8})\$([!-#%-~]{1,256})\$([0-9a-f]{64})", re.ASCII)
_COMMON = Path(__file__).with_name("common_passwords.txt")


def hash_password(password: str, rounds: int) -> str:
    """A new hash of `password` with a random salt."""
    salt = secrets.token_hex(32)
    return f"pbkdf2:sha256:{rounds}${salt}${_digest(password, salt, rounds)}"


def verify(stored: str, password: str) -> bool:
    """Whether `password` is the one of `stored`; takes as long as the stored rounds ask."""
    match = _STORED.fullmatch(stored)
    if match is None:
        return False
    return hmac.compare_digest(_digest(password, match[2], int(match[1])), match[3])


def is_outdated(stored: str, rounds: int) -> bool:
    """Whether a hash is weaker than one made now: fewer rounds, or a short salt."""
    match = _STORED.fullmatch(stored)
    return match is not None and (int(match[1]) < rounds or len(match[2]) < 32)


def renew(db: Database, stored: str, password: str, rounds: int) -> str | None:
    """Put a stronger hash of the same password in the place of `stored`, and return it.

    None, and nothing is changed, if `stored` is not what is stored any more.
    """
    hashed = hash_password(password, rounds)
    ours = update(Setting).where(Setting.key == SETTING, Setting.value == stored)
    with db.write() as session:
        changed = session.scalars(ours.values(value=hashed).returning(Setting.value)).all()
    return hashed if changed else None


def is_hash(text: str) -> bool:
    return _STORED.fullmatch(text) is not None


def check_rules(password: str) -> None:
    """Raises Invalid with what to change about a new password."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise Invalid(
            f"The password must have {MIN_LENGTH} to {MAX_LENGTH} characters; "
            f"{RECOMMENDED} or more are recommended."
        )
    if password.lower() in _common():
        raise Invalid("This password is one of the most common ones; choose another.")


def set_password(db: Database, password: str, rounds: int, by: str = "opium") -> None:
    """Check and store a new password; all tokens issued before end. Raises Invalid.

    `by` is who set it, for the audit log.
    """
    check_rules(password)
    hashed = hash_password(password, rounds)
    with db.write() as session:
        session.merge(Setting(key=SETTING, value=hashed))
        audit.record(session, by, "PASSWORD_SET", "admin password", "ok", "")


def ensure_password(db: Database, config: Config) -> bool:
    """Store the first password from the settings if none is stored; whether there is one now.

    Raises Invalid if the one in the settings breaks the rules.
    """
    with db.read() as session:
        if stored_hash(session) is not None:
            return True
    if config.admin_password is not None:
        set_password(db, config.admin_password.get_secret_value(), config.password_rounds)
        return True
    if not config.admin_password_hash:
        return False
    if not is_hash(config.admin_password_hash):
        raise Invalid("OPIUM_ADMIN_PASSWORD_HASH is not a hash made by the passwd command.")
    with db.write() as session:
        session.merge(Setting(key=SETTING, value=config.admin_password_hash))
    return True


def stored_hash(session: Session) -> str | None:
    """The stored hash, None as long as no password is set."""
    found = session.get(Setting, SETTING)
    return None if found is None else found.value


class Hashing:
    """Room for hashing: few at work, few waiting, everybody else is sent away.

    Of each address one is at work at a time, so that its failures are counted one after another.
    Whoever signed in before from his address is patient: he waits for the room itself.
    """

    def __init__(self, at_work: int = AT_WORK, waiting: int = WAITING) -> None:
        self._work = threading.Semaphore(at_work)
        self._room = threading.Semaphore(at_work + waiting)
        self._gone = threading.Condition()
        self._present: set[str] = set()

    @contextmanager
    def turn(self, address: str, *, patient: bool = False) -> Iterator[None]:
        """Wait for a turn; TooMany if the queue is full, and for the patient: stays full."""
        if not self._room.acquire(timeout=PATIENCE if patient else 0):
            raise TooMany("Too many sign-ins at once. Try again in 1 s.", retry_after=1)
        try:
            with self._alone(address), self._work:
                yield
        finally:
            self._room.release()

    @contextmanager
    def _alone(self, address: str) -> Iterator[None]:
        with self._gone:
            self._gone.wait_for(lambda: address not in self._present)
            self._present.add(address)
        try:
            yield
        finally:
            with self._gone:
                self._present.discard(address)
                self._gone.notify_all()


def _digest(password: str, salt: str, rounds: int) -> str:
    data = password.encode("utf-8", "surrogatepass")
    return hashlib.pbkdf2_hmac("sha256", data, salt.encode("ascii"), rounds).hex()


@cache
def _common() -> frozenset[str]:
    lines = _COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
