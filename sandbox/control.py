"""`/__sandbox__/`: the world seen and moved from outside, in JSON. For loopback only.

Every call is in docs/sandbox.md. Wrong input is 400 and unknown things are 404, both with
`{"detail": ...}`. The gate serves these calls one at a time.
"""

from pathlib import Path
from typing import Any

from flask import Blueprint, jsonify, request, send_from_directory
from flask.typing import ResponseReturnValue

from sandbox import knobs, show
from sandbox.asked import Body, person_named, world
from sandbox.world import Order, Refused, Unknown
from sandbox.world.people import Price

bp = Blueprint("control", __name__, url_prefix="/__sandbox__")
bp.register_blueprint(knobs.bp)
WEB = Path(__file__).parent / "web"


@bp.errorhandler(Refused)
@bp.errorhandler(ValueError)
@bp.errorhandler(TypeError)
def wrong(error: Exception) -> ResponseReturnValue:
    return jsonify(detail=str(error)), 400


@bp.errorhandler(Unknown)
def unknown(error: Exception) -> ResponseReturnValue:
    return jsonify(detail=str(error)), 404


@bp.get("/")
def page() -> ResponseReturnValue:
    return send_from_directory(WEB, "index.html")


@bp.get("/web/<name>")
def web(name: str) -> ResponseReturnValue:
    return send_from_directory(WEB, name)


# People


@bp.get("/people")
def people() -> ResponseReturnValue:
    return jsonify([show.person(p) for p in world().people.values()])


@bp.post("/sellers")
def add_seller() -> ResponseReturnValue:
    return jsonify(show.person(world().seller(**_newcomer()))), 201


@bp.post("/buyers")
def add_buyer() -> ResponseReturnValue:
    return jsonify(show.person(world().buyer(**_newcomer()))), 201


@bp.patch("/people/<who>")
def change_person(who: str) -> ResponseReturnValue:
    """`golden_key` (null kills it, `""` makes a new one) and what else docs/sandbox.md lists."""
    body, person = Body(), person_named(who)
    if "golden_key" in body.told:
        key = body.optional("golden_key")
        person.loses_key() if key is None else person.gets_key(key or None)
    for name in ("banned", "online"):
        if name in body.told:
            setattr(person, name, bool(body.told[name]))
    for name in ("locale", "label"):
        if name in body.told:
            setattr(person, name, body.told[name])
    if "looks_at" in body.told:
        lot = body.optional("looks_at")
        person.looks_at(None if lot is None else world().lots.get(body.number("looks_at")))
    return jsonify(show.person(person))


# Lots


@bp.get("/sections")
def sections() -> ResponseReturnValue:
    return jsonify([show.section(s) for g in world().games for s in g.sections])


@bp.post("/sections")
def add_section() -> ResponseReturnValue:
    body = Body()
    made = world().add_section(
        body.number("game_id"), body.text("game"), body.number("node"), body.text("name")
    )
    return jsonify(show.section(made)), 201


@bp.get("/lots")
def lots() -> ResponseReturnValue:
    seller = request.args.get("seller")
    return jsonify([show.lot(x) for x in world().lots if seller in (None, x.seller.name)])


@bp.post("/lots")
def add_lot() -> ResponseReturnValue:
    body = Body()
    price: Price = str(body.told.get("price", "100"))
    amount = body.number("amount", 10) if body.told.get("amount", 10) is not None else None
    lot = body.seller("seller").lot(
        body.text("title"),
        price=price,
        node=body.number("node", 1008),
        amount=amount,
        secrets=body.optional("secrets"),
        title_en=body.text("title_en", ""),
        desc=body.text("desc", ""),
        payment_msg=body.text("payment_msg", ""),
        active=bool(body.told.get("active", True)),
        kind=body.text("kind", "lot"),
        server=None if body.optional("server") is None else body.number("server"),
    )
    return jsonify(show.lot(lot)), 201


# Orders


@bp.get("/orders")
def orders() -> ResponseReturnValue:
    seller, buyer = request.args.get("seller"), request.args.get("buyer")
    found = [
        show.order(o)
        for o in world().orders
        if seller in (None, o.seller.name) and buyer in (None, o.buyer.name)
    ]
    return jsonify(found)


@bp.post("/orders")
def buy() -> ResponseReturnValue:
    """`buyer`, `lot`, `amount`, `data`; `unpaid` only begins it."""
    body = Body()
    buyer, lot = body.buyer("buyer"), world().lots.get(body.number("lot"))
    act = buyer.begins_order if body.optional("unpaid") else buyer.buys
    order = act(lot, body.number("amount", 1), body.text("data", ""))
    return jsonify(show.order(order)), 201


@bp.get("/orders/<order_id>")
def order(order_id: str) -> ResponseReturnValue:
    return jsonify(show.order(world().order(order_id)))


@bp.post("/orders/<order_id>/<action>")
def act(order_id: str, action: str) -> ResponseReturnValue:
    """What happens to an order; see `ACTIONS`."""
    if action not in ACTIONS:
        raise Unknown(f"no action {action!r}; known: {', '.join(ACTIONS)}")
    found = world().order(order_id)
    ACTIONS[action](found, Body())
    return jsonify(show.order(found))


@bp.delete("/orders/<order_id>/review")
def delete_review(order_id: str) -> ResponseReturnValue:
    found = world().order(order_id)
    found.buyer.deletes_review(found)
    return jsonify(show.order(found))


def _age(order: Order, body: Body) -> None:
    hours = body.told.get("hours")
    if not isinstance(hours, int | float):
        raise ValueError("`hours` must be a number")
    world().ages(order, hours)


ACTIONS: dict[str, Any] = {
    "pay": lambda order, body: order.buyer.pays(order),
    "confirm": lambda order, body: order.buyer.confirms(order),
    "confirm-by-admin": lambda order, body: world().orders.confirm_by_admin(order),
    "refund": lambda order, body: order.seller.refunds(order),
    "refund-by-admin": lambda order, body: world().orders.refund_by_admin(order),
    "partial-refund": lambda order, body: world().orders.partial_refund(order),
    "reopen": lambda order, body: world().orders.reopen(order),
    "review": lambda order, body: order.buyer.reviews(
        order, body.number("stars"), body.text("text", "")
    ),
    "reply": lambda order, body: order.seller.replies(order, body.text("text")),
    "age": _age,
}


# Chats


@bp.get("/messages")
def messages() -> ResponseReturnValue:
    """The dialog of `viewer` with `other`, as the viewer sees it."""
    viewer, other = (
        person_named(request.args.get("viewer", "")),
        person_named(request.args.get("other", "")),
    )
    return jsonify([show.message(m, viewer) for m in viewer.messages_with(other)])


@bp.get("/chats")
def chats() -> ResponseReturnValue:
    person = person_named(request.args.get("person", ""))
    return jsonify([show.chat(c, person) for c in world().chats.of(person)])


@bp.post("/messages")
def write() -> ResponseReturnValue:
    """`from` writes `text` to `to`; with `notice` the site itself says something."""
    body = Body()
    sender, other = body.person("from"), body.person("to")
    if body.optional("notice"):
        sent = world().says(sender, other, body.text("notice"))
    else:
        sent = sender.writes(other, body.text("text"))
    return jsonify(show.message(sent, sender)), 201


def _newcomer() -> dict[str, Any]:
    body = Body()
    more: dict[str, Any] = {"name": body.text("name"), "golden_key": body.optional("golden_key")}
    if body.optional("user_id") is not None:
        more["id"] = body.number("user_id")
    for name in ("locale", "currency"):
        if body.optional(name) is not None:
            more[name] = body.text(name)
    return more
