"""Transactions of the balance page and of its further pages (15.1)."""

from __future__ import annotations

import re

from opium.funpay.errors import PageChanged
from opium.funpay.models import Transaction, TransactionsPage
from opium.funpay.pages.common import fragment, require_signed_in, required
from opium.funpay.pages.reviews import next_cursor
from opium.funpay.pages.text import fold, money, node_text
from opium.funpay.pages.tree import Part, attr, classes
from opium.funpay.pages.values import as_int

__all__ = ["transactions", "transactions_page"]

_STATUS = "transaction-status-"
_METHOD = "payment-method-"
# A top-up's number may look like an order's id: the word before it tells.
_ORDER = re.compile(r"(?:заказ|order|замовлення)\s+#(?P<order>[A-Z0-9]{8})(?![A-Z0-9])", re.I)


def transactions_page(html: str) -> TransactionsPage:
    """The first page, part of `/account/balance`."""
    page = require_signed_in(html, "transactions", "content-account-balance")
    return _page(page.content)


def transactions(html: str) -> TransactionsPage:
    """Answer of POST `/users/transactions`."""
    return _page(fragment(html, "transactions", "dyn-table", "tc-item", "dyn-table-form"))


def _page(part: Part) -> TransactionsPage:
    return TransactionsPage(tuple(map(_row, part.parts("tc-item"))), next_cursor(part))


def _row(row: Part) -> Transaction:
    title = node_text(required(row.first("tc-title"), "transactions", "title"))
    match = _ORDER.match(title)
    price = required(row.first("tc-price"), "transactions", "price").get_text()
    return Transaction(
        id=as_int(attr(row.tag, "data-transaction"), "transactions", "id"),
        status=_suffix(row, _STATUS),
        title=title,
        order_id=match["order"] if match else None,
        price=money(price, "transactions", "price"),
        date_text=fold(required(row.first("tc-date-time"), "transactions", "date").get_text()),
        payment_number=node_text(row.first("tc-payment-number")) or None,
        method=_method(row),
    )


def _suffix(row: Part, prefix: str) -> str:
    for name in classes(row.tag):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    raise PageChanged("transactions", "status")


def _method(row: Part) -> str | None:
    names = classes(row.first("payment-logo"))
    return next((name.removeprefix(_METHOD) for name in names if name.startswith(_METHOD)), None)
