"""Raising: a wish for each category that is due, and what follows from its end.

A *cycle* lasts from the first wish until no raise is under way. At most one runs per account:
the scheduler's and the one by hand never overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium.kit import RaiseLots, StoredCommand, Work
from opium.modules.auto_raise import rows
from opium.modules.auto_raise.categories import Found
from opium.modules.auto_raise.models import Category, Seller
from opium.modules.auto_raise.rules import Known, Outcome, jitter, judge

LOST_AFTER = timedelta(minutes=5)
BUSY = timedelta(minutes=2)
KEY_KEPT = timedelta(hours=24)

UNDER_WAY = ("waiting", "started", "unknown")


def start_due(work: Work) -> int:
    """Wish for a raise of each category that is due; how many there were."""
    seller = rows.seller(work)
    _settle_lost(work)
    due = [
        category
        for category in rows.listed(work.db, work.account.id)
        if category.command_id is None
        and (category.next_at is None or category.next_at <= work.now)
    ]
    if due and not cycle_runs(work.db, work.account.id, work.now):
        seller.cycle_at = work.now
    for category in due:
        _wish(work, category)
    return len(due)


def begin_cycle(work: Work, key: str | None) -> bool:
    """Whether the caller is to run the cycle; if not, one runs already, or ran for this key."""
    seller = rows.seller(work)
    _settle_lost(work)
    repeated = key is not None and key == seller.cycle_key and _ahead(seller.key_until, work.now)
    if repeated or cycle_runs(work.db, work.account.id, work.now):
        return False
    seller.busy_until, seller.cycle_at = work.now + BUSY, work.now
    seller.cycle_key, seller.key_until = key, work.now + KEY_KEPT
    return True


def run_cycle(work: Work, found: Sequence[Found]) -> None:
    """The cycle itself: the categories as just read, all of them due at once."""
    rows.store_categories(work, found)
    for category in rows.listed(work.db, work.account.id):
        if category.command_id is None:
            category.next_at, category.failures = None, 0
    start_due(work)
    rows.seller(work).busy_until = None


def give_up_cycle(work: Work) -> None:
    """The categories could not be read: let the next call try, with the same key too."""
    seller = rows.seller(work)
    seller.busy_until = seller.key_until = None


def cycle_runs(db: Session, account_id: str, now: datetime) -> bool:
    """Whether categories are read for a cycle, or a raise is under way."""
    seller = db.get(Seller, account_id)
    if seller is not None and _ahead(seller.busy_until, now):
        return True
    return any(category.command_id is not None for category in rows.listed(db, account_id))


def cycle_began(db: Session, account_id: str) -> datetime | None:
    """When the last cycle began."""
    seller = db.get(Seller, account_id)
    return None if seller is None else seller.cycle_at


def of_command(work: Work, command_id: int) -> Category | None:
    """The category whose raise this command is."""
    return work.db.scalar(
        select(Category).where(
            Category.account_id == work.account.id, Category.command_id == command_id
        )
    )


def ended(work: Work, category: Category, outcome: Outcome) -> None:
    """A raise came to its end: set the next time, keep the answer, probe if the wait is unknown."""
    today, probing = work.now.date(), category.probing
    verdict = judge(
        outcome,
        Known(category.failures, category.learnt_wait, probing, category.probe_day != today),
        jitter(work.settings.delay_range_minutes, work.random.random()),
        work.now,
    )
    category.command_id, category.probing = None, False
    category.next_at, category.failures = verdict.next_at, verdict.failures
    category.learnt_wait, category.last_wait = verdict.learnt_wait, verdict.wait
    if verdict.probe:
        category.probe_day, category.probing = today, True
        _wish(work, category)
    if probing:
        return  # a probe only learns the wait; the success before it is the result
    category.last_at, category.last_success = work.now, verdict.success
    category.last_error = None if verdict.success else outcome.message
    rows.log(work, category)
    if verdict.failures == 1:
        # Once in a row of failures: with a notice for each, the seller's phone would never rest.
        payload = {"category_id": category.game_id, "category_name": category.name}
        work.emit("raise_failed", payload | {"error": outcome.message})


def _wish(work: Work, category: Category) -> None:
    # All sections are named, even a single one: else FunPay may ask which ones are meant.
    nodes = tuple(category.nodes)
    command = RaiseLots(game_id=category.game_id, node_id=nodes[0], node_ids=nodes)
    category.command_id = work.do(command)


def _settle_lost(work: Work) -> None:
    """Close raises whose end was never told: the server or the account's worker died meanwhile."""
    awaited = select(Category, StoredCommand).outerjoin(
        StoredCommand, StoredCommand.id == Category.command_id
    )
    mine = (Category.account_id == work.account.id) & Category.command_id.is_not(None)
    for category, command in work.db.execute(awaited.where(mine)).all():
        if _was_lost(command, work.now):
            ended(work, category, Outcome(False, "The answer was lost.", certain=False))


def _was_lost(command: StoredCommand | None, now: datetime) -> bool:
    if command is None:
        return True
    since = command.ended_at or command.created_at
    return command.state not in UNDER_WAY and since <= now - LOST_AFTER


def _ahead(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment > now
