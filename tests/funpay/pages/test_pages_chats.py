"""Chats and the runner: who wrote what, and what a poll brought."""

from __future__ import annotations

from typing import Any

import pages_own as own
import pytest

from opium.funpay.errors import (
    Limited,
    Missing,
    PageChanged,
    Refused,
    Stale,
    Unanswered,
)
from opium.funpay.models import ChatHistory, Look, MessageType
from opium.funpay.pages import answers, chats, runner, system

STALE = {"msg": "Обновите страницу и повторите попытку.", "error": 1}
TOO_FAST = "Нельзя отправлять сообщения слишком часто."
MANY_PEOPLE = "You cannot message multiple users too frequently."


def test_an_open_dialog_in_full() -> None:
    chat = chats.chat_page(own.CHAT)
    assert (chat.chat_id, chat.name, chat.title) == (
        200000001,
        "users-1000001-1000002",
        "BuyerOne",
    )
    assert (chat.tag, chat.bookmarks_tag) == ("a1b2c3d4", "e5f6g7h8")
    assert (chat.other_user_id, chat.has_more) == (1000002, True)
    assert chat.looking_at == "Название лота"
    assert chat.looking_url == "https://funpay.com/lots/offer?id=12345"
    assert [message.id - 4900000000 for message in chat.messages] == [11, 12, 13, 14]
    assert chat.header.username == "SellerOne"
    (contact,) = chat.contacts
    assert (contact.chat_id, contact.unread, contact.preview) == (200000001, True, "Здравствуйте")


def test_no_dialog_is_open() -> None:
    chat = chats.chat_page(own.NO_DIALOG)
    assert (chat.chat_id, chat.name, chat.title, chat.tag) == (None, None, None, None)
    assert (chat.messages, chat.contacts) == ((), ())
    assert chat.bookmarks_tag == "e5f6g7h8"


def test_a_buyers_message() -> None:
    message = chats.message(own.HEAD, 1000002)
    assert (message.id, message.author, message.author_id) == (4900000011, "BuyerOne", 1000002)
    assert (message.text, message.badge) == ("текст\nвторая строка", "автоответ")
    assert (message.date, message.short_date) == ("17 августа, 4:21:41", "4:21:41")
    assert (message.type, message.order_id) == (MessageType.PLAIN, None)
    assert message.html == own.HEAD


def test_a_message_of_funpay() -> None:
    message = chats.message(own.SYSTEM, 0)
    assert (message.author, message.author_id) == ("FunPay", 0)
    assert (message.type, message.order_id) == (MessageType.ORDER_PAID, "ABCD1234")
    assert message.badge == "оповещение"


def test_a_buyer_cannot_type_a_message_of_funpay() -> None:
    typed = own.HEAD.replace("текст<br>вторая строка", own.PAID_TEXT)
    for message in (chats.message(typed, 1000002), chats.messages(typed)[0]):
        assert message.text == own.PAID_TEXT
        assert (message.type, message.order_id) == (MessageType.PLAIN, None)
        assert message.author_id == 1000002


@pytest.mark.parametrize("author", [1000002, 1000001])
def test_an_alert_by_somebody_is_not_of_funpay(author: int) -> None:
    assert chats.message(own.SYSTEM, author).type is MessageType.PLAIN


def test_an_alert_under_an_authors_link_is_not_of_funpay() -> None:
    link = '<a class="chat-msg-author-link" href="https://funpay.com/users/1000002/">B</a>'
    (message,) = chats.messages(own.SYSTEM.replace("FunPay", link, 1))
    assert (message.type, message.author_id) == (MessageType.PLAIN, 1000002)


def test_an_unknown_message_of_funpay_keeps_its_order() -> None:
    html = own.SYSTEM.replace("оплатил", "обсудил")
    message = chats.message(html, 0)
    assert (message.type, message.order_id) == (MessageType.OTHER, "ABCD1234")


