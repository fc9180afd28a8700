"""Settling an unknown command: look whether it happened, before anything is sent again.

reliability 3.2: nobody looks before T_settle; a miss counts only if the read was valid; two valid
misses a gap apart prove "not sent"; what cannot be settled is held for a person.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from opium import journal
from opium.commands import Command
from opium.db.tables import StoredCommand
from opium.failpoints import hit
from opium.funpay.errors import FunPayError, Missing, PageChanged
from opium.funpay.models import ChatHistory, Message, OrderStatus
from opium.workers.carry import end, load_command
from opium.workers.desk import Desk
from opium.workers.match import own_echo

log = logging.getLogger("opium.mailbox")

MOST_UNKNOWNS = 3
MOST_PAGES = 40
GIVE_UP = timedelta(minutes=30)
LATER = (10, 30, 60, 120)
"""Seconds between looks that were not valid."""


class Settler:
    """Looks for commands of one account whose outcome is unknown."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def settle(self, row: StoredCommand) -> None:
        """One look. Raises SignedOut and Limited, since they concern the whole account."""
        command = load_command(self._desk, row)
        try:
            if command.settle == "order":
                self._read_order(row)
            elif command.settle == "repeat":  # the same wish again gives the same result
                with self._desk.write() as (db, _account):
                    now = self._desk.now
                    journal.put_back(db, row, self._desk.generation, now, "done again", now)
            else:
                self._read_history(row, command)
        except (Missing, PageChanged) as exc:
            self._not_valid(row, str(exc))
        except FunPayError as exc:
            self._not_valid(row, str(exc))
            raise

    def _read_order(self, row: StoredCommand) -> None:
        order_id = row.order_id or ""
        order = self._desk.client.orders([order_id]).get(order_id)
        hit("while_settling")
        if order is None:
            self._not_valid(row, "FunPay does not show the order")
        elif order.status in (OrderStatus.REFUNDED, OrderStatus.PARTIALLY_REFUNDED):
            end(self._desk, row, "done", None, {})
        else:
            end(self._desk, row, "held", "the refund may not have happened; look at FunPay", {})

    def _read_history(self, row: StoredCommand, command: Command) -> None:
        found, valid = self._look(row, command)
        hit("while_settling")
        if found is not None:
            log.info("[%s] Command %d had arrived", row.account_id, row.id)
            end(self._desk, row, "done", None, {}, found.id)
        elif not valid:
            self._not_valid(row, "the chat's history does not reach back far enough")
        elif row.misses == 0:
            gap = timedelta(seconds=self._desk.config.settle_gap_seconds)
            with self._desk.write() as (db, _account):
                journal.look_again(db, row, self._desk.now + gap, misses=1)
        elif row.unknowns >= MOST_UNKNOWNS:
            end(self._desk, row, "held", "its outcome was unknown three times", {})
        else:
            with self._desk.write() as (db, _account):
                now = self._desk.now
                journal.put_back(db, row, self._desk.generation, now, "it had not arrived", now)

    def _look(self, row: StoredCommand, command: Command) -> tuple[Message | None, bool]:
        """Our message, or whether the read was valid: back to the baseline or the beginning."""
        baseline = row.baseline_msg_id or 0
        before: int | None = None
        for _ in range(MOST_PAGES):
            page: ChatHistory = self._desk.client.history(
                row.chat or "", before=before, after=baseline, order_work=True
            )
            found = own_echo(page.messages, self._desk.fp_id, baseline, command, row.marker)
            if found is not None:
                return found, True
            if not page.has_more or page.oldest <= baseline:
                return None, True
            before = page.oldest
        return None, False

    def _not_valid(self, row: StoredCommand, reason: str) -> None:
        since = row.since or self._desk.now
        if self._desk.now - since > GIVE_UP:
            end(self._desk, row, "held", f"no valid look for 30 minutes: {reason}", {})
            return
        tried = int((self._desk.now - since).total_seconds() // 60)
        wait = timedelta(seconds=LATER[min(tried, len(LATER) - 1)])
        with self._desk.write() as (db, _account):
            journal.look_again(db, row, self._desk.now + wait, misses=row.misses)
