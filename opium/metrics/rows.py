"""What the rows say, in a handful of queries that use an index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opium.backup import epoch
from opium.db.tables import Account, Alert, Handling, StoredCommand
from opium.metrics.figures import Figure

OPEN = ("waiting", "started", "unknown", "held")
"""States of a command whose end has not come."""


def figures(db: Session) -> Iterator[Figure]:
    """Commands, events, alerts and the epoch."""
    accounts = list(db.scalars(select(Account.id).where(Account.deleted.is_(False))))
    yield from _commands(db, accounts)
    yield from _handlings(db, accounts)
    yield from _alerts(db)
    inside = epoch.stored(db)
    if inside is not None:
        yield Figure("opium_epoch", "Counter of starts and copies of the database.", inside.n)


def _commands(db: Session, accounts: list[str]) -> Iterator[Figure]:
    """Only what is open: what ended stays for ever, and counting it would take ever longer."""
    found: Counter[tuple[str, str]] = Counter()
    counted = (
        select(StoredCommand.account_id, StoredCommand.state, func.count())
        .where(StoredCommand.account_id.in_(accounts), StoredCommand.state.in_(OPEN))
        .group_by(StoredCommand.account_id, StoredCommand.state)
    )
    for account_id, state, number in db.execute(counted):
        found[account_id, state] = number
    text = "Commands whose end has not come; held ones wait for a person."
    for account_id in accounts:
        for state in OPEN:
            labels = {"account": account_id, "state": state}
            yield Figure("opium_commands", text, found[account_id, state], labels)


def _handlings(db: Session, accounts: list[str]) -> Iterator[Figure]:
    counted = (
        select(Handling.account_id, Handling.state, func.count())
        .where(Handling.account_id.in_(accounts), Handling.state.in_(("open", "held")))
        .group_by(Handling.account_id, Handling.state)
    )
    text = "Events that a module has not handled yet; held ones failed again and again."
    for account_id, state, number in db.execute(counted):
        yield Figure("opium_events", text, number, {"account": account_id, "state": state})


def _alerts(db: Session) -> Iterator[Figure]:
    counted = (
        select(Alert.kind, Alert.account_id, func.count())
        .where(Alert.closed_at.is_(None))
        .group_by(Alert.kind, Alert.account_id)
    )
    text = "Alerts that are open, by kind; without account those of the server."
    for kind, account_id, number in db.execute(counted):
        labels = {"kind": kind, "account": account_id or ""}
        yield Figure("opium_alerts_open", text, number, labels)
