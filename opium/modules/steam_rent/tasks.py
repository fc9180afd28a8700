"""What steam_rent does from time to time. Rentals end by the clock, FunPay or no FunPay."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from opium.kit import Handout, Job, OpiumError, OrderSeen, Refused, Work, order_facts
from opium.modules.steam_rent import (
    codes,
    mappings,
    module,
    office,
    orders,
    release,
    rentals,
    reviews,
    say,
)
from opium.modules.steam_rent.rows import Asked, Rental, RentOrder
from opium.modules.steam_rent.settings import effective

log = logging.getLogger("opium.steam_rent")

TICK = 10
LOTS_AGE = timedelta(minutes=10)


@module.every(seconds=TICK, first_after=5)
def tick(job: Job) -> None:
    """End what is over, warn, serve who waits; as often as each account's settings say."""
    last: dict[str, datetime] = job.kept("ticks", dict)
    for account_id in job.accounts():
        interval = job.settings(account_id).scheduler_check_interval_sec
        if account_id in last and job.now - last[account_id] < timedelta(seconds=interval):
            continue
        last[account_id] = job.now
        if job.reconciling(account_id):
            continue
        try:
            with job.work(account_id) as work:
                _tick(work)
            _say_farewell(job, account_id)
        except OpiumError as error:
            log.warning("[%s] Rentals could not be looked after: %s", account_id, error)
        except Exception:  # the rentals of other accounts must end on time all the same
            log.exception("[%s] Rentals could not be looked after", account_id)


@module.every(seconds=5, first_after=5)
def steam(job: Job) -> None:
    """Password changes and sign-outs that are due. Slow: up to a minute and a half each."""
    here = office.office(job)
    here.learn_time()
    here.run_due()


@module.every(seconds=15, first_after=10)
def read_reviews(job: Job) -> None:
    """Read the stars of reviews that were written, changed or deleted."""
    for account_id in job.accounts():
        try:
            reviews.check_due(job, account_id)
        except OpiumError as error:
            log.warning("[%s] Reviews could not be checked: %s", account_id, error)


@module.every(seconds=60, first_after=30)
def read_lots(job: Job) -> None:
    """Keep the lots' titles fresh where a mapping names a lot."""
    last: dict[str, datetime] = job.kept("lots", dict)
    for account_id in job.accounts():
        with job.read() as db:
            wanted = mappings.wants_lots(db, account_id)
        fresh = account_id in last and job.now - last[account_id] < LOTS_AGE
        if not wanted or fresh or not job.running(account_id):
            continue
        try:
            found = job.funpay(account_id).all_own_lots()
            with job.work(account_id) as work:
                lots = [(int(lot.offer_id), lot.title, lot.active) for _section, lot in found]
                mappings.store_lots(work.db, account_id, lots)
            last[account_id] = job.now
        except OpiumError as error:
            log.warning("[%s] The lots could not be read: %s", account_id, error)


@module.every(seconds=6 * 3600, first_after=900)
def tidy(job: Job) -> None:
    """Drop what nobody will ask for any more."""
    for account_id in job.accounts():
        with job.work(account_id) as work:
            codes.forget_old(work)
            hour_ago = work.now - timedelta(hours=1)
            work.db.execute(
                delete(Asked).where(Asked.account_id == account_id, Asked.at < hour_ago)
            )


def _tick(work: Work) -> None:
    for rental in rentals.due(work):
        rentals.end(work, rental, "expired", "its time is over")
    release.ensure(work)
    rentals.look_after_delivery(work)
    _warn(work)
    orders.serve_waiting(work)
    _expire_waiting(work)


def _warn(work: Work) -> None:
    minutes = effective(work).expiry_warning_minutes
    if not minutes:
        return
    soon = select(Rental).where(
        Rental.account_id == work.account.id,
        Rental.state == "active",
        Rental.delivered,
        ~Rental.warned,
        Rental.end_at <= work.now + timedelta(minutes=minutes),
        Rental.end_at > work.now,
    )
    for rental in work.db.scalars(soon).all():
        rental.warned = True
        left = say.left(rental.end_at - work.now)
        values = {"game_id": rental.game_id, "login": rental.login, "remaining": left}
        say.say(work, rental.chat, "expiry_warning", values)


def _expire_waiting(work: Work) -> None:
    """`pending_ttl_minutes`: give the money back, or tell the seller once."""
    settings = effective(work)
    if not settings.pending_ttl_minutes:
        return
    ttl = timedelta(minutes=settings.pending_ttl_minutes)
    late = (
        select(RentOrder)
        .join(Handout, Handout.id == RentOrder.handout_id)
        .where(
            RentOrder.account_id == work.account.id,
            RentOrder.state == "waiting",
            RentOrder.created_at < work.now - ttl,
            Handout.state == "waiting_stock",
        )
    )
    for row in work.db.scalars(late).all():
        text = f"Order {row.order_id} has waited for {settings.pending_ttl_minutes} minutes."
        if settings.pending_expire_action == "notify":
            work.alert("waiting", f"late:{row.order_id}", text)
            continue
        try:
            orders.refund(work, row)
        except Refused as error:
            work.alert("waiting", f"late:{row.order_id}", f"{text} No refund: {error}")


def _say_farewell(job: Job, account_id: str) -> None:
    """Tell buyers that their rental is over; asking FunPay first whether order and review are
    done must not hold up the end itself."""
    with job.read() as db:
        rows = db.scalars(
            select(Rental).where(
                Rental.account_id == account_id, Rental.state == "expired", ~Rental.farewell
            )
        )
        ended = [(row.rental_id, row.order_id) for row in rows]
    if not ended:
        return
    shown = _shown(job, account_id, [order_id for _, order_id in ended])
    with job.work(account_id) as work:
        for rental_id, order_id in ended:
            rental = work.db.get_one(Rental, rental_id)
            rental.farewell = True
            blocks = ["rental_expired"]
            seen = work.db.get(OrderSeen, (work.account.fp_id, order_id))
            known = seen.status if seen else "paid"
            status, reviewed = shown.get(order_id, (known, False))
            if status == "paid":
                blocks.append("rental_expired_confirm")
            if not reviewed:
                blocks.append("rental_expired_review")
            values = {"game_id": rental.game_id, "login": rental.login, "order_id": order_id}
            say.send(work, rental.chat, "\n\n".join(say.text(work, key, values) for key in blocks))


def _shown(job: Job, account_id: str, order_ids: list[str]) -> dict[str, tuple[str, bool]]:
    """Status of orders, and whether they have a review, as far as FunPay tells it now."""
    try:
        found = job.funpay(account_id).orders(order_ids, order_work=False, seconds=5)
    except OpiumError:
        return {}
    return {
        order_id: (order_facts(order).status_name, order.review is not None)
        for order_id, order in found.items()
    }
