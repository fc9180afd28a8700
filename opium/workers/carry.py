"""Carrying out one command: write the intent, ask FunPay once, write the result (T2, T3).

The outcome of every POST is one of the classes of reliability 3.1; which error means which is
decided here and nowhere else.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium import alerts, journal
from opium.commands import Command, Refund, load
from opium.db.tables import Handout, OrderSeen, StoredCommand
from opium.events import CommandEnded
from opium.failpoints import hit
from opium.funpay.errors import FunPayError, Limited, Refused, SignedOut, Stale, Unreachable
from opium.funpay.models import Message
from opium.funpay.orders import BATCH
from opium.work import FRESH, record
from opium.workers.desk import Desk
from opium.workers.perform import Rewritten, perform, turn_kind
from opium.workers.sightings import refunded, still_want_goods
from opium.workers.trouble import FLOOD_ROW, limited_wait

log = logging.getLogger("opium.mailbox")

AWAKE = 5.0
"""Seconds of monotonic time after T2 within which the request must start: the process may have
slept, and another may run the account by now."""

SEND_PATIENCE = 3.0
NOT_SENT = (Unreachable, Limited, SignedOut, Stale)


class Carrier:
    """Carries out commands of one account, each with one request at most."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._looked: dict[str, datetime] = {}
        """Orders that were looked at last, and when they were seen to want their goods."""

    def carry(self, row: StoredCommand) -> None:
        """Bring a waiting command one attempt further.

        Raises SignedOut, Limited and Unreachable after writing the result, since they concern the
        whole account; nothing else.
        """
        command = self._load(row)
        if row.handout_id and not self._still_wanted(row):
            return
        kind = turn_kind(command)
        with self._desk.client.gate.turn(kind, row.chat, patience=SEND_PATIENCE):
            started = self._desk.tools.clock.monotonic()
            if not self._begin(row):
                return
            hit("after_t2")
            if self._desk.tools.clock.monotonic() - started > AWAKE:
                self._put_back(row, "the server slept before it was sent", 0)
                return
            self._attempt(row, command)

    def _still_wanted(self, row: StoredCommand) -> bool:
        """Goods that waited for a minute or more go out only after a fresh look at the order; the
        same request asks for the orders whose turn comes next."""
        order_id, now = row.order_id or "", self._desk.now
        if now - max(row.created_at, self._looked.get(order_id, row.created_at)) <= FRESH:
            return True
        wanted = still_want_goods(self._desk, self._next_orders(row))
        self._looked = {known: now for known, wants in wanted.items() if wants}
        if order_id not in wanted:
            with self._desk.write() as (db, _account):
                journal.postpone(db, row, now + FRESH)
        return wanted.get(order_id, False)

    def _next_orders(self, row: StoredCommand) -> list[str]:
        """The order of `row` and those of goods that wait after it, as many as one request asks."""
        with self._desk.tools.db.read() as db:
            later = db.scalars(
                select(StoredCommand.order_id)
                .where(
                    StoredCommand.account_id == row.account_id,
                    StoredCommand.fp_id == row.fp_id,
                    StoredCommand.state == "waiting",
                    StoredCommand.handout_id.is_not(None),
                    StoredCommand.id > row.id,
                )
                .order_by(StoredCommand.id)
                .limit(4 * BATCH)
            )
            return list(dict.fromkeys([row.order_id or "", *(id_ or "" for id_ in later)]))[:BATCH]

    def _attempt(self, row: StoredCommand, command: Command) -> None:
        try:
            data, message = perform(self._desk.client, command, row)
        except NOT_SENT as exc:
            self._not_sent(row, command, exc)
            raise
        except Refused as exc:
            self._end(row, "failed", exc.reason, {})
        except Rewritten:
            self._stop_sends()
            self._end(row, "held", "FunPay shows the message without its marker", {})
        except Exception as exc:  # Unanswered, an answer not understood: nobody knows
            if not isinstance(exc, FunPayError):
                log.exception("[%s] Command %d failed", self._desk.account_id, row.id)
            self._lost(row, command, exc)
        else:
            hit("after_answer")
            self._end(row, "done", None, data, message)

    def _begin(self, row: StoredCommand) -> bool:
        hit("before_t2")
        baseline = self._desk.newest_msg
        with self._desk.write() as (db, _account):
            begun = journal.begin(db, row, self._desk.generation, baseline, self._desk.now)
        row.baseline_msg_id = baseline
        return begun

    def _stop_sends(self) -> None:
        """Until a person has seen the alert: what is sent now could never be found again."""
        key = rewritten_key(self._desk.account_id)
        text = "FunPay shows our messages without their marker; sends wait until you acknowledge."
        with self._desk.write() as (db, _account):
            alerts.open_alert(db, "rewritten", key, text, self._desk.now, self._desk.account_id)

    def _not_sent(self, row: StoredCommand, command: Command, exc: FunPayError) -> None:
        if command.settle == "forget":
            wait = getattr(exc, "wait", None)
            self._end(row, "failed", str(exc), {"wait": wait} if wait else {})
            return
        tries = row.attempt + 1
        if not isinstance(exc, Limited):
            self._put_back(row, str(exc), float(min(60, 2**tries)))
            return
        wait = max(exc.wait or 0.0, limited_wait(None, tries))
        reason = f"FunPay says too often; next try in {wait:.0f} s."
        if tries >= FLOOD_ROW:
            self._tell_limited(row, reason)
        self._put_back(row, reason, wait)

    def _tell_limited(self, row: StoredCommand, text: str) -> None:
        """Again and again: a person should know, once, unless the whole account is limited."""
        account_id = self._desk.account_id
        with self._desk.write() as (db, _account):
            if not alerts.is_open(db, f"account:{account_id}:limited"):
                alerts.open_alert(db, "limited", limited_key(row), text, self._desk.now, account_id)

    def _put_back(self, row: StoredCommand, reason: str, seconds: float) -> None:
        with self._desk.write() as (db, _account):
            next_at = self._desk.now + timedelta(seconds=seconds)
            journal.put_back(db, row, self._desk.generation, self._desk.now, reason, next_at)

    def _lost(self, row: StoredCommand, command: Command, exc: Exception) -> None:
        reason = str(exc) if isinstance(exc, FunPayError) else "the answer was not understood"
        if command.settle == "forget":
            self._end(row, "failed", f"Outcome unknown: {reason}", {"unanswered": True})
        elif command.settle == "repeat":
            self._put_back(row, reason, min(300, 10 * 2**row.attempt))
        else:
            look_at = self._desk.now + timedelta(seconds=self._desk.config.settle_seconds)
            with self._desk.write() as (db, _account):
                journal.lose(db, row, self._desk.generation, self._desk.now, reason, look_at)
            self._desk.ends.moved(row.account_id, row.id)

    def _end(
        self,
        row: StoredCommand,
        state: str,
        reason: str | None,
        data: dict[str, Any],
        message: Message | None = None,
    ) -> None:
        hit("before_t3")
        end(self._desk, row, state, reason, data, message.id if message else None)
        hit("after_t3")

    def _load(self, row: StoredCommand) -> Command:
        return load_command(self._desk, row)


