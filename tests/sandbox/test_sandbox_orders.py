"""Lists of orders, one order, refunds and replies."""

from bs4 import BeautifulSoup

from sandbox.browser import Browser
from sandbox.transport import ORIGIN
from sandbox.world import Buyer, Lot, Seller, World


def test_sales_come_a_hundred_rows_a_page(
    browser: Browser, world: World, shop: Seller, ann: Buyer
) -> None:
    lot = shop.lot("Ключ", amount=None)
    orders = [ann.buys(lot).id for _ in range(250)]
    soup, seen = browser.page("/orders/trade"), []
    while True:
        seen += [row.text.strip("#") for row in soup.select("a.tc-item .tc-order")]
        cursor = soup.select_one("input[name=continue]")
        assert cursor
        if not cursor["value"]:
            break
        answer = browser.post("/orders/trade", {"continue": str(cursor["value"])})
        soup = BeautifulSoup(answer.text, "html.parser")
    assert seen == orders[::-1]
    assert "hidden" in soup.select("button.dyn-table-continue")[0]["class"]


def test_sales_are_filtered(browser: Browser, world: World, shop: Seller, ann: Buyer) -> None:
    lot, other = shop.lot("Ключ"), shop.lot("Аккаунт", node=81)
    first, second = ann.buys(lot), world.buyer("bob").buys(other)
    shop.refunds(second)

    def shown(query: str) -> list[str]:
        rows = browser.page("/orders/trade?" + query).select(".tc-order")
        return [row.text for row in rows]

    assert (
        shown("state=paid") == shown("buyer=ann") == shown("section=lot-1008") == [f"#{first.id}"]
    )
    assert shown("state=refunded") == shown(f"id={second.id}") == [f"#{second.id}"]
    assert shown("state=closed") == []


def test_an_order_page_and_the_api_agree(browser: Browser, shop: Seller, ann: Buyer) -> None:
    lot = shop.lot("Ключ", price="10.50", secrets=["AAA", "BBB"], desc="line\nline")
    order = ann.buys(lot, amount=2, data="nick")
    page = browser.page(f"/orders/{order.id}/")
    assert [s.text for s in page.select(".secret-placeholder")] == ["AAA", "BBB"]
    assert page.select(".modal-refund input[name=id]")[0]["value"] == order.id
    told = browser.session.post(
        ORIGIN + "/api/orders/get",
        json={"order_uids": [order.id, "NOTTHERE"], "include": ["details", "users", "review"]},
    ).json()
    assert list(told["data"]) == [order.id]
    details = told["data"][order.id]
    assert (details["amount"], details["status"]) == ("21.00", "paid")
    assert details["type_data"]["secrets"] == [{"value": "AAA"}, {"value": "BBB"}]
    assert (details["type_data"]["amount"], details["type_data"]["player"]) == ("2", "nick")


def test_an_order_of_others_does_not_exist(world: World, ann: Buyer, key: Lot) -> None:
    order = ann.buys(key)
    thief = Browser(world, world.seller("thief"))
    assert thief.get(f"/orders/{order.id}/").status_code == 404
    answer = thief.post("/orders/refund", id=order.id, csrf_token=thief.csrf).json()
    assert answer["error"]
    assert order.status == "paid"


def test_a_refund_needs_csrf(browser: Browser, ann: Buyer, key: Lot) -> None:
    order = ann.buys(key)
    assert browser.post("/orders/refund", id=order.id).status_code == 400
    assert order.status == "paid"
    answer = browser.post("/orders/refund", id=order.id, csrf_token=browser.csrf).json()
    assert answer["error"] is False
    assert order.status == "refunded"
    again = browser.post("/orders/refund", id=order.id, csrf_token=browser.csrf).json()
    assert again["error"] is True


def test_a_refund_by_a_plain_form_leads_to_the_order(
    browser: Browser, ann: Buyer, key: Lot
) -> None:
    order = ann.buys(key)
    form = {"id": order.id, "csrf_token": browser.csrf}
    answer = browser.post("/orders/refund", form, xhr=False)
    assert (answer.status_code, order.status) == (302, "refunded")
    assert answer.headers["Location"].endswith(f"/orders/{order.id}/")


def test_a_reply_is_posted_changed_and_deleted(browser: Browser, ann: Buyer, key: Lot) -> None:
    order = ann.buys(key)
    ann.confirms(order)
    ann.reviews(order, 5, "супер")
    form = {"orderId": order.id, "csrf_token": browser.csrf, "rating": ""}
    form["authorId"] = str(order.seller.id)
    answer = browser.post("/orders/review", form, text="спасибо").json()
    assert "review-compiled-reply" in answer["content"]
    assert order.review
    assert order.review.reply == "спасибо"
    browser.post("/orders/reviewDelete", form)
    assert order.review.reply == ""
