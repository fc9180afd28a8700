"""Polls and pages: what is asked, what comes back, what is asked again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from urllib.parse import parse_qs

import pytest
from client_cast import Cast

from opium.funpay.errors import Missing, SignedOut, Unreachable
from opium.funpay.models import Look, OrderStatus


def look(stage: Cast) -> Look:
    found = stage.funpay.look()
    stage.funpay.accept()
    return found


def test_the_first_look_brings_every_contact_and_later_ones_the_changed(stage: Cast) -> None:
    bob = stage.world.buyer("bob")
    stage.ann.writes(stage.shop, "one")
    bob.writes(stage.shop, "two")
    assert [contact.name for contact in look(stage).contacts] == ["bob", "ann"]
    assert look(stage).quiet
    stage.ann.writes(stage.shop, "three")
    changed = look(stage)
    assert [contact.name for contact in changed.contacts] == ["ann"]
    assert len(changed.order or ()) == 2
    assert stage.funpay.newest_message == changed.contacts[0].node_msg


def test_what_was_not_accepted_comes_again(stage: Cast) -> None:
    look(stage)
    order = stage.ann.buys(stage.shop.lot("Ключ"))
    first, second = stage.funpay.look(), stage.funpay.look()
    assert first == second
    assert (first.sales, len(first.contacts)) == (1, 1)
    stage.funpay.accept()
    assert stage.funpay.look().quiet
    stage.shop.refunds(order)
    assert stage.funpay.look().sales == 0


def test_forgetting_brings_everything_again(stage: Cast) -> None:
    stage.ann.writes(stage.shop, "one")
    look(stage)
    stage.funpay.forget()
    assert len(look(stage).contacts) == 1


def test_a_quiet_poll_is_the_same_request_again(stage: Cast) -> None:
    stage.ann.writes(stage.shop, "one")
    look(stage)
    look(stage)
    first = stage.funpay._request
    look(stage)
    assert stage.funpay._request is first
    stage.ann.writes(stage.shop, "two")
    look(stage)
    look(stage)
    assert stage.funpay._request is not first
    body = parse_qs(str(stage.wire.sent[-1].body))
    assert body["request"] == ["false"]


@pytest.mark.parametrize("fault", ["cut", "hang", "502", "cut_body", "challenge", "empty"])
def test_a_poll_that_fails_is_unreachable_and_not_repeated(stage: Cast, fault: str) -> None:
    look(stage)
    polls = stage.posts()
    stage.fault(fault, path="/runner/")
    with pytest.raises(Unreachable):
        stage.funpay.look()
    assert stage.posts() == polls + 1
    stage.ann.writes(stage.shop, "afterwards")
    assert len(look(stage).contacts) == 1


def test_histories_leave_the_chat_unread_and_go_back_page_by_page(stage: Cast) -> None:
    stage.world.switches.history_size = 2
    for number in range(3):
        stage.ann.writes(stage.shop, str(number))
    contact = look(stage).contacts[0]
    newest = stage.funpay.history(contact.chat_id, order_work=True)
    assert [message.text for message in newest.messages] == ["1", "2"]
    older = stage.funpay.history(newest.name, newest.messages[0].id)
    assert ([message.text for message in older.messages], older.has_more) == (["0"], False)
    assert stage.funpay.chats()[0].unread


def test_an_unknown_chat_is_missing(stage: Cast) -> None:
    for chat in ("users-1-2", 424242):
        with pytest.raises(Missing):
            stage.funpay.history(chat)


def test_a_name_once_learnt_is_asked_for(stage: Cast) -> None:
    stage.ann.writes(stage.shop, "hello")
    chat_id = look(stage).contacts[0].chat_id
    name = stage.funpay.history(chat_id).name
    stage.funpay.history(chat_id)
    assert f"node={name}&" in stage.wire.lines()[-1]


def test_opening_a_chat_marks_it_as_read(stage: Cast) -> None:
    stage.ann.writes(stage.shop, "hello")
    chat_id = look(stage).contacts[0].chat_id
    page = stage.funpay.open_chat(chat_id)
    assert (page.title, page.other_user_id) == ("ann", stage.ann.id)
    assert not stage.funpay.chats()[0].unread


def test_sales_are_read_page_by_page(stage: Cast) -> None:
    stage.world.switches.page_size = 2
    lot = stage.shop.lot("Ключ", amount=10)
    orders = [stage.ann.buys(lot) for _ in range(5)]
    stage.shop.refunds(orders[0])
    found, cursor = [], None
    while True:
        page = stage.funpay.sales(cursor, OrderStatus.PAID)
        found += [row.order_id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == [order.id for order in reversed(orders[1:])]


def test_reads_that_decide_an_order_follow_at_once_and_others_wait(stage: Cast) -> None:
    look(stage)
    begun = stage.clock.monotonic()
    stage.funpay.sales()
    stage.funpay.sales(order_work=True)
    assert stage.clock.monotonic() == begun
    stage.funpay.sales(order_work=False)
    assert stage.clock.monotonic() > begun


def test_orders_are_read_ten_at_a_time(stage: Cast) -> None:
    lot = stage.shop.lot("Ключ", amount=50, price="10.00")
    ids = [stage.ann.buys(lot).id for _ in range(12)]
    found = stage.funpay.orders([*ids, ids[0]])
    assert list(found) == ids
    assert stage.posts("/api/orders/get") == 2
    assert found[ids[0]].summary == "Ключ"
    assert found[ids[0]].price.amount == Decimal(10)


def test_orders_come_from_their_pages_where_the_api_fails(stage: Cast) -> None:
    stage.world.switches.orders_api = False
    order = stage.ann.buys(stage.shop.lot("Ключ"))
    found = stage.funpay.orders([order.id, "NOSUCHID"])
    assert list(found) == [order.id]
    assert found[order.id].date is not None


def test_an_api_that_is_down_is_no_reason_to_ask_the_pages(stage: Cast) -> None:
    order = stage.ann.buys(stage.shop.lot("Ключ"))
    stage.fault("502", path="/api/orders/get")
    with pytest.raises(Unreachable):
        stage.funpay.orders([order.id])


def test_an_order_in_full(stage: Cast) -> None:
    order = stage.ann.buys(stage.shop.lot("Ключ"), amount=1)
    found = stage.funpay.order(order.id)
    assert (found.summary, found.buyer_id, found.status) == ("Ключ", stage.ann.id, "paid")
    assert found.chat_id is not None
    for nonsense in ("NOSUCHID", "../account/logout", "a?b#c"):
        with pytest.raises(Missing):
            stage.funpay.order(nonsense)
    assert "/account/logout" not in " ".join(stage.wire.lines())


def test_lots_can_be_listed_changed_and_raised(stage: Cast) -> None:
    lot = stage.shop.lot("Ключ", price="10.00")
    profile = stage.funpay.profile()
    assert profile.username == "shop"
    section = profile.sections[0].section_id
    own = stage.funpay.own_lots(section)
    assert [offer.offer_id for offer in own.offers] == [str(lot.id)]

    form = stage.funpay.offer_form(lot.id)
    saved = stage.funpay.save_offer(replace(form, fields={**form.fields, "price": "12.5"}))
    assert saved.done
    assert stage.funpay.offer_form(lot.id).price == "12.5"

    assert own.game_id is not None
    assert stage.funpay.raise_lots(own.game_id, section).raised
    again = stage.funpay.raise_lots(own.game_id, section, [section])
    assert not again.raised
    assert again.wait

    listed = stage.funpay.section("lot", section)
    assert [offer.offer_id for offer in listed.offers] == [str(lot.id)]


def test_a_lot_of_somebody_else_cannot_be_edited(stage: Cast) -> None:
    other = stage.world.seller("other").lot("Чужой")
    with pytest.raises(Missing):
        stage.funpay.offer_form(other.id)


def test_the_balance_comes_from_an_offer_or_from_its_own_page(stage: Cast) -> None:
    assert stage.funpay.balance().total_rub == 0
    assert stage.wire.lines()[-1] == "GET /account/balance"
    other = stage.world.seller("other").lot("Чужой")
    stage.funpay.balance(str(other.id))
    assert stage.wire.lines()[-1].startswith("GET /lots/offer?id=")
    stage.funpay.balance("1")
    assert stage.wire.lines()[-1] == "GET /account/balance"


def test_the_categories(stage: Cast) -> None:
    assert {category.game_id for category in stage.funpay.categories()} >= {41}


def test_profiles_of_others(stage: Cast) -> None:
    assert stage.funpay.profile(stage.ann.id).username == "ann"
    with pytest.raises(Missing):
        stage.funpay.profile(1)


def test_a_guest_page_is_never_taken_for_an_empty_list(stage: Cast) -> None:
    stage.funpay.sign_in()
    stage.fault("login_page", path="/orders/trade", count=2)
    with pytest.raises(SignedOut):
        stage.funpay.sales()
