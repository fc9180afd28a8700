"""The mailbox: an account's commands in order, each brought to a known end.

Idle costs nothing: the rows are asked only after a ring, or when the next one is due.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Exists,
    Select,
    and_,
    bindparam,
    exists,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from opium import journal
from opium.db.tables import Alert, Handout, OrderSeen, StoredCommand
from opium.funpay.gate import Busy
from opium.funpay.pace import CHAT_GAP
from opium.workers.carry import Carrier, rewritten_key
from opium.workers.desk import Desk
from opium.workers.settle import Settler

STOPPED = timedelta(seconds=30)
"""How often to ask whether sends may go on."""


class Mailbox:
    """What the account still has to do at FunPay."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._carrier = Carrier(desk)
        self._settler = Settler(desk)
        self._rung = True
        self._next_due: datetime | None = None
        self._resting: dict[str, float] = {}
        """Chats written to just now, and the monotonic moment when they may be again."""

    def ring(self) -> None:
        """There is a new command; may be called from any thread."""
        self._rung = True

    @property
    def next_due(self) -> datetime | None:
        """When the next postponed command is due; None if there is none."""
        return self._next_due

    @property
    def resting(self) -> bool:
        """Whether something waits because its chat was written to just now."""
        return bool(self._resting)

    @property
    def has_work(self) -> bool:
        """Whether `run` would find something to do."""
        return self._rung or (self._next_due is not None and self._next_due <= self._desk.now)

    def adopt(self) -> None:
        """At the start: what an earlier worker was sending has an unknown outcome now."""
        with self._desk.write() as (db, _account):
            look_at = self._desk.now + timedelta(seconds=self._desk.config.settle_seconds)
            journal.adopt(db, self._desk.account_id, self._desk.generation, self._desk.now, look_at)

    def run(self, until: float) -> None:
        """Carry out what is ready, one after the other, until the monotonic moment `until`."""
        while self.has_work:
            self._rung = False
            with self._desk.tools.db.read() as db:
                row = self._next_ready(db)
                self._next_due = self._soonest(db)
                stopped = row is None and db.scalar(
                    select(_rewritten()), {"rewritten": rewritten_key(self._desk.account_id)}
                )
            if row is None:
                if stopped:  # acknowledging an alert rings nobody
                    self._look_again(STOPPED)
                if self._resting:
                    self._look_again(timedelta(seconds=min(self._resting.values()) - self._clock()))
                return
            self._rung = True
            try:
                if row.state == "unknown":
                    self._settler.settle(row)
                else:
                    self._carrier.carry(row)
            except Busy as exc:  # our own pace: polls go on meanwhile
                self._rung = False
                self._look_again(timedelta(seconds=exc.wait or 1.0))
                return
            if row.chat is not None:
                self._resting[row.chat] = self._clock() + CHAT_GAP
            if self._desk.tools.clock.monotonic() >= until:
                return

    def _look_again(self, after: timedelta) -> None:
        again = self._desk.now + max(after, timedelta())
        self._next_due = min(self._next_due or again, again)

    def _clock(self) -> float:
        return self._desk.tools.clock.monotonic()

    def _next_ready(self, db: Session) -> StoredCommand | None:
        now = self._clock()
        # Chats that were written to just now wait; meanwhile it is the others' turn.
        self._resting = {chat: end for chat, end in self._resting.items() if end > now}
        held = self._desk.tools.reconcile.holds(self._desk.account_id)
        return db.scalar(
            UNSETTLED if held else READY,
            {
                "account": self._desk.account_id,
                "fp_id": self._desk.fp_id,
                "now": self._desk.now,
                "resting": list(self._resting),
                "rewritten": rewritten_key(self._desk.account_id),
            },
        )

    def _soonest(self, db: Session) -> datetime | None:
        row = StoredCommand
        return db.scalar(
            select(row.next_at)
            .where(
                row.account_id == self._desk.account_id,
                row.fp_id == self._desk.fp_id,
                row.state.in_(("waiting", "unknown")),
                row.next_at > self._desk.now,
            )
            .order_by(row.next_at)
            .limit(1)
        )


def _ready(*, sends: bool) -> Select[StoredCommand]:
    """The next command to carry out, or to settle. `sends`: new ones too, not only those whose
    outcome is unknown. Built once: putting it together costs more than asking it."""
    row = StoredCommand
    choices = [row.state == "unknown"]
    if sends:
        choices.append(_waiting())
    return (
        select(row)
        .where(
            row.account_id == bindparam("account"),
            row.fp_id == bindparam("fp_id"),
            or_(row.next_at.is_(None), row.next_at <= bindparam("now")),
            or_(*choices),
        )
        .order_by(row.kind == "raise_lots", row.kind == "save_offer", row.id)
        .limit(1)
    )


def _waiting() -> ColumnElement[bool]:
    """Nothing keeps this command from being sent now."""
    row = StoredCommand
    earlier, unsettled = aliased(StoredCommand), aliased(StoredCommand)
    earlier_part = exists().where(
        earlier.handout_id == row.handout_id,
        earlier.id < row.id,
        earlier.state.not_in(("done", "failed")),
    )
    chat_unsettled = exists().where(
        unsettled.account_id == row.account_id,
        unsettled.chat == row.chat,
        unsettled.state == "unknown",
        unsettled.marker.is_(None),
    )
    refunded = exists().where(
        row.handout_id.is_not(None),
        OrderSeen.fp_id == row.fp_id,
        OrderSeen.order_id == row.order_id,
        OrderSeen.status == "refunded",
    )
    handout_stopped = exists().where(
        Handout.id == row.handout_id, Handout.state.in_(("held", "cancelled"))
    )
    sends_stopped = and_(row.kind.in_(("send_message", "send_image")), _rewritten())
    return and_(
        row.state == "waiting",
        or_(row.chat.is_(None), row.chat.not_in(bindparam("resting", expanding=True))),
        ~earlier_part,
        ~chat_unsettled,
        ~handout_stopped,
        ~refunded,
        ~sends_stopped,
    )


def _rewritten() -> Exists:
    """Whether FunPay rewrote a message of ours and nobody has seen the alert."""
    return exists().where(
        Alert.key == bindparam("rewritten"), Alert.closed_at.is_(None), Alert.acked_at.is_(None)
    )


READY, UNSETTLED = _ready(sends=True), _ready(sends=False)
