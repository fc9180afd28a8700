"""Once after a start: the sales that began and ended while the database did not look.

An open order leads to its chat, and our goods there show that the database is an older one. A sale
that the buyer has confirmed since leads nowhere: so it is looked for here, before anything is
handed out.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium.backup.pages import history_since
from opium.db.tables import Baseline, OrderSeen
from opium.funpay.errors import Missing
from opium.funpay.models import OrderRow, OrderStatus
from opium.observe import SKEW, chat_name
from opium.workers.desk import Desk
from opium.workers.putback import check_ours

MOST_PAGES = 10


class LookBack:
    """The look of one account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def run(self) -> list[OrderRow]:
        """Ended sales that nobody has seen, newest first, after a look into their chats.

        Raises PutBack if one of these shows goods that the database never handed out.
        """
        mark = self._desk.tools.reconcile.mark(self._desk.account_id)
        since = self._since()
        if mark is None or since is None:
            return []
        rows = self._unknown(self._ended(since))
        for buyer in dict.fromkeys(row.buyer_id for row in rows):
            try:
                _name, _id, messages, _whole = history_since(
                    self._desk.client, chat_name(self._desk.fp_id, buyer), mark
                )
            except Missing:  # nobody ever wrote there
                continue
            check_ours(self._desk, messages)
        return rows

    def _since(self) -> datetime | None:
        """When the database last knew that it was whole; not before the first contact."""
        alive = self._desk.tools.reconcile.since
        with self._desk.tools.db.read() as db:
            first = db.get(Baseline, (self._desk.account_id, self._desk.fp_id))
        return max(alive - SKEW, first.taken_at) if alive and first else None

    def _ended(self, since: datetime) -> list[OrderRow]:
        rows: dict[str, OrderRow] = {}
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = self._desk.client.sales(cursor)
            rows |= {row.order_id: row for row in page.rows if row.date and row.date >= since}
            past = page.rows and page.rows[-1].date and page.rows[-1].date < since
            if past or page.next_cursor is None or page.next_cursor == cursor:
                break
            cursor = page.next_cursor
        return [row for row in rows.values() if row.status is not OrderStatus.PAID]

    def _unknown(self, rows: list[OrderRow]) -> list[OrderRow]:
        with self._desk.tools.db.read() as db:
            known = _known(db, self._desk.fp_id, [row.order_id for row in rows])
        return [row for row in rows if row.order_id not in known]


def _known(db: Session, fp_id: int, ids: list[str]) -> set[str]:
    seen = select(OrderSeen.order_id).where(OrderSeen.fp_id == fp_id, OrderSeen.order_id.in_(ids))
    return set(db.scalars(seen))
