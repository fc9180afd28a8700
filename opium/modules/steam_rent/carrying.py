"""The steps of a Steam job in their order (protocol 0, 13.2, 13.3).

kick → wizard → sign in with the new password, which is the proof → kick again and count. Each
step that cannot be taken back is a row before Steam hears of it, and after Steam has answered.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta

from opium.kit import Job, hit
from opium.modules.steam_rent import accounts, keepsake, operation, orders, release
from opium.modules.steam_rent.operation import Task
from opium.modules.steam_rent.rows import SteamAccount, SteamJob
from opium.modules.steam_rent.steam import Steam, Verdict, generate_password
from opium.modules.steam_rent.steam.errors import (
    NotKicked,
    OutcomeUnknown,
    PasswordRefused,
    SteamError,
    Throttled,
    Unreachable,
)

log = logging.getLogger("opium.steam_rent")

CANDIDATES = 4
OLD_IS_RIGHT = 2
"""So often in a row must Steam take the old password before the change counts as not done."""
LOOK_AGAIN = timedelta(seconds=60)
CODE_LIVES = timedelta(seconds=90)
"""A code may be accepted a little after its window."""


def carry(place: Job, task: Task, steam: Steam) -> None:
    """Bring a job as far as Steam lets us. Raises SteamError after writing what is known."""
    state = task.state
    if state == "unknown":
        if not _settled(place, task, steam):
            return
        task = operation.load(place, task.job_id) or task
        state = task.state
    if state == "open" and task.change_password:
        _change(place, task, steam)
        task = operation.load(place, task.job_id) or task
        state = task.state
    if state == "changed" or not task.change_password:
        _sign_out(place, task, steam)


def _change(place: Job, task: Task, steam: Steam) -> None:
    """The password change. Until it is sent the old password is certainly valid."""
    steam.sign_in(task.password)
    if task.kick_devices:
        with suppress(NotKicked):  # he shall not disturb us; what counts is the kick at the end
            steam.kick()
    for left in reversed(range(CANDIDATES)):
        new = _candidate(place, task)
        hit("steam_candidate")
        try:
            _send(place, task, steam, new)
            break
        except PasswordRefused:
            if left == 0:
                raise
            _drop_candidate(place, task)
    hit("steam_changed")
    steam.sign_in(new)
    hit("steam_proven")
    _promote(place, task)


def _send(place: Job, task: Task, steam: Steam, new: str) -> None:
    sent = False

    def before_sending() -> None:
        nonlocal sent
        operation.move(place, task.account_id, task.job_id, "sending")
        sent = True
        hit("steam_sending")

    try:
        steam.change_password(task.password, new, before_sending=before_sending)
    except OutcomeUnknown:
        raise
    except SteamError:
        if sent:  # Steam said no: the old password is valid
            operation.move(place, task.account_id, task.job_id, "open")
        raise


def _settled(place: Job, task: Task, steam: Steam) -> bool:
    """After a lost answer: which password is valid? Never sends the change again before that."""
    if task.candidate is None:
        raise operation.NeitherPassword
    new = steam.probe(task.candidate)
    if new.verdict is Verdict.RIGHT:
        steam.sign_in(task.candidate)
        hit("steam_proven")
        _promote(place, task)
        return True
    if new.verdict is Verdict.UNKNOWN:
        raise _no_verdict(new.reason, new.wait)
    old = steam.probe(task.password)
    if old.verdict is Verdict.UNKNOWN:
        raise _no_verdict(old.reason, old.wait)
    if old.verdict is Verdict.WRONG:
        raise operation.NeitherPassword
    with place.work(task.account_id) as work:
        job = work.db.get_one(SteamJob, task.job_id)
        job.old_right += 1
        if job.old_right >= OLD_IS_RIGHT:
            job.state, job.old_right, job.next_at = "open", 0, None
            work.db.flush()
            if not task.change_password:  # it came from the keepsake, and is long over
                account = work.db.get_one(SteamAccount, task.steam_account)
                accounts.drop_candidate(place.vault, account)
            return True
        job.next_at = work.now + LOOK_AGAIN * place.config.steam_pace
    return False


def _no_verdict(reason: str, wait: float | None) -> SteamError:
    return Throttled(reason, wait) if wait else Unreachable(reason)


def _sign_out(place: Job, task: Task, steam: Steam) -> None:
    """End all other sessions, prove it, and be done."""
    if task.kick_devices:
        steam.sign_in(task.password)
        steam.kick()
        hit("steam_kicked")
        lives = task.last_code_at + CODE_LIVES if task.last_code_at else None
        if not task.change_password and lives is not None and place.now < lives:
            _once_more(place, task, lives - place.now)
            return
    with place.work(task.account_id) as work:
        job = work.db.get_one(SteamJob, task.job_id)
        account = work.db.get_one(SteamAccount, task.steam_account)
        if task.kick_devices:
            job.kick_proved_at = work.now
        freed = release.finish(work, account, job)
        if freed:
            log.info("[%s] Steam account %s is free", task.account_id, task.name)
            orders.serve_waiting(work)


def _once_more(place: Job, task: Task, after: timedelta) -> None:
    """The password stays, and a code given just now may still open a session."""
    with place.work(task.account_id) as work:
        job = work.db.get_one(SteamJob, task.job_id)
        job.next_at = work.now + after


def _candidate(place: Job, task: Task) -> str:
    """The new password, stored before Steam hears of it (D15)."""
    with place.work(task.account_id) as work:
        account = work.db.get_one(SteamAccount, task.steam_account)
        known = accounts.candidate_of(place.vault, account)
        history = [task.password, *task.history]
        new = known or generate_password(login=account.login, history=history)
        keepsake.keep(place, account.login_key, new)
        if known is None:
            accounts.store_candidate(place.vault, account, new)
        return new


def _drop_candidate(place: Job, task: Task) -> None:
    """Steam does not like it, before it was sent."""
    with place.work(task.account_id) as work:
        account = work.db.get_one(SteamAccount, task.steam_account)
        accounts.drop_candidate(place.vault, account)


def _promote(place: Job, task: Task) -> None:
    """A sign-in has proven the new password: it is the account's now."""
    with place.work(task.account_id) as work:
        job = work.db.get_one(SteamJob, task.job_id)
        account = work.db.get_one(SteamAccount, task.steam_account)
        accounts.promote_candidate(place.vault, account)
        work.db.flush()  # the law is asked while the job still says `sending` or `unknown`
        job.state, job.password_proved_at = "changed", work.now
