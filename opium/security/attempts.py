"""Brute force: what is counted about sign-ins, and when an address or a name has to wait.

All functions work inside the caller's transaction. Addresses are keys (an IPv6 /64), names other
than the admin's are kept as a hash only, because people type passwords into the wrong box.
The throttle over all addresses counts each name, which tells nobody which one is right, and all
names together, so that names drawn at random cannot keep the hashing, and a small server, busy.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from opium.db.tables import Ban, LoginAttempt

FAILURES, WINDOW = 30, timedelta(hours=1)
ALL_FAILURES = 120
"""Of all names together."""
PAUSE = timedelta(minutes=5)
TRUSTED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Rules:
    """Failures before a ban, and its length, which is the counting window too."""

    max_failures: int
    ban: timedelta


def name_key(username: str, admin: str) -> str:
    """How a tried name is stored."""
    if username == admin:
        return username
    return "#" + hashlib.sha256(username.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def throttle(session: Session, name: str, now: datetime) -> int:
    """Seconds that this name must wait after too many failures from anywhere, its own or all."""
    recent = (LoginAttempt.good.is_(False), LoginAttempt.at > now - WINDOW)
    own = func.count().filter(LoginAttempt.username == name)
    count, mine, last = session.execute(
        select(func.count(), own, func.max(LoginAttempt.at)).where(*recent)
    ).one()
    if mine < FAILURES and count < ALL_FAILURES:
        return 0
    return max(0, int((last + PAUSE - now).total_seconds() + 0.999))


def is_trusted(session: Session, address: str, now: datetime) -> bool:
    """Whether somebody signed in from this address lately; the throttle is not for it."""
    known = select(LoginAttempt.id).where(
        LoginAttempt.address == address,
        LoginAttempt.good.is_(True),
        LoginAttempt.at > now - TRUSTED_FOR,
    )
    return session.scalar(known.limit(1)) is not None


def failed(session: Session, name: str, address: str, now: datetime, rules: Rules) -> bool:
    """Count a failure; whether the address is banned by it."""
    session.add(LoginAttempt(address=address, username=name, good=False, at=now))
    session.flush()
    _sweep(session, now, rules)
    recent = session.scalar(
        select(func.count()).where(
            LoginAttempt.address == address,
            LoginAttempt.good.is_(False),
            LoginAttempt.at > now - rules.ban,
        )
    )
    if (recent or 0) < rules.max_failures:
        return False
    session.merge(Ban(address=address, until=now + rules.ban))
    return True


def succeeded(session: Session, name: str, address: str, now: datetime) -> None:
    """Forget the address's failures and remember that it signed in."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.address == address))
    session.add(LoginAttempt(address=address, username=name, good=True, at=now))


def _sweep(session: Session, now: datetime, rules: Rules) -> None:
    oldest_failure = now - max(rules.ban, WINDOW)
    session.execute(
        delete(LoginAttempt).where(LoginAttempt.good.is_(False), LoginAttempt.at < oldest_failure)
    )
    session.execute(delete(LoginAttempt).where(LoginAttempt.at < now - TRUSTED_FOR))
    session.execute(delete(Ban).where(Ban.until < now))
