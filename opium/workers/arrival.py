"""Signing in: whose golden_key this is, and what that means for what is stored."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from opium import alerts
from opium.db.tables import Account, Baseline, ChatSeen, Handout
from opium.errors import OpiumError
from opium.journal import newest_message
from opium.workers.desk import Desk


class Duplicate(OpiumError):
    """Another account of ours watches the same FunPay user; only a person can help."""


def sign_in(desk: Desk) -> None:
    """Sign in to FunPay and write down as whom.

    Open handouts of a former user of this account are held. Raises Duplicate, and what
    `FunPay.sign_in` raises.
    """
    header = desk.client.sign_in()
    desk.fp_id = header.app.user_id
    try:
        with desk.write() as (db, account):
            former = account.fp_id
            account.fp_id, account.username = desk.fp_id, header.username
            db.flush()
            if former is not None and former != desk.fp_id:
                _hold_former(db, desk, former)
            desk.saw(_newest_known(db, desk.account_id))
    except IntegrityError:
        raise Duplicate(_already_watched(desk)) from None
    desk.tools.account_changed(desk.account_id)


def _hold_former(db: Session, desk: Desk, former: int) -> None:
    reason = "the golden_key now belongs to another FunPay user"
    held = db.execute(
        update(Handout)
        .where(
            Handout.fp_id == former,
            Handout.account_id == desk.account_id,
            Handout.state.in_(("waiting_stock", "reserved", "delivering")),
        )
        .values(state="held", reason=reason)
    )
    if held.rowcount:  # type: ignore[attr-defined]  # a CursorResult at run time
        key, text = f"former:{desk.account_id}:{former}", f"Open orders are held: {reason}."
        alerts.open_alert(db, "held", key, text, desk.now, desk.account_id)


def _newest_known(db: Session, account_id: str) -> int:
    """The largest message id that the rows of this account name."""
    chats = select(func.max(ChatSeen.handled_msg)).where(ChatSeen.account_id == account_id)
    marks = select(func.max(Baseline.message_mark)).where(Baseline.account_id == account_id)
    return max(newest_message(db, account_id), db.scalar(chats) or 0, db.scalar(marks) or 0)


def _already_watched(desk: Desk) -> str:
    with desk.tools.db.read() as db:
        other = db.scalar(
            select(Account.id).where(Account.fp_id == desk.fp_id, Account.deleted.is_(False))
        )
    return f"This FunPay user is already watched as {other}; delete one of the two."
