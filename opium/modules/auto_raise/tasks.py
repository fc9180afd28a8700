"""What auto_raise does from time to time. Accounts that do not run are passed over in silence."""

from __future__ import annotations

import logging
from datetime import timedelta

from opium.kit import Job, NotFound, OpiumError
from opium.modules.auto_raise import categories, module, raising, rows

log = logging.getLogger("opium.auto_raise")

REFRESH_PAUSE = timedelta(minutes=5)
"""Until the categories are tried again after FunPay could not be read."""


@module.every(seconds=30)
def raise_due(job: Job) -> None:
    """Wish for a raise of every category whose time has come; the account's worker sends it."""
    with job.read() as db:
        due = rows.with_something_due(db, job.now)
    for account_id in _at_work(job):
        if account_id in due:
            _raise(job, account_id)


@module.every(seconds=30)
def read_categories(job: Job) -> None:
    """Learn which games each account sells in. Apart from the raising, as it waits for FunPay."""
    with job.read() as db:
        fresh = rows.fresh(db, job.now)
    for account_id in _at_work(job):
        _refresh(job, account_id, fresh_for=fresh.get(account_id))


def _at_work(job: Job) -> list[str]:
    return [a for a in job.accounts() if job.running(a) and _enabled(job, a)]


def _enabled(job: Job, account_id: str) -> bool:
    try:
        return bool(job.settings(account_id).enabled)
    except NotFound:  # detached a moment ago
        return False


def _raise(job: Job, account_id: str) -> None:
    try:
        with job.work(account_id) as work:
            started = raising.start_due(work)
    except OpiumError as error:  # its time comes again in half a minute; others must not wait
        log.warning("[%s] Nothing could be raised: %s", account_id, error)
    else:
        if started:
            log.info("[%s] Raising %d categories", account_id, started)


def _refresh(job: Job, account_id: str, fresh_for: int | None) -> None:
    try:
        funpay = job.funpay(account_id)
        if funpay.user_id == fresh_for:
            return
        with job.read() as db:
            known = rows.games(db, account_id)
        found = categories.read(funpay, known)
    except OpiumError as error:
        log.warning("[%s] Its categories could not be read: %s", account_id, error)
        with job.work(account_id) as work:
            rows.postpone_refresh(work, REFRESH_PAUSE)
        return
    with job.work(account_id) as work:
        rows.store_categories(work, found)
