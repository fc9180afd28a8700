"""Lots: public, my own, their form; profiles, balances, games, transactions."""

from __future__ import annotations

from decimal import Decimal

import pages_own as own
import pytest
from pages_cast import page

from opium.funpay.errors import Missing
from opium.funpay.models import Balance, Currency, Money, OfferRow, Transaction
from opium.funpay.pages import (
    balance,
    main,
    offers,
    profile,
    reviews,
    sections,
    session,
    transactions,
)

RUB = Currency.RUB


def test_a_row_of_a_section_in_full() -> None:
    found = sections.section(own.SECTION)
    assert found.offers == (
        OfferRow(
            offer_id="30000001",
            title="Золото, 100",
            price=Money(Decimal("1071.109980"), RUB),
            section_id=81,
            section_type="lot",
            server="Server",
            side="Empire",
            amount=997,
            auto_delivery=True,
            online=True,
            seller="SellerTwo",
            seller_id=5,
            seller_stars=4,
            seller_reviews=400,
            shown_price=Money(Decimal(1071), RUB),
            extra={"f-type": "оружие"},
        ),
    )
    assert (found.title, found.counters) == ("Аккаунты Game", (("Аккаунты", 1),))


def test_an_empty_section() -> None:
    assert sections.section(own.SECTION.replace(own.TABLE, "")).offers == ()


def test_a_promoted_lot_is_listed_once() -> None:
    copy = own.LOT_ROW.replace("tc-item", "tc-item offer-promo offer-promoted")
    row = own.LOT_ROW.replace("tc-item", "tc-item offer-promo")
    found = sections.section(own.SECTION.replace(own.LOT_ROW, copy + row))
    assert [offer.promoted for offer in found.offers] == [True]


def test_a_guest_sees_sellers_as_bare_text() -> None:
    bare = own.SECTION.replace(
        '<span class="pseudo-a" data-href="https://funpay.com/users/5/"\n   >SellerTwo</span>',
        "SellerTwo",
    )
    (offer,) = sections.section(bare).offers
    assert (offer.seller, offer.seller_id) == ("SellerTwo", 5)


def test_the_price_of_currency_is_its_text() -> None:
    html = own.SECTION.replace("lot-81", "chip-81").replace("tc-desc-text", "x")
    (offer,) = sections.section(html).offers
    assert offer.price == Money(Decimal(1071), RUB)


def test_a_profile_in_full() -> None:
    found = profile.profile(own.PROFILE)
    assert (found.user_id, found.username, found.online) == (1000001, "SellerOne", True)
    assert (found.badge, found.status_text) == ("поддержка", "Онлайн")
    assert found.registered_text == "14 августа 2015, 18:19"
    assert (found.rating, found.review_count) == (Decimal("4.9"), 415)
    assert found.bars == (82, 0, 0, 0, 0)
    (section,) = found.sections
    assert (section.section_type, section.section_id) == ("lot", 81)
    assert [offer.offer_id for offer in section.offers] == ["30000001"]
    assert (len(found.reviews), found.next_review_cursor) == (1, "MTIz==")
    assert (found.chat_name, found.chat_id) == ("users-5-1000001", 200000001)


def test_reviews_of_a_filter_without_results() -> None:
    found = reviews.reviews('<p class="pb20">Пусто</p>')
    assert (found.reviews, found.next_cursor) == ((), None)


def test_a_game_with_a_comma_in_its_name() -> None:
    (review,) = reviews.reviews(own.REVIEWS).reviews
    assert (review.detail, review.price) == ("Game, с запятой", Money(Decimal(100), RUB))
    assert (review.author, review.author_id, review.order_id) == ("BuyerOne", 1000002, "ABCD1234")


def test_my_lots() -> None:
    found = offers.own_lots(own.OWN_LOTS)
    assert (found.section_id, found.game_id) == (81, 41)
    (offer,) = found.offers
    assert (offer.offer_id, offer.active, offer.amount) == ("300", False, 4)
    assert (offer.title, offer.price) == ("Золото, 100", Money(Decimal("9.5"), RUB))


def test_my_lots_where_i_have_none() -> None:
    html = page(
        "content-lots content-lots-trade",
        '<a href="https://funpay.com/lots/offerEdit?node=81">Добавить</a>',
    )
    found = offers.own_lots(html)
    assert (found.section_id, found.game_id, found.offers) == (81, None, ())


