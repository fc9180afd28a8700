"""Our pages against captured ones: the same elements with the same classes and attributes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from sandbox.browser import XHR, Browser
from sandbox.world import Buyer, Lot, Seller, World

PAGES = Path(__file__).resolve().parents[3] / "shared" / "funpay" / "pages"
pytestmark = [
    pytest.mark.captured,
    pytest.mark.skipif(not PAGES.is_dir(), reason="the captured pages are not beside the project"),
]
# Elements inside these belong to what we do not rebuild (footer, help texts, scripts).
FOREIGN = "footer, script, svg, link, meta, .modal-cookie-consent, .help-form, i.icon, .cc-text"


def captured(name: str) -> BeautifulSoup:
    return BeautifulSoup((PAGES / name).read_text(), "html.parser")


def shapes(soup: BeautifulSoup | Tag, scope: str) -> set[str]:
    """`parent.classes > tag.classes[attributes]` of everything within `scope`."""
    found = set()
    for root in soup.select(scope):
        for element in [root, *root.find_all(True)]:
            if element.find_parents(["footer", "svg"]) or not element.get("class"):
                continue
            data = sorted(a for a in element.attrs if a.startswith("data-"))
            found.add(f"{element.name}.{'.'.join(sorted(element['class']))}[{','.join(data)}]")
    return found


def test_rows_of_sales(browser: Browser, shop: Seller, ann: Buyer, key: Lot) -> None:
    ann.buys(key)
    ann.confirms(ann.buys(key))
    page = browser.page("/orders/trade")
    assert shapes(captured("fun-orders-trade.logged.ru.skeleton.txt"), ".orders-table") - shapes(
        page, ".orders-table"
    ) <= {"div.media.media-user.online[]"}


def test_a_refunded_purchase(world: World, shop: Seller, ann: Buyer, key: Lot) -> None:
    shop.refunds(ann.buys(key))
    page = Browser(world, ann).page("/orders/")
    wanted = shapes(captured("fpp-order-row-refunded-buyer.ru.html"), "a.tc-item")
    assert wanted <= shapes(page, "a.tc-item")


def test_an_open_order(browser: Browser, shop: Seller, ann: Buyer) -> None:
    lot = shop.lot("Ключ", desc="text", payment_msg="спасибо https://a.example/")
    order = ann.buys(lot)
    page = browser.page(f"/orders/{order.id}/")
    theirs = captured("fun-order-paid.v9.logged.ru.skeleton.txt")
    for scope in (".param-list", ".chat-message-list", ".chat-form", ".review-list", ".chat"):
        assert only_known(shapes(theirs, scope) - shapes(page, scope)) == set(), scope
    assert "h1.page-header.page-header-no-hr.page-header-params[]" in shapes(page, "h1")
    fields = [i["name"] for i in page.select("form[action$='/orders/refund'] input")]
    assert fields == ["csrf_token", "id"]


def test_a_dialog(browser: Browser, world: World, shop: Seller, ann: Buyer) -> None:
    ann.buys(shop.lot("Ключ", payment_msg="спасибо"))
    world.buyer("bob").writes(shop, "привет")
    shop.reads(world.buyer("bob"))
    page = browser.page(f"/chat/?node={world.chat(shop, ann).id}")
    theirs = captured("fun-chat-thread.logged.ru.skeleton.txt")
    for scope in ("#content", ".chat-contacts", ".chat-message-list", ".chat-detail"):
        assert only_known(shapes(theirs, scope) - shapes(page, scope)) == set(), scope


def test_the_header_of_a_signed_in_page(browser: Browser) -> None:
    theirs = shapes(captured("fun-chat-thread.logged.ru.skeleton.txt"), "header")
    ours = shapes(browser.page("/orders/trade"), "header")
    badges = {shape for shape in theirs if ".badge" in shape or "badge." in shape}
    assert badges
    menu = {shape for shape in theirs if "menu-item" in shape or "user-link" in shape}
    left = {"a.menu-item-lootery[]", "a.menu-item-support[]", "a.menu-item-request[]",
            "a.menu-item-requests[]"}  # fmt: skip
    known = {b.replace(".hidden", "") for b in ours} | ours
    assert menu - ours - left == set()
    assert {b.replace(".hidden", "") for b in badges} <= {k.replace(".hidden", "") for k in known}


def test_reviews(world: World, shop: Seller, ann: Buyer, key: Lot) -> None:
    order = ann.buys(key)
    ann.confirms(order)
    ann.reviews(order, 1, "плохо")
    shop.replies(order, "жаль")
    form = {"user_id": str(shop.id), "continue": "", "filter": ""}
    answer = Browser(world).post("/users/reviews", form)
    page = BeautifulSoup(answer.text, "html.parser")
    theirs = captured("fun-reviews-last.guest.ru.skeleton.txt")
    assert all_shapes(theirs) - all_shapes(page) == set()
    own = Browser(world, shop).page(f"/users/{shop.id}/")
    row = captured("fpp-review-own-profile.ru.html")
    assert {s.replace("rating3", "rating1") for s in all_shapes(row)} <= all_shapes(own)
    block = captured("fpp-review-order-page.ru.html")
    assert all_shapes(block) <= all_shapes(Browser(world, shop).page(f"/orders/{order.id}/"))


def test_my_lots(browser: Browser, shop: Seller) -> None:
    shop.lot("Один")
    shop.lot("Два", active=False)
    theirs = captured("fun-lots-trade-one-inactive.logged.ru.skeleton.txt")
    ours = shapes(browser.page("/lots/1008/trade"), "#content")
    assert shapes(theirs, "body, html, .content-lots") - ours == set()


def test_the_editor(browser: Browser) -> None:
    theirs = captured("fpp-offer-edit-new-2875.ru.html")
    page = browser.page("/lots/offerEdit?node=2875")
    names = {str(f["name"]) for f in theirs.select("[name]")}
    ours = {str(f["name"]) for f in page.select("form.form-offer-editor [name]")}
    assert names <= ours
    assert {s for s in all_shapes(theirs) if "help-block" not in s} <= all_shapes(page)


def test_a_public_section(world: World, shop: Seller, browser: Browser) -> None:
    shop.lot("Один", node=81, secrets=["x"])
    shop.online = True
    theirs = captured("f4j-subcategory-lots-81.ru.html")
    ours = all_shapes(browser.page("/lots/81/"))
    wanted = {s.split("[")[0] for s in shapes(theirs, ".showcase, .counter-list")}
    stars = {"div.rating-5.rating-stars", "span.rating-mini-count", "i.fas", "i.promo-offer-icon"}
    assert wanted - {s.split("[")[0] for s in ours} <= stars


def test_a_profile(world: World, shop: Seller, ann: Buyer, key: Lot) -> None:
    order = ann.buys(key)
    ann.confirms(order)
    ann.reviews(order, 2, "так себе")
    theirs = captured("f4j-user-2.ru.html")
    ours = {s.split("[")[0] for s in all_shapes(Browser(world, ann).page(f"/users/{shop.id}/"))}
    wanted = {s.split("[")[0] for s in shapes(theirs, ".profile-header, .profile-container")}
    absent = {"div.tc-server.hidden-xs", "div.hidden-xs.tc-server", "div.tc-server-inside",
              "div.tc-visible-inside", "div.rating5", "small.user-badges",
              "span.label.label-success", "i.fa.fa-exclamation-triangle.icon"}  # fmt: skip
    assert wanted - ours <= absent


def test_transactions(world: World, shop: Seller, ann: Buyer, key: Lot) -> None:
    ann.confirms(ann.buys(key))
    answer = Browser(world, shop).post("/users/transactions", user_id=str(shop.id))
    page = BeautifulSoup(answer.text, "html.parser")
    assert all_shapes(captured("fpp-transaction-order.ru.html")) <= all_shapes(page)
    date = page.select_one(".tc-date-time")
    assert date
    assert date.text.endswith(" ")


def test_the_main_page(world: World) -> None:
    row = all_shapes(captured("fpp-category-single.ru.html"))
    assert row <= all_shapes(Browser(world).page("/"))
    told = json.loads((PAGES / "f4j-promo-filter.ru.json").read_text())
    answer = Browser(world).post("/games/promoFilter", query="dota").json()
    assert set(answer) == set(told)
    titles = BeautifulSoup(answer["html"], "html.parser").select(".game-title")
    assert [title.text for title in titles] == ["Dota 2"]


def test_429_is_the_captured_page(world: World) -> None:
    world.faults.add("429")
    answer = Browser(world).get("/")
    assert answer.text.split() == (PAGES / "msh-error-429.html").read_text().split()


def test_json_answers_have_the_captured_members(browser: Browser, shop: Seller) -> None:
    lot = shop.lot("Ключ")
    raised = record("fun-network-lots-raise.json", 0)
    answer = browser.post("/lots/raise", game_id="173", node_id="1008").json()
    assert set(answer) == set(raised)
    assert (len(answer["msg"]), len(answer["unlock_at"])) == (25, 20)
    form = {"offer_id": str(lot.id), "node_id": "1008", "csrf_token": browser.csrf, "price": "1",
            "fields[summary][ru]": "Ключ"}  # fmt: skip
    saved = browser.post("/lots/offerSave", form).json()
    assert set(saved) == set(record("fun-network-offer-save.json", 1))


def test_system_messages_have_the_captured_words(
    browser: Browser, shop: Seller, ann: Buyer, key: Lot
) -> None:
    told = json.loads((PAGES / "fpp-system-messages.ru.json").read_text())
    order = ann.buys(key)
    act: dict[str, Callable[[], object]] = {
        "order_confirmed": lambda: ann.confirms(order),
        "review_new": lambda: ann.reviews(order, 5),
        "reply_new": lambda: shop.replies(order, "спасибо"),
        "refund_by_seller": lambda: shop.refunds(order),
    }
    for do in act.values():
        do()
    ours = {m.notice.kind: m.text for m in ann.messages_with(shop) if m.notice}
    for row in told:
        if row["type"] in act:
            text = row["text"].replace("ABCDEFGH", order.id)
            text = text.replace("Покупатель Seller", "Покупатель Buyer")
            expected = text.replace("Buyer", "ann").replace("Seller", "shop")
            assert ours[row["type"]] == expected


def test_xhr_header_is_the_captured_one() -> None:
    assert "x-requested-with" in (PAGES / "fun-network-lots-raise.json").read_text()
    assert list(XHR) == ["X-Requested-With"]


def all_shapes(soup: BeautifulSoup | Tag) -> set[str]:
    return shapes(soup, "*")


def only_known(missing: set[str]) -> set[str]:
    """What is left after variants of the same element and what only other people's data shows."""
    allowed = ("avatar-photo", "fa.fa-question-circle", "inside.hidden-md", "media-user.online",
               "btn-gray", "btn.btn-danger", "close[", "fa-times", "modal-header", "modal-title",
               "h1.", "data-dismiss", "help-form", "notice-button")  # fmt: skip
    return {shape for shape in missing if not any(word in shape for word in allowed)}


def record(name: str, number: int) -> dict[str, object]:
    fields: dict[str, object] = json.loads((PAGES / name).read_text())["records"][number][
        "response"
    ]["fields"]
    return fields
