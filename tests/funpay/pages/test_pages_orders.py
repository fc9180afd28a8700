"""Orders: the list, the page and the API say the same thing, and none of them is guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pages_own as own
import pytest
from pages_cast import HEADER, NOW

from opium.funpay.errors import PageChanged, Stale, Unreachable
from opium.funpay.models import Currency, Money, OrderRow, OrderStatus, Review
from opium.funpay.pages import orders

RUB = Currency.RUB


def sale(row: str) -> OrderRow:
    return orders.orders_fragment(row, NOW).rows[0]


def test_a_row_in_full() -> None:
    page = orders.orders_page(own.ORDERS, NOW)
    assert page.rows == (
        OrderRow(
            order_id="ABCD1234",
            status=OrderStatus.PAID,
            title="Название лота, 3 шт.",
            section_text="Game, Аккаунты",
            amount=3,
            price=Money(Decimal("1010.50"), RUB),
            buyer="BuyerOne",
            buyer_id=1000002,
            date=datetime(2026, 8, 19, 10, 56, tzinfo=UTC),
            date_text="сегодня, 13:56",
            online=False,
            banned=True,
        ),
    )
    assert page.next_cursor == "ABCD1000"


def test_the_header_comes_with_the_page() -> None:
    header = orders.orders_page(own.ORDERS, NOW).header
    assert header
    assert (header.username, header.sales, header.unread_chats) == ("SellerOne", 3, 12)
    assert header.balance == Money(Decimal(1234), RUB)
    assert (header.orders_tag, header.chat_tag) == ("k3x9a1bc", "0p2m4n6q")


def test_an_account_without_orders() -> None:
    page = orders.orders_page(own.NO_ORDERS, NOW)
    assert (page.rows, page.next_cursor) == ((), None)


@pytest.mark.parametrize("cursor", ["", "0"])
def test_the_last_page(cursor: str) -> None:
    html = own.ORDERS.replace('value="ABCD1000"', f'value="{cursor}"')
    assert orders.orders_page(html, NOW).next_cursor is None


STATUSES = [
    ("info", "tc-status text-primary", "Оплачен", OrderStatus.PAID),
    ("", "tc-status text-success", "Закрыт", OrderStatus.CLOSED),
    ("warning", "tc-status text-warning", "Возврат", OrderStatus.REFUNDED),
    ("", "text-success tc-status", "?", OrderStatus.CLOSED),
    ("", "tc-status", "Closed", OrderStatus.CLOSED),
    ("", "tc-status", "Refund", OrderStatus.REFUNDED),
    ("", "tc-status", "paid", OrderStatus.PAID),
    ("info", "tc-status", "", OrderStatus.PAID),
]


@pytest.mark.parametrize(("row", "cell", "text", "status"), STATUSES)
def test_status_of_a_row(row: str, cell: str, text: str, status: OrderStatus) -> None:
    html = own.ORDER_ROW.replace("tc-item info", f"tc-item {row}")
    html = html.replace("tc-status text-primary", cell).replace("Оплачен", text)
    assert sale(html).status is status


@pytest.mark.parametrize(
    ("row", "cell", "text"),
    [("", "tc-status", "В споре"), ("", "x", ""), ("info", "tc-status text-warning", "Оплачен")],
)
def test_an_unknown_status_is_not_guessed(row: str, cell: str, text: str) -> None:
    html = own.ORDER_ROW.replace("tc-item info", f"tc-item {row}")
    html = html.replace("tc-status text-primary", cell).replace("Оплачен", text)
    with pytest.raises(PageChanged, match="status"):
        sale(html)


AMOUNTS = [
    ("Лот", 1),
    ("Лот, 3 шт.", 3),
    ("Lot, 3 pcs.", 3),
    ("Золото, 2 000 000 шт.", 2000000),
    ("Золото, 2\u00a0000 шт., Hero", 2000),
    ("Лот, 3 шт., ник, 99 шт.", 3),
    ("Лот 3 шт. в наборе", 1),
]


@pytest.mark.parametrize(("title", "amount"), AMOUNTS)
def test_amount_of_a_row(title: str, amount: int) -> None:
    assert sale(own.ORDER_ROW.replace("Название лота, 3 шт.", title)).amount == amount


def test_the_page_of_an_order_in_full() -> None:
    order = orders.order_page(own.ORDER, NOW)
    assert (order.order_id, order.status) == ("ABCD1234", OrderStatus.CLOSED)
    assert (order.summary, order.description) == ("Золото, 100", "строка\nвторая")
    assert (order.amount, order.price) == (3, Money(Decimal("10.5"), RUB))
    assert (order.buyer_id, order.buyer, order.seller_id) == (1000002, "BuyerOne", 1000001)
    assert (order.chat_name, order.chat_id) == ("users-1000001-1000002", 200000001)
    assert (order.section_type, order.section_id) == ("lot", 81)
    assert (order.section_text, order.game) == ("Аккаунты", "Game")
    assert order.date == datetime(2026, 8, 19, 10, 56, tzinfo=UTC)
    assert (order.secrets, order.fields) == (("login:pass",), {"ник в игре": "Hero"})
    assert order.can_refund


def test_goods_are_copied_exactly_even_if_they_are_shown_folded() -> None:
    html = own.ORDER.replace('data-copy="login:pass"', 'data-copy="login:  pass"')
    assert orders.order_page(html, NOW).secrets == ("login:  pass",)


def test_goods_without_a_copy_button_are_read_as_shown() -> None:
    html = own.ORDER.replace("btn-copy", "x")
    assert orders.order_page(html, NOW).secrets == ("login:pass",)


def test_the_review_of_an_order() -> None:
    assert orders.order_page(own.ORDER, NOW).review == Review(
        stars=4,
        text="Хорошо\nи быстро",
        reply="Спасибо",
        author_id=1000002,
        date_text="В этом месяце",
        order_id="ABCD1234",
        detail="Game, с запятой",
        price=Money(Decimal(100), RUB),
    )


def test_a_hidden_review() -> None:
    hidden = own.ORDER.replace("<span>Отзыв</span>", '<span class="text-warning">скрыт</span>')
    review = orders.order_page(hidden, NOW).review
    assert review
    assert review.hidden


def test_an_editor_is_no_reply() -> None:
    html = own.ORDER.replace("review-compiled-reply", "review-editor-reply")
    review = orders.order_page(html, NOW).review
    assert review
    assert review.reply is None


def test_a_review_that_was_not_written() -> None:
    html = own.ORDER.replace('data-rating="4"', 'data-rating=""')
    html = html.replace("Хорошо<br>и быстро", '<span class="review-empty-text">нет</span>')
    assert orders.order_page(html, NOW).review is None


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Short description", "summary"),
        ("короткий опис", "summary"),
        (" SHORT  description ", "summary"),
        ("Detailed description", "description"),
    ],
)
def test_headings_of_other_languages(heading: str, field: str) -> None:
    html = own.ORDER.replace("Краткое описание", heading)
    assert getattr(orders.order_page(html, NOW), field) == "Золото, 100"


def test_a_refunded_order() -> None:
    html = own.ORDER.replace('"text-success">Закрыт', '"text-warning">Возврат')
    assert orders.order_page(html, NOW).status is OrderStatus.REFUNDED


def test_an_unknown_mark_beside_the_title_is_not_paid() -> None:
    html = own.ORDER.replace('"text-success">Закрыт', '"text-info">В споре')
    with pytest.raises(PageChanged, match="status"):
        orders.order_page(html, NOW)


def test_the_buyer_sees_his_own_order() -> None:
    order = orders.order_page(own.ORDER.replace("btn-refund", "btn-complete"), NOW)
    assert (order.buyer_id, order.seller_id) == (1000001, 1000002)


def test_without_buttons_the_menu_tells_my_role() -> None:
    html = own.ORDER.replace("btn-refund", "btn")
    assert orders.order_page(html, NOW).seller_id == 1000001
    bought = html.replace('"menu-item-trade"', '"x"').replace(
        '<li class="active">', '<li class="active"><a class="menu-item-orders"></a>'
    )
    assert orders.order_page(bought, NOW).buyer_id == 1000001


def test_without_any_sign_my_role_is_not_guessed() -> None:
    html = own.ORDER.replace("btn-refund", "btn").replace(HEADER, HEADER.replace("active", ""))
    with pytest.raises(PageChanged, match="role"):
        orders.order_page(html, NOW)


RAW: dict[str, Any] = {
    "order_uid": "ABCD1234",
    "status": "closed",
    "amount": "10.5",
    "currency": "RUB",
    "section": {"type_id": "lot", "local_id": 81},
    "buyer": {"user_id": 1000002, "name": "BuyerOne"},
    "seller": {"user_id": 1000001, "name": "SellerOne"},
    "chat": {"node_name": "users-1000001-1000002"},
    "review": {"text": "Хорошо", "rating": 4, "reply": "", "hidden": False},
    "type_data": {
        "amount": "3",
        "player": "Hero",
        "secrets": [{"value": "login:pass"}],
        "server": {"server_id": 7, "name": "Server"},
        "side": None,
        "fields": {
            "summary": {"field_type_id": 2, "value": {"en": "Gold, 100", "ru": "Золото, 100"}},
            "desc": {"field_type_id": 3, "value": {"ru": "", "en": "line"}},
            "payment_msg": {"value": {"ru": "спасибо"}},
            "kind": {"name": "Вид", "value": "Ключ"},
        },
    },
}


def by_api(**changes: Any) -> Any:
    data = {"ABCD1234": RAW | changes}
    return orders.orders_api({"status": "SUCCESS", "data": data})["ABCD1234"]


def test_the_api_in_full() -> None:
    order = by_api()
    assert (order.order_id, order.status) == ("ABCD1234", OrderStatus.CLOSED)
    assert (order.summary, order.description) == ("Золото, 100", "line")
    assert (order.amount, order.price) == (3, Money(Decimal("10.5"), RUB))
    assert (order.buyer_id, order.buyer, order.seller_id) == (1000002, "BuyerOne", 1000001)
    assert (order.chat_name, order.section_id, order.section_type) == (
        "users-1000001-1000002",
        81,
        "lot",
    )
    assert (order.secrets, order.player) == (("login:pass",), "Hero")
    assert order.fields == {"kind": "Ключ", "server": "Server"}
    assert order.review == Review(stars=4, text="Хорошо", reply=None)


def test_page_and_api_agree() -> None:
    page, api = orders.order_page(own.ORDER, NOW), by_api()
    same = replace(
        api,
        description=page.description,
        chat_id=page.chat_id,
        section_text=page.section_text,
        game=page.game,
        date=page.date,
        review=page.review,
        player=page.player,
        fields=page.fields,
        can_refund=page.can_refund,
    )
    assert same == page


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"review": None}, "review", None),
        ({"review": {"text": "", "rating": "", "reply": ""}}, "review", None),
        ({"section": None}, "section_id", None),
        ({"section": {"type_id": "chip", "local_id": "2"}}, "section_type", "chip"),
        ({"seller": None}, "seller_id", None),
        ({"chat": []}, "chat_name", None),
        ({"buyer": {"user_id": "1000002"}}, "buyer", None),
        ({"amount": 10.5}, "price", Money(Decimal("10.5"), RUB)),
        ({"status": "partially_refunded"}, "status", OrderStatus.PARTIALLY_REFUNDED),
        ({"type_data": {"amount": 1, "fields": []}}, "summary", ""),
        ({"type_data": {"amount": 1, "fields": {"summary": {"value": "a"}}}}, "summary", "a"),
        ({"type_data": {"amount": 1, "secrets": None}}, "secrets", ()),
    ],
)
def test_what_the_api_may_leave_out(changes: dict[str, Any], field: str, value: object) -> None:
    assert getattr(by_api(**changes), field) == value


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"order_uid": None}, "order_uid"),
        ({"status": "frozen"}, "status"),
        ({"amount": None}, "amount"),
        ({"amount": float("nan")}, "amount"),
        ({"currency": "XYZ"}, "currency"),
        ({"buyer": {}}, "buyer.user_id"),
        ({"type_data": {}}, "type_data.amount"),
        ({"type_data": None}, "type_data"),
        ({"review": {"rating": 6}}, "review.rating"),
    ],
)
def test_what_the_api_must_say(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(PageChanged) as caught:
        by_api(**changes)
    assert (caught.value.page, caught.value.field) == ("orders api", field)


def test_orders_that_the_api_does_not_know_are_left_out() -> None:
    assert orders.orders_api({"status": "SUCCESS", "data": []}) == {}
    assert orders.orders_api({"status": "SUCCESS", "data": {"ABCD1234": None}}) == {}


def test_an_api_failure_may_pass() -> None:
    with pytest.raises(Unreachable, match="ERROR"):
        orders.orders_api({"status": "ERROR"})


def test_a_stale_session_of_the_api() -> None:
    with pytest.raises(Stale):
        orders.orders_api({"msg": "Обновите страницу и повторите попытку.", "error": 1})
