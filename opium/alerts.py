"""What waits for a person: one open row per `key`, closed when its cause is gone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from opium.db.tables import Alert


def open_alert(
    db: Session, kind: str, key: str, text: str, now: datetime, account_id: str | None = None
) -> bool:
    """Make sure an alert with this key is open; whether it is new. Its text is kept fresh."""
    known = db.scalar(select(Alert).where(Alert.key == key, Alert.closed_at.is_(None)))
    if known is not None:
        known.text = text
        return False
    db.add(Alert(kind=kind, key=key, account_id=account_id, text=text, created_at=now))
    return True


def is_open(db: Session, key: str) -> bool:
    """Whether an alert with this key stands."""
    return bool(db.scalar(select(exists().where(Alert.key == key, Alert.closed_at.is_(None)))))


def close_alert(db: Session, key: str, now: datetime) -> None:
    """The cause is gone; nothing happens if no such alert is open."""
    db.execute(
        update(Alert).where(Alert.key == key, Alert.closed_at.is_(None)).values(closed_at=now)
    )
