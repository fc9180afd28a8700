"""What auto_delivery does from time to time. Accounts that do not run are passed over."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import delete, exists, select

from opium.kit import Handout, Job, NotFound, OpiumError, Refused, StoredCommand, Work
from opium.modules.auto_delivery import (
    deliveries,
    images,
    lots,
    module,
    products,
    requests,
    stock,
    waiting,
)
from opium.modules.auto_delivery.models import Asked, Delivery, Mapping, Shop

log = logging.getLogger("opium.auto_delivery")

LOTS_AGE = timedelta(minutes=10)


@module.every(seconds=60, first_after=20)
def tend(job: Job) -> None:
    """Serve who can be served, refund who waited too long, keep lots and log in shape."""
    for account_id in job.accounts():
        if job.reconciling(account_id):
            continue
        try:
            with job.work(account_id) as work:
                _tend(work)
        except OpiumError as error:  # others must not wait for this account
            log.warning("[%s] Deliveries could not be tended: %s", account_id, error)


@module.every(seconds=6 * 3600, first_after=600)
def wipe(job: Job) -> None:
    """Forget the texts and pictures of lines that were withdrawn a month ago."""
    for account_id in job.accounts():
        with job.work(account_id) as work:
            stock.wipe(work)
            images.wipe(work)


@module.every(seconds=60, first_after=30)
def read_lots(job: Job) -> None:
    """Keep the lots' titles and prices fresh where mappings exist."""
    for account_id in job.accounts():
        try:
            if job.running(account_id) and _lots_due(job, account_id):
                lots.refresh(job, account_id, job.funpay(account_id))
        except OpiumError as error:
            log.warning("[%s] The lots could not be read: %s", account_id, error)


def _tend(work: Work) -> None:
    _refund_late(work)
    _warn_of_unsent(work)
    for product in products.of_account(work.db, work.account.id):
        waiting.look_again(work, product)
        lots.sync(work, product)
    deliveries.forget(work.db, work.account.id, keep=work.settings.log_limit)
    requests.forget_old(work)
    hour_ago = work.now - timedelta(hours=1)
    work.db.execute(delete(Asked).where(Asked.account_id == work.account.id, Asked.at < hour_ago))


def _refund_late(work: Work) -> None:
    """`wait_ttl_minutes`: give the money back to who has nothing yet; others need a person."""
    ttl = work.settings.wait_ttl_minutes
    if not ttl:
        return
    late = (
        select(Delivery)
        .join(Handout, Handout.id == Delivery.handout_id)
        .where(
            Delivery.account_id == work.account.id,
            Delivery.created_at < work.now - timedelta(minutes=ttl),
            Handout.state == "waiting_stock",
        )
    )
    for delivery in work.db.scalars(late).all():
        try:
            work.refund(delivery.order_id)
        except Refused as error:
            handout = work.db.get_one(Handout, delivery.handout_id)
            work.hold(handout, f"waited {ttl} minutes, cannot be refunded: {error}")


def _warn_of_unsent(work: Work) -> None:
    """`send_attempts`: a message that FunPay kept turning away is no secret. It is tried on."""
    unsent = (
        select(Delivery.order_id, Handout.id, StoredCommand.attempt)
        .join(Handout, Handout.id == Delivery.handout_id)
        .join(StoredCommand, StoredCommand.handout_id == Handout.id)
        .where(
            Delivery.account_id == work.account.id,
            Handout.state == "delivering",
            StoredCommand.state == "waiting",
            StoredCommand.attempt >= work.settings.send_attempts,
        )
    )
    for order_id, handout_id, attempt in work.db.execute(unsent).all():
        text = f"Order {order_id} could not be sent {attempt} times; Opium keeps trying."
        work.alert("delivery_failed", f"handout:{handout_id}", text)


def _lots_due(job: Job, account_id: str) -> bool:
    try:
        if not job.settings(account_id).enabled:
            return False
    except NotFound:  # detached a moment ago
        return False
    with job.read() as db:
        mapped = db.scalar(select(exists().where(Mapping.account_id == account_id)))
        shop = db.get(Shop, account_id)
    read_at = shop.lots_read_at if shop else None
    return bool(mapped) and (read_at is None or job.now - read_at >= LOTS_AGE)
