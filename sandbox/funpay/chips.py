"""Game currency of mine: the table of servers, saving it and its prices."""

import re
from decimal import Decimal, InvalidOperation

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.funpay.html import SIGNS, page, rounded
from sandbox.funpay.lots import METHODS, section_or_404
from sandbox.funpay.visits import csrf_checked, refused, signed_in, visit, xhr_only
from sandbox.world import Lot, Refused, Seller
from sandbox.world.games import Section
from sandbox.world.orders import FEE

bp = Blueprint("chips", __name__)
FIELD = re.compile(r"^offers\[(?P<server>\d+)\]\[\d+\]\[(?P<name>active|amount|price)\]$")
WRONG = Refused("Укажите число.", "Enter a number.")


@bp.get("/chips/<int:node>/trade")
@signed_in
def mine(node: int) -> ResponseReturnValue:
    section = section_or_404(node, "chip")
    return page("chips_trade.html", "chips-trade", section=section,
                lots={lot.server: lot for lot in _mine(section)})  # fmt: skip


@bp.post("/chips/saveOffers")
@signed_in
@xhr_only
@csrf_checked
def save() -> ResponseReturnValue:
    """Take over the whole table; a row without price or amount is not offered."""
    raw = request.form.get("chip", "")
    section = section_or_404(int(raw) if raw.isdecimal() else 0, "chip")
    rows: dict[int, dict[str, str]] = {}
    for name, value in request.form.items():
        found = FIELD.match(name)
        if found and int(found["server"]) in section.servers:
            rows.setdefault(int(found["server"]), {})[found["name"]] = value.strip()
    me = visit().me
    if not isinstance(me, Seller):
        return refused(Refused("Недостаточно прав.", "Not enough rights."))
    try:
        wanted = {server: _row(row) for server, row in rows.items()}
    except Refused as error:
        return refused(error)
    for server, (active, amount, price) in wanted.items():
        _offer(me, section, server, active, amount, price)
    return jsonify(msg="", error=False, url=visit().url(f"{section.path}trade"))


@bp.post("/chips/calc")
@signed_in
@xhr_only
def calc() -> ResponseReturnValue:
    """As for lots, with a lowest price."""
    try:
        price = _number(request.form.get("price", ""))
    except Refused as error:
        return jsonify(methods=[], minPrice="0.001", error=error.text(visit().locale))
    sign = SIGNS[visit().me.currency]
    methods = [
        {"name": name, "price": rounded(price * FEE * factor), "unit": sign, "sort": i}
        for i, (_, name, factor) in enumerate(METHODS, 1)
    ]
    return jsonify(methods=methods, minPrice="0.001", error=False)


def _mine(section: Section) -> list[Lot]:
    return [lot for lot in visit().world.lots.of(visit().me) if lot.section is section]


def _row(row: dict[str, str]) -> tuple[bool, int, Decimal]:
    amount, price = _number(row.get("amount") or "0"), _number(row.get("price") or "0")
    active = row.get("active", "").lower() in ("1", "on", "true")
    return active and amount > 0 and price > 0, int(amount), price


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text.replace(" ", "").replace(",", "."))
    except InvalidOperation:
        raise WRONG from None
    if not value.is_finite() or value < 0:
        raise WRONG
    return value


def _offer(
    me: Seller, section: Section, server: int, active: bool, amount: int, price: Decimal
) -> None:
    lots = visit().world.lots
    lot = next((x for x in _mine(section) if x.server == server), None)
    if lot is None and not active:
        return
    how = "changed" if lot else "created"
    if lot is None:
        title = {"ru": section.ru, "en": section.en}
        lot = lots.add(me, section, summary=title, desc={}, payment_msg={}, price=price,
                       amount=amount, secrets=None, active=active, server=server)  # fmt: skip
    lot.amount, lot.price, lot.active = amount, price or lot.price, active
    lots.saved(lot, how)
