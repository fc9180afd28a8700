"""Each captured page gives the values that its index names."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from pages_cast import HEADER, NOW, captured, page, skeleton

from opium.funpay.errors import PageChanged, SignedOut, Unreachable
from opium.funpay.models import Currency, MessageType, Money, OrderStatus
from opium.funpay.pages import (
    chats,
    common,
    forms,
    main,
    offers,
    orders,
    profile,
    reviews,
    sections,
    session,
    system,
    transactions,
    tree,
)
from opium.funpay.pages.text import money, node_text

pytestmark = pytest.mark.captured
RUB, USD = Currency.RUB, Currency.USD


def test_a_404_page_has_a_token() -> None:
    app = common.app_data(captured("f4j-not-found.ru.html"))
    assert (app.user_id, app.csrf, app.locale) == (1, "new", "ru")


def test_a_429_page_is_no_page_of_funpay() -> None:
    html = captured("msh-error-429.html")
    with pytest.raises(PageChanged):
        common.app_data(html)
    with pytest.raises(Unreachable):
        session.front(html)


def test_a_guest_is_signed_out_but_has_a_token() -> None:
    html = captured("msh-guest-page-trade-info.en.html")
    app = common.app_data(html)
    assert (app.user_id, app.csrf, app.locale) == (0, "e9xumwl5hwa2dhkd", "en")
    with pytest.raises(SignedOut):
        session.front(html)


def test_contact() -> None:
    (contact,) = chats.contacts(captured("fpp-chat-preview.ru.html"))
    assert (contact.chat_id, contact.unread, contact.node_msg) == (123456789, False, 3500000001)
    assert (contact.user_msg, contact.name, contact.time) == (3500000009, "SomeUser", "07:05")
    assert contact.avatar_url == "https://sfunpay.com/s/avatar/dc/nc/someavatar.jpg"
    assert contact.preview == "last message text"
    assert not contact.wiped


def test_an_open_dialog() -> None:
    chat = chats.chat_page(skeleton("fun-chat-thread.logged.ru.skeleton.txt"))
    assert len(chat.contacts) == 50
    assert (len(str(chat.chat_id)), len(chat.name or "")) == (9, 23)
    assert chat.tag
    assert chat.bookmarks_tag
    assert chat.other_user_id
    assert chat.looking_at is None
    assert len(chat.messages) == 11
    assert [m.type for m in chat.messages].count(MessageType.OTHER) == 6
    people = [m for m in chat.messages if m.author_id]
    assert len(people) == 5
    assert len([m for m in people if m.badge]) == 3
    assert all(m.type is MessageType.PLAIN for m in people)


def test_message_with_a_head() -> None:
    (message,) = chats.messages(captured("fpp-message-heading.ru.html"))
    assert (message.id, message.author, message.author_id) == (12345, "Username", 54321)
    assert (message.date, message.text) == ("26 мая, 11:21:41", "MessageText")
    assert message.short_date == "11:21:41"


def test_message_without_a_head() -> None:
    (message,) = chats.messages(captured("fpp-message-nonheading.ru.html"))
    assert (message.id, message.text) == (12346, "MessageText")
    assert (message.author, message.date) == (None, None)
    assert message.author_id == chats.UNKNOWN_AUTHOR


def test_a_follow_up_message_inherits_the_head() -> None:
    first, second = chats.messages(captured("fpp-messages-two.ru.html"))
    assert (second.id, second.author, second.author_id) == (12346, "Username", 54321)
    assert second.date == first.date


def test_refund_notification() -> None:
    (message,) = chats.messages(captured("fpp-message-notification-refund.ru.html"))
    assert (message.id, message.author, message.author_id) == (12347, "FunPay", 0)
    assert (message.date, message.short_date) == ("4 мая, 10:41:16", "04.05.2025")
    assert (message.type, message.order_id) == (MessageType.REFUND, "AAAAAAAA")
    assert message.text == (
        "Продавец SellerUsername вернул деньги покупателю BuyerUsername по заказу #AAAAAAAA."
    )


TYPES = {
    "order_paid": MessageType.ORDER_PAID,
    "order_confirmed": MessageType.ORDER_CONFIRMED,
    "order_confirmed_by_admin": MessageType.ORDER_CONFIRMED_BY_ADMIN,
    "order_reopened": MessageType.ORDER_REOPENED,
    "refund_by_seller": MessageType.REFUND,
    "partial_refund": MessageType.PARTIAL_REFUND,
    "review_new": MessageType.REVIEW_NEW,
    "review_changed": MessageType.REVIEW_CHANGED,
    "review_deleted": MessageType.REVIEW_DELETED,
    "reply_new": MessageType.REPLY_NEW,
    "reply_changed": MessageType.REPLY_CHANGED,
    "reply_deleted": MessageType.REPLY_DELETED,
}


def test_system_sentences() -> None:
    rows: list[dict[str, Any]] = json.loads(captured("fpp-system-messages.ru.json"))
    assert len(rows) == 12
    for row in rows:
        assert system.message_type(row["text"]) is TYPES[row["type"]]
        assert system.order_in(row["text"]) == "ABCDEFGH"


@pytest.mark.parametrize("name", ["fpp-chat-info-full.ru.html", "fpp-chat-info-cpu.ru.html"])
def test_what_the_buyer_looks_at(name: str) -> None:
    shell = '<div class="contact-list"></div><div class="chat chat-float"></div>'
    chat = chats.chat_page(page("content-chat content-chat-index", shell + captured(name)))
    assert (chat.looking_at, chat.other_user_id) == ("Lot name", 13153966)
    assert chat.looking_url == "https://funpay.com/chips/offer?id=12345-678-90-1"


@pytest.mark.parametrize("state", ["online", "offline"])
def test_the_other_party_of_an_order(state: str) -> None:
    row = captured("fpp-order-row-refunded-buyer.ru.html")
    cell = captured(f"fpp-user-preview-{state}.en.html")
    start, end = row.index('<div class="tc-user">'), row.index('<div class="tc-status')
    (order,) = orders.orders_fragment(row[:start] + cell + row[end:], NOW).rows
    assert (order.buyer, order.buyer_id) == ("Username", 12345)
    assert (order.online, order.banned) == (state == "online", False)


def test_sales() -> None:
    html = skeleton("fun-orders-trade.logged.ru.skeleton.txt")
    found = orders.orders_page(html, NOW)
    paid, closed = OrderStatus.PAID, OrderStatus.CLOSED
    wanted = [paid, closed, closed, paid, closed, paid, paid, paid]
    assert [row.status for row in found.rows] == wanted
    assert [row.online for row in found.rows] == [n == 3 for n in range(8)]
    assert found.next_cursor is None


def test_a_refunded_purchase() -> None:
    found = orders.orders_fragment(captured("fpp-order-row-refunded-buyer.ru.html"), NOW)
    (row,) = found.rows
    assert (row.order_id, row.status) == ("ABCDEFGH", OrderStatus.REFUNDED)
    assert (row.date_text, row.title) == ("вчера, 13:33", "Order Description")
    assert row.date
    assert row.date.isoformat() == "2026-08-18T10:33:00+00:00"
    assert row.section_text == "Category, Subcategory"
    assert (row.buyer, row.buyer_id) == ("Counterparty username", 123456)
    assert (row.online, row.banned) == (False, False)
    assert row.price == Money(Decimal("25.12"), RUB)
    assert found.next_cursor == "ABCDEFGI"


HEADINGS = (
    "Игра",
    "Категория",
    "Поле",
    "Краткое описание",
    "Подробное описание",
    "Открыт",
    "Сумма",
)


def test_a_paid_order() -> None:
    html = skeleton("fun-order-paid.v9.logged.ru.skeleton.txt")
    for name in HEADINGS:  # the skeleton masks the headings by which params are known
        at = html.index("<h5>ы")
        html = html[:at] + f"<h5>{name}" + html[html.index("</h5>", at) :]
    html = html.replace('page-header-params">', 'page-header-params">Заказ #ABCD1234 ', 1)
    html = html.replace('data-name="xxx', 'data-name="users-1000001-1000012" x="', 1)
    order = orders.order_page(page("content-orders", html).replace("content ", "", 1), NOW)
    assert (order.order_id, order.status) == ("ABCD1234", OrderStatus.PAID)
    assert (order.section_type, order.section_id) == ("lot", 1010)
    assert (order.seller_id, order.buyer_id) == (1000001, 1000012)
    assert (len(order.summary), order.description.count("\n")) == (95, 4)
    assert order.price.currency is RUB
    assert order.can_refund
    assert order.review is None
    assert list(order.fields) == ["поле"]


def test_review_of_an_order() -> None:
    html = captured("fpp-review-order-page.ru.html")
    review = reviews.order_review(tree.parse(html))
    assert review
    assert (review.order_id, review.stars, review.author_id) == ("ABCDEFGH", 1, 54321)
    assert (review.date_text, review.detail) == ("2 месяца назад", "Game")
    assert review.price == Money(Decimal(500), USD)
    assert (review.text, review.reply) == ("ReviewText", "ReviewReply")


def test_a_staff_profile() -> None:
    html = page("content-users-user", captured("f4j-user-2.ru.html"))
    found = profile.profile(html)
    assert (found.user_id, found.username, found.online) == (2, "Михаил", False)
    assert found.badge == "поддержка"
    assert found.status_text == "Был сегодня в 16:31 (10 минут назад)"
    assert found.registered_text == "14 августа 2015, 18:19"
    assert (found.rating, found.review_count) == (Decimal("3.7"), 415)
    assert found.bars == (82, 2, 2, 3, 13)
    empty, full = found.sections
    assert (empty.section_id, empty.title, empty.offers) == (2046, "Прочее для прочих игр", ())
    assert (full.section_id, full.title) == (453, "Услуги в прочих играх")
    (offer,) = full.offers
    assert (offer.offer_id, offer.server, offer.title) == (
        "19157667",
        "[Прочие]",
        "Реклама на L2on",
    )
    assert offer.price == Money(Decimal("91997.96334"), RUB)
    assert offer.shown_price == Money(Decimal(91998), RUB)
    first, second = found.reviews
    assert (first.stars, second.stars) == (2, 5)
    assert {first.date_text, second.date_text} == {"В этом месяце"}
    assert (first.detail, first.price) == ("Прочие игры", Money(Decimal(10), RUB))
    assert len(first.text.split("\n")) == 3
    assert found.next_review_cursor is None
    assert (found.chat_id, found.chat_name) == (None, "users-2-1940073")


def test_a_public_review() -> None:
    found = reviews.reviews('<div class="dyn-table">' + captured("fpp-review-public.ru.html"))
    (review,) = found.reviews
    assert (review.stars, review.author, review.author_id) == (5, None, None)
    assert (review.date_text, review.detail) == ("2 месяца назад", "Game")
    assert review.price == Money(Decimal(100), RUB)
    assert (review.text, review.reply) == ("ReviewText", "ReviewReply")
    assert found.next_cursor == "=nextid"


def test_a_review_of_my_own_profile() -> None:
    found = reviews.reviews(captured("fpp-review-own-profile.ru.html"))
    (review,) = found.reviews
    assert (review.stars, review.author, review.author_id) == (3, "SenderUername", 54321)
    assert (review.order_id, review.detail) == ("ABCDEFGH", "Game")
    assert review.date_text == "20 января в 12:58, 3 месяца назад"
    assert review.price == Money(Decimal(50), RUB)
    assert (review.text, review.reply) == ("ReviewText", "ReviewReply")
    assert found.next_cursor is None


def test_the_last_page_of_reviews() -> None:
    found = reviews.reviews(skeleton("fun-reviews-last.guest.ru.skeleton.txt"))
    (review,) = found.reviews
    assert (review.stars, review.author) == (1, None)
    assert len((review.reply or "").split("\n")) == 3
    assert found.next_cursor is None


def test_a_section_with_a_promoted_lot() -> None:
    html = page("", captured("f4j-subcategory-lots-81.ru.html"))
    found = sections.section(html)
    assert (found.section_type, found.section_id, found.game_id) == ("lot", 81, 41)
    assert found.title == "Аккаунты Dota 2"
    assert len(found.counters) == 10
    assert found.counters[0] == ("Аккаунты", 6684)
    assert found.counters[-1] == ("Прочее", 6588)
    (offer,) = found.offers
    assert (offer.offer_id, offer.promoted, offer.online) == ("33036049", True, True)
    assert (offer.auto_delivery, offer.seller, offer.seller_id) == (True, "Dosha59", 1879149)
    assert (offer.seller_stars, offer.seller_reviews) == (5, 400)
    assert offer.extra == {
        "f-type1": "продажа",
        "f-type": "под калибровку (tbd)",
        "f-solommr": "800",
        "f-decency": "10000",
    }
    assert offer.price == Money(Decimal("1071.10998"), RUB)
    assert offer.shown_price == Money(Decimal(1071), RUB)


def test_a_public_offer() -> None:
    offer = offers.offer_page(page("", captured("f4j-offer-33502824.ru.html")))
    assert (offer.offer_id, offer.section_type, offer.section_id) == ("33502824", "lot", 149)
    assert offer.auto_delivery
    assert offer.params == {
        "Арена": "20",
        "Уровень": "47",
        "Кубков": "7659",
        "Карт": "113",
        "Легендарных карт": "19",
        "Изменение имени": "Нет",
        "Наличие": "1 шт.",
    }
    assert offer.short.startswith("⚡ АВТОВЫДАЧА")
    assert len(offer.detailed.split("\n")) == 3
    assert [url.rpartition("/")[2] for url in offer.images] == [
        "k8te5697jgx6skdkwsur.jpg",
        "e83lgbedan08xaooveyf.jpg",
    ]
    assert (offer.seller, offer.seller_id, offer.seller_online) == ("Joister", 5553224, True)
    assert (offer.chat_name, offer.chat_id) == ("users-1940073-5553224", None)
    assert offer.tag == "os3fqqhk"
    assert offer.form == {
        "csrf_token": "u1wz8kiterxqqa2n",
        "type": "lot",
        "preview": "1",
        "offer_id": "33502824",
        "username": "",
        "amount": "1",
    }
    assert offer.methods == ("7", "21", "20", "18", "35", "2", "41", "30")
    assert offer.min_price == Money(Decimal("1664.96"), RUB)
    assert offer.balance
    assert {offer.balance.total_rub, offer.balance.available_eur} == {Decimal(0)}
    assert [(r.text, r.detail, r.price) for r in offer.reviews] == [
        ("топчик", "Counter-Strike 2", Money(Decimal(20), RUB)),
        ("Все отлично", "Roblox", Money(Decimal(10), RUB)),
        ("Все хорошо", "Roblox", Money(Decimal(30), RUB)),
    ]


def showcase(name: str, section: str) -> str:
    box = f'<h1>T</h1><div class="showcase" data-game="20" data-section="{section}">'
    return page("content-lots-node", box + captured(name) + "</div>")


def test_a_promoted_row() -> None:
    (offer,) = sections.section(showcase("fpp-offer-row-common.ru.html", "lot-1")).offers
    assert (offer.offer_id, offer.auto_delivery, offer.promoted) == ("12345", True, True)
    assert (offer.online, offer.title, offer.amount) == (True, "Lot Description", 1)
    assert offer.price == Money(Decimal("3499.796334"), RUB)
    assert offer.shown_price == Money(Decimal(3500), RUB)
    assert (offer.seller, offer.seller_id) == ("SellerUsername", 54321)
    assert (offer.seller_stars, offer.seller_reviews) == (5, 105)
    assert offer.extra["without_name"] == "some_data_without_name"
    assert offer.extra["with_name"] == "some_data_with_name"
    assert offer.extra["tc-with_name"] == "Data name"


def test_a_currency_row() -> None:
    (offer,) = sections.section(showcase("fpp-offer-row-currency.ru.html", "chip-20")).offers
    assert (offer.offer_id, offer.server) == ("15090731-20-20-97-0", "Эллиан (F2P)")
    assert (offer.amount, offer.price) == (2000000, Money(Decimal("0.132"), RUB))
    assert (offer.online, offer.seller_stars, offer.seller_reviews) == (False, None, 2)


SECTIONS = [
    ("chips-28", 26, "chip", 28, 0, 0, 0),
    ("chips-49", 61, "chip", 49, 7, 6, 0),
    ("lots-45", 24, "lot", 45, 0, 0, 0),
    ("lots-1238", 313, "lot", 1238, 1, 1, 0),
    ("lots-789", 249, "lot", 789, 1, 1, 0),
    ("lots-69", 15, "lot", 69, 25, 9, 2),
    ("lots-2388", 523, "lot", 2388, 41, 28, 25),
    ("lots-1248", 219, "lot", 1248, 214, 149, 0),
]


@pytest.mark.parametrize("row", SECTIONS, ids=lambda row: str(row[0]))
def test_sections_of_a_guest(row: tuple[str, int, str, int, int, int, int]) -> None:
    name, game, kind, number, count, online, auto = row
    html = captured(f"msh-subcategory-{name}.en.html")
    found = sections.section(html, guest_ok=True)
    assert (found.game_id, found.section_type, found.section_id) == (game, kind, number)
    assert len(found.offers) == count
    assert sum(offer.online for offer in found.offers) == online
    assert sum(offer.auto_delivery for offer in found.offers) == auto
    assert {offer.price.currency for offer in found.offers if offer.price} <= {USD}
    with pytest.raises(SignedOut):
        sections.section(html)


def section_of(name: str) -> list[Any]:
    html = captured(f"msh-subcategory-{name}.en.html")
    return list(sections.section(html, guest_ok=True).offers)


def test_counters_of_an_empty_section() -> None:
    html = captured("msh-subcategory-chips-28.en.html")
    counters = sections.section(html, guest_ok=True).counters
    wanted = [("Gold", 0), ("Accounts", 1), ("Top Up", 7), ("Items", 1), ("Services", 2021)]
    assert list(counters) == wanted


def test_cheap_currency() -> None:
    rows = section_of("chips-49")
    first, last = rows[0], rows[-1]
    assert (first.offer_id, first.seller) == ("11429719-61-49-1471-0", "Anatoli97")
    assert (first.amount, first.price.amount) == (5000, Decimal("0.0136"))
    assert first.seller_reviews is None
    assert (last.offer_id, last.price.amount) == ("9009822-61-49-1471-0", Decimal("0.0198"))


def test_lots_with_an_amount() -> None:
    (row,) = section_of("lots-1238")
    assert (row.offer_id, row.seller, row.amount) == ("26298970", "az1kk", 997)
    assert (row.price.amount, row.shown_price.amount) == (Decimal("0.545158"), Decimal("0.55"))
    assert row.seller_reviews == 2528


def test_lots_with_server_and_side() -> None:
    (row,) = section_of("lots-789")
    assert (row.offer_id, row.server, row.side) == ("20872961", "Siel", "Asmodian")
    assert (row.extra["f-type"], row.amount) == ("оружие", 1231)
    assert row.price.amount == Decimal("4.088685")


def test_prices_of_a_section() -> None:
    first, second, *_ = section_of("lots-69")
    assert (first.offer_id, first.price.amount) == ("20211906", Decimal("452.900486"))
    assert (second.offer_id, second.auto_delivery) == ("27037453", True)
    assert (second.price.amount, second.shown_price.amount) == (
        Decimal("0.079258"),
        Decimal("0.079"),
    )


def test_stars_of_a_section() -> None:
    rows = section_of("lots-2388")
    prices = [row.price.amount for row in rows]
    assert (min(prices), max(prices)) == (Decimal("0.011323"), Decimal("1.019026"))
    stars = [row.seller_stars for row in rows]
    assert [stars.count(n) for n in (5, 4, None)] == [21, 15, 5]


def test_rows_beyond_the_first_screen() -> None:
    rows = section_of("lots-1248")
    assert (rows[0].offer_id, rows[0].server) == ("31969137", "Xbox")
    assert rows[0].price.amount == Decimal("0.566126")
    assert (rows[-1].offer_id, rows[-1].price.amount) == ("26328727", Decimal("49.694506"))


def test_the_form_of_a_new_lot() -> None:
    html = page("content-lots-offeredit", captured("fpp-offer-edit-new-2875.ru.html"))
    form = offers.offer_form(html)
    assert (form.offer_id, form.node_id, form.active, form.auto_delivery) == (
        "0",
        2875,
        True,
        False,
    )
    filled = {name: value for name, value in form.fields.items() if value}
    assert filled == {
        "csrf_token": "CSRFTOKEN",
        "form_created_at": "1234567890",
        "offer_id": "0",
        "node_id": "2875",
        "fields[summary][ru]": "RuSummary",
        "fields[desc][ru]": "RuDescription",
        "active": "on",
    }
    assert form.price == ""


def test_my_lots_one_of_them_inactive() -> None:
    html = skeleton("fun-lots-trade-one-inactive.logged.ru.skeleton.txt")
    found = offers.own_lots(page("", html))
    assert (found.game_id, found.section_id) == (441, 441)
    assert [offer.active for offer in found.offers] == [True, True, True, False]
    assert all(offer.price and offer.price.currency is RUB for offer in found.offers)


def test_game_search() -> None:
    dota, other = main.promo_filter(json.loads(captured("f4j-promo-filter.ru.json")))
    assert (dota.game_id, dota.name, dota.region, len(dota.sections)) == (41, "Dota 2", "", 10)
    assert dota.sections[0] == ("lot", 81, "Аккаунты")
    assert dota.sections[-1] == ("lot", 504, "Прочее")
    assert (other.game_id, other.name, len(other.sections)) == (158, "Прочие игры", 9)
    assert (other.sections[0][1], other.sections[-1][1]) == (451, 2046)


def test_one_game() -> None:
    html = page("content-promo-index", captured("fpp-category-single.ru.html"))
    (game,) = main.categories(html)
    assert (game.game_id, game.name, game.region) == (344, "Age of Wonders 4", "")
    assert game.sections == (("lot", 1407, "Аккаунты"), ("lot", 1408, "Ключи"))


def test_transactions() -> None:
    found = transactions.transactions(captured("f4j-transactions-fragment.ru.html"))
    assert [(t.id, t.order_id, str(t.price.amount)) for t in found.rows] == [
        (75266034, "NZF6TSZG", "-68.52"),
        (72626903, None, "57.20"),
        (72601081, "G5Q4ZCFW", "-73.41"),
        (72601080, None, "73.41"),
        (71099383, "KZ5HLSGL", "-14.56"),
        (71099382, None, "14.41"),
        (70681257, None, "-271.00"),
        (70677646, None, "271.00"),
        (70466102, None, "-271.00"),
    ]
    assert {t.price.currency for t in found.rows} == {RUB}
    assert (found.rows[1].method, found.rows[6].method) == ("7", "qiwi")
    assert (found.rows[0].status, found.rows[8].status) == ("complete", "cancel")
    assert found.rows[0].date_text == "30 октября 2022, 14:12"
    assert found.rows[8].date_text == "16 сентября 2022, 17:51"
    assert found.next_cursor == "26924320"


def test_one_transaction() -> None:
    found = transactions.transactions(captured("fpp-transaction-order.ru.html"))
    (row,) = found.rows
    assert (row.id, row.status, row.order_id) == (12345, "complete", "ABCDEFGH")
    assert (row.date_text, row.price) == ("20 января 2024, 23:11", Money(Decimal("1.23"), RUB))
    assert (row.method, found.next_cursor) == (None, "101010")


def test_price_snippets() -> None:
    for row in json.loads(captured("fpp-money.json")):
        whole = tree.parse(row.get("html") or f"<p>{row['text']}</p>")
        if row["from"].endswith("data-s"):
            shown = money(node_text(whole.tag))
            assert shown.currency is RUB
            assert tree.attr(whole.first("tc-price"), "data-s") == row["value"]
        else:
            assert money(node_text(whole.tag)) == Money(Decimal(row["value"]), RUB)


def test_a_form_as_the_browser_sends_it() -> None:
    form = tree.Part(tree.parse(captured("fpp-form-serialize.html")).named("form")[0])
    assert forms.submitted(form) == {
        "text1": "hello",
        "pass": "secret",
        "check1": "on",
        "radio": "a",
        "comment": "Some text here",
        "select1": "2",
        "select2": "Default",
    }


def test_the_header_is_where_the_captured_pages_have_it() -> None:
    html = skeleton("fun-orders-trade.logged.ru.skeleton.txt")
    header = session.front(html)
    assert header.username
    assert header.orders_tag
    assert header.balance == Money(Decimal(5), RUB)
    assert "live-counters" in HEADER