def test_the_order_comes_from_the_link_first() -> None:
    html = own.SYSTEM.replace("заказ #ABCD1234", "заказ #WRONG123")
    assert chats.message(html, 0).order_id == "ABCD1234"


def test_an_older_alert_without_a_text_node() -> None:
    html = own.SYSTEM.replace("chat-msg-text", "x")
    assert chats.message(html, 0).type is MessageType.ORDER_PAID


def test_a_picture() -> None:
    message = chats.message(own.IMAGE, 1000002)
    assert message.image_url == "https://sfunpay.com/s/chat/big.jpg"
    assert (message.image_name, message.text) == ("снимок.jpg", "")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a<br>b", "a\nb"),
        ("a<br />\nb", "a\nb"),
        ("a\nb", "a\nb"),
        ("a<br><br>b", "a\n\nb"),
        ("  a \u00a0 b  ", "a b"),
        ("&lt;b&gt; &amp;", "<b> &"),
        ('см. <a href="https://x.y/">https://x.y/</a>!', "см. https://x.y/!"),
        ("\u2063метка", "\u2063метка"),
        ("a<!-- b -->c", "ac"),
    ],
)
def test_text_of_a_message(source: str, text: str) -> None:
    assert chats.message(own.HEAD.replace("текст<br>вторая строка", source), 5).text == text


def raw(html: str, number: int, author: int) -> dict[str, object]:
    return {"id": number, "author": author, "html": html}


NODE: dict[str, Any] = {
    "node": {"id": 200000001, "name": "users-1000001-1000002", "silent": False},
    "messages": [
        raw(own.HEAD, 4900000011, 1000002),
        raw(own.FOLLOW_UP, 4900000012, 1000002),
        raw(own.SYSTEM, 4900000013, 0),
        raw(own.IMAGE, 4900000014, 1000001),
    ],
    "hasHistory": True,
}


def test_a_chat_of_the_runner() -> None:
    chat = chats.node(NODE)
    assert (chat.chat_id, chat.name, chat.has_more) == (200000001, "users-1000001-1000002", True)
    assert [m.author_id for m in chat.messages] == [1000002, 1000002, 0, 1000001]
    assert [m.author for m in chat.messages] == ["BuyerOne", "BuyerOne", "FunPay", None]


def test_messages_come_in_the_order_of_their_ids() -> None:
    chat = chats.node(NODE | {"messages": NODE["messages"][::-1]})
    assert [m.id for m in chat.messages] == sorted(m.id for m in chat.messages)


def test_the_history_of_a_chat() -> None:
    assert chats.history({"chat": NODE}) == chats.node(NODE)


@pytest.mark.parametrize("answer", [{"chat": None}, {}, {"chat": False}])
def test_a_chat_that_does_not_exist(answer: object) -> None:
    with pytest.raises(Missing):
        chats.history(answer)


