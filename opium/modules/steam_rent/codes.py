"""Guard codes for tenants and for the seller: one window is never shared (protocol 3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import delete

from opium.kit import Work
from opium.modules.steam_rent import accounts, release
from opium.modules.steam_rent.rows import CodeGiven, Rental, SteamAccount
from opium.modules.steam_rent.steam import ServerTime, guard_code

WINDOW = 30
TOO_SHORT = 5
"""Seconds: a code that lives no longer is of no use to a person."""
AHEAD = 3
KEPT = 400 * 24 * 3600 // WINDOW
"""Windows after which the evidence is dropped: longer than any dispute."""


@dataclass(frozen=True, slots=True)
class Given:
    """A code, and how many seconds from now it dies. `starts_in` > 0: it is not valid yet."""

    code: str = field(repr=False)
    expires_in: int
    starts_in: int


def open_for(work: Work, account: SteamAccount, rental: Rental) -> bool:
    """Whether this tenant may have codes now: not after the end, not while the password moves."""
    mine = account.state == "rented" and account.rental_id == rental.rental_id
    over = rental.state != "active" or (rental.delivered and rental.end_at <= work.now)
    return mine and not over and release.unfinished(work.db, account.id) is None


def give(work: Work, account: SteamAccount, *, rental: Rental | None = None) -> Given | None:
    """A code for the tenant, or for the seller; None without a secret. It is written down.

    The tenant gets the same code again inside one window; a window that our own sign-in used is
    passed over, and so is one that is nearly over.
    """
    shared, _identity = accounts.secrets_of(work.vault, account)
    if shared is None:
        return None
    now = _steam_time(work)
    first = int(now // WINDOW) + (1 if now % WINDOW > WINDOW - TOO_SHORT else 0)
    rental_id = rental.rental_id if rental else None
    for window in range(first, first + AHEAD):
        known = work.db.get(CodeGiven, (account.id, window))
        if known is None:
            who = "tenant" if rental else "person"
            row = CodeGiven(
                steam_account=account.id,
                window=window,
                taken_by=who,
                rental_id=rental_id,
                at=work.now,
            )
            work.db.add(row)
            work.db.flush()
        elif known.taken_by == "opium" or known.rental_id != rental_id:
            continue
        starts = window * WINDOW - now
        return Given(
            guard_code(shared, window * WINDOW),
            expires_in=int(starts + WINDOW),
            starts_in=max(0, int(starts)),
        )
    return None


def forget_old(work: Work) -> None:
    """Drop what is older than any dispute."""
    oldest = int(work.now.timestamp() // WINDOW) - KEPT
    work.db.execute(delete(CodeGiven).where(CodeGiven.window < oldest))


def _steam_time(work: Work) -> float:
    """Steam's time as far as a sign-in has taught it, else ours."""
    return work.kept("time", lambda: ServerTime(work.clock)).now()
