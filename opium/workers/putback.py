"""Noticing that the database is an older one: goods of ours in a chat that it never handed out.

A restore by our command is known anyway; this finds a machine that was put back as a whole, epoch
and database together (decisions, "rolled-back instance").
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from opium.backup.rebuilding import own_message
from opium.db.tables import StoredCommand
from opium.funpay.models import Message
from opium.workers.desk import Desk


class PutBack(Exception):
    """A chat shows goods of ours that the database knows nothing of: it is an older one."""


def check_ours(desk: Desk, messages: Iterable[Message]) -> None:
    """Raises PutBack if one of these, written in our name, hands out what we know nothing of."""
    mark = desk.tools.reconcile.mark(desk.account_id)
    if mark is None:
        return
    new = [
        own_message(m.id, m.text).marker
        for m in messages
        if m.author_id == desk.fp_id and m.id > mark and m.badge is None
    ]
    markers = {marker.text for marker in new if marker is not None}
    if not markers:
        return
    with desk.tools.db.read() as db:
        rows = db.scalars(select(StoredCommand.marker).where(StoredCommand.marker.in_(markers)))
        if markers - set(rows):
            raise PutBack


def reconcile(desk: Desk) -> None:
    """Send nothing, for any account, before the chats were read and a person agreed."""
    with desk.write() as (db, _account):
        desk.tools.reconcile.enter(db, None, desk.now)
