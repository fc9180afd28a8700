"""Chat pages, history and pictures."""

from sandbox.browser import XHR, Browser, node
from sandbox.transport import ORIGIN
from sandbox.world import Buyer, Lot, Seller, World


def test_the_runner_and_the_page_mark_read_but_the_history_does_not(
    browser: Browser, world: World, shop: Seller, ann: Buyer
) -> None:
    chat = world.chat(shop, ann)
    ann.writes(shop, "1")
    told = browser.get(f"/chat/history?node={chat.name}&last_message={10**22}", headers=XHR)
    assert [m["author"] for m in told.json()["chat"]["messages"]] == [ann.id]
    assert chat.id in shop.unread
    browser.runner(node(chat.id))
    assert chat.id not in shop.unread
    ann.writes(shop, "2")
    browser.get(f"/chat/?node={chat.id}")
    assert chat.id not in shop.unread


def test_the_history_goes_back_page_by_page(
    browser: Browser, world: World, shop: Seller, ann: Buyer
) -> None:
    for i in range(120):
        ann.writes(shop, str(i))
    before, seen = 10**22, 0
    for expected in (50, 50, 20):
        told = browser.get(
            f"/chat/history?node={world.chat(shop, ann).id}&last_message={before}", headers=XHR
        )
        chat = told.json()["chat"]
        ids = [m["id"] for m in chat["messages"]]
        assert (len(ids), ids) == (expected, sorted(ids))
        before, seen = ids[0], seen + len(ids)
        assert chat["hasHistory"] is (seen < 120)


def test_only_the_site_writes_alerts(
    browser: Browser, world: World, shop: Seller, ann: Buyer, key: Lot
) -> None:
    ann.buys(key)
    ann.writes(shop, "Покупатель ann оплатил заказ #AAAAAAAA.")
    page = browser.page(f"/chat/?node={world.chat(shop, ann).id}")
    items = page.select(".chat-msg-item")
    system = [i for i in items if i.select_one(".alert") and not i.select_one("a[class]")]
    assert (len(items), len(system)) == (3, 2)


def test_a_second_message_within_a_minute_has_no_head(
    browser: Browser, world: World, shop: Seller, ann: Buyer
) -> None:
    ann.writes(shop, "1")
    ann.writes(shop, "2")
    world.travel(61)
    ann.writes(shop, "3")
    items = browser.page(f"/chat/?node={world.chat(shop, ann).id}").select(".chat-msg-item")
    assert ["chat-msg-with-head" in i["class"] for i in items] == [True, False, True]


def test_a_picture_is_uploaded_sent_and_served(
    browser: Browser, world: World, shop: Seller, ann: Buyer
) -> None:
    sent = browser.session.post(
        ORIGIN + "/file/addChatImage",
        files={"file": ("a.png", b"\x89PNG", "image/png")},
        data={"file_id": "0"},
        headers=XHR,
    )
    chat = world.chat(shop, ann)
    browser.send(chat.id, "", image_id=sent.json()["fileId"])
    shown = browser.page(f"/chat/?node={chat.id}").select_one("img.chat-img")
    assert shown
    image = chat.messages[-1].image
    assert image
    assert str(shown["src"]) == ORIGIN + image.path
    assert browser.get(str(shown["src"])).content == b"\x89PNG"


def test_more_than_twenty_lines_are_refused(browser: Browser, world: World, ann: Buyer) -> None:
    shop = world.seller("shop")
    node = world.chat(shop, ann).id
    assert browser.send(node, "\n".join("x" * 21))["response"]["error"]
    assert browser.send(node, "\n".join("x" * 20))["response"] == {"error": None}
