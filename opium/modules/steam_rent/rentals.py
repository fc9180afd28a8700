"""A rental from the handing out to its end; each function runs inside one transaction."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium.kit import Handout, Invalid, StoredCommand, Work
from opium.modules.steam_rent import release, say, times
from opium.modules.steam_rent.rows import Rental, RentOrder, SteamAccount
from opium.modules.steam_rent.settings import effective
from opium.text import split

log = logging.getLogger("opium.steam_rent")

SEND_AGAIN = timedelta(minutes=5)
"""After FunPay turned the password's message away; doubled each time."""
SELDOM = timedelta(hours=6)
DROPPED = "dropped by a person"


def start(work: Work, row: RentOrder, handout: Handout, account: SteamAccount) -> Rental:
    """Rent an account out: it, the order and the message with the password change together."""
    begins = work.now if effective(work).clock_starts_at_delivery else row.paid_at
    rental = Rental(
        rental_id=str(uuid4()),
        handout_id=handout.id,
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
        start_at=begins,
        end_at=begins + timedelta(minutes=row.minutes),
        bonus_due=row.bonus_minutes,
        min_rating=row.min_rating,
        bonus=0,
        state="active",
    )
    account.state, account.rental_id = "rented", rental.rental_id
    account.last_rented_at, account.manual_release = work.now, False
    row.state, row.reason, row.rental_id = "rental", None, rental.rental_id
    work.db.add(rental)
    work.db.flush()
    text = say.text(work, "rent_success", say.of_rental(work, rental, account, "rent_success"))
    work.hand_out(handout, row.chat, split(text))
    settled(work, row)
    work.emit("rental_created", _told(rental, account))
    log.info("[%s] Order %s: %s rented out", work.account.id, row.order_id, account.name)
    return rental


def delivered(work: Work, rental: Rental) -> None:
    """The buyer has the password: the clock starts now."""
    if rental.delivered:
        return
    rental.delivered = True
    work.close_alert(f"handout:{rental.handout_id}")
    if effective(work).clock_starts_at_delivery and rental.state == "active":
        waited = work.now - rental.start_at
        rental.start_at += waited
        rental.end_at += waited


def extend(work: Work, rental: Rental, row: RentOrder, handout: Handout) -> None:
    """A waiting order lengthens a rental; the message that says so ends the order's handout."""
    rental.end_at += timedelta(minutes=row.minutes)
    rental.minutes += row.minutes
    rental.bonus_due += row.bonus_minutes
    rental.warned = False
    row.state, row.reason, row.rental_id = "extension", None, rental.rental_id
    values = {
        "login": rental.login,
        "duration": times.duration(row.minutes),
        "remaining": say.left(rental.end_at - work.now),
    }
    work.hand_out(handout, row.chat, split(say.text(work, "extend_success", values)))
    settled(work, row)


def settled(work: Work, row: RentOrder) -> None:
    """The order does not wait any more, so nobody need be told that it does."""
    work.close_alert(f"waiting:{row.order_id}")
    work.close_alert(f"late:{row.order_id}")
    work.close_alert(f"ended:{row.order_id}")


def look_after_delivery(work: Work) -> None:
    """Passwords that a person says were sent start the clock; what FunPay turned away is tried
    again, less and less often."""
    rows = select(Rental).where(
        Rental.account_id == work.account.id, Rental.state == "active", ~Rental.delivered
    )
    for rental in work.db.scalars(rows).all():
        if work.db.get_one(Handout, rental.handout_id).state == "delivered":
            delivered(work, rental)
        else:
            send_again(work, rental)


def send_again(work: Work, rental: Rental, *, at_once: bool = False) -> bool:
    """Repeat the message with the password if all of it that is left was turned away; whether."""
    handout = work.db.get_one(Handout, rental.handout_id)
    if handout.state != "held":
        return False
    parts = work.db.scalars(select(StoredCommand).where(StoredCommand.handout_id == handout.id))
    left = [part for part in parts.all() if part.state != "done"]
    if not left or any(part.state != "failed" or part.reason == DROPPED for part in left):
        return False
    last = max(part.ended_at or work.now for part in left)
    pause = min(SEND_AGAIN * 2 ** min(len(left) - 1, 10), SELDOM)
    if not at_once and work.now < last + pause:
        return False
    account = work.db.get_one(SteamAccount, rental.steam_account)
    text = say.text(work, "rent_success", say.of_rental(work, rental, account, "rent_success"))
    work.retry(handout, rental.chat, split(text))
    return True


def on_its_way(work: Work, rental: Rental) -> bool:
    """Whether the message with the password is still to be sent, perhaps once more."""
    if rental.delivered:
        return False
    handout = work.db.get_one(Handout, rental.handout_id)
    return handout.state == "reserved" or send_again(work, rental, at_once=True)


