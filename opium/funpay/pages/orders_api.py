"""Orders in full by `POST /api/orders/get` (6.1)."""

from __future__ import annotations

from typing import Any

from opium.funpay.errors import PageChanged, Unreachable
from opium.funpay.models import Currency, Money, Order, OrderStatus, Review
from opium.funpay.pages.answers import refuse
from opium.funpay.pages.values import (
    as_decimal,
    as_int,
    as_list,
    as_object,
    as_text,
    maybe_int,
    maybe_text,
)

__all__ = ["orders_api"]

_PAGE = "orders api"
_OWN_FIELDS = ("summary", "desc", "payment_msg")


def orders_api(data: object) -> dict[str, Order]:
    """The orders that FunPay knows, by id."""
    answer = as_object(data, _PAGE, "answer")
    if answer.get("status") != "SUCCESS":
        refuse(answer, stale_on_one=True)
        raise Unreachable(f"FunPay's orders API answers {str(answer.get('status'))[:40]!r}.")
    found = answer.get("data")
    if found == []:  # an empty object, as PHP writes it
        return {}
    orders = as_object(found, _PAGE, "data")
    return {str(uid): _order(raw) for uid, raw in orders.items() if raw is not None}


def _order(value: object) -> Order:
    raw = as_object(value, _PAGE, "order")
    details = as_object(raw.get("type_data"), _PAGE, "type_data")
    fields = _object(details.get("fields"), "fields")
    section = _object(raw.get("section"), "section")
    buyer = as_object(raw.get("buyer"), _PAGE, "buyer")
    seller = _object(raw.get("seller"), "seller")
    return Order(
        order_id=as_text(raw.get("order_uid"), _PAGE, "order_uid"),
        status=_status(raw.get("status")),
        summary=_field(fields, "summary"),
        description=_field(fields, "desc"),
        amount=as_int(details.get("amount"), _PAGE, "type_data.amount"),
        price=Money(as_decimal(raw.get("amount"), _PAGE, "amount"), _currency(raw)),
        buyer_id=as_int(buyer.get("user_id"), _PAGE, "buyer.user_id"),
        buyer=maybe_text(buyer.get("name")),
        seller_id=maybe_int(seller.get("user_id")),
        chat_name=maybe_text(_object(raw.get("chat"), "chat").get("node_name")),
        chat_id=None,
        section_id=maybe_int(section.get("local_id")),
        section_type=_section_type(section),
        section_text=None,
        game=None,
        date=None,
        review=_review(raw.get("review")),
        secrets=_secrets(details.get("secrets")),
        player=maybe_text(details.get("player")),
        fields=_others(fields, details),
    )


def _object(value: object, field: str) -> dict[str, Any]:
    """An optional object: null, and the empty list that PHP makes of an empty one, are {}."""
    return as_object(value, _PAGE, field) if value else {}


def _status(value: object) -> OrderStatus:
    try:
        return OrderStatus(value)  # type: ignore[arg-type]
    except ValueError as exc:
        raise PageChanged(_PAGE, "status") from exc


def _currency(raw: dict[str, Any]) -> Currency:
    try:
        return Currency(str(raw.get("currency")).upper())
    except ValueError as exc:
        raise PageChanged(_PAGE, "currency") from exc


def _section_type(section: dict[str, Any]) -> str | None:
    kind = section.get("type_id")
    return None if kind is None else "lot" if kind == "lot" else "chip"


def _field(fields: dict[str, Any], name: str) -> str:
    return _in_language(_object(fields.get(name), f"fields.{name}").get("value"))


def _in_language(value: object) -> str:
    """A plain value, or of a multilingual one Russian, then English, then whatever is there."""
    if isinstance(value, dict):
        texts = [value.get("ru"), value.get("en"), *value.values()]
        return next((text for text in texts if maybe_text(text)), "")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)[:100] if abs(value) < 1e15 else ""
    return value if isinstance(value, str) else ""


def _secrets(value: object) -> tuple[str, ...]:
    items = as_list(value, _PAGE, "secrets") if value else []
    raw = (as_object(item, _PAGE, "secret").get("value") for item in items)
    return tuple(as_text(secret, _PAGE, "secret value") for secret in raw)


def _others(fields: dict[str, Any], details: dict[str, Any]) -> dict[str, str]:
    found = {name: _field(fields, name) for name in fields if name not in _OWN_FIELDS}
    for place in ("server", "side"):
        if name := maybe_text(_object(details.get(place), place).get("name")):
            found[place] = name
    return {name: value for name, value in found.items() if value}


def _review(value: object) -> Review | None:
    raw = _object(value, "review")
    stars, text, reply = maybe_int(raw.get("rating")), raw.get("text"), raw.get("reply")
    if not stars and not maybe_text(text) and not maybe_text(reply):
        return None
    if stars and not 1 <= stars <= 5:
        raise PageChanged(_PAGE, "review.rating")
    return Review(
        stars=stars or None,
        text=maybe_text(text) or "",
        reply=maybe_text(reply),
        hidden=bool(raw.get("hidden")),
    )
