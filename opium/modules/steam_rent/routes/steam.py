"""Work at Steam that a person asks for: a Guard code, a new password, signing everybody out."""

from __future__ import annotations

from concurrent.futures import TimeoutError as TooLong

from flask import Blueprint, current_app
from pydantic import Field
from typing_extensions import TypedDict

from opium.kit import Conflict, Refused, UpstreamError, Visit, Work, visit
from opium.modules.steam_rent import accounts, codes, module, release
from opium.modules.steam_rent.office import office
from opium.modules.steam_rent.routes.answers import Ok
from opium.modules.steam_rent.rows import SteamAccount, SteamJob
from opium.modules.steam_rent.steam import password_problem
from opium.schema import Body, closed, typed

ANSWER_WITHIN = 110.0
"""Seconds; the client gives up after 120."""
BUSY = "Another operation runs on this Steam account; wait for its end."
PRINTABLE = r"^[\x21-\x7e]+$"


@closed
class CodeView(TypedDict):
    code: str
    expires_in: int


@closed
class ChangedView(TypedDict):
    ok: bool
    new_password: str


class NewPassword(Body):
    new_password: str | None = Field(None, min_length=8, max_length=64, pattern=PRINTABLE)


class Nothing(Body):
    """No members."""


@typed(errors=(409,))
def guard_code(name: str) -> CodeView:
    """A Guard code for the seller; written down, so that no tenant gets the same one."""
    here = visit(module)
    with here.work() as work:
        account = accounts.find(work.db, here.account_id, name)
        if account.shared_sealed is None:
            raise Refused("The Steam account has no shared_secret: import its maFile.")
        given = codes.give(work, account)
        if given is None:
            raise Conflict("All codes of this minute are used up; ask again in 30 s.")
    here.audit("SECRET_REVEALED", f"steam_rent Guard code of {account.name}")
    return {"code": given.code, "expires_in": given.expires_in}


@typed(errors=(409,))
def change_password(name: str, body: NewPassword | None) -> ChangedView:
    """Change the password at Steam and sign in with the new one. Takes up to two minutes."""
    here = visit(module)
    wanted = body.new_password if body else None
    with here.work() as work:
        account = _with_mafile(work, here, name)
        if wanted and (problem := password_problem(wanted, account.login)):
            raise Refused(problem)
        job = _job(work, account, change_password=True, kick_devices=False)
        if wanted and job.state == "open":
            accounts.store_candidate(here.vault, account, wanted)
        job_id = job.id
    _carry_out(here, job_id)
    with here.read() as db:
        account = accounts.find(db, here.account_id, name)
        password = accounts.password_of(here.vault, account)
    here.audit("SECRET_REVEALED", f"steam_rent account {account.name}")
    here.audit("PASSWORD_CHANGED", f"steam_rent account {account.name}")
    return {"ok": True, "new_password": password}


@typed(errors=(409,))
def kick_sessions(name: str, body: Nothing | None) -> Ok:
    """End every session of the account but ours, and prove it."""
    here = visit(module)
    with here.work() as work:
        account = _with_mafile(work, here, name)
        job_id = _job(work, account, change_password=False, kick_devices=True).id
    _carry_out(here, job_id)
    here.audit("SESSIONS_ENDED", f"steam_rent account {account.name}")
    return {"ok": True}


def register(routes: Blueprint) -> None:
    routes.post("/steam-accounts/<name>/guard-code")(guard_code)
    routes.post("/steam-accounts/<name>/change-password")(change_password)
    routes.post("/steam-accounts/<name>/kick-sessions")(kick_sessions)


def _with_mafile(work: Work, here: Visit, name: str) -> SteamAccount:
    account = accounts.find(work.db, here.account_id, name)
    if not account.has_mafile:
        raise Refused("The Steam account has no maFile: import one first.")
    return account


def _job(
    work: Work, account: SteamAccount, *, change_password: bool, kick_devices: bool
) -> SteamJob:
    """A new job; or the release that failed, which a person starts anew."""
    known = release.unfinished(work.db, account.id)
    if known is None and account.state == "releasing":
        raise Conflict(BUSY)
    if known is None:
        begin = release.anew if account.state == "failed" else release.by_person
        return begin(work, account, change_password=change_password, kick_devices=kick_devices)
    if account.state != "failed":
        raise Conflict(BUSY)
    known.stopped, known.next_at = False, None
    return known


def _carry_out(here: Visit, job_id: int) -> None:
    """Wait for a job; it goes on in the background if it takes too long."""
    with current_app.extensions["opium.live"].waiting.place("check"):
        try:
            office(here.job()).submit(job_id).result(ANSWER_WITHIN)
        except TooLong:
            raise UpstreamError("Steam takes long; the work is still running.") from None
    with here.read() as db:
        job = db.get_one(SteamJob, job_id)
        state, error = job.state, job.error
    if state != "done":
        raise UpstreamError(error or "Steam did not do it; look at the account's last_error.")
