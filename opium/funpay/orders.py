"""Orders: the list, one in full, refunds and replies to reviews (protocol 5, 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from opium.funpay import paths
from opium.funpay.chats import Chats
from opium.funpay.errors import Missing, PageChanged, Refused, Unreachable
from opium.funpay.gate import Kind
from opium.funpay.models import Order, OrdersPage, OrderStatus, Review
from opium.funpay.pages import answers
from opium.funpay.pages.order import order_page
from opium.funpay.pages.orders import orders_fragment, orders_page
from opium.funpay.pages.orders_api import orders_api
from opium.funpay.session import read_json
from opium.funpay.transport import READ_SECONDS, SEND_SECONDS

BATCH = 10
"""Orders per question to the API."""


class Orders(Chats):
    """What we sold."""

    def sales(
        self,
        cursor: str | None = None,
        status: OrderStatus | None = None,
        *,
        order_work: bool = True,
        seconds: float = READ_SECONDS,
    ) -> OrdersPage:
        """A page of the sales list, newest first: the first, or the one that `cursor` (a page's
        `next_cursor`) names; give the same `status` for all pages."""
        kind = Kind.ORDER if order_work else Kind.OTHER
        filters = {"state": status.value} if status else {}
        if cursor is None:
            return self._page(
                paths.SALES,
                filters,
                read=lambda html: orders_page(html, self._clock.now()),
                kind=kind,
                seconds=seconds,
            )
        return self._fetch(
            paths.SALES,
            read=lambda answer: orders_fragment(answer.text, self._clock.now()),
            kind=kind,
            seconds=seconds,
            query=filters,
            data={"continue": cursor, **filters},
        )

    def orders(
        self,
        ids: Iterable[str],
        *,
        order_work: bool = True,
        seconds: float = READ_SECONDS,
    ) -> dict[str, Order]:
        """Orders in full by id, ten per request; those that FunPay does not know are left out.

        From `/api/orders/get`; where that fails or leaves one out, from the order's page.
        """
        wanted = list(dict.fromkeys(ids))
        found: dict[str, Order] = {}
        for at in range(0, len(wanted), BATCH):
            batch = wanted[at : at + BATCH]
            known = self._from_api(batch, order_work, seconds)
            for order_id in batch:
                order = known.get(order_id) or self._known_order(order_id, order_work, seconds)
                if order:
                    found[order_id] = order
        return found

    def order(
        self, order_id: str, *, order_work: bool = True, seconds: float = READ_SECONDS
    ) -> Order:
        """The order's page: it alone has the date and the numeric chat id. Raises Missing."""
        found = self._page(
            paths.order(order_id),
            read=lambda html: order_page(html, self._clock.now()),
            kind=Kind.ORDER if order_work else Kind.OTHER,
            seconds=seconds,
        )
        self.remember_name(found.chat_id, found.chat_name)
        return found

    def refund(self, order_id: str, *, seconds: float = SEND_SECONDS) -> None:
        """Give the buyer the money back: one POST. Raises Refused, Unanswered (outcome unknown),
        and what was not sent as `send` does."""
        self._act(
            paths.REFUND,
            lambda csrf: {"id": order_id, "csrf_token": csrf},
            read=answers.refund,
            kind=Kind.ORDER,
            seconds=seconds,
        )

    def reply_to_review(
        self, order_id: str, text: str, *, seconds: float = SEND_SECONDS
    ) -> Review | None:
        """Write or replace our reply; the review as it is now. Repeating it edits. Raises as
        `refund`."""
        return self._review(paths.REVIEW, order_id, {"text": text, "rating": ""}, seconds)

    def delete_reply(self, order_id: str, *, seconds: float = SEND_SECONDS) -> Review | None:
        """Take our reply back; the review as it is now. Raises as `refund`."""
        return self._review(paths.REVIEW_DELETE, order_id, {}, seconds)

    def _review(
        self, path: str, order_id: str, fields: dict[str, str], seconds: float
    ) -> Review | None:
        def form(csrf: str) -> dict[str, Any]:
            who = {"authorId": self.user_id, "orderId": order_id}
            return {**who, **fields, "csrf_token": csrf}

        return self._act(path, form, read=answers.review, seconds=seconds)

    def _from_api(self, ids: Sequence[str], order_work: bool, seconds: float) -> dict[str, Order]:
        """What the API knows; nothing where it does not work, so that the pages are asked."""
        try:
            return self._fetch(
                paths.ORDERS_API,
                read=lambda answer: read_json(answer, _orders),
                kind=Kind.ORDER if order_work else Kind.OTHER,
                seconds=seconds,
                json={"order_uids": list(ids), "include": ["details", "users", "review"]},
            )
        except (Refused, PageChanged, _NoApi):
            return {}

    def _known_order(self, order_id: str, order_work: bool, seconds: float) -> Order | None:
        try:
            return self.order(order_id, order_work=order_work, seconds=seconds)
        except Missing:
            return None


class _NoApi(Unreachable):
    """The API answered something else than SUCCESS."""


def _orders(data: object) -> dict[str, Order]:
    try:
        return orders_api(data)
    except Unreachable as exc:
        raise _NoApi(str(exc)) from exc
