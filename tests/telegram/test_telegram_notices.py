"""Notices: what the seller reads of each event, whatever buyers write."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outbox_cast import Office

from opium.events import (
    AccountTroubled,
    ChatMessage,
    ChatPreview,
    ChatsListChanged,
    Event,
    LastMessageChanged,
    MessageReceived,
    ModuleEvent,
    OrderFacts,
    OrderPaid,
    OrdersListChanged,
    OrderStatusChanged,
)
from opium.modules.telegram_bot import handlers, notices
from opium.modules.telegram_bot.config import EVENTS
from opium.modules.telegram_bot.html import MOST
from opium.modules.telegram_bot.reader import Draft, Reader
from sandbox.telegram.html import parse
from sandbox.world import Seller

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SHOP = Reader("shop")


def order(**more: Any) -> OrderFacts:
    facts: dict[str, Any] = {
        "id": "ABCD1234",
        "description": "Ключ Steam, <b>быстро</b>",
        "lot_title": "Ключ Steam",
        "price": 150.0,
        "currency": "RUB",
        "amount": 1,
        "buyer_username": "ann",
        "buyer_id": 7,
        "status": 0,
        "status_name": "paid",
        "date": NOW,
        "subcategory_name": None,
        "chat_id": 55,
    }
    return OrderFacts(**facts | more)


def paid(**more: Any) -> OrderPaid:
    facts = order(**more)
    return OrderPaid(fp_user_id=1, order_id=facts.id, order=facts, read_at=NOW)


def wrote(text: str | None, **more: Any) -> MessageReceived:
    facts: dict[str, Any] = {
        "id": 9,
        "text": text,
        "chat_id": 55,
        "chat_name": "ann",
        "author": "ann",
        "author_id": 7,
        "type": 0,
    }
    return MessageReceived(fp_user_id=1, chat_id=55, message=ChatMessage(**facts | more))


def module_event(name: str, **payload: Any) -> ModuleEvent:
    return ModuleEvent(fp_user_id=1, name=name, id="1", payload=payload)


def told(event: Event, reader: Reader = SHOP) -> Draft:
    draft = notices.of_event(getattr(event, "name", event.kind), event, reader)
    assert draft is not None
    return draft


def read(event: Event, reader: Reader = SHOP) -> str:
    return parse(told(event, reader).html)[0]


def verbs(draft: Draft) -> list[str]:
    return [data.split("@")[0] for row in draft.keyboard for _text, data in row]


def test_a_new_order() -> None:
    draft = told(paid(amount=2))
    assert parse(draft.html)[0].splitlines() == [
        "[shop] 🛒 Новый заказ #ABCD1234",
        "Ключ Steam, <b>быстро</b>",
        "Покупатель: ann",
        "Сумма: 150 RUB",
        "Количество: 2",
        "Статус: оплачен",
    ]
    assert verbs(draft) == ["order:ABCD1234", "reply:55", "refund:ABCD1234"]
    assert draft.about == {"order": "ABCD1234", "chat": 55}
    assert draft.name == "#ABCD1234 ann 150 RUB"


def test_a_new_order_in_english() -> None:
    assert "New order #ABCD1234" in read(paid(), Reader("shop", "en"))


def test_a_message() -> None:
    draft = told(wrote("привет <script>"))
    assert parse(draft.html)[0] == "[shop] 💬 ann\nпривет <script>"
    assert verbs(draft) == ["reply:55"]
    assert draft.about["chat"] == 55


def test_a_long_message_is_shortened_and_a_picture_is_a_word() -> None:
    assert len(read(wrote("x" * 5000))) < 520
    assert "картинка" in read(wrote(None, image_link="https://x/y.png"))


@pytest.mark.parametrize(
    "event",
    [wrote(""), wrote("x", author_id=1), wrote("x", by_bot=True), wrote("   ")],
    ids=["nothing", "own", "ours", "blank"],
)
def test_own_and_empty_messages_are_not_even_heard(event: MessageReceived) -> None:
    assert not handlers.from_somebody_else(event)


def test_funpay_s_own_words_about_an_order_are_not_told_beside_the_order() -> None:
    event = wrote("Покупатель ann оплатил заказ #ABCD1234.", author_id=0, author=None, type=1)
    assert (
        notices.of_event("new_message", event, Reader("shop", wants=frozenset({"new_order"})))
        is None
    )
    assert "FunPay" in read(event)


def test_a_status_is_a_word() -> None:
    facts = order(status_name="refunded")
    event = OrderStatusChanged(fp_user_id=1, order_id=facts.id, order=facts, changed_at=NOW)
    assert "Заказ #ABCD1234: деньги возвращены" in read(event)


def test_the_rest() -> None:
    assert "покупок 1, продаж 2" in read(
        OrdersListChanged(fp_user_id=1, purchases=1, sales=2, seen_at=NOW)
    )
    preview = ChatPreview(id=5, name="ann", last_message_text="<hi>", unread=True)
    changed = LastMessageChanged(fp_user_id=1, chat_id=5, chat=preview, node_msg=1)
    assert read(changed).endswith("<hi>")
    assert "список чатов" in read(ChatsListChanged(fp_user_id=1, newest=1))
    assert "golden_key" in read(AccountTroubled(fp_user_id=1, text="golden_key died", since=NOW))
    assert read(module_event("strange")) == "[shop] strange"


@pytest.mark.parametrize(
    ("event", "words", "buttons"),
    [
        (
            module_event("rental_created", rental_id="a-b", order_id="AB", steam_account="acc1",
                         buyer="ann", game_id="cs2", end_time="2026-11-20T12:00:00+00:00"),
            ["acc1", "#AB", "cs2", "ann", "20.11 12:00"],
            ["rental:a-b", "order:AB"],
        ),
        (module_event("rental_expired", order_id="AB", steam_account="acc1"),
         ["acc1", "#AB"], ["order:AB"]),
        (module_event("rental_release_failed", steam_account="acc1", reason="no proof"),
         ["acc1", "no proof"], []),
        (module_event("pending_order_created", order_id="AB", reason="no_account"),
         ["#AB", "нет свободного аккаунта"], ["order:AB", "refund:AB"]),
        (module_event("delivery_succeeded", order_id="AB", quantity=2, goods_left=3),
         ["#AB", "Количество: 2", "Осталось: 3"], ["order:AB"]),
        (module_event("delivery_failed", order_id="AB", error="chat is closed"),
         ["#AB", "chat is closed"], ["order:AB", "refund:AB"]),
        (module_event("stock_low", product_id="keys", stock_count=2),
         ["keys", "Осталось: 2"], ["stock:"]),
        (module_event("raise_failed", category_name="CS2", error="wait"),
         ["CS2", "wait"], ["raise:"]),
    ],
    ids=lambda value: value.name if isinstance(value, ModuleEvent) else "",
)  # fmt: skip
def test_what_modules_tell(event: ModuleEvent, words: list[str], buttons: list[str]) -> None:
    text = read(event)
    assert [word for word in words if word not in text] == []
    assert verbs(told(event)) == buttons


ANY = st.text(max_size=200) | st.text("<>&b/\"'`\n ", max_size=200) | st.text(min_size=3000)


@settings(max_examples=200, deadline=None)
@given(ANY, ANY, ANY, st.sampled_from(sorted(EVENTS)))
def test_every_notice_is_valid_whatever_is_written(
    one: str, two: str, three: str, kind: str
) -> None:
    payload = dict.fromkeys(
        ("order_id", "game_id", "steam_account", "buyer", "end_time", "reason", "error",
         "product_id", "category_name", "rental_id", "chat_id", "quantity", "goods_left"),
        three,
    )  # fmt: skip
    facts = order(id=one, description=two, buyer_username=three, status_name=one, currency=two)
    message = ChatMessage(
        id=1, text=one, chat_id=1, chat_name=two, author=three, author_id=7, type=0, order_id=two
    )
    preview = ChatPreview(id=5, name=one, last_message_text=two, unread=True)
    shapes: dict[str, Any] = {
        "order": facts, "message": message, "chat": preview, "payload": payload, "chat_id": 5,
        "text": one, "purchases": 1, "sales": 1, "newest": 1, "missed": True, "name": kind,
    }  # fmt: skip
    event = type("Anything", (), shapes)()
    for language in ("ru", "en"):
        draft = notices.of_event(kind, event, Reader("shop<&", language))
        if draft is not None:
            text, _entities = parse(draft.html)
            assert text.startswith("[shop<&] ")
            assert len(text.encode("utf-16-le")) // 2 <= MOST
            assert len(draft.name) <= 60


def test_only_events_of_the_settings_are_heard(tmp_path: Path) -> None:
    office = Office(tmp_path / "instance")
    attachments = office.opium.core.attachments
    assert attachments.listeners("shop", "new_message") == ["telegram_bot"]
    assert attachments.listeners("shop", "last_message_changed") == []
    office.ask("PATCH", "/config", {"notify_events": ["last_message_changed"]})
    assert attachments.listeners("shop", "new_message") == []
    assert attachments.listeners("shop", "last_message_changed") == ["telegram_bot"]
    office.opium.restart()
    assert office.opium.core.attachments.listeners("shop", "new_message") == []
    office.ask("PATCH", "/config", {"bot_token": ""})
    assert office.opium.core.attachments.listeners("shop", "last_message_changed") == []


def test_a_sale_is_told_from_payment_to_confirmation(tmp_path: Path) -> None:
    office = Office(tmp_path / "instance")
    seller, ann = office.world.person("shop"), office.world.buyer("ann")
    assert isinstance(seller, Seller)
    lot = seller.lot("Ключ <b>Steam")
    bought = ann.buys(lot)
    office.opium.poll(seller, 2)
    office.sends(5)
    assert [f"#{bought.id}" in text for text in office.shown()] == [True]
    assert "Ключ <b>Steam" in office.shown()[0]
    ann.writes(seller, "когда?")
    office.opium.poll(seller, 3)
    office.sends(5)
    assert office.shown()[-1].endswith("когда?")
    ann.confirms(bought)
    office.opium.poll(seller, 3)
    office.sends(5)
    assert "закрыт" in office.shown()[-1]
    assert [kind for kind, _sent, _total in office.log()] == [
        "new_order", "new_message", "order_status_changed",
    ]  # fmt: skip
    assert office.telegram.wrongdoings == []


def test_an_alert_reaches_the_phone_with_a_button(tmp_path: Path) -> None:
    office = Office(tmp_path / "instance")
    with office.job.work("shop") as work:
        work.alert("held", "x", "Order X is held: <why>")
    for _ in range(2):
        office.opium.run_task("telegram_bot", "tell_alerts")
    office.sends(5)
    assert office.shown() == ["[shop] 🚨 Ждёт вашего решения\nOrder X is held: <why>"]
    assert [button.text for button in office.messages()[0].buttons] == ["Принято"]


def test_silence_is_silence_and_an_event_tells_for_its_alert(tmp_path: Path) -> None:
    office = Office(tmp_path / "instance")
    office.ask("PATCH", "/config", {"notify_events": []})
    with office.job.work("shop") as work:
        work.alert("held", "x", "one")
        work.alert("delivery_failed", "y", "two")
    office.opium.run_task("telegram_bot", "tell_alerts")
    assert office.states() == []
    office.ask("PATCH", "/config", {"notify_events": ["delivery_failed"]})
    office.opium.run_task("telegram_bot", "tell_alerts")
    office.sends(5)
    assert [text.splitlines()[1] for text in office.shown()] == ["one"]
