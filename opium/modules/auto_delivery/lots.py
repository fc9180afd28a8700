"""The seller's own lots: what they are called and cost, and switching them off and on."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from opium.kit import CommandEnded, FunPay, Job, SaveOffer, Visit, Work
from opium.modules.auto_delivery import mappings, products, stock
from opium.modules.auto_delivery.models import Lot, Product, Shop

MOST_FAILURES = 3


def read(funpay: FunPay, known_sections: Iterable[int]) -> list[Lot]:
    """All own lots, switched-off ones too. Network: never inside a Work."""
    return [
        Lot(
            lot_id=int(offer.offer_id),
            title=offer.title,
            section_id=section,
            price=format(offer.price.amount, "f") if offer.price else None,
            currency=offer.price.currency if offer.price else None,
            active=offer.active,
        )
        for section, offer in funpay.all_own_lots(known_sections)
    ]


def sections(db: Session, account_id: str) -> list[int]:
    """Sections in which lots were seen."""
    return list(db.scalars(select(Lot.section_id).where(Lot.account_id == account_id).distinct()))


def store(work: Work, found: Iterable[Lot]) -> None:
    """Replace what we know of the lots; our own switches are kept."""
    account_id = work.account.id
    known = {row.lot_id: row for row in of_account(work.db, account_id)}
    for lot in found:
        row = known.pop(lot.lot_id, None)
        if row is None:
            lot.account_id = account_id
            work.db.add(lot)
            continue
        row.title, row.section_id, row.active = lot.title, lot.section_id, lot.active
        row.price, row.currency = lot.price, lot.currency
        row.off_by_us = row.off_by_us and not lot.active
    work.db.execute(delete(Lot).where(Lot.account_id == account_id, Lot.lot_id.in_(known)))
    shop = work.db.get(Shop, account_id) or Shop(account_id=account_id)
    shop.lots_read_at = work.now
    work.db.add(shop)
    work.db.flush()


def refresh(place: Visit | Job, account_id: str, funpay: FunPay) -> None:
    """Read the lots, then store them in one transaction."""
    with place.read() as db:
        known = sections(db, account_id)
    found = read(funpay, known)
    with place.work() if isinstance(place, Visit) else place.work(account_id) as work:
        store(work, found)


def read_soon(work: Work) -> None:
    """The lots matter now: read them at the task's next run."""
    shop = work.db.get(Shop, work.account.id)
    if shop is not None:
        shop.lots_read_at = None


def of_account(db: Session, account_id: str) -> list[Lot]:
    rows = select(Lot).where(Lot.account_id == account_id).order_by(Lot.lot_id)
    return list(db.scalars(rows))


def sync(work: Work, product: Product) -> None:
    """Bring the product's lots to the state its stock asks for: off at 0, on again above.

    Only lots that we switched off are switched on. Called after every change of the shelf, so
    that a change during a switch is caught up with when that ends.
    """
    settings = work.settings
    off, on = products.deactivates(product, settings), products.restores(product, settings)
    if products.endless(product.kind) or not (off or on):
        return
    sold_out = stock.count_free(work.db, product.id) == 0
    for lot in _selling(work, product):
        if lot.command_id is not None or lot.failures >= MOST_FAILURES:
            continue
        if sold_out and off and lot.active:
            _switch(work, lot, active=False)
        elif not sold_out and on and lot.off_by_us and not lot.active:
            _switch(work, lot, active=True)


def switched(event: CommandEnded, work: Work) -> None:
    """A switch ended: believe what FunPay showed afterwards, try again at most three times."""
    lot = work.db.scalar(
        select(Lot).where(Lot.account_id == work.account.id, Lot.command_id == event.command_id)
    )
    if lot is None or lot.wanted is None:
        return
    wanted, lot.wanted, lot.command_id = lot.wanted, None, None
    shown = event.data.get("active", wanted) if event.state == "done" else None
    if shown == wanted:
        lot.active, lot.off_by_us, lot.failures = wanted, not wanted, 0
        work.close_alert(f"lot:{lot.lot_id}")
    else:
        lot.failures += 1
        if lot.failures >= MOST_FAILURES:
            _give_up(work, lot, wanted, event.reason)
    pattern = mappings.for_lot(lot, mappings.usable(work.db, work.account.id))
    if pattern is not None:
        sync(work, work.db.get_one(Product, pattern.product))


def forgive(work: Work, product: Product) -> None:
    """The shelf was filled: switches that failed may be tried again."""
    for lot in _selling(work, product):
        lot.failures = 0


def _selling(work: Work, product: Product) -> list[Lot]:
    """Lots that this product is sold in."""
    patterns = mappings.usable(work.db, work.account.id)
    rows = of_account(work.db, work.account.id)
    found = ((lot, mappings.for_lot(lot, patterns)) for lot in rows)
    return [lot for lot, pattern in found if pattern and pattern.product == product.id]


def _switch(work: Work, lot: Lot, *, active: bool) -> None:
    lot.wanted = active
    lot.command_id = work.do(SaveOffer(offer_id=str(lot.lot_id), active=active))


def _give_up(work: Work, lot: Lot, wanted: bool, reason: str | None) -> None:
    verb = "on" if wanted else "off"
    text = f"Lot {lot.lot_id} could not be switched {verb}: {reason or 'FunPay did not keep it'}."
    work.alert("lot_switch", f"lot:{lot.lot_id}", text)
