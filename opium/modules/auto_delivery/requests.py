"""`POST /deliveries` with an Idempotency-Key: asked twice, done once (reliability 4)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from opium.kit import Conflict, Work
from opium.modules.auto_delivery.models import Request
from opium.schema import Body

KEPT = timedelta(hours=24)


def known(db: Session, account_id: str, key: str | None, body: Body, now: datetime) -> str | None:
    """The delivery that this key stands for; Conflict if it was used for another request."""
    row = db.get(Request, (account_id, key)) if key is not None else None
    if row is None or row.at < now - KEPT:
        return None
    if row.request_hash != _hash(body):
        raise Conflict("This Idempotency-Key was used for another request.")
    return row.handout_id


def remember(work: Work, key: str | None, body: Body, handout_id: str) -> None:
    """Keep the key, in the transaction of what it asked for."""
    if key is None:
        return
    row = Request(
        account_id=work.account.id,
        key=key,
        request_hash=_hash(body),
        handout_id=handout_id,
        at=work.now,
    )
    work.db.merge(row)  # a key older than a day may come again


def forget_old(work: Work) -> None:
    """Drop the account's keys that are older than a day."""
    old = (Request.account_id == work.account.id) & (Request.at < work.now - KEPT)
    work.db.execute(delete(Request).where(old))


def _hash(body: Body) -> str:
    return hashlib.sha256(body.model_dump_json().encode()).hexdigest()
