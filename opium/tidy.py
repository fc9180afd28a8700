"""What the database forgets by age: texts of sent messages and events, never that they were."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, update

from opium.clock import Clock
from opium.db.session import Database
from opium.db.tables import StoredCommand, StoredEvent

EVERY = 6 * 3600.0
BODIES = timedelta(days=30)
"""How long the text of a command is kept after its end."""
EVENTS = timedelta(days=90)


def tidy(db: Database, clock: Clock) -> None:
    """Wipe old bodies and old events; ids, markers and states are kept for ever."""
    now: datetime = clock.now()
    ended = (StoredCommand.ended_at < now - BODIES, StoredCommand.body_sealed.is_not(None))
    with db.write() as session:
        session.execute(
            update(StoredCommand)
            .where(*ended, StoredCommand.state.in_(("done", "failed")))
            .values(body_sealed=None)
        )
        session.execute(delete(StoredEvent).where(StoredEvent.created_at < now - EVENTS))
