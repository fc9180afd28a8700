"""Saving, raising and showing lots."""

from typing import Any

from bs4 import BeautifulSoup, Tag

from sandbox.browser import Browser
from sandbox.world import Lot, Seller, World


def test_a_saved_form_changes_nothing_but_what_was_changed(
    browser: Browser, shop: Seller, world: World
) -> None:
    lot = shop.lot("Ключ", price="10", amount=4, desc="раз\nдва", title_en="Key")
    form = read_form(browser.page(f"/lots/offerEdit?offer={lot.id}"))
    assert browser.post("/lots/offerSave", {**form, "price": "12.5"}).json()["done"] is True
    assert (str(lot.price), lot.amount, lot.active) == ("12.5", 4, True)
    assert (lot.summary, lot.desc["ru"]) == ({"ru": "Ключ", "en": "Key"}, "раз\nдва")
    del form["active"]
    browser.post("/lots/offerSave", form)
    assert lot.active is False
    browser.post("/lots/offerSave", {**form, "deleted": "1"})
    assert world.lots.offered(lot.id) is None


def test_a_form_without_a_price_is_refused_by_field(browser: Browser) -> None:
    form = read_form(browser.page("/lots/offerEdit?node=1008"))
    form["fields[summary][ru]"] = "Новый"
    answer = browser.post("/lots/offerSave", form).json()
    assert (answer["done"], [field for field, _ in answer["errors"]]) == (False, ["price"])


def test_saving_without_xhr_redirects(browser: Browser, shop: Seller) -> None:
    lot = shop.lot("Ключ")
    form = read_form(browser.page(f"/lots/offerEdit?offer={lot.id}"))
    assert browser.post("/lots/offerSave", form, xhr=False).status_code == 302


def test_raising_has_a_cooldown_per_game(browser: Browser, world: World, shop: Seller) -> None:
    shop.lot("Ключ")
    shop.lot("Аккаунт", node=81)
    answer = browser.post("/lots/raise", game_id="173", node_id="1008").json()
    assert (answer["error"], answer["wait"]) == (False, 14400)
    world.travel(3600)
    answer = browser.post("/lots/raise", game_id="173", node_id="1008").json()
    assert (answer["error"], answer["msg"], answer["wait"]) == (True, "Подождите 3 часа.", 10800)
    assert answer["unlock_at"] == "2026-09-14T13:00:00Z"
    assert browser.post("/lots/raise", game_id="41", node_id="81").json()["error"] is False
    world.travel(10800)
    assert browser.post("/lots/raise", game_id="173", node_id="1008").json()["error"] is False
    assert len(world.log.effects("raise")) == 3


def test_raising_several_sections_asks_first(browser: Browser, world: World, shop: Seller) -> None:
    shop.lot("Ключ")
    shop.lot("Аренда", node=2875)
    form: dict[str, Any] = {"game_id": "173", "node_id": "1008"}
    assert "raise-box" in browser.post("/lots/raise", form).json()["modal"]
    form["node_ids[]"] = ["1008", "2875"]
    assert browser.post("/lots/raise", form).json()["error"] is False
    assert [e.facts["nodes"] for e in world.log.effects("raise")] == [[1008, 2875]]


def test_raise_answers_can_be_old_fashioned(browser: Browser, world: World, shop: Seller) -> None:
    shop.lot("Ключ")
    world.switches.change({"raise_wait": False, "raise_upsell": True})
    assert list(browser.post("/lots/raise", game_id="173", node_id="1008").json()) == ["url"]
    world.switches.raise_upsell = False
    answer = browser.post("/lots/raise", game_id="173", node_id="1008").json()
    assert set(answer) == {"error", "msg"}


def test_a_guest_sees_sellers_differently_and_a_promoted_copy(world: World, key: Lot) -> None:
    rows = Browser(world).page("/lots/1008/").select("a.tc-item")
    assert ["offer-promoted" in row["class"] for row in rows] == [True, False]
    assert rows[0].select_one(".media-user-name .pseudo-a") is None
    assert rows[0].select_one(".avatar-photo[data-href]")


def read_form(page: BeautifulSoup) -> dict[str, str]:
    """What a browser would send of the editor's form."""
    form = page.select_one("form.form-offer-editor")
    assert isinstance(form, Tag)
    sent: dict[str, str] = {}
    for field in form.select("[name]"):
        name = str(field["name"])
        if field.name == "textarea":
            sent[name] = field.text.removeprefix("\n")
        elif field.name == "select":
            chosen = field.select_one("option[selected]")
            sent[name] = str(chosen["value"]) if chosen else ""
        elif field.get("type") == "checkbox":
            if field.has_attr("checked"):
                sent[name] = "on"
        else:
            sent[name] = str(field["value"])
    return sent
