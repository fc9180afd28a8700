"""Fault matrix F: refunds, at most once and never beside a delivery."""

from __future__ import annotations

from pathlib import Path

import pytest
from driver import Driver
from sqlalchemy import text
from story_cast import LONG, T_SETTLE, Killed, Shop, giver, kill_at
from werkzeug.test import TestResponse

from opium.errors import Refused
from opium.events import MessageReceived
from opium.module import Module
from opium.work import Work
from sandbox.log import Entry
from sandbox.world import Buyer, Order, World

REFUND = "/orders/refund"


def refunds(shop: Shop) -> list[Entry]:
    """POSTs that ask FunPay to give the money back."""
    return shop.reads(REFUND)


def command(shop: Shop, order: Order) -> tuple[str, int]:
    """State and attempts of the order's refund."""
    with shop.opium.core.db.read() as db:
        sql = text("SELECT state, attempt FROM commands WHERE kind = 'refund' AND order_id = :id")
        row = db.execute(sql, {"id": order.id}).one()
    return str(row[0]), int(row[1])


def sold_out(shop: Shop, buyer: Buyer) -> Order:
    """An order without stock, whose money goes back by itself."""
    shop.sets(out_of_stock_policy="refund")
    return buyer.buys(shop.sells(keys=0))


def said_so(shop: Shop, buyer: Buyer) -> bool:
    return any("вернулись" in message for message in shop.told(buyer))


def ask(shop: Shop, order: Order, key: str | None = None) -> TestResponse:
    """`POST …/refund`; while the view waits, the worker goes on."""
    headers = {"Idempotency-Key": key} if key else None
    path = f"/api/accounts/{shop.name}/orders/{order.id}/refund"
    return shop.opium.call("POST", path, headers=headers)


