"""Which log lines an account's seller wants to hear of, as rows; `watching` listens for them."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opium.kit import NotFound, Refused, Work
from opium.modules.telegram_bot.models import Watcher

MOST = 100
"""Every log line is compared with each of them."""


def of_account(db: Session, account_id: str) -> list[Watcher]:
    """All of an account, oldest first: the first enabled one that fits tells its line."""
    rows = select(Watcher).where(Watcher.account_id == account_id)
    return list(db.scalars(rows.order_by(Watcher.id)))


def find(db: Session, account_id: str, watcher_id: str) -> Watcher:
    row = db.scalar(
        select(Watcher).where(Watcher.account_id == account_id, Watcher.watcher_id == watcher_id)
    )
    if row is None:
        raise NotFound("Log watcher not found")
    return row


def add(work: Work, values: dict[str, Any]) -> Watcher:
    """One more; `values` are pattern, custom_message and enabled."""
    count = select(func.count()).where(Watcher.account_id == work.account.id)
    if (work.db.scalar(count) or 0) >= MOST:
        raise Refused(f"There are too many log watchers: at most {MOST}.")
    row = Watcher(account_id=work.account.id, watcher_id=secrets.token_hex(4), **values)
    work.db.add(row)
    return row
