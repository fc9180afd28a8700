"""The status of an order in lists (5.1) and on its page (6.2)."""

from __future__ import annotations

from opium.funpay.errors import PageChanged
from opium.funpay.models import OrderStatus

__all__ = ["order_status"]

_BY_CLASS = {
    "text-primary": OrderStatus.PAID,
    "text-success": OrderStatus.CLOSED,
    "text-warning": OrderStatus.REFUNDED,
}
_BY_ROW = {"info": OrderStatus.PAID, "warning": OrderStatus.REFUNDED}
_BY_TEXT = {
    "оплачен": OrderStatus.PAID,
    "paid": OrderStatus.PAID,
    "закрыт": OrderStatus.CLOSED,
    "closed": OrderStatus.CLOSED,
    "возврат": OrderStatus.REFUNDED,
    "refund": OrderStatus.REFUNDED,
}


def order_status(
    page: str, text: str, cell: frozenset[str], row: frozenset[str] = frozenset()
) -> OrderStatus:
    """What the classes of the status and of its row say, the text if they say nothing.

    Two classes that disagree and a status that we do not know are never guessed.
    """
    told = {status for name, status in _BY_CLASS.items() if name in cell}
    told |= {status for name, status in _BY_ROW.items() if name in row}
    if not told and text.lower() in _BY_TEXT:
        told = {_BY_TEXT[text.lower()]}
    if len(told) != 1:
        raise PageChanged(page, "status")
    return told.pop()
