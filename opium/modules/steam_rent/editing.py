"""What a seller changes by hand about a Steam account, and when he must not."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium.kit import Conflict, Work
from opium.modules.steam_rent import accounts
from opium.modules.steam_rent.matching import fold
from opium.modules.steam_rent.rows import SteamAccount


def refuse_same_id(db: Session, row: SteamAccount) -> None:
    """409 if the id is taken, by whatever FunPay account."""
    twin = select(SteamAccount).where(SteamAccount.key == row.key, ~SteamAccount.deleted)
    if db.scalar(twin) is not None:
        raise Conflict("There is a Steam account with this id already.")


def set_login(db: Session, row: SteamAccount, login: str) -> None:
    """Store a login that no other Steam account has; a tenant's or a job's cannot change."""
    key = fold(login)
    with db.no_autoflush:
        known = db.scalars(
            select(SteamAccount).where(SteamAccount.login_key == key, ~SteamAccount.deleted)
        ).all()
    for other in known:
        if other is not row:
            here = other.account_id == row.account_id
            where = "this" if here else "another"
            raise Conflict(f"This Steam login exists under {where} FunPay account already.")
    if row.id is not None and key != row.login_key:
        refuse_in_use(db, row, "its login cannot change")
        access_changed(db, row)
    row.login, row.login_key = login, key


def set_password(work: Work, row: SteamAccount, password: str) -> None:
    """Store the password that a person knows to be valid; former ones stay in the history."""
    job = accounts.open_job(work.db, row)
    if job is not None and job.state in ("sending", "unknown"):
        raise Conflict(
            "A password change at Steam is not settled yet, so the password cannot be set now."
        )
    accounts.store_password(work.vault, row, password)
    if job is None and row.candidate_sealed is not None:
        accounts.drop_candidate(work.vault, row)
    access_changed(work.db, row)


def access_changed(db: Session, row: SteamAccount) -> None:
    """Our session at Steam belongs to the former access data."""
    row.tokens_sealed = None
    if row.id is not None:
        try_again(db, row)


def try_again(db: Session, row: SteamAccount) -> None:
    """A job that had given up begins anew, since what it lacked may be there now."""
    job = accounts.open_job(db, row)
    if job is not None and job.stopped:
        job.stopped, job.next_at = False, None


def release_by_hand(work: Work, row: SteamAccount) -> None:
    """A person says that an account whose release failed is safe (D14)."""
    job = accounts.open_job(work.db, row)
    if job is not None:
        if job.state == "sending":
            raise Conflict("A new password is being sent to Steam; try again in a minute.")
        job.state, job.ended_at = "dropped", work.now
    row.manual_release = True
    row.state, row.last_error = "free", None
    work.close_alert(f"release:{row.id}")


def delete(work: Work, row: SteamAccount) -> None:
    """Take an account away for good; old rentals go on naming it."""
    refuse_in_use(work.db, row, "it cannot be deleted")
    accounts.wipe(row)
    row.deleted = True
    work.close_alert(f"release:{row.id}")


def refuse_in_use(db: Session, row: SteamAccount, so: str) -> None:
    """409 while somebody has the account, or work on it has not ended."""
    if row.state in ("rented", "releasing"):
        raise Conflict(f"The Steam account is rented or being released: {so}.")
    if accounts.open_job(db, row) is not None:
        raise Conflict(f"Work on this Steam account at Steam has not ended: {so}.")
