"""After a restore: which accounts the chats show as handed out.

A message of ours with a marker that names one of the seller's logins proves that this account is,
or was, in that buyer's hands. It is written down as a rental, so that it is not handed out again
before its release is proven. What cannot be told is put out of hand until a person has looked.
"""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select

from opium.kit import Handout, OrderFacts, OwnChat, Work
from opium.modules.steam_rent import accounts, mappings, module, orders, release, rentals
from opium.modules.steam_rent.rows import Rental, RentOrder, SteamAccount


@module.reconciles
def recognise(chat: OwnChat, work: Work) -> int:
    """Write down the rentals that these messages show; how many accounts were found."""
    found = 0
    for order_id in dict.fromkeys(m.marker.order_id for m in chat.messages if m.marker):
        found += _recognise_order(work, chat, order_id)
    return found


def _recognise_order(work: Work, chat: OwnChat, order_id: str) -> int:
    owner = work.db.scalar(
        select(Handout.module).where(
            Handout.fp_id == work.account.fp_id, Handout.order_id == order_id
        )
    )
    if owner not in (None, module.name):
        return 0
    messages, facts = chat.of_order(order_id), chat.orders.get(order_id)
    account = _named(work, "\n".join(message.text for message in messages))
    row = orders.of_order(work, order_id)
    if account is None and row is None:
        return 0
    handout = work.rebuild(order_id, 1, chat.chat, messages)
    row = row or _row(work, handout, facts)
    if account is None:
        return 0
    if row is None:
        _out_of_hand(work, account, order_id)
    elif row.state == "waiting":
        _link(work, row, account)
    return 1


def _named(work: Work, text: str) -> SteamAccount | None:
    """The seller's account whose login stands in the text as a word; the longest, if several."""
    rows = accounts.of_account(work.db, work.account.id)
    said = [
        row
        for row in rows
        if re.search(rf"(?<![\w-]){re.escape(row.login)}(?![\w-])", text, re.IGNORECASE)
    ]
    return max(said, key=lambda row: len(row.login), default=None)


def _row(work: Work, handout: Handout, facts: OrderFacts | None) -> RentOrder | None:
    choice = facts and mappings.for_title(work.db, work.account.id, facts.lot_title)
    if not facts or not choice:
        return None
    return orders.written_down(work, handout, facts, choice.mapping)


def _link(work: Work, row: RentOrder, account: SteamAccount) -> None:
    """This order began a rental of the account, or lengthened the one that the database knows."""
    known = rentals.of_account(work.db, account.id)
    if known is not None and known.buyer_id == row.buyer_id:
        row.state, row.rental_id = "extension", known.rental_id
        known.end_at += timedelta(minutes=row.minutes)
        known.minutes += row.minutes
        known.bonus_due += row.bonus_minutes
        return
    if account.state in ("releasing", "failed"):
        _out_of_hand(work, account, row.order_id)
        return
    if known is not None:  # it ended in the time that was lost
        known.state, known.ended_at, known.farewell = "expired", work.now, True
        work.db.flush()
    rental = Rental(
        rental_id=str(uuid4()),
        handout_id=row.handout_id,
        account_id=row.account_id,
        order_id=row.order_id,
        buyer_id=row.buyer_id,
        buyer=row.buyer,
        chat=row.chat,
        chat_id=row.chat_id,
        game_id=row.game_id,
        steam_account=account.id,
        login=account.login,
        minutes=row.minutes,
        start_at=row.paid_at,
        end_at=row.paid_at + timedelta(minutes=row.minutes),
        bonus_due=row.bonus_minutes,
        min_rating=row.min_rating,
        bonus=0,
        state="active",
        delivered=True,
    )
    work.db.add(rental)
    work.db.flush()
    row.state, row.reason, row.rental_id = "rental", None, rental.rental_id
    account.state, account.rental_id, account.manual_release = "rented", rental.rental_id, False
    account.last_rented_at = row.paid_at
    work.db.flush()


def _out_of_hand(work: Work, account: SteamAccount, order_id: str) -> None:
    """It was handed out, and nobody knows for how long."""
    if account.state in ("free", "releasing"):
        account.state = "failed"
    job = release.unfinished(work.db, account.id)
    if job is not None:  # it would throw out who may be renting it now
        job.stopped = True
    reason = (
        f"The chats show that it was handed out for order {order_id} in the time that the restored "
        "database has lost. Look there, then sign everybody out and set it free."
    )
    release.give_up(work, account, reason)
    work.db.flush()
