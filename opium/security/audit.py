"""The audit log: who did what, each row chained to the one before by its hash.

Rows are kept for ever; each is a line of the security log too, once it is committed.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opium.db.session import after_commit
from opium.db.tables import AuditEntry, Setting
from opium.security.events import note

HEAD = "audit_head"
COMMAND_LINE = "command line"
"""The actor of what is done beside the server."""
_EVENTS = {"SIGN_IN": "LOGIN_SUCCESS", "TELEGRAM_BUTTON": "BUTTON_EXECUTED"}
"""What the contract calls an action in the security log, where the two differ."""


COUNT = select(func.count()).select_from(AuditEntry)


def record(
    session: Session,
    actor: str,
    action: str,
    target: str,
    result: str,
    ip: str,
    *,
    at: datetime | None = None,
) -> AuditEntry:
    """Add a row in the caller's writing transaction, which makes the chain unbranched."""
    last = session.scalar(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))
    entry = AuditEntry(
        at=at or datetime.now(UTC),
        actor=actor,
        action=action,
        target=target,
        result=result,
        ip=ip,
        previous=last.hash if last else "",
    )
    entry.hash = _digest(entry)
    session.add(entry)
    session.flush()
    # The head tells when the newest rows were cut off, which the chain alone cannot.
    session.merge(Setting(key=HEAD, value=f"{entry.id}:{entry.hash}"))
    event = _EVENTS.get(action, action)
    after_commit(session, partial(note, event, username=actor, target=target, result=result))
    return entry


def verify(session: Session) -> int | None:
    """None if the chain holds, else the id of the first row that was changed or follows a gap.

    0 means that the newest rows, or all of them, are gone.
    """
    previous, last_id = "", 0
    for entry in session.scalars(
        select(AuditEntry).order_by(AuditEntry.id).execution_options(yield_per=500)
    ):
        if entry.previous != previous or entry.hash != _digest(entry):
            return entry.id
        previous, last_id = entry.hash, entry.id
    head = session.get(Setting, HEAD)
    expected = head.value if head else "0:"
    return None if expected == f"{last_id}:{previous}" else 0


def _digest(entry: AuditEntry) -> str:
    at = entry.at.astimezone(UTC).isoformat()
    parts = [at, entry.actor, entry.action, entry.target, entry.result, entry.ip, entry.previous]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
