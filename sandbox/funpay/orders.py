"""Lists of orders, one order, and what may be done with it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from sandbox.funpay.chat import thread
from sandbox.funpay.html import money, page, render
from sandbox.funpay.visits import csrf_checked, is_xhr, refused, signed_in, visit, xhr_only
from sandbox.world import Order, Refused, Unknown

bp = Blueprint("orders", __name__)
LISTED = ("paid", "closed", "refunded", "partially_refunded")
STATES = {"paid": ("paid",), "closed": ("closed", "partially_refunded"), "refunded": ("refunded",)}
MAX_BATCH = 10


@bp.get("/orders/trade")
@signed_in
def sales() -> ResponseReturnValue:
    found = _filtered(visit().world.orders.sales(visit().me), selling=True)
    return page("orders.html", "orders-trade", active="trade", **_page(found, selling=True))


@bp.get("/orders/")
@signed_in
def purchases() -> ResponseReturnValue:
    found = _filtered(visit().world.orders.purchases(visit().me), selling=False)
    return page("orders.html", "orders-index", active="orders", **_page(found, selling=False))


@bp.post("/orders/trade")
@signed_in
def more_sales() -> ResponseReturnValue:
    """The first page too, and to clients that do not call themselves XHR."""
    found = _filtered(visit().world.orders.sales(visit().me), selling=True)
    return render("orders_rows.html", **_page(found, selling=True))


@bp.post("/orders/")
@signed_in
def more_purchases() -> ResponseReturnValue:
    found = _filtered(visit().world.orders.purchases(visit().me), selling=False)
    return render("orders_rows.html", **_page(found, selling=False))


@bp.get("/orders/filters")
@signed_in
@xhr_only
def more_filters() -> ResponseReturnValue:
    """Inputs that only some sections have: here the server."""
    key = request.args.get("section", "")
    places = [s for game in visit().world.games for s in game.sections if s.key == key]
    return render("orders_filters.html", servers=places[0].servers if places else {})


@bp.get("/orders/<order_id>/")
@signed_in
def order(order_id: str) -> ResponseReturnValue:
    found = _mine(order_id)
    current = visit()
    selling = found.seller is current.me
    chat = current.world.chats.between(found.seller, found.buyer)
    active = "trade" if selling else "orders"
    return page("order.html", "orders-order", active=active, order=found, selling=selling,
                open_chat=chat, **thread(chat))  # fmt: skip


@bp.post("/api/orders/get")
@signed_in
def api_orders() -> ResponseReturnValue:
    """Details of up to ten orders of mine, in the language of Accept-Language."""
    told = request.get_json(silent=True)
    told = told if isinstance(told, dict) else {}
    ids = told.get("order_uids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= MAX_BATCH:
        return jsonify(status="ERROR", message="order_uids: 1 to 10 ids"), 400
    if not visit().world.switches.orders_api:
        return jsonify(status="ERROR", message="Unavailable")
    include = told.get("include") or []
    found = {}
    for order_id in ids:
        try:
            found[order_id] = _details(_mine(str(order_id)), include)
        except NotFound:
            continue
    return jsonify(status="SUCCESS", data=found)


@bp.post("/orders/refund")
@signed_in
@csrf_checked
def refund() -> ResponseReturnValue:
    """A plain form gets the order's page instead of JSON."""
    current = visit()
    try:
        found = current.world.order(request.form.get("id", ""))
        current.world.orders.refund(current.me, found, via="http")
    except Unknown:
        return refused(Refused("Заказ не найден.", "The order was not found."))
    except Refused as error:
        return refused(error)
    if not is_xhr():
        return redirect(current.url(f"/orders/{found.id}/"))
    text = "The money has been refunded." if current.locale == "en" else "Деньги возвращены."
    return jsonify(error=False, msg=text, url=current.url(f"/orders/{found.id}/"))


@bp.post("/orders/complete")
@signed_in
@xhr_only
@csrf_checked
def complete() -> ResponseReturnValue:
    current = visit()
    try:
        found = current.world.order(request.form.get("id", ""))
        current.world.orders.confirm(current.me, found)
    except Unknown:
        return refused(Refused("Заказ не найден.", "The order was not found."))
    except Refused as error:
        return refused(error)
    return jsonify(error=False, msg="", url=current.url(f"/orders/{found.id}/"))


@bp.post("/orders/review")
@signed_in
@xhr_only
@csrf_checked
def review() -> ResponseReturnValue:
    """The buyer's review with a rating, the seller's reply without."""
    current = visit()
    text, stars = request.form.get("text", ""), request.form.get("rating", "")
    try:
        found = _mine_in_form()
        if found.seller is current.me:
            current.world.reviews.reply(current.me, found, text, via="http")
        else:
            rating = int(stars) if stars.isdecimal() else 0
            current.world.reviews.write(current.me, found, rating, text)
    except Refused as error:
        return refused(error)
    return jsonify(content=_review_html(found))


