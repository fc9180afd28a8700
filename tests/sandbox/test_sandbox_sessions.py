"""Sessions, doors and what every page shows."""

import json

import pytest

from sandbox.browser import Browser
from sandbox.transport import ORIGIN
from sandbox.world import Lot, Seller, World

PAGES = ("/", "/chat/", "/orders/trade", "/orders/", "/lots/1008/", "/chips/2/", "/lots/1008/trade",
         "/chips/2/trade", "/account/balance", "/lots/offerEdit?node=81")  # fmt: skip


def test_a_session_is_handed_out_and_owns_its_csrf(browser: Browser, world: World) -> None:
    session = browser.session.cookies["PHPSESSID"]
    assert browser.app_data()["csrf-token"] == browser.csrf
    browser.session.cookies.clear(domain="funpay.sandbox")
    assert browser.app_data()["csrf-token"] != browser.csrf
    assert browser.session.cookies["PHPSESSID"] != session


@pytest.mark.parametrize("path", PAGES)
def test_every_page_shows_me_and_its_own_root(browser: Browser, path: str, key: Lot) -> None:
    page = browser.page(path)
    names = [n.text for n in page.select(".user-link-name")]
    assert names == ["shop", "shop"]
    root = page.select_one("#content")
    assert root
    assert root["class"][0].startswith("content-")
    assert page.select_one("#live-counters")


@pytest.mark.parametrize("path", ["/chat/", "/orders/trade", "/account/balance"])
def test_a_dead_key_leads_pages_to_the_login(browser: Browser, shop: Seller, path: str) -> None:
    shop.loses_key()
    answer = browser.get(path)
    assert [r.status_code for r in answer.history] == [302]
    assert "content-account-login" in answer.text
    assert browser.app_data("/")["userId"] == 0


@pytest.mark.parametrize(("switched", "status"), [("403", 403), ("redirect", 302)])
def test_a_dead_key_on_xhr_is_as_switched(
    browser: Browser, world: World, shop: Seller, switched: str, status: int
) -> None:
    world.switches.xhr_signed_out = switched
    shop.loses_key()
    assert browser.post("/runner/", objects="[]", request="false").status_code == status


def test_a_banned_account_sees_only_why(browser: Browser, shop: Seller) -> None:
    assert browser.get("/account/blocked").status_code == 404
    shop.banned = True
    answer = browser.get("/orders/trade")
    assert answer.url.endswith("/account/blocked")
    assert "account-blocked-box" in answer.text


def test_the_language_of_the_account_wins(world: World, browser: Browser, shop: Seller) -> None:
    assert browser.get("/en/orders/trade").url == ORIGIN + "/orders/trade"
    answer = browser.get("/orders/trade?setlocale=en")
    assert answer.url == ORIGIN + "/en/orders/trade"
    assert "My sales" in answer.text
    assert shop.locale == "en"


def test_a_stale_seal_fails_xhr_until_a_page_renews_it(browser: Browser, world: World) -> None:
    world.switches.golden_seal_minutes = 10
    assert browser.runner()["error"] == 1
    browser.get("/")
    assert browser.runner()["objects"] == []
    world.travel(700)
    assert browser.runner()["error"] == 1


def test_optional_blocks_can_be_left_out(browser: Browser, world: World) -> None:
    world.switches.change({"omit": ["badges", "live-counters", "trade-menu"]})
    page = browser.page("/orders/trade")
    assert page.select(".badge-trade, #live-counters, .menu-item-trade") == []
    assert page.select(".menu-item-chat")


def test_requests_are_logged_without_secrets(browser: Browser, world: World) -> None:
    browser.runner(browser.watch("orders_counters"))
    entries = world.log.requests("shop", "/runner/")
    assert [e.facts["action"] for e in entries] == ["poll"]
    told = json.dumps([e.as_json() for e in world.log.since(0)])
    assert browser.csrf not in told
    assert str(browser.person and browser.person.golden_key) not in told
