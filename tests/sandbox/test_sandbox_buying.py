"""Buying through the site's own forms."""

import pytest
from bs4 import BeautifulSoup

from sandbox.browser import Browser
from sandbox.world import Buyer, Lot, Seller, World


@pytest.fixture
def buyer(world: World, ann: Buyer) -> Browser:
    return Browser(world, ann)


def fields(page: BeautifulSoup, form: str) -> dict[str, str]:
    return {str(i["name"]): str(i.get("value", "")) for i in page.select(f"{form} input")}


def test_a_buyer_buys_over_http(buyer: Browser, ann: Buyer, shop: Seller, key: Lot) -> None:
    form = fields(buyer.page(f"/lots/offer?id={key.id}"), "form[action$='/orders/new']")
    form |= {"method": "21", "amount": "2", "player": "nick"}
    assert not buyer.post("/orders/new", form).json()["error"]
    assert shop.sales == []
    payment = buyer.post("/orders/new", form, xhr=False)
    page = BeautifulSoup(payment.text, "html.parser")
    assert page.select("#content.content-orders-new .js-payment-sum")[0].text == "213.64"
    answer = buyer.post("/orders/new", fields(page, ".js-form-payment")).json()
    (order,) = shop.sales
    assert answer == {"url": f"../orders/{order.id}/"}
    assert (order.buyer, order.amount, order.data, order.status) == (ann, 2, "nick", "paid")
    assert key.amount == 1
    assert ann.notices_with(shop)[0] == "order_paid"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"amount": "9"}, "amount"), ({"amount": "x"}, "amount"), ({"method": "0"}, "method"),
     ({"price_guard": "1"}, None), ({"username": "bot"}, None), ({"offer_id": "5"}, None)],
)  # fmt: skip
def test_a_wrong_form_buys_nothing(
    buyer: Browser, shop: Seller, key: Lot, change: dict[str, str], field: str | None
) -> None:
    form = fields(buyer.page(f"/lots/offer?id={key.id}"), "form[action$='/orders/new']")
    for preview in ("1", ""):
        wrong = form | {"method": "21", "preview": preview} | change
        answer = buyer.post("/orders/new", wrong).json()
        assert answer["error"] is True
        assert [pair[0] for pair in answer["errors"]] == ([field] if field else [])
    assert shop.sales == []


def test_nobody_buys_without_csrf_or_from_oneself(
    buyer: Browser, browser: Browser, shop: Seller, key: Lot
) -> None:
    form = {"offer_id": str(key.id), "type": "lot", "method": "21", "amount": "1"}
    assert buyer.post("/orders/new", form).status_code == 400
    assert browser.post("/orders/new", form, csrf_token=browser.csrf).json()["error"]
    assert shop.sales == []


def test_the_seller_sees_what_the_buyer_looks_at(
    browser: Browser, buyer: Browser, shop: Seller, ann: Buyer, key: Lot
) -> None:
    watch = {"type": "c-p-u", "id": str(ann.id), "tag": "00000000", "data": False}
    (idle,) = browser.runner(watch)["objects"]
    assert idle["data"] is False
    buyer.page(f"/lots/offer?id={key.id}")
    (seen,) = browser.runner({**watch, "tag": idle["tag"]})["objects"]
    assert f"/lots/offer?id={key.id}" in seen["data"]["html"]["desktop"]
    assert browser.runner({**watch, "tag": seen["tag"]})["objects"] == []
    buyer.page("/chat/")
    assert browser.runner({**watch, "tag": seen["tag"]})["objects"][0]["data"] is False