def add_time(work: Work, rental: Rental, minutes: int) -> None:
    """A person lengthens or shortens a rental. Raises Invalid."""
    if rental.state != "active":
        raise Invalid("The rental is not active, so its time cannot be changed.")
    end_at = rental.end_at + timedelta(minutes=minutes)
    if end_at <= work.now:
        raise Invalid("The rental would end in the past: terminate it, or take fewer minutes away.")
    rental.end_at, rental.warned = end_at, False
    rental.minutes += minutes


def end(work: Work, rental: Rental, state: str, reason: str) -> None:
    """`expired` or `revoked`, at once; the account is released by a job. An account whose
    password nobody can have seen is free at once."""
    if rental.state != "active":
        return
    handout = work.db.get_one(Handout, rental.handout_id)
    if handout.state != "delivered":
        work.cancel(handout, reason)  # what was not started; `given_back` if nothing was
        work.close_alert(f"handout:{handout.id}")
    if rental.state != "active":
        return
    rental.state, rental.ended_at = state, work.now
    work.db.flush()
    account = work.db.get_one(SteamAccount, rental.steam_account)
    release.begin(work, account, rental)
    if state == "expired":
        work.emit("rental_expired", _told(rental, account))
    log.info("[%s] Rental of %s ended: %s", work.account.id, account.name, reason)


def given_back(db: Session, handout: Handout) -> None:
    """The core cancelled a handout before the buyer could see anything of it."""
    row = db.scalar(select(RentOrder).where(RentOrder.handout_id == handout.id))
    if row is None:
        return
    rental = db.scalar(select(Rental).where(Rental.handout_id == handout.id))
    if row.state == "extension":
        take_back(db.get_one(Rental, row.rental_id), row, handout.ended_at or row.created_at)
    if row.state != "closed":
        row.state, row.reason = "closed", (handout.reason or "cancelled")[:64]
    if rental is None or rental.state != "active":
        return
    rental.state, rental.ended_at, rental.farewell = "revoked", handout.ended_at, True
    db.flush()
    account = db.get_one(SteamAccount, rental.steam_account)
    if account.state == "rented" and account.rental_id == rental.rental_id:
        account.state = "free"
    db.flush()


def of_buyer(
    db: Session, account_id: str, buyer_id: int, game_id: str | None = None
) -> list[Rental]:
    """A buyer's active rentals, the one that ends first first."""
    rows = select(Rental).where(
        Rental.account_id == account_id, Rental.buyer_id == buyer_id, Rental.state == "active"
    )
    if game_id is not None:
        rows = rows.where(Rental.game_id == game_id)
    return list(db.scalars(rows.order_by(Rental.end_at, Rental.rental_id)))


def of_order(db: Session, account_id: str, order_id: str) -> Rental | None:
    """The rental that an order began or lengthened."""
    return db.scalar(
        select(Rental)
        .join(RentOrder, RentOrder.rental_id == Rental.rental_id)
        .where(RentOrder.account_id == account_id, RentOrder.order_id == order_id)
    )


def due(work: Work) -> list[Rental]:
    """Active rentals whose time is up; an undelivered one has not begun."""
    rows = select(Rental).where(
        Rental.account_id == work.account.id, Rental.state == "active", Rental.end_at <= work.now
    )
    if effective(work).clock_starts_at_delivery:
        rows = rows.where(Rental.delivered)
    return list(work.db.scalars(rows.order_by(Rental.end_at)))


def terminate(work: Work, rental: Rental, reason: str) -> None:
    """End a rental before its time, and tell the buyer if he ever had the account."""
    end(work, rental, "revoked", reason)
    if rental.farewell:
        return
    rental.farewell = True
    values = {"game_id": rental.game_id, "login": rental.login, "order_id": rental.order_id}
    say.say(work, rental.chat, "rental_terminated", values)


def take_back(rental: Rental, row: RentOrder, now: datetime) -> None:
    """An order that lengthened a rental was refunded: its minutes are gone, also those that a
    review earned by it."""
    row.state, row.reason = "closed", "refunded"
    if rental.state != "active":
        return
    rental.bonus_due = max(0, rental.bonus_due - row.bonus_minutes)
    unearned = max(0, rental.bonus - rental.bonus_due)
    rental.bonus -= unearned
    rental.minutes -= row.minutes
    rental.end_at = max(now, rental.end_at - timedelta(minutes=row.minutes + unearned))


def of_account(db: Session, steam_account: int) -> Rental | None:
    """The rental that runs on an account now."""
    return db.scalar(
        select(Rental).where(Rental.steam_account == steam_account, Rental.state == "active")
    )


def _told(rental: Rental, account: SteamAccount) -> dict[str, Any]:
    """What other modules hear of a rental."""
    return {
        "rental_id": rental.rental_id,
        "order_id": rental.order_id,
        "game_id": rental.game_id,
        "steam_account": account.name,
        "buyer": rental.buyer,
        "chat_id": rental.chat_id or None,
        "end_time": rental.end_at.isoformat(timespec="seconds"),
    }
