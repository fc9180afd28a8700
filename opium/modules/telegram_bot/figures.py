"""What `GET /api/metrics` shows of the outbox."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opium.kit import Figure
from opium.modules.telegram_bot import module
from opium.modules.telegram_bot.models import Notice


@module.figures
def figures(db: Session) -> Iterator[Figure]:
    """Notices by state; `waiting` grows while Telegram is away."""
    counted = select(Notice.state, func.count()).group_by(Notice.state)
    for state, number in db.execute(counted):
        text = "Messages to the seller's Telegram by state, of the last 7 days."
        yield Figure("notices", text, number, {"state": state})