@bp.post("/orders/reviewDelete")
@signed_in
@xhr_only
@csrf_checked
def delete_review() -> ResponseReturnValue:
    current = visit()
    try:
        found = _mine_in_form()
        if found.seller is current.me:
            current.world.reviews.delete_reply(current.me, found, via="http")
        else:
            current.world.reviews.delete(current.me, found)
    except Refused as error:
        return refused(error)
    return jsonify(content=_review_html(found))


def _mine(order_id: str) -> Order:
    """An order I am part of; any other does not exist for me."""
    current = visit()
    try:
        found = current.world.order(order_id)
    except Unknown:
        raise NotFound from None
    selling = found.seller is current.me and found.status != "unpaid"
    if not selling and found.buyer is not current.me:
        raise NotFound
    return found


def _mine_in_form() -> Order:
    try:
        found = _mine(request.form.get("orderId", ""))
    except NotFound:
        raise Refused("Заказ не найден.", "The order was not found.") from None
    if request.form.get("authorId") != str(visit().me.id):
        raise Refused("Недостаточно прав.", "Not enough rights.")
    return found


def _review_html(found: Order) -> str:
    return render("order_review.html", order=found, selling=found.seller is visit().me)


def _filtered(orders: list[Order], selling: bool) -> list[Order]:
    """The orders that the query and the form ask for."""
    wanted = request.values
    other = "buyer" if selling else "seller"
    tests: list[Callable[[Order], bool]] = [lambda o: o.status in LISTED]
    if wanted.get("id"):
        tests.append(lambda o: o.id == wanted["id"].lstrip("#"))
    if wanted.get(other):
        tests.append(lambda o: getattr(o, other).name == wanted[other])
    if wanted.get("state"):
        tests.append(lambda o: o.status in STATES.get(wanted["state"], ()))
    if wanted.get("game"):
        tests.append(lambda o: str(o.section.game.id) == wanted["game"])
    if wanted.get("section"):
        tests.append(lambda o: o.section.key == wanted["section"])
    if wanted.get("server"):
        tests.append(lambda o: _server(o) == wanted["server"])
    return [o for o in orders if all(test(o) for test in tests)]


def _server(order: Order) -> str:
    return next((str(k) for k, name in order.section.servers.items() if name == order.server), "")


def _page(found: list[Order], selling: bool) -> dict[str, Any]:
    """One page of rows; `continue` is the id of the next row to show."""
    size, start = visit().world.switches.page_size, 0
    cursor = request.form.get("continue", "")
    if cursor:
        start = next((i for i, o in enumerate(found) if o.id == cursor), len(found))
    rows, rest = found[start : start + size], found[start + size : start + size + 1]
    filters = ("id", "buyer" if selling else "seller", "state", "game", "section")
    return {
        "rows": rows,
        "cursor": rest[0].id if rest else "",
        "paged": len(found) > size,
        "selling": selling,
        "filters": {name: request.values.get(name, "") for name in filters},
        "filtering": len(found) > 8 or any(request.values.get(name) for name in filters),
        "games": visit().world.games,
    }


def _details(found: Order, include: list[str]) -> dict[str, Any]:
    """One order as the JSON API gives it."""
    current = visit()
    locale = "en" if request.headers.get("Accept-Language", "").startswith("en") else "ru"
    selling = found.seller is current.me
    buyer: dict[str, Any] = {"user_id": found.buyer.id}
    seller: dict[str, Any] = {"user_id": found.seller.id}
    if "users" in include:
        buyer["name"], seller["name"] = found.buyer.name, found.seller.name
    answer: dict[str, Any] = {
        "order_uid": found.id,
        "status": found.status,
        "amount": money(found.price if selling else found.total),
        "currency": found.currency,
        "section": {"type_id": found.section.kind, "local_id": found.section.id},
        "buyer": buyer,
        "seller": seller,
        "chat": {"node_name": f"users-{min(found.buyer.id, found.seller.id)}"
                              f"-{max(found.buyer.id, found.seller.id)}"},
    }  # fmt: skip
    if "review" in include:
        left = found.review
        answer["review"] = left and {
            "text": left.text, "rating": left.stars, "reply": left.reply, "hidden": left.hidden,
        }  # fmt: skip
    if "details" in include:
        answer["type_data"] = _type_data(found, locale)
    return answer


def _type_data(found: Order, locale: str) -> dict[str, Any]:
    short = "Short description" if locale == "en" else "Краткое описание"
    long = "Detailed description" if locale == "en" else "Подробное описание"
    fields: dict[str, Any] = {
        "summary": {"name": short, "field_type_id": 2, "value": dict(found.summary)},
    }
    if any(found.desc.values()):
        fields["desc"] = {"name": long, "field_type_id": 3, "value": dict(found.desc)}
    for spec in found.section.fields:
        if found.fields.get(spec.id):
            name = spec.en if locale == "en" else spec.ru
            fields[spec.id] = {"name": name, "field_type_id": 5, "value": found.fields[spec.id]}
    return {
        "amount": str(found.amount),
        "player": found.data,
        "secrets": [{"value": secret} for secret in found.secrets],
        "server": None if found.server is None else {"server_id": 1, "name": found.server},
        "side": None,
        "fields": fields,
    }
