"""Orders, tags, refunds and balance through the API (seed 6 and 7, contract 7 and 8)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from web_cast import SHOP, Scene, Web, furnish, json_of, refusal

from opium.blueprints.orders import price_text

SHORT = {"order_id", "description", "price", "buyer", "buyer_id", "status", "date"}
DETAIL = {*SHORT, "review", "chat_id"}
REVIEW = {"stars", "text", "reply", "anonymous", "author", "author_id"}
BALANCE = {"total_rub", "available_rub", "total_usd", "available_usd", "total_eur", "available_eur"}


@pytest.fixture
def sold(web: Web, scene: Scene) -> dict[str, str]:
    """One order of each status."""
    lot = scene.seller.lot("Аренда", price="0.55")
    closed, refunded, part = (scene.ann.buys(lot) for _ in range(3))
    scene.ann.begins_order(lot)
    scene.ann.confirms(closed)
    scene.seller.refunds(refunded)
    web.world.orders.partial_refund(part)
    return {"paid": scene.order.id, "closed": closed.id, "refunded": refunded.id, "part": part.id}


def test_orders_are_listed_newest_first_without_the_unpaid(
    web: Web, scene: Scene, sold: dict[str, str]
) -> None:
    body = web.get(f"{SHOP}/orders")
    assert set(body) == {"orders", "total", "next_order_id"}
    assert [(o["order_id"], o["status"]) for o in body["orders"]] == [
        (sold["part"], "closed"),
        (sold["refunded"], "refunded"),
        (sold["closed"], "closed"),
        (sold["paid"], "paid"),
    ]
    assert (body["total"], body["next_order_id"]) == (4, None)
    order = body["orders"][-1]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", order.pop("date"))
    assert order == {
        "order_id": scene.order.id,
        "description": "Ключ Steam",
        "price": "150.0",
        "buyer": "ann",
        "buyer_id": scene.ann.id,
        "status": "paid",
    }
    assert body["orders"][0]["price"] == "0.55"


@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        ("include_closed=false&include_refunded=0", ["paid"]),
        ("include_paid=no&include_refunded=false", ["closed", "closed"]),
        ("include_paid=off&include_closed=FALSE", ["refunded"]),
        ("include_paid=0&include_closed=0&include_refunded=0", []),
    ],
)
def test_orders_are_filtered_by_their_status(
    web: Web, sold: dict[str, str], query: str, statuses: list[str]
) -> None:
    body = web.get(f"{SHOP}/orders?{query}")
    assert [o["status"] for o in body["orders"]] == statuses
    assert body["total"] == len(statuses)


def test_the_next_page_begins_where_the_last_one_said(web: Web, scene: Scene) -> None:
    web.world.switches.page_size = 2
    orders = [scene.order, *(scene.ann.buys(scene.lot) for _ in range(4))]
    found: list[str] = []
    query = ""
    for _ in range(3):
        web.advance(10)
        body = web.get(f"{SHOP}/orders{query}")
        assert all(set(order) == SHORT for order in body["orders"])
        found += [order["order_id"] for order in body["orders"]]
        query = f"?start_from={body['next_order_id']}"
    assert found == [order.id for order in reversed(orders)]
    assert body["next_order_id"] is None


def test_an_order_in_full(web: Web, scene: Scene) -> None:
    body = web.get(f"{SHOP}/orders/{scene.order.id}")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", body.pop("date"))
    assert body == {
        "order_id": scene.order.id,
        "status": "paid",
        "description": "Ключ Steam",
        "price": "150.0",
        "buyer": "ann",
        "buyer_id": scene.ann.id,
        "review": None,
        "chat_id": scene.chat,
    }


def test_list_and_detail_show_the_same_order(web: Web, sold: dict[str, str]) -> None:
    for row in web.get(f"{SHOP}/orders")["orders"]:
        web.advance(3)
        detail = web.get(f"{SHOP}/orders/{row['order_id']}")
        assert set(detail) == DETAIL
        for member in SHORT - {"status", "date"}:
            assert detail[member] == row[member]
        assert detail["date"][:16] == row["date"][:16]


def test_unknown_orders_and_those_of_others_are_not_found(web: Web, scene: Scene) -> None:
    other = scene.ann.buys(web.world.seller("other").lot("Чужое"))
    for order_id in ("AAAAAAAA", other.id):
        refusal(web.owner("GET", f"{SHOP}/orders/{order_id}"), 404)


def test_a_review_shows_its_author(web: Web, scene: Scene) -> None:
    scene.ann.confirms(scene.order)
    scene.ann.reviews(scene.order, 4, "Хорошо")
    review = web.get(f"{SHOP}/orders/{scene.order.id}")["review"]
    assert review == {
        "stars": 4,
        "text": "Хорошо",
        "reply": None,
        "anonymous": False,
        "author": "ann",
        "author_id": scene.ann.id,
    }
    scene.seller.replies(scene.order, "Спасибо")
    web.advance(10)
    assert web.get(f"{SHOP}/orders/{scene.order.id}")["review"]["reply"] == "Спасибо"


def test_a_review_that_the_staff_has_hidden_is_not_anonymous(web: Web, scene: Scene) -> None:
    scene.ann.confirms(scene.order)
    scene.ann.reviews(scene.order, 1, "Плохо").hidden = True
    review = web.get(f"{SHOP}/orders/{scene.order.id}")["review"]
    assert set(review) == REVIEW
    assert (review["anonymous"], review["author"]) == (False, "ann")


def test_a_refund_gives_the_money_back_once_however_often_it_is_asked(
    web: Web, scene: Scene
) -> None:
    path = f"{SHOP}/orders/{scene.order.id}/refund"
    for _ in range(3):
        assert web.ok("POST", path) == {"status": "refunded", "order_id": scene.order.id}
    assert len(web.world.log.effects("refund")) == 1
    assert web.asked("/orders/refund") == 1
    assert web.get(f"{SHOP}/orders/{scene.order.id}")["status"] == "refunded"
    assert web.get(f"{SHOP}/orders")["orders"][0]["status"] == "refunded"


def test_a_refund_that_funpay_refuses_is_400(web: Web, scene: Scene) -> None:
    answer = web.owner("POST", f"{SHOP}/orders/AAAAAAAA/refund")
    assert answer.status_code in (400, 404)
    web.world.faults.add("error_text", path="/orders/refund", text="Возврат невозможен.", count=9)
    answer = web.owner("POST", f"{SHOP}/orders/{scene.order.id}/refund")
    assert refusal(answer, 400) == "Возврат невозможен."
    assert web.world.log.effects("refund") == []


def test_a_refund_of_which_nobody_knows_is_an_upstream_error(web: Web, scene: Scene) -> None:
    web.world.faults.add("cut", "after", path="/orders/refund")
    web.world.faults.add("502", path="/orders/*", method="GET", count=None)
    web.world.faults.add("502", path="/api/orders/get", count=None)
    answer = web.owner("POST", f"{SHOP}/orders/{scene.order.id}/refund")
    refusal(answer, 500)
    assert json_of(answer)["code"] == "upstream_error"
    web.world.faults.clear()
    web.pass_time(scene.seller, 120)
    web.ok("POST", f"{SHOP}/orders/{scene.order.id}/refund")
    assert len(web.world.log.effects("refund")) == 1


def test_order_tags_name_module_and_product(web: Web, scene: Scene) -> None:
    assert web.get(f"{SHOP}/order-tags") == {
        "tags": {scene.order.id: {"module": "auto_delivery", "product_id": "p_001"}},
        "modules": ["auto_delivery"],
        "games": {},
    }


def test_order_tags_are_there_when_funpay_is_not(web: Web, scene: Scene) -> None:
    expected = web.get(f"{SHOP}/order-tags")
    web.advance(10)
    web.world.faults.add("502", count=None)
    assert web.get(f"{SHOP}/order-tags") == expected
    web.ok("POST", f"{SHOP}/stop", status=202)
    assert web.get(f"{SHOP}/order-tags") == expected


def test_an_account_without_modules_has_no_tags(web: Web) -> None:
    web.register()
    assert web.get(f"{SHOP}/order-tags") == {"tags": {}, "modules": [], "games": {}}


@pytest.mark.parametrize("shape", ["objects", "ids"])
def test_games_of_tags_come_in_both_shapes(
    make_web: Any, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    web: Web = make_web(order_tag_games=shape)
    furnish(web)
    tag = {"module": "steam_rent", "game_id": "cs2", "game_name": "CS2"}
    games = [{"game_id": "cs2", "game_name": "CS2"}, {"game_id": "dayz", "game_name": "dayz"}]
    found = {"tags": {"ABC": tag}, "modules": ["steam_rent"], "games": {"steam_rent": games}}
    monkeypatch.setattr(web.core.modules, "tags", lambda *_: found)
    body = web.get(f"{SHOP}/order-tags")
    expected = games if shape == "objects" else ["cs2", "dayz"]
    assert body == found | {"games": {"steam_rent": expected}}


def test_the_balance_has_six_numbers(web: Web, scene: Scene) -> None:
    scene.seller.balances.update(RUB=Decimal(5000), USD=Decimal("12.5"))
    body = web.get(f"{SHOP}/balance")
    assert set(body) == BALANCE
    assert all(isinstance(amount, float) for amount in body.values())
    assert (body["total_rub"], body["total_usd"], body["total_eur"]) == (5000.0, 12.5, 0.0)


def test_a_seller_without_lots_has_a_balance_too(web: Web) -> None:
    web.open()
    answer = web.owner("GET", f"{SHOP}/balance")
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert set(json_of(answer)) == BALANCE


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("150.00", "150.0"),
        ("150", "150.0"),
        ("0.55", "0.55"),
        ("0.5500", "0.55"),
        ("1E+3", "1000.0"),
    ],
)
def test_prices_are_exact_decimals(amount: str, text: str) -> None:
    assert price_text(Decimal(amount)) == text
