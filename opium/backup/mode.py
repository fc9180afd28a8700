"""Reconcile mode: accounts that send nothing, because their database was put back to an earlier
time and sold goods look free in it.

It is a row, so it survives restarts; a copy in memory answers without asking the database. Each
account leaves it when its chats were read again and a person has acknowledged its alert.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from opium import alerts
from opium.db.session import Database, after_commit
from opium.db.tables import Account, Baseline, ChatSeen, Handling, Setting, StoredCommand
from opium.errors import Conflict, Refused

log = logging.getLogger("opium.backup")

KEY = "reconcile"
KIND = "reconcile"
LOST = "the database was put back to an earlier time"


@dataclass(frozen=True, slots=True)
class Held:
    """An account in the mode: what happened after `since`, in messages above `mark`, is unknown
    to the database. `read`: it was read again, and waits for a person."""

    since: str
    mark: int
    at: str
    """When the account was held."""
    read: bool = False


class Reconcile:
    """Which accounts are held; `marks` is the newest message each knew when the server started."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._held: dict[str, Held] = {}
        self._marks: dict[str, int] = {}
        self.since: datetime | None = None
        """When the database last knew, before this start, that it was whole."""

    def load(self, marks: Mapping[str, int], since: datetime | None) -> None:
        """At the start: what the rows say, and how things stood before it."""
        with self._database.read() as db:
            held = _stored(db)
        with self._lock:
            self._held, self._marks, self.since = held, dict(marks), since
        for account_id in held:
            log.warning("[%s] Sends nothing: %s", account_id, LOST)

    def holds(self, account_id: str) -> bool:
        """Whether nothing may be sent for this account."""
        return account_id in self._held

    def reading(self, account_id: str) -> bool:
        """Whether its sales and chats have still to be read again."""
        held = self._held.get(account_id)
        return held is not None and not held.read

    def of(self, account_id: str) -> Held | None:
        return self._held.get(account_id)

    def mark(self, account_id: str) -> int | None:
        """The newest message the account knew at the start; None if it was new then."""
        return self._marks.get(account_id)

    def refuse(self, account_id: str) -> None:
        """Refused, with what to do, if the account is held."""
        if self.holds(account_id):
            raise Refused(
                f"Nothing is sent for {account_id}: {LOST}. Acknowledge its alert to go on."
            )

    def refuse_while_reading(self, account_id: str) -> None:
        """Refused while nobody knows yet which goods were sold."""
        if self.reading(account_id):
            raise Refused(f"No goods are given: {LOST}, and the chats are still being read.")

    # --- changes, inside the caller's transaction

    def enter(self, db: Session, since: datetime | None, now: datetime) -> list[str]:
        """Hold all accounts that ever signed in; which ones are new to it.

        What waited to be handled is set aside: it was, or should have been, handled already.
        """
        held = _stored(db)
        rows = db.scalars(
            select(Account.id).where(Account.deleted.is_(False), Account.fp_id.is_not(None))
        )
        new = [account_id for account_id in rows if account_id not in held]
        if since is None:  # nobody knows when it was put back: look a day further
            since = (self.since or _last_sign_of_life(db) or now) - timedelta(days=1)
        for account_id in new:
            mark = self._marks.get(account_id, newest_messages(db).get(account_id, 0))
            held[account_id] = Held(since.isoformat(), mark, now.isoformat())
            text = (
                f"The database of Opium was put back to about {_shown(since)}. Nothing is sent "
                "for this account while its sales and chats since then are read."
            )
            alerts.open_alert(db, KIND, alert_key(account_id), text, now, account_id)
            db.execute(
                update(Handling)
                .where(Handling.account_id == account_id, Handling.state == "open")
                .values(state="held", error=LOST)
            )
            log.error("[%s] Sends nothing from now on: %s", account_id, LOST)
        self._store(db, held)
        return new

    def done(self, db: Session, account_id: str, text: str, now: datetime) -> None:
        """Everything was read: a person has the next word."""
        held = _stored(db)
        held[account_id] = replace(held[account_id], read=True)
        alerts.open_alert(db, KIND, alert_key(account_id), text, now, account_id)
        self._store(db, held)

    def release(self, db: Session, account_id: str, now: datetime) -> None:
        """A person has seen what was found: sends go on. Conflict while it is still read."""
        held = _stored(db)
        if account_id in held and not held[account_id].read:
            raise Conflict("The chats of this account are still being read; see the alert's text.")
        held.pop(account_id, None)
        alerts.close_alert(db, alert_key(account_id), now)
        self._store(db, held)
        newest = newest_messages(db).get(account_id, 0)
        after_commit(db, lambda: self._marks.update({account_id: newest}))

    def _store(self, db: Session, held: dict[str, Held]) -> None:
        value = json.dumps({account_id: asdict(row) for account_id, row in held.items()})
        db.merge(Setting(key=KEY, value=value))

        def take_over() -> None:
            with self._lock:
                self._held = held

        after_commit(db, take_over)


def alert_key(account_id: str) -> str:
    return f"account:{account_id}:{KIND}"


def newest_messages(db: Session) -> dict[str, int]:
    """The largest message id that the rows of each account name."""
    newest: dict[str, int] = {}
    for column, owner in (
        (ChatSeen.handled_msg, ChatSeen.account_id),
        (Baseline.message_mark, Baseline.account_id),
        (StoredCommand.msg_id, StoredCommand.account_id),
    ):
        for account_id, found in db.execute(select(owner, func.max(column)).group_by(owner)):
            newest[account_id] = max(newest.get(account_id, 0), found or 0)
    return {account_id: found for account_id, found in newest.items() if found}


def _stored(db: Session) -> dict[str, Held]:
    row = db.get(Setting, KEY)
    return {key: Held(**held) for key, held in json.loads(row.value).items()} if row else {}


def _last_sign_of_life(db: Session) -> datetime | None:
    """For a database that was never told the time: its first contact is early enough."""
    found: datetime | None = db.scalar(select(func.min(Baseline.taken_at)))
    return found


def _shown(moment: datetime) -> str:
    return moment.strftime("%d.%m.%Y %H:%M UTC")
