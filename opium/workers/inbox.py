"""Reading chats that changed: from the contact list to stored messages, leaving them unread.

A chat counts as handled up to an id; that id moves only in the transaction that stores the
messages' events. Chats wait in a queue, because they are read at the account's quiet pace while
orders go first.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium import alerts
from opium.db.tables import Baseline, ChatSeen, StoredCommand
from opium.events import (
    ChatFirstSeen,
    ChatsListChanged,
    Event,
    LastMessageChanged,
    MessageReceived,
)
from opium.failpoints import hit
from opium.funpay.errors import Missing, PageChanged
from opium.funpay.gate import Busy
from opium.funpay.models import Contact, Look, Message
from opium.observe import chat_message, chat_preview, speaks_of_payment, tells_of_orders
from opium.work import record
from opium.workers.desk import Desk
from opium.workers.handled import Handled
from opium.workers.putback import PutBack, check_ours, reconcile

log = logging.getLogger("opium.inbox")

MOST_PAGES = 20
PREVIEW_KINDS = ("initial_chat", "last_message_changed", "chats_list_changed")


class Inbox:
    """The chats of one account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._queue: OrderedDict[int, Contact] = OrderedDict()
        self._shown: dict[int, Contact] = {}
        self._known = Handled(desk)
        self.stored_events = False

    @property
    def waiting(self) -> bool:
        """Whether changed chats wait to be read."""
        return bool(self._queue)

    def changed(self, contacts: Sequence[Contact]) -> None:
        """Store which chats are new, queue those with unhandled messages."""
        newest = max((c.node_msg for c in contacts), default=0)
        handled = self._known.handled([c.chat_id for c in contacts])
        first = self._known.mark is None
        mark = newest if self._known.mark is None else self._known.mark
        unknown = [c for c in contacts if c.chat_id not in handled]
        fresh = [c for c in contacts if c.node_msg > handled.get(c.chat_id, mark)]
        if first or unknown or any(self._desk.listens(kind) for kind in PREVIEW_KINDS):
            self._store(unknown, fresh, contacts if first else (), mark)
        if any(speaks_of_payment(contact) for contact in fresh):
            self._desk.sales_signal = True
        for contact in fresh:
            if not contact.wiped:
                self._queue[contact.chat_id] = contact
        self._desk.saw(newest)

    def shown(self, look: Look) -> tuple[Contact, ...]:
        """The whole chat list after a look that brought only what changed."""
        self._shown |= {contact.chat_id: contact for contact in look.contacts}
        self._shown = {chat: self._shown[chat] for chat in look.order or () if chat in self._shown}
        return tuple(self._shown.values())

    def forget(self) -> None:
        """Somebody else has read chats: how far they are handled is asked of the rows again."""
        self._known = Handled(self._desk)

    def read_some(self, until: float) -> bool:
        """Read queued chats while the gate lets us at once, until the monotonic moment `until`;
        whether any was read. `stored_events` says whether modules have something to do."""
        self.stored_events = False
        left = len(self._queue)
        read = not self._desk.settings.disable_messages and self._desk.listens("new_message")
        while (
            self._queue
            and self._desk.tools.clock.monotonic() < until
            and (not read or self._desk.client.gate.has_spare_turn())
        ):
            chat_id, contact = next(iter(self._queue.items()))
            try:
                messages, name = self._new_messages(contact) if read else ((), None)
                check_ours(self._desk, messages)
            except Busy:
                break
            except PutBack:
                reconcile(self._desk)
                break
            except (Missing, PageChanged) as exc:
                self._skip(contact, exc)
            else:
                self._store_messages(contact, messages, name)
            if self._queue.get(chat_id) is contact:
                del self._queue[chat_id]
        return len(self._queue) < left

    def _new_messages(self, contact: Contact) -> tuple[Sequence[Message], str]:
        handled = self._known.handled([contact.chat_id]).get(contact.chat_id, 0)
        messages: list[Message] = []
        before: int | None = None
        for _ in range(MOST_PAGES):
            page = self._desk.client.history(
                contact.chat_id, before=before, after=handled, patience=0.5
            )
            messages = [*page.messages, *messages]
            if not page.has_more or page.oldest <= handled + 1:
                break
            before = page.oldest
        return messages, page.name

    def _store(
        self,
        unknown: Sequence[Contact],
        fresh: Sequence[Contact],
        first: Sequence[Contact],
        mark: int,
    ) -> None:
        fp_id = self._desk.fp_id
        events: list[Event] = [
            ChatFirstSeen(fp_user_id=fp_id, chat_id=c.chat_id, chat=chat_preview(c)) for c in first
        ]
        events += [
            LastMessageChanged(
                fp_user_id=fp_id, chat_id=c.chat_id, chat=chat_preview(c), node_msg=c.node_msg
            )
            for c in fresh
        ]
        if fresh:
            newest = max(c.node_msg for c in fresh)
            events.append(ChatsListChanged(fp_user_id=fp_id, newest=newest))
        with self._desk.write() as (db, _account):
            baseline = db.get_one(Baseline, (self._desk.account_id, fp_id))
            if baseline.message_mark is None:
                baseline.message_mark = mark
            db.add_all(
                ChatSeen(account_id=self._desk.account_id, chat_id=c.chat_id, handled_msg=mark)
                for c in unknown
            )
            if record(self._desk.tools, db, self._desk.account_id, events):
                self.stored_events = True
        self._known.begin(mark)
        for contact in unknown:
            self._known.note(contact.chat_id, mark)

    def _store_messages(
        self, contact: Contact, messages: Sequence[Message], name: str | None
    ) -> None:
        newest = max([contact.node_msg, *(m.id for m in messages)])
        if tells_of_orders(messages):
            self._desk.sales_signal = True
        hit("before_messages")
        with self._desk.write() as (db, _account):
            ours = self._ours(db, [m.id for m in messages if m.author_id == self._desk.fp_id])
            self._tell_of_doubles(db, messages, ours)
            events = [
                MessageReceived(
                    fp_user_id=self._desk.fp_id,
                    chat_id=contact.chat_id,
                    message=chat_message(m, contact.chat_id, contact.name, m.id in ours),
                )
                for m in messages
            ]
            row = db.get_one(ChatSeen, (self._desk.account_id, contact.chat_id))
            row.handled_msg = max(row.handled_msg, newest)
            row.node_name = name or row.node_name
            if record(self._desk.tools, db, self._desk.account_id, events):
                self.stored_events = True
            handled = row.handled_msg
        self._known.note(contact.chat_id, handled)
        self._desk.saw(newest)

    def _tell_of_doubles(
        self, db: Session, messages: Sequence[Message], ours: set[int | None]
    ) -> None:
        """A message of ours that turned up after it was given up and sent again (A1 is broken)."""
        for message in messages:
            if message.author_id != self._desk.fp_id or message.id in ours:
                continue
            words = [word for word in message.text.split() if word[0] == "#"]
            known = db.scalar(
                select(StoredCommand.order_id).where(
                    StoredCommand.marker.in_(words), StoredCommand.msg_id != message.id
                )
            )
            if known is not None:
                text = f"Order {known}: a message arrived late and is in the chat twice."
                key = f"a1_broken:{self._desk.account_id}:{message.id}"
                log.error("[%s] %s", self._desk.account_id, text)
                alerts.open_alert(db, "a1_broken", key, text, self._desk.now, self._desk.account_id)

    def _skip(self, contact: Contact, exc: Exception) -> None:
        log.warning("[%s] Chat %d cannot be read: %s", self._desk.account_id, contact.chat_id, exc)
        if isinstance(exc, PageChanged):
            with self._desk.write() as (db, _account):
                key = f"page:{self._desk.account_id}:{exc.page}"
                alerts.open_alert(
                    db, "page_changed", key, str(exc), self._desk.now, self._desk.account_id
                )

    def _ours(self, db: Session, ids: Sequence[int]) -> set[int | None]:
        if not ids:
            return set()
        return set(
            db.scalars(
                select(StoredCommand.msg_id).where(
                    StoredCommand.account_id == self._desk.account_id,
                    StoredCommand.msg_id.in_(ids),
                )
            )
        )
