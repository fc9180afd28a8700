"""/api/accounts/<account>/orders, order-tags and balance (contract 7 and 8)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from flask import Blueprint
from pydantic import Field
from typing_extensions import TypedDict

from opium.blueprints.parts import Core
from opium.blueprints.times import shown_date
from opium.errors import NotFound, OpiumError
from opium.funpay.models import Order, OrderRow, OrdersPage, OrderStatus, Review
from opium.live import Live
from opium.schema import AccountId, OrderId, Query, closed, typed
from opium.security import actor

Status = Literal["paid", "closed", "refunded"]

SHOWN: dict[OrderStatus, Status] = {
    OrderStatus.PAID: "paid",
    OrderStatus.CLOSED: "closed",
    OrderStatus.REFUNDED: "refunded",
    OrderStatus.PARTIALLY_REFUNDED: "closed",
}


class ListQuery(Query):
    include_paid: bool = True
    include_closed: bool = True
    include_refunded: bool = True
    start_from: str | None = Field(None, pattern=r"^[A-Za-z0-9]{1,16}$")


@closed
class OrderShort(TypedDict):
    order_id: str
    description: str
    price: str
    buyer: str
    buyer_id: int
    status: Status
    date: str


@closed
class OrderList(TypedDict):
    orders: list[OrderShort]
    total: int
    next_order_id: str | None


@closed
class ReviewShown(TypedDict):
    stars: int | None
    text: str
    reply: str | None
    anonymous: bool
    author: str
    author_id: int


@closed
class OrderDetail(TypedDict):
    order_id: str
    status: Status
    description: str
    price: str
    buyer: str
    buyer_id: int
    review: ReviewShown | None
    chat_id: int | None
    date: str


@closed
class Refunded(TypedDict):
    status: Literal["refunded"]
    order_id: str


@closed
class Tags(TypedDict):
    tags: dict[str, dict[str, Any]]
    modules: list[str]
    games: dict[str, list[Any]]


@closed
class BalanceShown(TypedDict):
    total_rub: float
    available_rub: float
    total_usd: float
    available_usd: float
    total_eur: float
    available_eur: float


def blueprint(core: Core, live: Live) -> Blueprint:
    bp = Blueprint("orders", __name__, url_prefix="/api/accounts/<account_id>")

    def sales(account_id: str, cursor: str | None) -> OrdersPage:
        client = core.registry.client(account_id)

        def fetch() -> OrdersPage:
            return client.sales(cursor, None, order_work=False)

        # One read for all filters: chosen here, so that differing windows share the answer.
        return live.read(account_id, "sales", cursor, fetch=fetch)

    def recent_sales(account_id: str) -> tuple[OrderRow, ...] | None:
        try:
            return sales(account_id, None).rows
        except OpiumError:
            return None

    @bp.get("/orders")
    @typed
    def list_orders(account_id: AccountId, query: ListQuery) -> OrderList:
        """A page of sales, newest first; `next_order_id` leads to the next one."""
        page = sales(account_id, query.start_from)
        wanted = _wanted(query)
        orders = [order_row(row) for row in page.rows if SHOWN.get(row.status) in wanted]
        return {"orders": orders, "total": len(orders), "next_order_id": page.next_cursor}

    @bp.get("/orders/<order_id>")
    @typed
    def get_order(account_id: AccountId, order_id: OrderId) -> OrderDetail:
        """One order, as its page shows it."""
        client = core.registry.client(account_id)

        def fetch() -> Order:
            return client.order(order_id, order_work=False)

        return order_detail(live.read(account_id, "order", order_id, fetch=fetch))

    @bp.post("/orders/<order_id>/refund")
    @typed
    def refund_order(
        account_id: AccountId, order_id: OrderId, idempotency_key: str | None
    ) -> Refunded:
        """Give the buyer the money back; a repeated call joins the first."""
        with live.waiting.place("send"):
            core.wishes.refund(account_id, order_id, idempotency_key, actor())
        live.forget(account_id)
        return {"status": "refunded", "order_id": order_id}

    @bp.get("/order-tags")
    @typed
    def get_order_tags(account_id: AccountId) -> Tags:
        """What the modules know about the orders; never fails because of FunPay."""
        found = core.modules.tags(account_id, recent_sales(account_id))
        tags: Tags = {
            "tags": dict(found["tags"]),
            "modules": list(found["modules"]),
            "games": dict(found["games"]),
        }
        if core.config.order_tag_games == "ids":
            tags["games"] = {name: _ids(games) for name, games in tags["games"].items()}
        return tags

    @bp.get("/balance")
    @typed
    def get_balance(account_id: AccountId) -> BalanceShown:
        """The balance in its three currencies."""
        client = core.registry.client(account_id)
        balance = live.read(account_id, "balance", fetch=client.balance)
        return {
            "total_rub": float(balance.total_rub),
            "available_rub": float(balance.available_rub),
            "total_usd": float(balance.total_usd),
            "available_usd": float(balance.available_usd),
            "total_eur": float(balance.total_eur),
            "available_eur": float(balance.available_eur),
        }

    return bp


def price_text(amount: Decimal) -> str:
    """Exact, at least one digit after the point, no further trailing zeros."""
    whole, _, fraction = format(amount, "f").partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def order_row(row: OrderRow) -> OrderShort:
    """A row of the sales list; `unpaid` ones are left out by the caller."""
    return {
        "order_id": row.order_id,
        "description": row.title or "",
        "price": price_text(row.price.amount),
        "buyer": row.buyer or str(row.buyer_id),
        "buyer_id": row.buyer_id,
        "status": SHOWN[row.status],
        "date": shown_date(row.date),
    }


def order_detail(order: Order) -> OrderDetail:
    """An order in full; NotFound for one that is not paid yet."""
    if order.status not in SHOWN:
        raise NotFound("Order not found")
    buyer = order.buyer or str(order.buyer_id)
    return {
        "order_id": order.order_id,
        "status": SHOWN[order.status],
        "description": order.summary or order.description or "",
        "price": price_text(order.price.amount),
        "buyer": buyer,
        "buyer_id": order.buyer_id,
        "review": _review(order.review, buyer, order.buyer_id) if order.review else None,
        "chat_id": order.chat_id,
        "date": shown_date(order.date),
    }


def _review(review: Review, buyer: str, buyer_id: int) -> ReviewShown:
    return {
        "stars": review.stars,
        "text": review.text,
        "reply": review.reply,
        "anonymous": review.author is None and review.author_id is None,
        "author": review.author or buyer,
        "author_id": review.author_id or buyer_id,
    }


def _wanted(query: ListQuery) -> set[Status]:
    flags: dict[Status, bool] = {
        "paid": query.include_paid,
        "closed": query.include_closed,
        "refunded": query.include_refunded,
    }
    return {status for status, included in flags.items() if included}


def _ids(games: list[Any]) -> list[Any]:
    return [game["game_id"] if isinstance(game, dict) else game for game in games]
