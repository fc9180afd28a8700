"""How far each chat has been read, kept in memory beside the rows.

Only the account's own worker moves these marks, so what it has once read or written it need not ask
the database for: a poll with a new message is the most frequent work of all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from sqlalchemy import func, select

from opium.db.tables import Baseline, ChatSeen
from opium.workers.desk import Desk

KEPT = 2000
"""Chats remembered; the others are asked for again."""


class Handled:
    """Message ids up to which chats are handled."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._chats: OrderedDict[int, int] = OrderedDict()
        self._mark: int | None = None

    @property
    def mark(self) -> int | None:
        """The largest handled id; None before the first look. Ids are site-wide, so an unknown
        chat's messages above it are new and the others old."""
        if self._mark is None:
            self._mark = self._stored_mark()
        return self._mark

    def handled(self, chat_ids: Sequence[int]) -> dict[int, int]:
        """The marks of those chats that were ever seen."""
        missing = [chat for chat in chat_ids if chat not in self._chats]
        if missing:
            with self._desk.tools.db.read() as db:
                rows = db.execute(
                    select(ChatSeen.chat_id, ChatSeen.handled_msg).where(
                        ChatSeen.account_id == self._desk.account_id, ChatSeen.chat_id.in_(missing)
                    )
                ).all()
            for chat, handled in rows:
                self._keep(chat, handled)
        return {chat: self._chats[chat] for chat in chat_ids if chat in self._chats}

    def begin(self, mark: int) -> None:
        """The first look was stored."""
        self._mark = max(self._mark or 0, mark)

    def note(self, chat_id: int, handled: int) -> None:
        """A new mark was committed."""
        self._keep(chat_id, handled)
        self._mark = max(self._mark or 0, handled)

    def _keep(self, chat_id: int, handled: int) -> None:
        self._chats[chat_id] = handled
        self._chats.move_to_end(chat_id)
        while len(self._chats) > KEPT:
            self._chats.popitem(last=False)

    def _stored_mark(self) -> int | None:
        account_id = self._desk.account_id
        with self._desk.tools.db.read() as db:
            first = db.get_one(Baseline, (account_id, self._desk.fp_id)).message_mark
            if first is None:
                return None
            found = db.scalar(
                select(func.max(ChatSeen.handled_msg)).where(ChatSeen.account_id == account_id)
            )
        return max(first, found or 0)
