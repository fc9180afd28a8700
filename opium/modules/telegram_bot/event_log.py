"""The event log of an account (contract 11): what was told, to how many."""

from __future__ import annotations

import re

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from opium.modules.telegram_bot.models import Told

PREVIEW = 200

_PIECES = re.compile(r"<[^<>]*>|&#?[A-Za-z0-9]{1,10};|.", re.DOTALL)


def latest(db: Session, account_id: str, limit: int) -> list[Told]:
    """The last ones, oldest first."""
    rows = select(Told).where(Told.account_id == account_id).order_by(Told.id.desc()).limit(limit)
    return list(db.scalars(rows))[::-1]


def clear(db: Session, account_id: str) -> None:
    """Forget what was told; notices that are under way are not touched."""
    db.execute(delete(Told).where(Told.account_id == account_id))


def preview(html: str) -> str:
    """The beginning of a message: at most 200 characters, no tag or entity cut in two."""
    length = 0
    for piece in _PIECES.finditer(html):
        if piece.end() > PREVIEW:
            break
        length = piece.end()
    return html[:length]
