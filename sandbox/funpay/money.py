"""Balance and transactions."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.funpay.html import page, render
from sandbox.funpay.visits import csrf_checked, refused, signed_in, visit, xhr_only
from sandbox.world import Refused

bp = Blueprint("money", __name__)
PER_PAGE = 25


@dataclass(frozen=True)
class Transaction:
    id: int
    order_id: str
    at: datetime
    sum: Decimal
    currency: str


@bp.get("/account/balance")
@signed_in
def balance() -> ResponseReturnValue:
    return page("balance.html", "account-balance", active="balance", **_transactions())


@bp.post("/users/transactions")
@signed_in
@xhr_only
def transactions() -> ResponseReturnValue:
    return render("transactions.html", **_transactions())


@bp.post("/withdraw/calc")
@bp.post("/withdraw/withdraw")
@signed_in
@xhr_only
@csrf_checked
def withdraw() -> ResponseReturnValue:
    """Nobody withdraws play money."""
    return refused(Refused("Вывод временно недоступен.", "Withdrawals are unavailable."))


@bp.post("/account/switchCurrency")
@signed_in
@xhr_only
@csrf_checked
def switch_currency() -> ResponseReturnValue:
    return jsonify(modal='<div class="modal"><p class="lead">Курс: 90.5 ₽ за 1 $</p></div>')


def _transactions() -> dict[str, Any]:
    """Orders of mine that moved money, newest first."""
    me, orders = visit().me, visit().world.orders
    found = [
        Transaction(_number(o.id), o.id, o.closed or o.opened, o.price, o.currency)
        for o in orders.sales(me)
        if o.status == "closed"
    ]
    found += [
        Transaction(_number(o.id), o.id, o.opened, -o.total, o.currency)
        for o in orders.purchases(me)
        if o.status in ("paid", "closed")
    ]
    found.sort(key=lambda t: t.at, reverse=True)
    wanted, cursor = request.form.get("filter", ""), request.form.get("continue", "")
    if wanted not in ("", "order"):
        found = []
    start = next((i for i, t in enumerate(found) if str(t.id) == cursor), 0) if cursor else 0
    rest = found[start + PER_PAGE : start + PER_PAGE + 1]
    shown = found[start : start + PER_PAGE]
    return {"transactions": shown, "cursor": rest[0].id if rest else "", "filter": wanted}


def _number(order_id: str) -> int:
    """Eight digits that stay the same for an order."""
    return 70_000_000 + int(order_id, 36) % 9_999_999
