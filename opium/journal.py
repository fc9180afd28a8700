"""The journal: which goods an order gets, and how far each wish for FunPay has come.

Plain functions over a session that holds the write lock; reliability 3 gives their names:
T1 claim (`open_handout`, `add_command`), T2 intent (`begin`), T3 result (`finish`, `put_back`,
`lose`, `hold`). Every T2 and T3 names the worker's generation, so that a worker which was
replaced while it slept changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import Session

from opium.commands import Command, chat_of, order_of
from opium.db.tables import Account, Handout, OrderSeen, StoredCommand
from opium.errors import Refused
from opium.vault import Vault

EXPOSED = ("started", "unknown", "held", "done")
"""States of a part that the buyer may have seen."""

BEING_CHECKED = "A message of this order is being checked; try again in a minute."

Release = Callable[[Session, Handout], None]
"""Gives back what a handout had taken; called in the transaction that cancels it."""


def open_handout(
    db: Session, account: Account, module: str, order_id: str, amount: int, now: datetime
) -> Handout | None:
    """T1: make `module` the owner of the order; None if it has an owner or is being refunded."""
    fp_id = account.fp_id
    taken = exists().where(Handout.fp_id == fp_id, Handout.order_id == order_id)
    if fp_id is None or db.scalar(select(taken)) or open_refund(db, fp_id, order_id):
        return None
    handout = Handout(
        id=str(uuid4()),
        fp_id=fp_id,
        order_id=order_id,
        account_id=account.id,
        module=module,
        amount=amount,
        state="waiting_stock",
        created_at=now,
    )
    db.add(handout)
    db.flush()
    db.execute(
        update(OrderSeen)
        .where(OrderSeen.fp_id == fp_id, OrderSeen.order_id == order_id)
        .values(decision="taken", owner=module)
    )
    return handout


def add_command(
    db: Session,
    vault: Vault,
    account: Account,
    command: Command,
    now: datetime,
    *,
    module: str | None = None,
    handout: Handout | None = None,
    part: tuple[int, int] = (1, 1),
    marker: str | None = None,
) -> StoredCommand:
    """Store a wish as `waiting`; its body is sealed, since it may hold goods."""
    row = StoredCommand(
        account_id=account.id,
        fp_id=account.fp_id or 0,
        module=module,
        kind=command.kind,
        handout_id=handout.id if handout else None,
        order_id=handout.order_id if handout else order_of(command),
        chat=chat_of(command),
        n=part[0],
        of=part[1],
        marker=marker,
        state="waiting",
        created_at=now,
    )
    db.add(row)
    db.flush()
    row.body_sealed = vault.seal(command.model_dump_json(), body_context(row.id))
    return row


def body_context(command_id: int) -> str:
    """What the sealed body of a command is bound to."""
    return f"commands:{command_id}:body"


def open_refund(db: Session, fp_id: int, order_id: str) -> StoredCommand | None:
    """The refund of an order that is not known to have failed."""
    return db.scalar(
        select(StoredCommand).where(
            StoredCommand.kind == "refund",
            StoredCommand.fp_id == fp_id,
            StoredCommand.order_id == order_id,
            StoredCommand.state != "failed",
        )
    )


def make_way_for_refund(
    db: Session, fp_id: int, order_id: str, now: datetime, release: Release, *, person: bool
) -> None:
    """Cancel what was not started of an order's handout (D10).

    Raises Refused while a part is started or unknown, and, unless a person asks, if the buyer has
    seen a part already.
    """
    handout = db.scalar(select(Handout).where(Handout.fp_id == fp_id, Handout.order_id == order_id))
    if handout is None:
        return
    states = set(
        db.scalars(select(StoredCommand.state).where(StoredCommand.handout_id == handout.id))
    )
    if states & {"started", "unknown"}:
        raise Refused(BEING_CHECKED)
    if states & {"done", "held"} and not person:
        raise Refused("Goods of this order were handed out already.")
    cancel(db, handout, "refunded", now, release)


def cancel(db: Session, handout: Handout, reason: str, now: datetime, release: Release) -> None:
    """Withdraw the parts that were not started; goods nobody has seen go back."""
    exposed = db.scalar(
        select(exists().where(StoredCommand.handout_id == handout.id, StoredCommand.attempt > 0))
    )
    withdraw(db, handout, reason, now)
    if exposed:
        if handout.state == "delivering":
            hold_handout(handout, reason)
        return
    if handout.state in ("waiting_stock", "reserved", "held"):
        handout.state, handout.reason, handout.ended_at = "cancelled", reason, now
        db.flush()
        release(db, handout)


def withdraw(db: Session, handout: Handout, reason: str, now: datetime) -> None:
    """End the parts that were not started."""
    db.execute(
        update(StoredCommand)
        .where(StoredCommand.handout_id == handout.id, StoredCommand.state == "waiting")
        .values(state="failed", reason=reason, ended_at=now)
    )


def hold_handout(handout: Handout, reason: str) -> None:
    """Stop a handout until a person decides."""
    handout.state, handout.reason = "held", reason


def begin(
    db: Session, row: StoredCommand, generation: int, baseline: int | None, now: datetime
) -> bool:
    """T2: write down that the wish is about to be sent; False if somebody else may do it."""
    refunded = exists().where(
        OrderSeen.fp_id == StoredCommand.fp_id,
        OrderSeen.order_id == StoredCommand.order_id,
        OrderSeen.status == "refunded",
    )
    changed = db.execute(
        update(StoredCommand)
        .where(
            StoredCommand.id == row.id,
            StoredCommand.state == "waiting",
            (StoredCommand.handout_id.is_(None)) | ~refunded,
            _still_mine(row.account_id, generation),
        )
        .values(
            state="started",
            attempt=StoredCommand.attempt + 1,
            generation=generation,
            baseline_msg_id=baseline,
            since=now,
            next_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # a CursorResult at run time
        return False
    if row.handout_id:
        db.execute(
            update(Handout)
            .where(Handout.id == row.handout_id, Handout.state == "reserved")
            .values(state="delivering")
        )
    return True


def finish(
    db: Session, row: StoredCommand, generation: int, now: datetime, msg_id: int | None = None
) -> bool:
    """T3, it happened: `done`; a handout whose last part this was is `delivered`."""
    if not _move(db, row, generation, "done", now, msg_id=msg_id, ended_at=now, reason=None):
        return False
    if row.handout_id:
        undone = exists().where(
            StoredCommand.handout_id == row.handout_id,
            StoredCommand.state.not_in(("done", "failed")),
        )
        db.execute(
            update(Handout)
            .where(Handout.id == row.handout_id, Handout.state == "delivering", ~undone)
            .values(state="delivered", ended_at=now, reason=None)
        )
    return True


def refuse(db: Session, row: StoredCommand, generation: int, now: datetime, reason: str) -> bool:
    """T3, they said no: `failed`; a handout that had a part refused is held."""
    if not _move(db, row, generation, "failed", now, reason=reason, ended_at=now):
        return False
    _hold_handout_of(db, row, reason)
    return True


def put_back(
    db: Session, row: StoredCommand, generation: int, now: datetime, reason: str, next_at: datetime
) -> bool:
    """T3, surely not sent: `waiting` until `next_at`."""
    return _move(db, row, generation, "waiting", now, reason=reason, next_at=next_at, misses=0)


def lose(
    db: Session, row: StoredCommand, generation: int, now: datetime, reason: str, look_at: datetime
) -> bool:
    """T3, nobody knows: `unknown`, to be looked for in the history at `look_at`."""
    return _move(
        db,
        row,
        generation,
        "unknown",
        now,
        reason=reason,
        since=now,
        next_at=look_at,
        misses=0,
        unknowns=StoredCommand.unknowns + 1,
    )


def hold(db: Session, row: StoredCommand, generation: int, now: datetime, reason: str) -> bool:
    """Stop a wish whose outcome cannot be settled, until a person decides."""
    # By way of `unknown`: the only arrow that leads to `held` (D19).
    _move(db, row, generation, "unknown", now)
    if not _move(db, row, generation, "held", now, reason=reason, next_at=None):
        return False
    _hold_handout_of(db, row, reason)
    return True


def postpone(db: Session, row: StoredCommand, next_at: datetime) -> None:
    """Let a waiting wish wait longer."""
    db.execute(
        update(StoredCommand)
        .where(StoredCommand.id == row.id, StoredCommand.state == "waiting")
        .values(next_at=next_at)
    )


def look_again(db: Session, row: StoredCommand, next_at: datetime, misses: int) -> None:
    """Stay `unknown` and look again later."""
    db.execute(
        update(StoredCommand)
        .where(StoredCommand.id == row.id, StoredCommand.state == "unknown")
        .values(next_at=next_at, misses=misses)
    )


def adopt(db: Session, account_id: str, generation: int, now: datetime, look_at: datetime) -> int:
    """At a worker's start: what an earlier one left `started` has an unknown outcome."""
    mine = (StoredCommand.account_id == account_id) & (StoredCommand.state == "started")
    lost = "the server stopped while it was sent"
    db.execute(
        update(StoredCommand)
        .where(mine, StoredCommand.kind == "raise_lots")
        .values(state="failed", reason=lost, ended_at=now, generation=generation)
    )
    changed = db.execute(
        update(StoredCommand)
        .where(mine)
        .values(
            state="unknown",
            reason=lost,
            since=now,
            next_at=look_at,
            misses=0,
            unknowns=StoredCommand.unknowns + 1,
            generation=generation,
        )
        .execution_options(synchronize_session=False)
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult at run time


def newest_message(db: Session, account_id: str) -> int:
    """The largest id of a message of ours that the journal knows."""
    return (
        db.scalar(
            select(func.max(StoredCommand.msg_id)).where(StoredCommand.account_id == account_id)
        )
        or 0
    )


def _still_mine(account_id: str, generation: int) -> ColumnElement[bool]:
    return exists().where(Account.id == account_id, Account.generation == generation)


def _move(
    db: Session, row: StoredCommand, generation: int, state: str, now: datetime, **values: object
) -> bool:
    changed = db.execute(
        update(StoredCommand)
        .where(
            StoredCommand.id == row.id,
            StoredCommand.state.in_(("started", "unknown")),
            _still_mine(row.account_id, generation),
        )
        .values(state=state, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]  # a CursorResult at run time


def _hold_handout_of(db: Session, row: StoredCommand, reason: str) -> None:
    if row.handout_id is None:
        return
    db.execute(
        update(Handout)
        .where(Handout.id == row.handout_id, Handout.state == "delivering")
        .values(state="held", reason=reason)
    )