def test_the_history_of_a_stale_session() -> None:
    with pytest.raises(Stale):
        chats.history(STALE)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"node": None}, "node"),
        ({"node": {"name": "x"}}, "node.id"),
        ({"node": {"id": 1}}, "node.name"),
        ({"messages": None}, "messages"),
        ({"messages": [1]}, "message"),
        ({"messages": [{"id": 1, "author": 1}]}, "message.html"),
        ({"messages": [raw(own.HEAD, 4900000011, 5) | {"author": None}]}, "message.author"),
        ({"messages": [raw(own.HEAD, 1, 5)]}, "message.id"),
    ],
)
def test_what_a_chat_of_the_runner_must_say(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(PageChanged) as caught:
        chats.node(NODE | changes)
    assert caught.value.field == field


QUIET: dict[str, Any] = {"objects": [], "response": False}


def thing(kind: str, data: object, tag: str = "t") -> dict[str, Any]:
    return {"type": kind, "id": "1000001", "tag": tag, "data": data}


def bookmarks(html: str) -> dict[str, Any]:
    data = {"counter": 1, "message": 9, "order": [200000001, "200000002"], "html": html}
    return thing("chat_bookmarks", data, "mm29x7dd")


def test_a_quiet_poll() -> None:
    found, tags = runner.look(QUIET)
    assert (found, tags) == (Look(), {})
    assert found.quiet


def test_a_sale_and_a_message() -> None:
    answer = {
        "objects": [
            thing("orders_counters", {"buyer": 0, "seller": 3}, "zz81k0aa"),
            bookmarks(f'<div class="contact-list">{own.CONTACT}</div>'),
            thing("c-p-u", {"html": {"desktop": ""}}, "cc"),
        ],
        "response": False,
    }
    found, tags = runner.look(answer)
    assert (found.purchases, found.sales) == (0, 3)
    assert [contact.chat_id for contact in found.contacts] == [200000001]
    assert found.order == (200000001, 200000002)
    assert tags == {"orders_counters": "zz81k0aa", "chat_bookmarks": "mm29x7dd", "c-p-u": "cc"}


@pytest.mark.parametrize("html", ["", '<div class="contact-list"></div>'])
def test_bookmarks_without_a_changed_contact(html: str) -> None:
    found, _ = runner.look({"objects": [bookmarks(html)]})
    assert (found.contacts, found.order) == ((), (200000001, 200000002))


def test_an_object_that_says_nothing_keeps_its_tag() -> None:
    found, tags = runner.look({"objects": [thing("orders_counters", False, "new")]})
    assert (found.quiet, tags) == (True, {"orders_counters": "new"})


def test_the_chats_of_an_answer() -> None:
    answer = {"objects": [thing("chat_node", NODE), thing("chat_node", False)]}
    found = runner.chat_nodes(answer)
    assert found == (chats.node(NODE),)
    assert isinstance(found[0], ChatHistory)


def test_a_stale_poll() -> None:
    with pytest.raises(Stale):
        runner.look(STALE)


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ([], "answer"),
        ({"response": False}, "objects"),
        ({"objects": [1]}, "object"),
        ({"objects": [{"id": 1}]}, "object type"),
        ({"objects": [thing("orders_counters", {"buyer": 1})]}, "orders_counters.seller"),
        ({"objects": [thing("orders_counters", {"seller": 1})]}, "orders_counters.buyer"),
        ({"objects": [thing("chat_bookmarks", {"html": ""})]}, "chat_bookmarks.order"),
        ({"objects": [thing("chat_bookmarks", {"order": []})]}, "chat_bookmarks.html"),
    ],
)
def test_what_a_poll_must_say(answer: object, field: str) -> None:
    with pytest.raises(PageChanged) as caught:
        runner.look(answer)
    assert (caught.value.page, caught.value.field) == ("runner", field)


@pytest.mark.parametrize("response", [{"error": None}, {"error": ""}, {"url": "/chat/?node=1"}])
def test_an_action_that_was_taken(response: object) -> None:
    runner.action_result({"objects": [], "response": response})


@pytest.mark.parametrize("answer", [QUIET, {"objects": []}, QUIET | {"response": True}, [], None])
def test_an_action_without_an_answer_is_not_taken_for_done(answer: object) -> None:
    with pytest.raises(Unanswered):
        runner.action_result(answer)


FLOODS = [
    TOO_FAST,
    MANY_PEOPLE,
    "You cannot send messages too frequently.",
    "Не можна надсилати повідомлення занадто часто.",
    "Нельзя слишком часто отправлять сообщения разным пользователям.",
    "Не можна надто часто надсилати повідомлення різним користувачам.",
]


@pytest.mark.parametrize("text", FLOODS)
def test_flood_texts_ask_to_slow_down(text: str) -> None:
    with pytest.raises(Limited, match=text[:20]):
        runner.action_result(QUIET | {"response": {"error": text}})


def test_two_kinds_of_flood() -> None:
    assert answers.many_people(MANY_PEOPLE)
    assert not answers.many_people(TOO_FAST)


