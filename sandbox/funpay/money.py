"""Balance and transactions."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

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
def transactions() -> ResponseReturnValue:
    return render("transactions.html", **_transactions())


@bp.get("/users/transaction")
@signed_in
@xhr_only
def transaction() -> ResponseReturnValue:
    """One row's details."""
    found = [t for t in _mine() if str(t.id) == request.args.get("id")]
    if not found:
        raise NotFound
    text = "Complete" if visit().locale == "en" else "Завершено"
    html = render("transaction.html", t=found[0])
    return jsonify(html=html, status="complete", status_text=text)


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


def _mine() -> list[Transaction]:
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
    return sorted(found, key=lambda t: t.at, reverse=True)


def _transactions() -> dict[str, Any]:
    """One page of them."""
    found = _mine()
    wanted, cursor = request.form.get("filter", ""), request.form.get("continue", "")
    if wanted not in ("", "order"):
        found = []
    start = next((i for i, t in enumerate(found) if str(t.id) == cursor), 0) if cursor else 0
    rest = found[start + PER_PAGE : start + PER_PAGE + 1]
    shown = found[start : start + PER_PAGE]
    return {"transactions": shown, "cursor": rest[0].id if rest else 0, "filter": wanted}


def _number(order_id: str) -> int:
    """Eight digits that stay the same for an order."""
    return 70_000_000 + int(order_id, 36) % 9_999_999
