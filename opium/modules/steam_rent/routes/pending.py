"""`/pending-orders`: paid orders that wait for an account, for the buyer or for a person."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy import Select, select
from typing_extensions import TypedDict

from opium.kit import Conflict, Handout, Invalid, NotFound, Work, chat_of, order_facts, visit
from opium.modules.steam_rent import accounts, games, module, orders, pick, rentals
from opium.modules.steam_rent.rental_view import RentalView, views
from opium.modules.steam_rent.routes.answers import Ok
from opium.modules.steam_rent.rows import Rental, RentOrder, SteamAccount
from opium.schema import Body, OrderId, closed, typed


@closed
class PendingView(TypedDict):
    order_id: str
    buyer_id: int
    buyer_username: str
    game_id: str
    rent_minutes: int
    bonus_minutes: int
    reason: str
    chat_id: int
    created_at: str | None


class Assign(Body):
    steam_account_id: str | None = None


@typed
def list_pending() -> list[PendingView]:
    """Waiting orders, oldest first."""
    here = visit(module)
    rows = select(RentOrder).where(
        RentOrder.account_id == here.account_id, RentOrder.state == "waiting"
    )
    with here.read() as db:
        found = list(db.scalars(rows.order_by(RentOrder.paid_at, RentOrder.id)))
    return [
        {
            "order_id": row.order_id,
            "buyer_id": row.buyer_id,
            "buyer_username": row.buyer,
            "game_id": row.game_id,
            "rent_minutes": row.minutes,
            "bonus_minutes": row.bonus_minutes,
            "reason": row.reason or "",
            "chat_id": row.chat_id,
            "created_at": here.iso(row.created_at),
        }
        for row in found
    ]


@typed(errors=(409,))
def assign(order_id: OrderId, body: Assign | None) -> RentalView:
    """Rent an account out for a waiting order because a person says so; the order is read from
    FunPay now."""
    here = visit(module)
    with here.read() as db:
        _waiting(db.scalar(_order(here.account_id, order_id)))
    order = order_facts(here.funpay().order(order_id))
    if order.status_name == "refunded":
        raise Invalid("The order was refunded.")
    with here.work() as work:
        row = _waiting(work.db.scalar(_order(here.account_id, order_id)))
        if row.reason == "refunding":
            raise Conflict("The money of this order is on its way back to the buyer.")
        row.chat, row.chat_id = chat_of(order) or row.chat, order.chat_id or row.chat_id
        account = _account(work, row, body.steam_account_id if body else None)
        handout = work.db.get_one(Handout, row.handout_id)
        rental = rentals.start(work, row, handout, account)
        rental_id = rental.rental_id
        work.close_alert(f"handout:{handout.id}")
    here.audit("SECRET_REVEALED", f"steam_rent password of account {account.name}")
    here.audit("RENTAL_ASSIGNED", f"steam_rent order {order_id}, account {account.name}")
    with here.read() as db:
        return views(db, here.vault, [db.get_one(Rental, rental_id)], here.iso)[0]


@typed
def remove(order_id: OrderId) -> Ok:
    """A waiting order is taken care of elsewhere: nothing is handed out for it any more."""
    here = visit(module)
    with here.work() as work:
        row = _waiting(work.db.scalar(_order(here.account_id, order_id)))
        orders.close(work, row, "removed by a person")
    here.audit("ORDER_REMOVED", f"steam_rent order {order_id}")
    return {"ok": True}


def register(routes: Blueprint) -> None:
    routes.get("/pending-orders")(list_pending)
    routes.post("/pending-orders/<order_id>/assign")(assign)
    routes.delete("/pending-orders/<order_id>")(remove)


def _order(account_id: str, order_id: str) -> Select[RentOrder]:
    return select(RentOrder).where(
        RentOrder.account_id == account_id,
        RentOrder.order_id == order_id,
        RentOrder.state == "waiting",
    )


def _waiting(row: RentOrder | None) -> RentOrder:
    if row is None:
        raise NotFound("No order with this id is waiting")
    return row


def _account(work: Work, row: RentOrder, name: str | None) -> SteamAccount:
    """The account a person named, or the one whose turn it is."""
    game = games.find(work.db, row.account_id, row.game_id)
    free = pick.free_accounts(work.db, row.account_id, game)
    if name is not None:
        wanted = accounts.find(work.db, row.account_id, name)
        free = [account for account in free if account.id == wanted.id]
    if not free:
        raise Invalid("No free account of this game can be handed out: look at steam-accounts.")
    return free[0]
