"""Game currency of mine, settings of the account, and the small addresses."""

import pytest

from sandbox.browser import Browser
from sandbox.world import Buyer, Lot, Seller, World

PRICE = "offers[72][0][price]"


def test_game_currency_is_offered_and_withdrawn(
    browser: Browser, world: World, shop: Seller, ann: Buyer
) -> None:
    page = browser.page("/chips/2/trade")
    form = {
        str(i["name"]): str(i.get("value", ""))
        for i in page.select("form[action$='/chips/saveOffers'] input")
        if i.get("type") != "checkbox"
    }
    form |= {"offers[72][0][active]": "on", "offers[72][0][amount]": "5000"}
    answer = browser.post("/chips/saveOffers", form | {PRICE: "0,5"}).json()
    assert answer["error"] is False
    (lot,) = shop.lots
    assert (lot.server, lot.amount, str(lot.price), lot.active) == (72, 5000, "0.5", True)
    link = Browser(world, ann).page("/chips/2/").select("a.tc-item")[0]["href"]
    assert str(link).endswith(f"/chips/offer?id={shop.id}-4-2-72-0")
    offer = Browser(world, ann).page(str(link))
    assert offer.select("#content.content-chips-offer input[name=sum]")
    assert ann.buys(lot, 10).server == "Elcardia"
    browser.post("/chips/saveOffers", form | {PRICE: "0"})
    assert not lot.active
    assert browser.post("/chips/saveOffers", form | {PRICE: "x"}).json()["error"]


def test_currency_has_no_page_among_lots(world: World, shop: Seller) -> None:
    lot = shop.lot("Адена", node=2, kind="chip")
    assert Browser(world).get(f"/lots/offer?id={lot.public_id}").status_code == 404
    assert Browser(world).get(f"/chips/offer?id={lot.public_id}").status_code == 200


def test_prices_of_currency(browser: Browser) -> None:
    answer = browser.post("/chips/calc", game="4", price="100").json()
    assert answer["minPrice"]
    assert [m["sort"] for m in answer["methods"]] == [1, 2]
    assert browser.post("/chips/calc", game="4", price="x").json()["error"]


def test_hidden_offers_are_seen_by_their_owner_only(
    browser: Browser, world: World, shop: Seller, key: Lot
) -> None:
    form = {"userId": str(shop.id), "mode": "1", "csrf_token": browser.csrf}
    assert browser.post("/trade/tradeLockSettings", form).json() == {"showWarning": True}
    assert not Browser(world).page("/lots/1008/").select("a.tc-item")
    assert not Browser(world).page(f"/users/{shop.id}/").select("a.tc-item")
    assert browser.page(f"/users/{shop.id}/").select("a.tc-item")
    browser.post("/trade/tradeLockSettings", form, mode="0")
    assert Browser(world).page("/lots/1008/").select("a.tc-item")
    assert browser.post("/trade/tradeLockSettings", form, userId="5").json()["error"]


@pytest.mark.parametrize("xhr", [True, False])
def test_channels_of_notices(browser: Browser, shop: Seller, xhr: bool) -> None:
    form = {"channel": "1", "active": "1", "csrf_token": browser.csrf}
    assert browser.post("/account/noticeChannel", form, xhr=xhr).json()["error"] is False
    assert shop.notices[1]
    on = browser.page("/account/settings").select(".btn-notice-channel[data-channel='1']")
    assert on[0]["data-active"] == "1"
    assert browser.post("/account/noticeChannel", form, channel="9").json()["error"]


def test_the_second_factor_is_off(browser: Browser) -> None:
    assert browser.page("/security/twoFactorSetting").select("input[name=isEnabled]")


def test_one_transaction(browser: Browser, ann: Buyer, key: Lot) -> None:
    order = ann.buys(key)
    ann.confirms(order)
    row = browser.page("/account/balance").select(".tc-item")[0]
    xhr = {"X-Requested-With": "XMLHttpRequest"}
    path = f"/users/transaction?id={row['data-transaction']}"
    answer = browser.get(path, headers=xhr).json()
    assert (answer["status"], order.id in answer["html"]) == ("complete", True)
    assert browser.get("/users/transaction?id=1", headers=xhr).status_code == 404


def test_more_filters_of_sales(browser: Browser, shop: Seller, ann: Buyer) -> None:
    xhr = {"X-Requested-With": "XMLHttpRequest"}
    answer = browser.get("/orders/filters?game=4&section=chip-2&tag=abc", headers=xhr)
    assert 'name="server"' in answer.text
    assert 'name="server"' not in browser.get("/orders/filters?section=lot-81", headers=xhr).text
    lot = shop.lot("Адена", node=2, kind="chip", server=72)
    order = ann.buys(lot)
    assert order.id in browser.get("/orders/trade?server=72").text
    assert order.id not in browser.get("/orders/trade?server=71").text


def test_the_control_api_offers_currency(browser: Browser, shop: Seller) -> None:
    body = {"seller": "shop", "title": "Адена", "node": 2, "kind": "chip", "server": 72}
    told = browser.session.post(f"{browser.origin}/__sandbox__/lots", json=body, timeout=5).json()
    assert told["public_id"] == f"{shop.id}-4-2-72-0"


def test_the_control_api_lets_a_buyer_look(browser: Browser, ann: Buyer, key: Lot) -> None:
    body = {"looks_at": key.id}
    told = browser.session.patch(f"{browser.origin}/__sandbox__/people/ann", json=body, timeout=5)
    assert (told.status_code, ann.viewing) == (200, key)
    nothing = {"looks_at": None}
    browser.session.patch(f"{browser.origin}/__sandbox__/people/ann", json=nothing, timeout=5)
    assert ann.viewing is None
