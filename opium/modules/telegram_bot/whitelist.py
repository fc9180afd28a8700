"""Who may use an account's bot (contract 11): Telegram ids, in the order they were added."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opium.kit import Conflict, NotFound, Refused, Work
from opium.modules.telegram_bot.models import Listed

MOST = 100
"""A notice goes to each of them, one after the other."""


def users(db: Session, account_id: str) -> list[Listed]:
    """All of an account, oldest first."""
    rows = select(Listed).where(Listed.account_id == account_id)
    return list(db.scalars(rows.order_by(Listed.position, Listed.telegram_id)))


def is_listed(db: Session, account_id: str, telegram_id: int) -> bool:
    """Whether this person may use the account's bot; to be asked at each press and word."""
    return db.get(Listed, (account_id, telegram_id)) is not None


def find(db: Session, account_id: str, telegram_id: int) -> Listed:
    row = db.get(Listed, (account_id, telegram_id))
    if row is None:
        raise NotFound("Telegram user not found")
    return row


def add(work: Work, telegram_id: int, label: str) -> Listed:
    """One more; Conflict if he is listed already."""
    if is_listed(work.db, work.account.id, telegram_id):
        raise Conflict("This Telegram user is in the whitelist already.")
    count, last = work.db.execute(
        select(func.count(), func.max(Listed.position)).where(Listed.account_id == work.account.id)
    ).one()
    if count >= MOST:
        raise Refused(f"The whitelist is full: at most {MOST} users.")
    row = Listed(
        account_id=work.account.id,
        telegram_id=telegram_id,
        label=label,
        position=(last or 0) + 1,
    )
    work.db.add(row)
    return row


def heard(db: Session, account_id: str, told: Mapping[int, str | None]) -> None:
    """What came of messages: None was delivered, a text says why he cannot be reached."""
    for row in users(db, account_id):
        if row.telegram_id in told:
            row.blocked = told[row.telegram_id]


def forget_blocks(db: Session, account_id: str) -> None:
    """Who has blocked the former bot may listen to the new one."""
    for row in users(db, account_id):
        row.blocked = None
