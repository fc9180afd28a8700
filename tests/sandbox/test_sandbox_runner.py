"""The runner: tags, partial answers, sending."""

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup

from sandbox.browser import XHR, Browser, node
from sandbox.world import Buyer, Lot, Seller, World


def test_unchanged_objects_are_left_out(browser: Browser, shop: Seller, ann: Buyer) -> None:
    first = browser.runner(browser.watch("orders_counters"), browser.watch("chat_counter"))
    tags = {o["type"]: o["tag"] for o in first["objects"]}
    assert all(re.fullmatch("[a-z0-9]{8}", tag) for tag in tags.values())
    watch = [browser.watch(kind, tag) for kind, tag in tags.items()]
    assert browser.runner(*watch) == {"objects": [], "response": False}
    ann.writes(shop, "hi")
    changed = browser.runner(*watch)["objects"]
    assert [o["type"] for o in changed] == ["chat_counter"]
    assert changed[0]["data"]["counter"] == 1


def test_a_sale_opened_and_closed_between_two_polls_leaves_the_counters_tag(
    browser: Browser, shop: Seller, ann: Buyer, key: Lot
) -> None:
    tag = browser.runner(browser.watch("orders_counters"))["objects"][0]["tag"]
    order = ann.buys(key)
    assert browser.runner(browser.watch("orders_counters", tag))["objects"]
    ann.confirms(order)
    assert browser.runner(browser.watch("orders_counters", tag))["objects"] == []


def test_bookmarks_hold_all_ids_but_only_changed_html(
    browser: Browser, world: World, shop: Seller, ann: Buyer
) -> None:
    bob = world.buyer("bob")
    ann.writes(shop, "one")
    bob.writes(shop, "two")
    old = [[c.id, c.last_id, 0] for c in world.chats.of(shop)]
    ann.writes(shop, "three")
    data = browser.runner(browser.watch("chat_bookmarks", data=old))["objects"][0]["data"]
    items = BeautifulSoup(data["html"], "html.parser").select("a.contact-item")
    assert data["order"] == [world.chat(shop, ann).id, world.chat(shop, bob).id]
    assert [str(i["data-id"]) for i in items] == [str(world.chat(shop, ann).id)]
    assert "unread" in items[0]["class"]


def test_only_ten_objects_are_answered(browser: Browser) -> None:
    asked = [browser.watch("orders_counters") for _ in range(12)]
    assert len(browser.runner(*asked)["objects"]) == 10


@pytest.mark.parametrize("as_text", [True, False])
def test_a_message_goes_to_the_chat_by_name_or_number(
    browser: Browser, world: World, shop: Seller, ann: Buyer, as_text: bool
) -> None:
    chat = world.chat(shop, ann)
    where: Any = chat.name if as_text else chat.id
    answer = browser.send(where, "привет <b>\nhttps://a.example/x", node(where))
    assert answer["response"] == {"error": None}
    assert ann.messages_from(shop) == ["привет <b>\nhttps://a.example/x"]
    html = answer["objects"][0]["data"]["messages"][-1]["html"]
    assert "привет &lt;b&gt;<br><a href=" in html


def test_a_first_message_begins_the_chat(browser: Browser, shop: Seller, ann: Buyer) -> None:
    name = f"users-{min(shop.id, ann.id)}-{max(shop.id, ann.id)}"
    assert browser.runner(node(name))["objects"][0]["data"] is False
    browser.send(name, "first")
    assert ann.messages_from(shop) == ["first"]


@pytest.mark.parametrize("broken", [{"csrf_token": "wrong"}, {"csrf_token": ""}])
def test_a_wrong_csrf_sends_nothing(
    browser: Browser, world: World, shop: Seller, ann: Buyer, broken: dict[str, str]
) -> None:
    data = {"node": world.chat(shop, ann).name, "last_message": -1, "content": "x"}
    answer = browser.runner(request={"action": "chat_message", "data": data}, **broken)
    assert answer["error"] == 1
    assert ann.messages_from(shop) == []


def test_without_the_xhr_header_the_runner_is_silent(browser: Browser) -> None:
    answer = browser.post("/runner/", xhr=False, objects="[]", request="false")
    assert (answer.status_code, answer.content) == (200, b"")


def test_strangers_can_neither_read_nor_write_a_chat(
    world: World, shop: Seller, ann: Buyer
) -> None:
    ann.writes(shop, "secret")
    chat = world.chat(shop, ann)
    eve = Browser(world, world.buyer("eve"))
    assert eve.runner(node(chat.id))["objects"][0]["data"] is False
    assert eve.send(chat.name, "x")["response"]["error"]
    history = eve.get(f"/chat/history?node={chat.id}", headers=XHR)
    assert history.json() == {"chat": None}
    assert len(chat.messages) == 1


def test_too_often_is_refused_by_switch(
    browser: Browser, world: World, shop: Seller, ann: Buyer
) -> None:
    world.switches.message_gap = 1
    chat = world.chat(shop, ann)
    browser.send(chat.id, "1")
    text = "Нельзя отправлять сообщения слишком часто."
    assert browser.send(chat.id, "2")["response"] == {"error": text}
    world.travel(1)
    browser.send(chat.id, "3")
    assert ann.messages_from(shop) == ["1", "3"]
