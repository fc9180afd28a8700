"""What may be missing is missing; what must be there names its page and field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pages_own as own
import pytest
from pages_cast import NOW

from opium.funpay.errors import PageChanged
from opium.funpay.pages import (
    balance,
    chats,
    main,
    offers,
    orders,
    profile,
    reviews,
    sections,
    session,
    transactions,
)


def first_row(html: str) -> object:
    return orders.orders_page(html, NOW).rows[0]


def order(html: str) -> object:
    return orders.order_page(html, NOW)


def lot(html: str) -> object:
    return sections.section(html).offers[0]


def review(html: str) -> object:
    return reviews.reviews(html).reviews[0]


def transaction(html: str) -> object:
    return transactions.transactions(html).rows[0]


def dialog(html: str) -> object:
    return chats.chat_page(html)


def contact(html: str) -> object:
    return chats.contacts(html)[0]


def head(html: str) -> object:
    return chats.messages(html)[0]


Optional = tuple[Callable[[str], object], str, str, str, str, Any]

OPTIONAL: list[Optional] = [
    (session.front, own.ORDERS, "badge-orders", "x", "purchases", 0),
    (session.front, own.ORDERS, "badge-trade", "x", "sales", 0),
    (session.front, own.ORDERS, "badge-chat", "x", "unread_chats", 0),
    (session.front, own.ORDERS, "badge-balance", "x", "balance", None),
    (session.front, own.ORDERS, "live-counters", "x", "orders_tag", None),
    (session.front, own.ORDERS, 'data-chat="0p2m4n6q"', 'data-chat=""', "chat_tag", None),
    (contact, own.CONTACT, "contact-item-message", "x", "preview", ""),
    (contact, own.CONTACT, "contact-item-message", "x", "wiped", True),
    (contact, own.CONTACT, "avatar-photo", "x", "avatar_url", None),
    (contact, own.CONTACT, "contact-item-time", "x", "time", None),
    (contact, own.CONTACT, " unread", "", "unread", False),
    (head, own.HEAD, "chat-msg-author-label", "x", "badge", None),
    (head, own.HEAD, "chat-msg-date", "x", "date", None),
    (head, own.HEAD, "chat-msg-text", "x", "text", ""),
    (head, own.HEAD, 'title="17 августа, 4:21:41"', "", "date", "4:21:41"),
    (dialog, own.CHAT, own.CHAT_BOX, '<div class="chat"></div>', "chat_id", None),
    (dialog, own.CHAT, own.CHAT_BOX, '<div class="chat"></div>', "title", None),
    (dialog, own.CHAT, 'data-history="1"', "", "has_more", False),
    (dialog, own.CHAT, "chat-panel", "x", "looking_at", None),
    (dialog, own.CHAT, "chat-header", "x", "title", None),
    (dialog, own.CHAT, 'data-name="users-1000001-1000002"', "", "other_user_id", 1000002),
    (first_row, own.ORDERS, ", 3 шт.", "", "amount", 1),
    (first_row, own.ORDERS, "text-muted", "x", "section_text", ""),
    (first_row, own.ORDERS, "сегодня, 13:56", "когда-то", "date", None),
    (first_row, own.ORDERS, "media media-user", "x", "banned", False),
    (first_row, own.ORDERS, "tc-item info", "tc-item", "status", "paid"),
    (first_row, own.ORDERS, "tc-status text-primary", "tc-status", "status", "paid"),
    (order, own.ORDER, '<span class="text-success">Закрыт</span>', "", "status", "paid"),
    (order, own.ORDER, "https://funpay.com/lots/81/", "#", "section_id", None),
    (order, own.ORDER, "Подробное описание", "Иное", "description", ""),
    (order, own.ORDER, "Краткое описание", "Иное", "summary", ""),
    (order, own.ORDER, "Количество", "Ещё", "amount", 1),
    (order, own.ORDER, "<h5>Открыт", "<h5>Когда", "date", None),
    (order, own.ORDER, "order-secrets-list", "x", "secrets", ()),
    (order, own.ORDER, "btn-refund", "x", "can_refund", False),
    (order, own.ORDER, own.REVIEW, "", "review", None),
    (order, own.ORDER, "<h5>Игра", "<h5>Мир", "game", None),
    (order, own.ORDER, 'data-id="200000001"', "", "chat_id", None),
    (order, own.ORDER, 'data-name="users-1000001-1000002"', "", "buyer_id", 1000002),
    (lot, own.SECTION, "tc-server", "x", "server", None),
    (lot, own.SECTION, "tc-side", "x", "side", None),
    (lot, own.SECTION, "tc-amount", "x", "amount", None),
    (lot, own.SECTION, "tc-user", "x", "seller", None),
    (lot, own.SECTION, "rating-stars rating-4", "x", "seller_stars", None),
    (lot, own.SECTION, "rating-mini-count", "x", "seller_reviews", 400),
    (lot, own.SECTION, 'data-online="1"', "", "online", False),
    (lot, own.SECTION, 'data-auto="1"', "", "auto_delivery", False),
    (lot, own.SECTION, "tc-price", "x", "price", None),
    (review, own.REVIEWS, 'class="rating"', "", "stars", None),
    (review, own.REVIEWS, "media-user-name", "x", "author", None),
    (review, own.REVIEWS, "review-item-order", "x", "order_id", None),
    (review, own.REVIEWS, "review-item-detail", "x", "price", None),
    (review, own.REVIEWS, "review-item-date", "x", "date_text", None),
    (reviews.reviews, own.REVIEWS, 'value="MTIz=="', 'value=""', "next_cursor", None),
    (profile.profile, own.PROFILE, "rating-value", "x", "rating", None),
    (profile.profile, own.PROFILE, ">4.9<", ">?<", "rating", None),
    (profile.profile, own.PROFILE, '"rating-full"', '"x"', "bars", ()),
    (profile.profile, own.PROFILE, "rating-full-count", "x", "review_count", None),
    (profile.profile, own.PROFILE, '"label label', '"x', "badge", None),
    (profile.profile, own.PROFILE, "media-user-status", "x", "status_text", None),
    (profile.profile, own.PROFILE, "Дата регистрации", "Иное", "registered_text", None),
    (profile.profile, own.PROFILE, own.REVIEWS, "", "reviews", ()),
    (profile.profile, own.PROFILE, own.REVIEWS, "", "user_id", 1000001),
    (profile.profile, own.PROFILE, '"chat chat-float"', '"x"', "chat_id", None),
    (offers.own_lots, own.OWN_LOTS, "js-lot-raise", "x", "game_id", None),
    (offers.own_lots, own.OWN_LOTS, "js-lot-raise", "x", "section_id", 81),
    (offers.own_lots, own.OWN_LOTS, "tc-item warning", "x", "offers", ()),
    (offers.offer_page, own.OFFER, "offer-header-auto-dlv-label", "x", "auto_delivery", False),
    (offers.offer_page, own.OFFER, "attachments-thumb", "x", "images", ()),
    (offers.offer_page, own.OFFER, "<form", "<x", "form", {}),
    (offers.offer_page, own.OFFER, "<form", "<x", "methods", ()),
    (offers.offer_page, own.OFFER, "<form", "<x", "balance", None),
    (offers.offer_page, own.OFFER, "<form", "<x", "offer_id", "30000001"),
    (offers.offer_page, own.OFFER, "от 1664.96 ₽", "", "min_price", None),
    (offers.offer_page, own.OFFER, "Подробное описание", "Иное", "detailed", ""),
    (offers.offer_page, own.OFFER, own.PUBLIC_REVIEW, "", "reviews", ()),
    (transaction, own.TRANSACTIONS, "payment-logo payment-method-7", "x", "method", None),
    (transaction, own.TRANSACTIONS, "tc-payment-number", "x", "payment_number", None),
    (balance.balance_page, own.BALANCE, "0.70 $", "0.70 ₽", "total_usd", 0),
    (offers.offer_form, own.LOT_FORM, 'name="amount"', "", "active", False),
]


@pytest.mark.parametrize(
    ("parser", "html", "part", "instead", "field", "value"),
    OPTIONAL,
    ids=[f"{row[0].__name__}-{row[4]}-{n}" for n, row in enumerate(OPTIONAL)],
)
def test_a_part_that_may_be_missing(
    parser: Callable[[str], object], html: str, part: str, instead: str, field: str, value: object
) -> None:
    assert part in html
    assert getattr(parser(html.replace(part, instead)), field) == value


REQUIRED: list[tuple[Callable[[str], object], str, str, str, str]] = [
    (session.front, own.ORDERS, "user-link-name", "header", "user name"),
    (session.front, own.ORDERS, ">3<", "header", "badge-trade"),
    (contact, own.CONTACT, 'data-id="200000001"', "contacts", "data-id"),
    (contact, own.CONTACT, 'data-node-msg="4900000010"', "contacts", "data-node-msg"),
    (contact, own.CONTACT, 'data-user-msg="4900000007"', "contacts", "data-user-msg"),
    (contact, own.CONTACT, "media-user-name", "contacts", "name"),
    (head, own.HEAD, 'id="message-4900000011"', "message", "id"),
    (head, own.HEAD, "chat-msg-body", "message", "chat-msg-body"),
    (head, own.HEAD, "chat-msg-author-link", "message", "author"),
    (dialog, own.CHAT, "contact-list", "chat", "contact list"),
    (dialog, own.CHAT, '"chat chat-float"', "chat", "chat box"),
    (first_row, own.ORDERS, "/orders/ABCD1234/", "orders", "order id"),
    (first_row, own.ORDERS, "order-desc", "orders", "description"),
    (first_row, own.ORDERS, "tc-date-time", "orders", "date"),
    (first_row, own.ORDERS, "tc-price text-nowrap", "orders", "price"),
    (first_row, own.ORDERS, "1\u00a0010.50", "orders", "price"),
    (first_row, own.ORDERS, "tc-user", "orders", "buyer"),
    (first_row, own.ORDERS, "media-user-name", "orders", "buyer"),
    (first_row, own.ORDERS, "/users/1000002/", "orders", "buyer id"),
    (order, own.ORDER, "<h1", "order", "title"),
    (order, own.ORDER, "<h5>Сумма", "order", "sum"),
    (order, own.ORDER, "10.5</span>", "order", "sum"),
    (order, own.ORDER, "3 шт.", "order", "amount"),
    (order, own.ORDER, '"chat chat-float"', "order", "chat"),
    (lot, own.SECTION, "tc-desc-text", "section", "lot title"),
    (lot, own.SECTION, "?id=30000001", "section", "lot id"),
    (lot, own.SECTION, '"showcase"', "section", "showcase"),
    (lot, own.SECTION, 'data-section="lot-81"', "section", "data-section"),
    (lot, own.SECTION, 'data-game="41"', "section", "data-game"),
    (lot, own.SECTION, "<h1", "section", "title"),
    (profile.profile, own.PROFILE, "<h1", "profile", "title"),
    (profile.profile, own.PROFILE, "/lots/81/", "profile", "section link"),
    (offers.own_lots, own.OWN_LOTS, 'data-game="41"', "own lots", "data-game"),
    (offers.own_lots, own.OWN_LOTS, "tc-desc-text", "own lots", "lot title"),
    (offers.offer_form, own.LOT_FORM, "form-offer-editor", "lot form", "form"),
    (offers.offer_form, own.LOT_FORM, 'name="csrf_token"', "lot form", "csrf_token"),
    (offers.offer_form, own.LOT_FORM, 'name="offer_id"', "lot form", "offer_id"),
    (offers.offer_form, own.LOT_FORM, 'name="node_id"', "lot form", "node_id"),
    (offers.offer_form, own.LOT_FORM, own.CONDITIONS[:9], "lot form", "data-fields"),
    (offers.offer_page, own.OFFER, "/lots/81/", "offer", "section link"),
    (offers.offer_page, own.OFFER, '"chat chat-float"', "offer", "seller"),
    (offers.offer_page, own.OFFER, "media-user-name", "offer", "seller"),
    (balance.offer_balance, own.OFFER, 'data-balance-rub="10.5"', "offer", "balance"),
    (balance.offer_balance, own.OFFER, 'data-balance-usd="0"', "offer", "data-balance-usd"),
    (balance.balance_page, own.BALANCE, "balances-value", "balance", "balances-value"),
    (transaction, own.TRANSACTIONS, 'data-transaction="123456789"', "transactions", "id"),
    (transaction, own.TRANSACTIONS, "transaction-status-waiting", "transactions", "status"),
    (transaction, own.TRANSACTIONS, "tc-title", "transactions", "title"),
    (transaction, own.TRANSACTIONS, "tc-price", "transactions", "price"),
    (transaction, own.TRANSACTIONS, "tc-date-time", "transactions", "date"),
    (main.categories, own.MAIN, "promo-game-item", "main page", "games"),
    (main.categories, own.MAIN, 'data-id="41"', "games", "data-id"),
    (main.categories, own.MAIN, "/chips/2/", "games", "section link"),
]


@pytest.mark.parametrize(
    ("parser", "html", "part", "page", "field"),
    REQUIRED,
    ids=[f"{row[3]}-{row[4]}-{n}" for n, row in enumerate(REQUIRED)],
)
def test_a_part_that_must_be_there(
    parser: Callable[[str], object], html: str, part: str, page: str, field: str
) -> None:
    assert part in html
    instead = "<div" if part.startswith("<h1") else ""
    if part in (">3<",):
        instead = ">много<"
    if part.startswith("<h5>"):
        instead = "<h5>Иное"
    with pytest.raises(PageChanged) as caught:
        parser(html.replace(part, instead))
    assert (caught.value.page, caught.value.field) == (page, field)