FORM = {
    "csrf_token": "a1b2c3d4e5f6g7h8",
    "form_created_at": "1770000000",
    "offer_id": "300",
    "node_id": "81",
    "location": "",
    "deleted": "",
    "server_id": "",
    "fields[kind]": "Аккаунт",
    "fields[level]": "20",
    "fields[summary][ru]": 'Золото "100"',
    "fields[desc][ru]": "строка\nвторая",
    "auto_delivery": "on",
    "secrets": "AAAA\nBBBB",
    "price": "9.5",
    "amount": "4",
    "deactivate_after_sale[]": "on",
}


def test_the_form_of_a_lot_as_the_browser_sends_it() -> None:
    form = offers.offer_form(own.LOT_FORM)
    assert form.fields == FORM
    assert (form.offer_id, form.node_id) == ("300", 81)
    assert (form.active, form.auto_delivery, form.price) == (False, True, "9.5")


def test_a_field_whose_condition_fails_is_not_sent() -> None:
    html = own.LOT_FORM.replace("selected", "").replace('value="Ключ"', 'value="Ключ" selected')
    fields = offers.offer_form(html).fields
    assert fields == {name: value for name, value in FORM.items() if "level" not in name} | {
        "fields[kind]": "Ключ"
    }


def test_conditions_in_a_circle_use_neither_field() -> None:
    circle = own.CONDITIONS.replace(
        "&quot;conditions&quot;:[]",
        "&quot;conditions&quot;:[{&quot;id&quot;:&quot;level&quot;,&quot;value&quot;:20}]",
    )
    fields = offers.offer_form(own.LOT_FORM.replace(own.CONDITIONS, circle)).fields
    assert not {"fields[kind]", "fields[level]"} & set(fields)


def test_a_lot_that_is_not_mine() -> None:
    with pytest.raises(Missing, match="Нет доступа"):
        offers.offer_form(own.NOT_MY_LOT)


def test_an_offer_in_full() -> None:
    offer = offers.offer_page(own.OFFER)
    assert (offer.offer_id, offer.section_type, offer.section_id) == ("30000001", "lot", 81)
    assert (offer.params, offer.short) == ({"Наличие": "1 шт."}, "Золото")
    assert offer.detailed == "строка\nвторая"
    assert (offer.seller, offer.seller_id, offer.seller_online) == ("SellerTwo", 5, True)
    assert offer.images == ("https://sfunpay.com/s/offer/big.jpg",)
    assert offer.form == {"csrf_token": "c", "offer_id": "30000001", "username": ""}
    assert (offer.methods, offer.min_price) == (("7",), Money(Decimal("1664.96"), RUB))
    assert offer.tag == "os3fqqhk"


def test_the_balances_of_an_offers_page() -> None:
    wanted = Balance(
        Decimal(12), Decimal("10.5"), Decimal(0), Decimal(0), Decimal("1.25"), Decimal(0)
    )
    assert balance.offer_balance(own.OFFER) == wanted
    assert offers.offer_page(own.OFFER).balance == wanted


def test_the_balance_page() -> None:
    found = balance.balance_page(own.BALANCE)
    assert (found.total_rub, found.available_rub) == (Decimal("1234.5"), Decimal("1234.5"))
    assert (found.total_usd, found.total_eur) == (Decimal("0.70"), Decimal(0))


def test_a_transaction_in_full() -> None:
    wanted = Transaction(
        id=123456789,
        status="waiting",
        title="Пополнение баланса #24729278",
        order_id=None,
        price=Money(Decimal("-68.52"), RUB),
        date_text="30 октября 2022, 14:12",
        payment_number="+375",
        method="7",
    )
    found = transactions.transactions(own.TRANSACTIONS)
    assert (found.rows, found.next_cursor) == ((wanted,), "26924320")
    assert transactions.transactions_page(own.BALANCE) == found


def test_games_with_regions_are_listed_once() -> None:
    games = main.categories(own.MAIN)
    assert [(game.game_id, game.name, game.region) for game in games] == [
        (41, "Game", "EU"),
        (42, "Game", "NA"),
    ]
    assert games[0].sections == (("lot", 81, "Аккаунты"), ("chip", 2, "Золото"))
    assert main.promo_filter({"html": own.GAMES}) == games


def test_a_search_that_finds_nothing() -> None:
    assert main.promo_filter({"html": ""}) == ()


def test_the_main_page_as_a_sign_of_life() -> None:
    header = session.front(own.MAIN)
    assert (header.app.user_id, header.app.csrf, header.app.locale) == (
        1000001,
        "a1b2c3d4e5f6g7h8",
        "ru",
    )
    assert (header.purchases, header.sales) == (0, 3)