def rewritten_key(account_id: str) -> str:
    """The alert that stops an account's sends while nobody has acknowledged it."""
    return f"account:{account_id}:rewritten"


def limited_key(row: StoredCommand) -> str:
    """The alert that a wish was refused as too frequent again and again."""
    return f"command:{row.id}:limited"


def load_command(desk: Desk, row: StoredCommand) -> Command:
    """The wish a row holds."""
    assert row.body_sealed is not None  # noqa: S101 — wiped only after the end
    return load(row.kind, desk.tools.vault.open(row.body_sealed, journal.body_context(row.id)))


def end(
    desk: Desk,
    row: StoredCommand,
    state: str,
    reason: str | None,
    data: dict[str, Any],
    msg_id: int | None = None,
) -> None:
    """T3: write a command's end, tell its module, then wake who waits for it."""
    with desk.write() as (db, _account):
        if not _write_end(db, desk, row, state, reason, msg_id):
            return
        seen = _delivered_order(db, row) if state == "done" and row.handout_id else None
        if row.attempt >= FLOOD_ROW - 1:
            alerts.close_alert(db, limited_key(row), desk.now)
        if row.kind == Refund.kind and state == "done":
            refunded(desk, db, row.order_id or "")
            desk.sales_signal = True
        if row.module is not None:
            ended = CommandEnded(
                fp_user_id=row.fp_id,
                command_id=row.id,
                command_kind=row.kind,
                state=state,
                reason=reason,
                order_id=row.order_id,
                handout_id=row.handout_id,
                last_part=row.n == row.of,
                data=data,
                ended_at=desk.now,
            )
            record(desk.tools, db, desk.account_id, [ended], only=row.module)
    desk.tools.counters.ended(
        desk.account_id, row.kind, state, (desk.now - row.created_at).total_seconds()
    )
    if seen is not None:
        desk.tools.counters.handed_out((desk.now - seen).total_seconds())
    desk.saw(msg_id)
    desk.ends.moved(row.account_id, row.id)


def _delivered_order(db: Session, row: StoredCommand) -> datetime | None:
    """When the order was first seen whose last part this was; None if more parts are to come."""
    return db.scalar(
        select(OrderSeen.first_seen)
        .join(
            Handout,
            (Handout.fp_id == OrderSeen.fp_id) & (Handout.order_id == OrderSeen.order_id),
        )
        .where(
            Handout.id == row.handout_id,
            Handout.state == "delivered",
            Handout.ended_at >= row.created_at,  # not what is handed out once more
        )
    )


def _write_end(
    db: Session, desk: Desk, row: StoredCommand, state: str, reason: str | None, msg_id: int | None
) -> bool:
    now, generation = desk.now, desk.generation
    if state == "done":
        return journal.finish(db, row, generation, now, msg_id)
    if state == "failed":
        return journal.refuse(db, row, generation, now, reason or "refused")
    text = f"A {row.kind.replace('_', ' ')} is held: {reason}."
    if row.order_id:
        text = f"Order {row.order_id}: {text}"
    alerts.open_alert(db, "held", f"command:{row.id}", text, now, desk.account_id)
    return journal.hold(db, row, generation, now, reason or "held")
