"""The review bonus, by the stars that FunPay shows (contract 10.3)."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium.kit import Job, OpiumError, Work
from opium.modules.steam_rent import rentals, say, times
from opium.modules.steam_rent.rows import Rental, RentOrder, ReviewCheck

log = logging.getLogger("opium.steam_rent")

REVIEW_TYPES = frozenset((3, 4, 5))
"""New, changed, deleted: messages that FunPay itself writes into the chat."""
AGAIN = (30, 60, 300, 900)


def noticed(order_id: str, work: Work) -> None:
    """FunPay says that a review was written, changed or deleted, not how many stars it has: read
    them soon."""
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
        together = {order_id: _of_one_rental(db, account_id, order_id) for order_id in due}
    if not due or not job.running(account_id):
        return
    try:
        wanted = [order_id for ids in together.values() for order_id in ids]
        found = job.funpay(account_id).orders(wanted, order_work=False)
    except OpiumError as error:
        log.warning("[%s] Reviews could not be read: %s", account_id, error)
        found = {}
    with job.work(account_id) as work:
        for order_id, ids in together.items():
            check = work.db.get_one(ReviewCheck, (account_id, order_id))
            if all(known in found for known in ids):
                reviews = [found[known].review for known in ids]
                _apply(work, order_id, [review.stars or 0 for review in reviews if review])
                work.db.delete(check)
                continue
            wait = AGAIN[min(check.tries, len(AGAIN) - 1)]
            check.tries, check.next_at = check.tries + 1, work.now + timedelta(seconds=wait)


def _of_one_rental(db: Session, account_id: str, order_id: str) -> list[str]:
    """This order and those that belong to its rental: the best review of them counts."""
    rental = rentals.of_order(db, account_id, order_id)
    rows = select(RentOrder.order_id).where(
        RentOrder.rental_id == (rental.rental_id if rental else None),
        RentOrder.state.in_(("rental", "extension")),
    )
    return list(dict.fromkeys([order_id, *db.scalars(rows)]))


def _apply(work: Work, order_id: str, stars: list[int]) -> None:
    rental = rentals.of_order(work.db, work.account.id, order_id)
    if rental is None or rental.state != "active":
        return
    good = any(given >= rental.min_rating for given in stars)
    if good and rental.bonus_due > rental.bonus:
        added, rental.bonus = rental.bonus_due - rental.bonus, rental.bonus_due
        rental.end_at += timedelta(minutes=added)
        rental.warned = False
        _tell(work, rental, "bonus_added", added)
    elif not good and rental.bonus > 0:
        taken, rental.bonus = rental.bonus, 0
        rental.end_at = max(work.now, rental.end_at - timedelta(minutes=taken))
        _tell(work, rental, "bonus_removed", taken)


def _tell(work: Work, rental: Rental, key: str, minutes: int) -> None:
    values = {
        "game_id": rental.game_id,
        "login": rental.login,
        "bonus": times.duration(minutes),
        "remaining": say.left(rental.end_at - work.now),
    }
    say.say(work, rental.chat, key, values)
