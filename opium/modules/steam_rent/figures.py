"""What `GET /api/metrics` shows of rentals, Steam accounts and the jobs that release them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opium.kit import Figure
from opium.modules.steam_rent import module
from opium.modules.steam_rent.rows import Rental, SteamAccount, SteamJob


@module.figures
def figures(db: Session) -> Iterator[Figure]:
    """Steam accounts and open jobs by state, and rentals that run."""
    accounts = (
        select(SteamAccount.account_id, SteamAccount.state, func.count())
        .where(~SteamAccount.deleted)
        .group_by(SteamAccount.account_id, SteamAccount.state)
    )
    for account_id, state, number in db.execute(accounts):
        labels = {"account": account_id, "state": state}
        yield Figure("steam_accounts", "Steam accounts by state.", number, labels)
    jobs = (
        select(SteamJob.account_id, SteamJob.state, SteamJob.stopped, func.count())
        .where(SteamJob.state.not_in(("done", "dropped")))
        .group_by(SteamJob.account_id, SteamJob.state, SteamJob.stopped)
    )
    for account_id, state, stopped, number in db.execute(jobs):
        labels = {"account": account_id, "state": state, "stopped": "yes" if stopped else "no"}
        text = "Password changes and sign-outs under way; stopped ones wait for a person."
        yield Figure("jobs", text, number, labels)
    running = (
        select(Rental.account_id, func.count())
        .where(Rental.state == "active")
        .group_by(Rental.account_id)
    )
    for account_id, number in db.execute(running):
        yield Figure("rentals", "Rentals that run.", number, {"account": account_id})
