"""Notices of what other modules tell: each from a payload, of which any member may be missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from opium.kit import redact
from opium.modules.telegram_bot import texts
from opium.modules.telegram_bot.html import line
from opium.modules.telegram_bot.reader import NAME, Draft, Reader

MOST_TEXT = 500


def _told(key: str, *rows: str, buttons: tuple[tuple[str, str, str | None], ...] = ()) -> Any:
    """The maker for a module's event. Rows and buttons name members of its payload."""

    def make(event: Any, reader: Reader) -> Draft:
        """A notice from a payload of another module: any member may be missing."""
        payload: Mapping[str, Any] = event.payload
        order, steam = _text(payload, "order_id"), _text(payload, "steam_account")
        product = _text(payload, "product_name") or _text(payload, "product_id")
        category = _text(payload, "category_name")
        head = reader.say(key, id=order, steam=steam, product=product, category=category)
        shown = [reader.row(row, _shown(payload, row, reader), MOST_TEXT) for row in rows]
        keys = [
            (text, verb, "" if member is None else payload.get(member))
            for text, verb, member in buttons
        ]
        about = {"order": payload.get("order_id"), "chat": payload.get("chat_id")}
        name = f"#{order}" if order else product or category or key
        return reader.draft(
            head,
            shown,
            name=line(name, NAME),
            keyboard=reader.keyboard(*keys),
            about={name: value for name, value in about.items() if value},
        )

    return make


_MEMBERS = {
    "buyer": "buyer",
    "game": "game_id",
    "order": "order_id",
    "until": "end_time",
    "amount": "quantity",
    "left": "goods_left",
}


def _shown(payload: Mapping[str, Any], row: str, reader: Reader) -> str | None:
    """The value of a row as a person reads it."""
    if row == "reason":
        words = _text(payload, "reason") or _text(payload, "error")
        key = f"reason_{words}"
        if texts.known(reader.language, key):
            return texts.say(reader.language, key)
        return redact(words)
    if row == "left" and payload.get("stock_count") is not None:
        return str(payload["stock_count"])
    value = payload.get(_MEMBERS[row])
    if row == "until" and value:
        return _moment(str(value), reader.zone)
    return None if value is None else str(value)


def _moment(iso: str, zone: ZoneInfo) -> str:
    try:
        return f"{datetime.fromisoformat(iso).astimezone(zone):%d.%m %H:%M}"
    except ValueError:
        return iso


def _text(payload: Mapping[str, Any], member: str) -> str:
    value = payload.get(member)
    return "" if value is None else line(str(value), MOST_TEXT)


_ORDER = ("order", "order", "order_id")
MAKERS: dict[str, Callable[[Any, Reader], Draft | None]] = {
    "rental_created": _told(
        "rental_created",
        *("order", "game", "buyer", "until"),
        buttons=(("rental", "rental", "rental_id"), _ORDER),
    ),
    "rental_expired": _told("rental_expired", "order", "game", "buyer", buttons=(_ORDER,)),
    "rental_release_failed": _told("rental_release_failed", "reason", "order"),
    "pending_order_created": _told(
        "pending_order_created",
        *("game", "buyer", "reason"),
        buttons=(_ORDER, ("refund", "refund", "order_id")),
    ),
    "delivery_succeeded": _told("delivery_succeeded", "amount", "left", buttons=(_ORDER,)),
    "delivery_failed": _told(
        "delivery_failed", "reason", buttons=(_ORDER, ("refund", "refund", "order_id"))
    ),
    "stock_low": _told("stock_low", "left", buttons=(("stock", "stock", None),)),
    "raise_failed": _told("raise_failed", "reason", buttons=(("raise", "raise", None),)),
}
