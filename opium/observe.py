"""What changed between what we knew of an account and what FunPay shows now (pure).

Nothing here touches the network or the database: known rows in, plans and facts out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from opium.events import ChatMessage, ChatPreview, OrderFacts
from opium.funpay.models import Contact, Message, MessageType, Order, OrderRow, OrderStatus

SKEW = timedelta(minutes=5)
"""How far FunPay's displayed minutes and our clock may lie apart."""

STATUS_NUMBERS = {"paid": 0, "closed": 1, "refunded": 2}

ORDER_TYPES = frozenset(MessageType) - {
    MessageType.PLAIN,
    MessageType.DISCORD,
    MessageType.DEAR_VENDORS,
}

_PAID_HINT = re.compile(
    r"^(?:Покупатель|The buyer) [^\s,.«»#]{1,40} "
    r"(?:оплатил заказ|has paid for order) #[A-Z0-9]{8}\."
    r"|^(?:Вы можете перейти в|You can switch to) Discord\b"  # follows a payment in a chat
)


@dataclass(frozen=True, slots=True)
class SalesChange:
    """Rows nobody has seen, rows whose status differs, and ids that are no longer shown as paid."""

    new: tuple[OrderRow, ...]
    changed: tuple[OrderRow, ...]
    gone: tuple[str, ...]


def sales_changes(
    rows: Iterable[OrderRow], known: Mapping[str, str], *, complete: bool
) -> SalesChange:
    """Compare the paid sales with `known` (order id → status); `complete`: all pages were read."""
    shown = {row.order_id: row for row in rows}
    new = tuple(row for row in shown.values() if row.order_id not in known)
    changed = tuple(
        row for row in shown.values() if known.get(row.order_id, row_status(row)) != row_status(row)
    )
    gone = tuple(key for key, status in known.items() if status == "paid" and key not in shown)
    return SalesChange(new, changed, gone if complete else ())


def row_status(row: OrderRow | Order) -> str:
    """`paid`, `closed` or `refunded`; a partial refund shows as closed (decisions)."""
    if row.status is OrderStatus.PARTIALLY_REFUNDED:
        return "closed"
    return row.status.value


def is_old(ordered_at: datetime | None, baseline: datetime) -> bool:
    """Whether an order was paid before our first contact; unknown dates are not."""
    return ordered_at is not None and ordered_at < baseline - SKEW


def speaks_of_payment(contact: Contact) -> bool:
    """Whether the preview hints at a new order; never a proof, only a reason to look."""
    return _PAID_HINT.match(contact.preview) is not None


def tells_of_orders(messages: Iterable[Message]) -> bool:
    """Whether FunPay itself speaks of an order here."""
    return any(m.author_id == 0 and m.type in ORDER_TYPES for m in messages)


def order_facts(order: Order, row_title: str | None = None) -> OrderFacts:
    """An order as events carry it."""
    status = row_status(order)
    return OrderFacts(
        id=order.order_id,
        description=row_title or order.summary,
        lot_title=order.summary,
        price=float(order.price.amount),
        currency=order.price.currency,
        amount=order.amount,
        buyer_username=order.buyer or "",
        buyer_id=order.buyer_id,
        status=STATUS_NUMBERS.get(status, 1),
        status_name=status,
        date=order.date,
        subcategory_name=order.section_text,
        section_id=order.section_id,
        chat=order.chat_name,
        chat_id=order.chat_id,
        delivered_by_site=bool(order.secrets),
    )


def row_facts(row: OrderRow) -> OrderFacts:
    """A row of the sales list as events carry it, without what only the order itself tells."""
    status = row_status(row)
    return OrderFacts(
        id=row.order_id,
        description=row.title,
        lot_title="",
        price=float(row.price.amount),
        currency=row.price.currency,
        amount=row.amount,
        buyer_username=row.buyer,
        buyer_id=row.buyer_id,
        status=STATUS_NUMBERS.get(status, 1),
        status_name=status,
        date=row.date,
        subcategory_name=row.section_text,
    )


def chat_preview(contact: Contact) -> ChatPreview:
    return ChatPreview(
        id=contact.chat_id,
        name=contact.name,
        last_message_text=contact.preview,
        unread=contact.unread,
    )


def chat_message(message: Message, chat_id: int, chat_name: str, by_bot: bool) -> ChatMessage:
    return ChatMessage(
        id=message.id,
        text=message.text,
        chat_id=chat_id,
        chat_name=chat_name,
        author=message.author,
        author_id=message.author_id,
        type=int(message.type),
        image_link=message.image_url,
        by_bot=by_bot,
        badge=message.badge,
        order_id=message.order_id,
    )


def wrote_by_hand(
    messages: Iterable[Message], fp_id: int, order_id: str, ours: frozenset[int]
) -> bool:
    """Whether the seller himself wrote after the notice that this order was paid."""
    since: int | None = None
    written = False  # FunPay sends a lot's payment message in the seller's name, with a badge
    for message in sorted(messages, key=lambda m: m.id):
        if (
            message.author_id == 0
            and message.type is MessageType.ORDER_PAID
            and message.order_id == order_id
        ):
            since = message.id
        elif since is not None and message.author_id == fp_id and message.id not in ours:
            written = written or message.badge is None
    return written


def chat_name(one: int, other: int) -> str:
    """The node name of the chat between two users."""
    return f"users-{min(one, other)}-{max(one, other)}"
