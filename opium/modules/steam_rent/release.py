"""The end of a rental as a journal: what must be proven before an account is free (D14, D15)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium.kit import Work
from opium.modules.steam_rent.rows import Rental, SteamAccount, SteamJob

ENDED = ("done", "dropped")


def begin(work: Work, account: SteamAccount, rental: Rental) -> None:
    """The tenant's time is over: nobody gets the account before its release is proven."""
    account.state = "releasing"
    work.db.flush()
    if unfinished(work.db, account.id) is None:
        _open(work, account, rental.rental_id)


def ensure(work: Work) -> None:
    """Accounts whose release waited for the end of a person's job get theirs."""
    rows = select(SteamAccount).where(
        SteamAccount.account_id == work.account.id, SteamAccount.state == "releasing"
    )
    for account in work.db.scalars(rows).all():
        if unfinished(work.db, account.id) is None:
            _open(work, account, account.rental_id)


def anew(
    work: Work, account: SteamAccount, *, change_password: bool, kick_devices: bool
) -> SteamJob:
    """A person asks again for the release of an account that is out of hand without a job: what
    he asks for, and what the account's flags ask for; its proof sets the account free."""
    job = SteamJob(
        account_id=work.account.id,
        steam_account=account.id,
        kind="release",
        rental_id=account.rental_id,
        change_password=change_password or account.change_password,
        kick_devices=kick_devices or account.kick_devices,
        state="open",
        created_at=work.now,
    )
    work.db.add(job)
    work.db.flush()
    return job


def by_person(
    work: Work, account: SteamAccount, *, change_password: bool, kick_devices: bool
) -> SteamJob:
    """A job that a person asked for."""
    job = SteamJob(
        account_id=work.account.id,
        steam_account=account.id,
        kind="change" if change_password else "kick",
        change_password=change_password,
        kick_devices=kick_devices,
        state="open",
        created_at=work.now,
    )
    work.db.add(job)
    work.db.flush()
    return job


def unfinished(db: Session, steam_account: int) -> SteamJob | None:
    """The one job of an account that has not ended."""
    return db.scalar(
        select(SteamJob).where(
            SteamJob.steam_account == steam_account, SteamJob.state.not_in(ENDED)
        )
    )


def finish(work: Work, account: SteamAccount, job: SteamJob) -> bool:
    """All that was asked for is proven; whether the account is free now."""
    job.state, job.ended_at, job.error, job.next_at = "done", work.now, None, None
    work.db.flush()
    account.last_error = None
    work.close_alert(f"release:{account.id}")
    if account.state not in ("releasing", "failed") or job.rental_id != account.rental_id:
        return False
    account.job_id, account.state = job.id, "free"
    work.db.flush()
    return True


def give_up(work: Work, account: SteamAccount, reason: str) -> None:
    """Out of hand until a person, or a later try, proves it safe."""
    account.last_error = reason
    if account.state == "releasing":
        account.state = "failed"
    text = f"Steam account {account.name} is out of hand: {reason}"
    if work.alert("steam_release", f"release:{account.id}", text):
        _tell_failed(work, account, reason)


def _tell_failed(work: Work, account: SteamAccount, reason: str) -> None:
    rental = work.db.get(Rental, account.rental_id) if account.rental_id else None
    payload = {
        "steam_account": account.name,
        "order_id": rental.order_id if rental else None,
        "game_id": rental.game_id if rental else None,
        "reason": reason,
    }
    work.emit("rental_release_failed", payload)


def _open(work: Work, account: SteamAccount, rental_id: str | None) -> None:
    needed = account.change_password or account.kick_devices
    job = SteamJob(
        account_id=work.account.id,
        steam_account=account.id,
        kind="release",
        rental_id=rental_id,
        change_password=account.change_password,
        kick_devices=account.kick_devices,
        state="open" if needed else "done",
        created_at=work.now,
        ended_at=None if needed else work.now,
    )
    work.db.add(job)
    work.db.flush()
    if not needed:
        account.job_id, account.state = job.id, "free"
        work.db.flush()
