"""The review bonus, by the stars that FunPay shows (contract 10.3)."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import select

from opium.kit import Job, MessageReceived, OpiumError, Work
from opium.modules.steam_rent import rentals, say
from opium.modules.steam_rent.rows import Rental, ReviewCheck

log = logging.getLogger("opium.steam_rent")

REVIEW_TYPES = frozenset((3, 4, 5))
"""New, changed, deleted: messages that FunPay itself writes into the chat."""
AGAIN = (30, 60, 300, 900)


def tells(event: MessageReceived) -> bool:
    """Whether FunPay says that a review of an order was written, changed or deleted."""
    message = event.message
    return message.author_id == 0 and message.type in REVIEW_TYPES and message.order_id is not None


def noticed(event: MessageReceived, work: Work) -> None:
    """The stars are not in the message: read them soon."""
    order_id = event.message.order_id or ""
    if rentals.of_order(work.db, work.account.id, order_id) is None:
        return
    check = work.db.get(ReviewCheck, (work.account.id, order_id))
    if check is None:
        check = ReviewCheck(account_id=work.account.id, order_id=order_id, tries=0)
        work.db.add(check)
    check.tries, check.next_at = 0, work.now


def check_due(job: Job, account_id: str) -> None:
    """Read the orders whose reviews changed. What FunPay does not show stays queued."""
    with job.read() as db:
        due = list(
            db.scalars(
                select(ReviewCheck.order_id).where(
                    ReviewCheck.account_id == account_id, ReviewCheck.next_at <= job.now
                )
            )
        )
    if not due or not job.running(account_id):
        return
    try:
        found = job.funpay(account_id).orders(due, order_work=False)
    except OpiumError as error:
        log.warning("[%s] Reviews could not be read: %s", account_id, error)
        found = {}
    with job.work(account_id) as work:
        for order_id in due:
            check = work.db.get_one(ReviewCheck, (account_id, order_id))
            if order_id in found:
                review = found[order_id].review
                _apply(work, order_id, review.stars if review else None)
                work.db.delete(check)
                continue
            wait = AGAIN[min(check.tries, len(AGAIN) - 1)]
            check.tries, check.next_at = check.tries + 1, work.now + timedelta(seconds=wait)


def _apply(work: Work, order_id: str, stars: int | None) -> None:
    rental = rentals.of_order(work.db, work.account.id, order_id)
    if rental is None or rental.state != "active":
        return
    good = stars is not None and stars >= rental.min_rating
    if good and rental.bonus == 0 and rental.bonus_due > 0:
        rental.bonus = rental.bonus_due
        rental.end_at += timedelta(minutes=rental.bonus)
        rental.warned = False
        _tell(work, rental, "bonus_added", rental.bonus)
    elif not good and rental.bonus > 0:
        taken, rental.bonus = rental.bonus, 0
        rental.end_at = max(work.now, rental.end_at - timedelta(minutes=taken))
        _tell(work, rental, "bonus_removed", taken)


def _tell(work: Work, rental: Rental, key: str, minutes: int) -> None:
    values = {
        "game_id": rental.game_id,
        "login": rental.login,
        "bonus": say.left(timedelta(minutes=minutes)),
        "remaining": say.left(rental.end_at - work.now),
    }
    say.say(work, rental.chat, key, values)
