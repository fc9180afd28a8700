"""What is not the page asked for says what it is, from every parser."""

from __future__ import annotations

from collections.abc import Callable

import pages_own as own
import pytest
from pages_cast import (
    BLOCKED,
    CHALLENGE,
    GUEST,
    GUEST_LIST,
    LOGIN,
    MAINTENANCE,
    NOT_FOUND,
    NOW,
    TOO_MANY,
    page,
)

from opium.funpay.errors import (
    Banned,
    FunPayError,
    Missing,
    PageChanged,
    SignedOut,
    Unreachable,
)
from opium.funpay.models import Review
from opium.funpay.pages import (
    answers,
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

Parser = Callable[[str], object]

WHOLE: dict[str, Parser] = {
    "front": session.front,
    "chat_page": chats.chat_page,
    "orders_page": lambda html: orders.orders_page(html, NOW),
    "order_page": lambda html: orders.order_page(html, NOW),
    "profile": profile.profile,
    "section": sections.section,
    "offer_page": offers.offer_page,
    "own_lots": offers.own_lots,
    "offer_form": offers.offer_form,
    "balance_page": balance.balance_page,
    "offer_balance": balance.offer_balance,
    "transactions_page": transactions.transactions_page,
    "categories": main.categories,
}
PIECES: dict[str, Parser] = {
    "contacts": chats.contacts,
    "messages": chats.messages,
    "message": chats.message,
    "orders_fragment": lambda html: orders.orders_fragment(html, NOW),
    "reviews": reviews.reviews,
    "transactions": transactions.transactions,
    "promo_filter": lambda html: main.promo_filter({"html": html}),
}
ALL = {**WHOLE, **PIECES}
every = pytest.mark.parametrize("parser", ALL.values(), ids=ALL.keys())


@every
@pytest.mark.parametrize("html", [LOGIN, GUEST, GUEST_LIST], ids=["login", "guest", "guest list"])
def test_a_dead_session_is_signed_out(parser: Parser, html: str) -> None:
    with pytest.raises(SignedOut):
        parser(html)


@every
def test_a_blocked_account_is_banned_with_the_reason(parser: Parser) -> None:
    with pytest.raises(Banned, match="Ваш аккаунт заблокирован"):
        parser(BLOCKED)


@every
@pytest.mark.parametrize(
    "html", [CHALLENGE, MAINTENANCE, TOO_MANY], ids=["challenge", "mnt", "429"]
)
def test_a_page_that_is_not_funpays_is_unreachable(parser: Parser, html: str) -> None:
    with pytest.raises(Unreachable):
        parser(html)


NAMED = {name: parser for name, parser in ALL.items() if name != "front"}


@pytest.mark.parametrize("parser", NAMED.values(), ids=NAMED.keys())
def test_a_404_page_is_missing(parser: Parser) -> None:
    with pytest.raises(Missing, match="Страница не найдена"):
        parser(NOT_FOUND)


ROOTED = {name: parser for name, parser in WHOLE.items() if name != "front"}


@pytest.mark.parametrize("parser", ROOTED.values(), ids=ROOTED.keys())
def test_another_page_has_the_wrong_content_root(parser: Parser) -> None:
    with pytest.raises(PageChanged, match="content root"):
        parser(page("content-other", "<p>?</p>"))


@pytest.mark.parametrize("parser", PIECES.values(), ids=PIECES.keys())
def test_a_fragment_without_its_marks_is_no_empty_list(parser: Parser) -> None:
    with pytest.raises(PageChanged):
        parser("<div class='other'>?</div>")


GUESTS: dict[str, tuple[Parser, str]] = {
    "profile": (lambda html: profile.profile(html, guest_ok=True), own.PROFILE),
    "section": (lambda html: sections.section(html, guest_ok=True), own.SECTION),
    "offer_page": (lambda html: offers.offer_page(html, guest_ok=True), own.OFFER),
    "categories": (lambda html: main.categories(html, guest_ok=True), own.MAIN),
}


@pytest.mark.parametrize(("parser", "html"), GUESTS.values(), ids=GUESTS.keys())
def test_public_pages_accept_a_guest_who_is_expected(parser: Parser, html: str) -> None:
    assert parser(html.replace("&quot;userId&quot;: 1000001", "&quot;userId&quot;: 0"))
    with pytest.raises(SignedOut):
        parser(LOGIN)


def test_a_guest_is_known_by_user_0_alone() -> None:
    html = own.ORDERS.replace("&quot;userId&quot;: 1000001", "&quot;userId&quot;: 0")
    with pytest.raises(SignedOut):
        orders.orders_page(html, NOW)


def test_a_guest_is_known_by_the_login_link_alone() -> None:
    html = own.ORDERS.replace("menu-item-orders", "menu-item-login")
    with pytest.raises(SignedOut):
        orders.orders_page(html, NOW)


def test_a_page_without_app_data_but_with_its_root_has_changed() -> None:
    html = own.ORDERS.replace("data-app-data", "data-other")
    with pytest.raises(PageChanged, match="app data"):
        orders.orders_page(html, NOW)


def test_a_buyer_cannot_fake_a_challenge() -> None:
    html = own.CHAT.replace("Здравствуйте", "Just a moment challenge-platform")
    assert chats.chat_page(html).contacts[0].preview.startswith("Just a moment")


def test_a_dead_session_hides_in_no_review_answer() -> None:
    assert isinstance(answers.review({"content": own.REVIEW}), Review)
    with pytest.raises(FunPayError):
        answers.review({"content": LOGIN})
