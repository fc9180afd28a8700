"""From an event to what the seller reads: HTML, buttons, and what they act on (contract 12).

Everything from outside is escaped and shortened here; an event may also tell nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from opium.kit import (
    MessageReceived,
    OrderFacts,
    OrderPaid,
    OrderStatusChanged,
    redact,
)
from opium.modules.telegram_bot import module_notices, texts
from opium.modules.telegram_bot.html import esc, line, short
from opium.modules.telegram_bot.reader import MOST_WORD, NAME, Draft, Reader

MOST_TEXT = 500
"""Characters of a message of a chat, or of a description."""
TOLD_BY_STATUS = (2, 9, 10, 11, 12, 15)
"""FunPay's own messages of what `order_status_changed` tells."""
PAID = 1
NOISE = (13, 14)
"""FunPay's standing notices: Discord, and who cheats."""


def of_event(kind: str, event: Any, reader: Reader) -> Draft | None:
    """What is told of an event; None: nothing."""
    make = _MAKERS.get(kind)
    if make is not None:
        return make(event, reader)
    return reader.draft(esc(kind), (), name=kind)


def of_alert(alert_id: int, text: str, reader: Reader) -> Draft:
    """Something of the server waits for a person."""
    words = redact(text)
    return reader.draft(
        reader.say("alert"),
        (esc(short(words, 2000)),),
        name=line(words, NAME),
        keyboard=reader.keyboard(("ack", "ack", alert_id)),
        about={"alert": alert_id},
    )


def _new_order(event: OrderPaid, reader: Reader) -> Draft:
    order = event.order
    rows = [
        *_order_rows(order, reader),
        reader.row("status", reader.status(order.status_name)),
        reader.say("missed") if event.missed else None,
    ]
    return _of_order(order, reader, reader.say("new_order", id=order.id), rows, refund=True)


def _order_status_changed(event: OrderStatusChanged, reader: Reader) -> Draft:
    order = event.order
    status = reader.status(order.status_name)
    head = reader.say("order_status_changed", id=order.id, status=status)
    rows = [_description(order), reader.row("buyer", order.buyer_username)]
    return _of_order(order, reader, head, rows, name=f"#{order.id} {status}")


def _initial_order(event: Any, reader: Reader) -> Draft:
    head = reader.say("initial_order", id=event.order.id)
    return _of_order(event.order, reader, head, _order_rows(event.order, reader))


def _of_order(
    order: OrderFacts,
    reader: Reader,
    head: str,
    rows: Iterable[str | None],
    *,
    name: str = "",
    refund: bool = False,
) -> Draft:
    buttons: list[tuple[str, str, object]] = [("order", "order", order.id)]
    buttons.append(("reply", "reply", order.chat_id))
    if refund and order.status_name == "paid":
        buttons.append(("refund", "refund", order.id))
    return reader.draft(
        head,
        rows,
        name=line(name or f"#{order.id} {order.buyer_username} {_sum(order)}", NAME),
        keyboard=reader.keyboard(*buttons),
        about={"order": order.id, "chat": order.chat_id},
    )


def _order_rows(order: OrderFacts, reader: Reader) -> list[str | None]:
    return [
        _description(order),
        reader.row("buyer", order.buyer_username),
        reader.row("sum", _sum(order)),
        reader.row("amount", order.amount) if order.amount > 1 else None,
    ]


def _description(order: OrderFacts) -> str:
    return esc(short(order.description.strip() or order.lot_title, MOST_TEXT))


def _sum(order: OrderFacts) -> str:
    digits = f"{order.price:.2f}".rstrip("0").rstrip(".")
    return f"{digits} {order.currency or ''}".strip()


def _new_message(event: MessageReceived, reader: Reader) -> Draft | None:
    message = event.message
    if message.type in NOISE:
        return None
    if message.type == PAID and "new_order" in reader.wants:
        return None  # FunPay's own words about the order that is told already
    if message.type in TOLD_BY_STATUS and "order_status_changed" in reader.wants:
        return None
    text = (message.text or "").strip()
    if not text and not message.image_link:
        return None
    known = message.author or message.chat_name or ""
    author = line(known if message.author_id else reader.say("funpay"), MOST_WORD)
    where = message.chat_name if message.author_id != 0 and not message.author else None
    return reader.draft(
        reader.say("new_message", author=author or where or str(event.chat_id)),
        (
            esc(short(text, MOST_TEXT)),
            texts.say(reader.language, "picture") if message.image_link else None,
            reader.row("order", message.order_id),
        ),
        name=line(author or str(event.chat_id), NAME),
        keyboard=reader.keyboard(
            ("reply", "reply", event.chat_id), ("order", "order", message.order_id)
        ),
        about={"chat": event.chat_id, "order": message.order_id},
    )


def _orders_list_changed(event: Any, reader: Reader) -> Draft:
    head = reader.say("orders_list_changed", purchases=event.purchases, sales=event.sales)
    return reader.draft(head, (), name=f"{event.purchases}/{event.sales}")


def _chat(key: str) -> Callable[[Any, Reader], Draft]:
    def make(event: Any, reader: Reader) -> Draft:
        """What a chat shows of itself."""
        chat = event.chat
        return reader.draft(
            reader.say(key, name=line(chat.name, MOST_WORD)),
            (esc(short(chat.last_message_text.strip(), MOST_TEXT)),),
            name=line(chat.name, NAME),
            keyboard=reader.keyboard(("reply", "reply", event.chat_id)),
            about={"chat": event.chat_id},
        )

    return make


def _chats_list_changed(event: Any, reader: Reader) -> Draft:
    return reader.draft(reader.say("chats_list_changed"), (), name=str(event.newest))


def _account_error(event: Any, reader: Reader) -> Draft:
    words = redact(event.text)
    return reader.draft(
        reader.say("account_error"),
        (esc(short(words, 2000)),),
        name=line(words, NAME),
        keyboard=reader.keyboard(("start", "start", "")),
    )


_MAKERS: dict[str, Callable[[Any, Reader], Draft | None]] = {
    "new_order": _new_order,
    "new_message": _new_message,
    "order_status_changed": _order_status_changed,
    "orders_list_changed": _orders_list_changed,
    "initial_chat": _chat("initial_chat"),
    "initial_order": _initial_order,
    "chats_list_changed": _chats_list_changed,
    "last_message_changed": _chat("last_message_changed"),
    "account_error": _account_error,
    **module_notices.MAKERS,
}
