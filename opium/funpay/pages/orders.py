"""The lists of orders: sales and purchases (5)."""

from __future__ import annotations

import re
from datetime import datetime

from bs4 import Tag

from opium.funpay.errors import PageChanged
from opium.funpay.models import OrderRow, OrdersPage, OrderStatus
from opium.funpay.pages.common import fragment, header, require_signed_in, required
from opium.funpay.pages.order import order_page
from opium.funpay.pages.orders_api import orders_api
from opium.funpay.pages.reviews import next_cursor
from opium.funpay.pages.status import order_status
from opium.funpay.pages.text import fold, money, node_text, order_link, parse_date, user_link
from opium.funpay.pages.tree import Part, classes

__all__ = ["order_page", "orders_api", "orders_fragment", "orders_page"]

_AMOUNT = re.compile(r",\s(?P<n>[0-9]{1,3}(?:\s?[0-9]{3}){0,4})\s(?:шт|pcs)\.(?:,\s.+)?$", re.S)
_ROOTS = ("content-orders-trade", "content-orders-index")


def orders_page(html: str, now: datetime) -> OrdersPage:
    """`/orders/trade` or `/orders/`: a page without rows is an account without orders."""
    page = require_signed_in(html, "orders", *_ROOTS)
    rows = _rows(page.content, now)
    return OrdersPage(header(page), rows, next_cursor(page.content))


def orders_fragment(html: str, now: datetime) -> OrdersPage:
    """A further page, answer of POST `/orders/trade` (5.2)."""
    part = fragment(html, "orders", "tc-item", "dyn-table", "dyn-table-form")
    return OrdersPage(None, _rows(part, now), next_cursor(part))


def _rows(part: Part, now: datetime) -> tuple[OrderRow, ...]:
    return tuple(_row(item, now) for item in part.parts("tc-item"))


def _row(row: Part, now: datetime) -> OrderRow:
    lines = required(row.first("order-desc"), "orders", "description").find_all("div")
    title = node_text(lines[0]) if lines else ""
    date_text = fold(required(row.first("tc-date-time"), "orders", "date").get_text())
    price = required(row.first("tc-price"), "orders", "price").get_text()
    user = row.part("tc-user")
    if user is None:
        raise PageChanged("orders", "buyer")
    return OrderRow(
        order_id=_order_id(row.tag),
        status=_status(row),
        title=title,
        section_text=node_text(row.first("text-muted")),
        amount=_amount(title),
        price=money(price, "orders", "price"),
        buyer=fold(required(user.first("media-user-name"), "orders", "buyer").get_text()),
        buyer_id=_buyer_id(user),
        date=parse_date(date_text, now),
        date_text=date_text,
        online="online" in classes(user.first("media-user")),
        banned="banned" in classes(user.first("media-user")),
    )


def _order_id(row: Tag) -> str:
    order = order_link(row)
    if order is None:
        raise PageChanged("orders", "order id")
    return order


def _status(row: Part) -> OrderStatus:
    cell = row.first("tc-status")
    return order_status("orders", node_text(cell), classes(cell), classes(row.tag))


def _buyer_id(user: Part) -> int:
    for tag in user.named("a", "span", "div"):
        if found := user_link(tag):
            return found
    raise PageChanged("orders", "buyer id")


def _amount(title: str) -> int:
    """The first «, N шт.» that ends the text or is followed by what the buyer typed: he cannot
    put one before it. A lot without it was bought once."""
    match = _AMOUNT.search(title)
    return int(re.sub(r"\s", "", match["n"])) if match else 1
