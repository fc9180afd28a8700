"""Alerts reach the phone: what is open and new becomes notices with a button to acknowledge it.

An alert waits for a person, so it is told whatever `notify_events` names; only an account that
wants nothing at all (no events) gets none, nor one that an event of its settings tells already.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium.kit import AccountView, Alert, Job
from opium.modules.telegram_bot import handlers, notices, outbox
from opium.modules.telegram_bot.models import BotSetup, Notice
from opium.modules.telegram_bot.outbox import Place

FRESH = timedelta(days=1)
"""Older ones are known already: the bot was set up later, or was silent for long."""
TOLD_BY = {
    "delivery_failed": "delivery_failed",
    "steam_release": "rental_release_failed",
    "waiting": "pending_order_created",
}
"""Kind of alert → the event that tells the same."""


def tell_alerts(job: Job) -> None:
    """Put alerts that were not told yet into the outbox, once per chat."""
    with job.read() as db:
        open_ones = _open(db, job)
        untold = {
            account: [alert for alert in open_ones if _concerns(alert, db, account)]
            for account in job.accounts()
        }
    for account, found in untold.items():
        if found:
            _tell(job, account, found)


def _tell(job: Job, account: str, found: Sequence[Alert]) -> None:
    with job.work(account) as work:
        reader = handlers.reader(work)
        for alert in found:
            if _told_by_event(alert, reader.wants, work.account):
                continue
            key = key_of(alert)
            draft = notices.of_alert(alert.id, alert.text, reader)
            told = select(Notice.chat, Notice.thread).where(Notice.key == key)
            outbox.put(
                work,
                "alert",
                key,
                draft.html,
                keyboard=draft.keyboard,
                about=draft.about,
                name=draft.name,
                but={Place(*row) for row in work.db.execute(told)},
            )


def key_of(alert: Alert) -> str:
    return f"alert:{alert.id}"


def _open(db: Session, job: Job) -> list[Alert]:
    rows = select(Alert).where(
        Alert.closed_at.is_(None), Alert.acked_at.is_(None), Alert.created_at > job.now - FRESH
    )
    return list(db.scalars(rows.order_by(Alert.id)))


def _concerns(alert: Alert, db: Session, account: str) -> bool:
    """Whether this account's people are still to hear of it."""
    setup = db.get(BotSetup, account)
    if setup is None or setup.token_sealed is None or not setup.notify_events:
        return False
    if alert.account_id not in (None, account):
        return False
    mine = select(Notice.id).where(Notice.account_id == account, Notice.key == key_of(alert))
    return db.scalar(mine.limit(1)) is None


def _told_by_event(alert: Alert, wants: frozenset[str], account: AccountView) -> bool:
    """Whether an event that he is told of says the same."""
    if alert.key.startswith(f"account:{account.id}:"):
        # Events of an account that never signed in reach nobody.
        return "account_error" in wants and account.fp_id is not None
    return TOLD_BY.get(alert.kind) in wants
