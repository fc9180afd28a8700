"""Buying over HTTP: the offer's form, the payment page, the order."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.funpay.html import page, plain
from sandbox.funpay.lots import METHODS
from sandbox.funpay.visits import csrf_checked, is_xhr, refused, signed_in, visit
from sandbox.world import Buyer, Lot, Refused

bp = Blueprint("buying", __name__)
NO_OFFER = Refused("Предложение не найдено", "Offer not found")
CHANGED = Refused("Цена изменилась, обновите страницу.", "The price has changed.")
NO_METHOD = Refused("Выберите способ оплаты.", "Choose a payment method.")
TOO_MANY = Refused("Недостаточно товара.", "Not enough in stock.")


@bp.post("/orders/new")
@signed_in
@csrf_checked
def new() -> ResponseReturnValue:
    """First a check (`preview`), then the same form as a page, then that page's form again."""
    form = request.form
    lot = visit().world.lots.public(form.get("offer_id", ""))
    try:
        bought = _checked(lot)
    except Refused as error:
        return refused(error, errors=_field(error))
    if not is_xhr():
        return page("order_new.html", "orders-new", active="orders", lot=bought,
                    amount=_amount(), method=form["method"], player=form.get("player", ""),
                    methods=METHODS)  # fmt: skip
    if form.get("preview") == "1":
        return jsonify(error=False)
    me = visit().me
    if not isinstance(me, Buyer):
        raise TypeError("everybody in a world can buy")
    try:
        order = visit().world.orders.buy(me, bought, _amount(), form.get("player", "").strip())
    except Refused as error:
        return refused(error)
    return jsonify(url=f"../orders/{order.id}/")


def _checked(lot: Lot | None) -> Lot:
    """The lot that the form may buy."""
    form = request.form
    if lot is None or not lot.active or form.get("username") or form.get("type") not in (
        None, lot.section.kind,
    ):  # fmt: skip
        raise NO_OFFER
    if form.get("price_guard") not in (None, plain(lot.price)):
        raise CHANGED
    if form.get("method") not in {str(number) for number, *_ in METHODS}:
        raise NO_METHOD
    if not 1 <= _amount() <= lot.stock:
        raise TOO_MANY
    return lot


def _amount() -> int:
    raw = request.form.get("amount", "1").replace(" ", "")
    return int(raw) if raw.isdecimal() else 0


def _field(error: Refused) -> list[list[str]]:
    """Which input is to blame."""
    names = {id(NO_METHOD): "method", id(TOO_MANY): "amount"}
    name = names.get(id(error))
    return [[name, error.text(visit().locale)]] if name else []
