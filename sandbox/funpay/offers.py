"""One offer: the public page, the editor and saving."""

from decimal import Decimal, InvalidOperation

from flask import Blueprint, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from sandbox.funpay.html import page
from sandbox.funpay.lots import METHODS, section_or_404
from sandbox.funpay.visits import csrf_checked, is_xhr, signed_in, visit
from sandbox.world import Lot, Seller
from sandbox.world.games import Section
from sandbox.world.orders import FEE

bp = Blueprint("offers", __name__)
MULTILINGUAL = ("summary", "desc", "payment_msg")


@bp.get("/lots/offer")
@bp.get("/chips/offer")
def offer() -> ResponseReturnValue:
    found = visit().world.lots.public(request.args.get("id", ""))
    if found is None or not found.active or not request.path.startswith(found.path.split("?")[0]):
        text = "Offer not found" if visit().locale == "en" else "Предложение не найдено"
        raise NotFound(text)
    person = visit().person
    if person and person is not found.seller:
        person.viewing = found
    content = "lots-offer" if found.section.kind == "lot" else "chips-offer"
    return page("offer.html", content, lot=found, fee=FEE, methods=METHODS)


@bp.get("/lots/offerEdit")
@signed_in
def edit() -> ResponseReturnValue:
    """The form of a lot of mine, or an empty one for a section."""
    current = visit()
    offer_id, node = request.args.get("offer", ""), request.args.get("node", "")
    lot: Lot | None = None
    if offer_id and offer_id != "0":
        lot = current.world.lots.offered(int(offer_id)) if offer_id.isdecimal() else None
        if lot is None or lot.seller is not current.me:
            return page("offer_gone.html", "lots-offeredit")
    section = lot.section if lot else section_or_404(int(node) if node.isdecimal() else 0, "lot")
    created = int(current.world.now().timestamp())
    return page("offer_edit.html", "lots-offeredit", lot=lot, section=section, created=created,
                location=request.args.get("location", ""),
                section_fields=_field_list)  # fmt: skip


@bp.post("/lots/offerSave")
@signed_in
@csrf_checked
def save() -> ResponseReturnValue:
    """Take over the whole form. What a browser does not send is off or empty."""
    current = visit()
    form = request.form
    me = current.me
    raw = form.get("offer_id", "0")
    old = current.world.lots.offered(int(raw)) if raw.isdecimal() and raw != "0" else None
    if not isinstance(me, Seller) or (raw not in ("", "0") and (not old or old.seller is not me)):
        return jsonify(done=False, error="Предложение не найдено", errors=[])
    section = old.section if old else section_or_404(int(form.get("node_id") or 0), "lot")
    url = current.url(f"/lots/{section.id}/trade")
    if form.get("deleted") == "1":
        if old:
            current.world.lots.delete(old)
            current.world.lots.saved(old, "deleted")
        return _done(url)
    errors = _errors()
    if errors:
        return jsonify(done=False, error=False, errors=errors)
    lot = old or current.world.lots.add(
        me, section, summary={}, desc={}, payment_msg={}, price=Decimal(1), amount=0,
        secrets=None, active=False,
    )  # fmt: skip
    _fill(lot)
    current.world.lots.saved(lot, "changed" if old else "created")
    return _done(url)


def _field_list(section: Section) -> list[dict[str, object]]:
    """What `data-fields` tells the page's script."""
    own = [{"id": f.id, "type": 5, "conditions": []} for f in section.fields]
    common = (("summary", 2), ("desc", 3), ("payment_msg", 3), ("images", 6))
    return own + [{"id": name, "type": kind, "conditions": []} for name, kind in common]


def _done(url: str) -> ResponseReturnValue:
    if not is_xhr():
        return redirect(url)
    return jsonify(done=True, error=False, errors=[], url=url)


def _errors() -> list[list[str]]:
    form, found = request.form, []
    if not (form.get("fields[summary][ru]") or form.get("fields[summary][en]")):
        found.append(["fields[summary][ru]", "Необходимо заполнить поле"])
    if _price() is None:
        found.append(["price", "Укажите цену"])
    if form.get("amount", "") and not form["amount"].isdecimal():
        found.append(["amount", "Укажите число"])
    return found


def _price() -> Decimal | None:
    raw = request.form.get("price", "").replace(" ", "").replace(",", ".")
    try:
        price = Decimal(raw)
    except InvalidOperation:
        return None
    return price if price.is_finite() and 0 < price <= 10_000_000 else None


def _fill(lot: Lot) -> None:
    """The lot is what the form says; an empty stock cannot be active."""
    form = request.form
    for name in MULTILINGUAL:
        texts = {loc: form.get(f"fields[{name}][{loc}]", "").strip() for loc in ("ru", "en")}
        setattr(lot, name, texts)
    lot.fields = {s.id: form.get(f"fields[{s.id}]", "") for s in lot.section.fields}
    lot.images = [int(i) for i in form.get("fields[images]", "").split(",") if i.isdecimal()]
    lot.price = _price() or lot.price
    # A box that is off is not sent by browsers, and sent empty by other clients.
    lot.auto_delivery = bool(form.get("auto_delivery"))
    lines = form.get("secrets", "").replace("\r\n", "\n").split("\n")
    lot.secrets = [line for line in lines if line.strip()] if lot.auto_delivery else []
    amount = form.get("amount", "")
    lot.amount = None if lot.auto_delivery or not amount else int(amount)
    lot.deactivate_after_sale = bool(
        form.get("deactivate_after_sale") or form.get("deactivate_after_sale[]")
    )
    lot.active = bool(form.get("active")) and lot.stock > 0