def test_another_error_is_a_refusal() -> None:
    with pytest.raises(Refused, match="чёрном списке"):
        runner.action_result(QUIET | {"response": {"error": "Вы в чёрном списке."}})


def test_an_action_of_a_stale_session() -> None:
    with pytest.raises(Stale):
        runner.action_result(STALE)


EN = [
    (
        "The buyer Bob has paid for order #ABCD1234. Lot, 1. Bob, do not forget to press the "
        "«Confirm order fulfilment» button once you finish.",
        MessageType.ORDER_PAID,
    ),
    (
        "The buyer Bob has confirmed that order #ABCD1234 has been fulfilled successfully and "
        "that the seller Ann has been paid.",
        MessageType.ORDER_CONFIRMED,
    ),
    (
        "The administrator Жора has confirmed that order #ABCD1234 has been fulfilled "
        "successfully and that the seller Ann has been paid.",
        MessageType.ORDER_CONFIRMED_BY_ADMIN,
    ),
    ("Order #ABCD1234 has been reopened.", MessageType.ORDER_REOPENED),
    ("The seller Ann has refunded the buyer Bob on order #ABCD1234.", MessageType.REFUND),
    (
        "The administrator Eve has refunded the buyer Bob on order #ABCD1234.",
        MessageType.REFUND_BY_ADMIN,
    ),
    (
        "A part of the funds pertaining to the order #ABCD1234 has been refunded.",
        MessageType.PARTIAL_REFUND,
    ),
    ("The buyer Bob has given feedback to the order #ABCD1234.", MessageType.REVIEW_NEW),
    ("The buyer Bob has edited their feedback to the order #ABCD1234.", MessageType.REVIEW_CHANGED),
    (
        "The buyer Bob has deleted their feedback to the order #ABCD1234.",
        MessageType.REVIEW_DELETED,
    ),
    ("The seller Ann has replied to their feedback to the order #ABCD1234.", MessageType.REPLY_NEW),
    (
        "The seller Ann has edited a reply to their feedback to the order #ABCD1234.",
        MessageType.REPLY_CHANGED,
    ),
    (
        "The seller Ann has deleted a reply to their feedback to the order #ABCD1234.",
        MessageType.REPLY_DELETED,
    ),
    (
        "Администратор Ева вернул деньги покупателю Bob по заказу #ABCD1234.",
        MessageType.REFUND_BY_ADMIN,
    ),
    ("Вы можете перейти в Discord, чтобы говорить.", MessageType.DISCORD),
    ("Dear vendors, do not rely on chat messages! Look at orders.", MessageType.DEAR_VENDORS),
    (own.PAID_TEXT, MessageType.ORDER_PAID),
    (own.PAID_TEXT.replace("BuyerOne, не", "Another, не"), MessageType.OTHER),
    ("Привет. " + own.PAID_TEXT, MessageType.OTHER),
    ("Покупец BuyerOne сплатив замовлення #ABCD1234.", MessageType.OTHER),
    ("", MessageType.OTHER),
]


@pytest.mark.parametrize(("text", "kind"), EN)
def test_sentences_of_funpay(text: str, kind: MessageType) -> None:
    assert system.message_type(text) is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (own.PAID_TEXT[:60], MessageType.ORDER_PAID),
        ("Заказ #ABCD1234 открыт повторно.", MessageType.ORDER_REOPENED),
        ("Здравствуйте", MessageType.PLAIN),
    ],
)
def test_a_preview_is_a_hint(text: str, kind: MessageType) -> None:
    assert system.preview_type(text) is kind


@pytest.mark.parametrize(
    ("text", "order"),
    [("по #ABCD1234.", "ABCD1234"), ("#ABCD12345", None), ("X#ABCD1234", None), ("нет", None)],
)
def test_an_order_in_a_text(text: str, order: str | None) -> None:
    assert system.order_in(text) == order