@pytest.fixture(autouse=True)
def _views_let_the_worker_go_on(opium: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    wait = lambda _id, _seconds: _step_all(opium)  # noqa: E731
    monkeypatch.setattr(opium.core.ends, "wait", wait)


def _step_all(opium: Driver) -> None:
    for info in opium.core.accounts.list():
        opium.step(opium.world.seller(info.account_id))


def test_a_refund_whose_answer_was_lost_is_found_on_the_order(shop: Shop, ann: Buyer) -> None:
    """Row 66: one POST; the buyer hears of it only when it is certain."""
    shop.reads_meet("cut", REFUND, when="after", count=1)
    order = sold_out(shop, ann)
    shop.poll()
    assert order.status == "refunded"
    assert command(shop, order)[0] == "unknown"
    assert not said_so(shop, ann)
    shop.pass_time(LONG)
    assert command(shop, order) == ("done", 1)
    assert len(refunds(shop)) == 1
    assert said_so(shop, ann)
    assert shop.handout(order) == "cancelled"
    shop.obeys_the_laws()


def test_a_refund_that_may_not_have_happened_is_held(shop: Shop, ann: Buyer) -> None:
    """Row 67: no second POST by itself."""
    shop.reads_meet("cut", REFUND, count=1)
    order = sold_out(shop, ann)
    shop.poll()
    shop.pass_time(LONG)
    assert order.status == "paid"
    assert command(shop, order) == ("held", 1)
    shop.pass_time(10 * LONG)
    assert len(refunds(shop)) == 1
    assert not said_so(shop, ann)
    assert any(order.id in text for text in shop.alerts("held"))
    shop.obeys_the_laws(order)


def test_a_person_may_let_a_held_refund_go_again(shop: Shop, ann: Buyer) -> None:
    """Row 67, the way on."""
    shop.reads_meet("cut", REFUND, count=1)
    order = sold_out(shop, ann)
    shop.poll()
    shop.pass_time(LONG)
    (item,) = shop.opium.get("/api/commands?state=held")["items"]
    shop.opium.ok("POST", f"/api/commands/{item['id']}/resolve", {"decision": "again"})
    shop.pass_time(LONG)
    assert order.status == "refunded"
    assert len(refunds(shop)) == 2
    assert said_so(shop, ann)


def test_refund_pressed_twice_is_one_refund(shop: Shop, ann: Buyer) -> None:
    """Row 68."""
    shop.sells("Другое")
    order = ann.buys(shop.seller.lot("Без товара"))
    shop.poll()
    assert ask(shop, order).status_code == 200
    assert ask(shop, order).status_code == 200
    assert order.status == "refunded"
    assert len(refunds(shop)) == 1


def test_refund_in_a_second_tab_joins_the_first(shop: Shop, ann: Buyer) -> None:
    """Row 68: while the outcome of the first is unknown."""
    order = ann.buys(shop.seller.lot("Без товара"))
    shop.poll()
    shop.reads_meet("cut", REFUND, when="after", count=1)
    first, second = ask(shop, order), ask(shop, order)
    assert {first.status_code, second.status_code} == {500}
    assert {answer.get_json()["code"] for answer in (first, second)} == {"upstream_error"}
    assert "checked" in second.get_json()["detail"]
    shop.pass_time(LONG)
    assert ask(shop, order).status_code == 200
    assert len(refunds(shop)) == 1


def test_a_repeated_request_with_the_same_key_is_one_refund(shop: Shop, ann: Buyer) -> None:
    """Row 68."""
    order = ann.buys(shop.seller.lot("Без товара"))
    shop.poll()
    assert ask(shop, order, "tab-1").status_code == 200
    assert ask(shop, order, "tab-1").status_code == 200
    assert len(refunds(shop)) == 1


def asks_for_money() -> Module:
    """Gives the money back when the buyer writes !refund, unless goods may have been seen."""
    module = Module("money", title="Money")

    @module.on(MessageReceived)
    def wrote(event: MessageReceived, work: Work) -> None:
        word, _, order_id = (event.message.text or "").partition(" ")
        if word == "!refund":
            try:
                work.refund(order_id)
            except Refused as error:
                work.alert("refused", f"refund:{order_id}", str(error))

    return module


@pytest.mark.parametrize("order_first", [True, False])
def test_of_a_refund_and_a_delivery_exactly_one_wins(
    world: World, tmp_path: Path, ann: Buyer, order_first: bool
) -> None:
    """Row 69: both want the order in the same step."""
    opium = Driver(world, tmp_path / "race", {"giver": giver(), "money": asks_for_money()})
    modules = ("giver", "money") if order_first else ("money", "giver")
    shop = Shop(opium, "shop", *modules, chats=True)
    lot = shop.seller.lot("Ключ")
    shop.poll()
    if order_first:
        order = ann.buys(lot)
        ann.writes(shop.seller, f"!refund {order.id}")
    else:
        order = ann.buys(lot)
        world.faults.add("500", path="/api/orders/get", count=1)
        ann.writes(shop.seller, f"!refund {order.id}")
    shop.poll(4)
    shop.pass_time(LONG)
    refunded, delivered = order.status == "refunded", bool(shop.told(ann))
    assert refunded != delivered
    assert shop.handout(order) in (("cancelled", None) if refunded else ("delivered",))
    opium.core.db.close()


@pytest.mark.parametrize("state", ["unknown", "done"])
def test_a_refund_by_a_rule_is_refused_while_goods_may_have_been_seen(
    world: World, tmp_path: Path, ann: Buyer, state: str
) -> None:
    """Row 70."""
    opium = Driver(world, tmp_path / "seen", {"giver": giver(), "money": asks_for_money()})
    shop = Shop(opium, "shop", "giver", "money", chats=True)
    order = ann.buys(shop.seller.lot("Ключ"))
    if state == "unknown":
        shop.strikes("cut", "after")
    shop.poll()
    assert shop.command(order).state == state
    ann.writes(shop.seller, f"!refund {order.id}")
    shop.poll(2)
    assert len(shop.alerts("refused")) == 1
    shop.pass_time(LONG)
    assert refunds(shop) == []
    assert shop.handout(order) == "delivered"
    opium.core.db.close()


def test_a_person_cannot_refund_while_a_message_is_being_checked(shop: Shop, ann: Buyer) -> None:
    """Row 70, and the decision "refund by a person"."""
    order = ann.buys(shop.sells())
    shop.strikes("cut", "after")
    shop.poll()
    answer = ask(shop, order)
    assert answer.status_code == 400
    assert "checked" in answer.get_json()["detail"]
    shop.pass_time(LONG)
    assert shop.handout(order) == "delivered"
    assert ask(shop, order).status_code == 200
    assert order.status == "refunded"
    assert len(refunds(shop)) == 1


@pytest.mark.parametrize(
    "point", ["before_t2", "after_t2", "after_answer", "before_t3", "after_t3"]
)
def test_a_process_that_dies_around_a_refund_never_asks_twice(
    shop: Shop, ann: Buyer, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Row 71: before the POST, between POST and result, after it."""
    order = sold_out(shop, ann)
    kill_at(monkeypatch, "carry", point)
    with pytest.raises(Killed):
        shop.poll()
    asked = len(refunds(shop))
    shop.opium.restart()
    shop.poll()
    shop.pass_time(T_SETTLE + LONG)
    state, attempts = command(shop, order)
    assert len(refunds(shop)) == 1 or (asked == 0 and state == "held")
    assert attempts == 1
    if state == "done":
        assert order.status == "refunded"
        assert said_so(shop, ann)
    else:
        assert point == "after_t2"
        assert (state, order.status) == ("held", "paid")
    shop.obeys_the_laws(*([order] if state == "held" else []))
