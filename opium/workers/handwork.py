"""Did the seller write to this buyer by hand since the payment? (reliability 3.3)

Read for orders that were missed: what a person has delivered already must not be delivered again.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from opium.db.tables import StoredCommand
from opium.funpay.models import Message, MessageType, Order
from opium.observe import chat_name, wrote_by_hand
from opium.workers.carry import load_command
from opium.workers.desk import Desk
from opium.workers.match import has_marker, own_echo
from opium.workers.putback import check_ours

HISTORY_PAGES = 5


class Handwork:
    """Looks into the chats of one account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def written(self, order: Order) -> bool:
        """Whether the seller wrote in the chat after the payment; unknown counts as no. Raises
        PutBack."""
        chat = order.chat_name or chat_name(self._desk.fp_id, order.buyer_id)
        messages: list[Message] = []
        before: int | None = None
        for _ in range(HISTORY_PAGES):
            page = self._desk.client.history(chat, before=before, order_work=True)
            messages += page.messages
            paid = any(
                m.type is MessageType.ORDER_PAID and m.order_id == order.order_id
                for m in page.messages
            )
            if paid or not page.has_more or not page.messages:
                break
            before = page.messages[0].id
        own = [m for m in messages if m.author_id == self._desk.fp_id]
        check_ours(self._desk, own)
        return wrote_by_hand(messages, self._desk.fp_id, order.order_id, self._ours(chat, own))

    def _ours(self, chat: str, own: Sequence[Message]) -> frozenset[int]:
        """Which of the account's messages Opium sent: by id, by marker, or, while a send is not
        settled yet, by what it says."""
        command = StoredCommand
        words = [word for message in own for word in message.text.split() if word[0] == "#"]
        with self._desk.tools.db.read() as db:
            ids = db.scalars(select(command.msg_id).where(command.msg_id.in_([m.id for m in own])))
            found = {found for found in ids if found is not None}
            marked = set(db.scalars(select(command.marker).where(command.marker.in_(words))))
            unsettled = db.scalars(
                select(command).where(
                    command.account_id == self._desk.account_id,
                    command.chat == chat,
                    command.marker.is_(None),
                    command.state.in_(("started", "unknown", "held")),
                )
            ).all()
        for message in own:
            if any(marker and has_marker(message.text, marker) for marker in marked):
                found.add(message.id)
        for row in unsettled:
            echo = own_echo(own, self._desk.fp_id, 0, load_command(self._desk, row), None)
            if echo is not None:
                found.add(echo.id)
        return frozenset(found)
