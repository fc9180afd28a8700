"""Pictures as goods: each is sent once, beside a text that carries the marker."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from driver import Driver
from sqlalchemy import text
from test_delivery_invariants import Shop, check

from sandbox.world import Buyer, Lot, Person, World

MAX_BYTES = 7_340_032
SENTENCE = "Картинка в следующем сообщении"


def png(word: str) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + word.encode()


def jpeg(word: str) -> bytes:
    return b"\xff\xd8\xff\xe0" + word.encode()


def lines(*pictures: bytes) -> str:
    """A file to import: base64, one picture per line."""
    return "".join(base64.b64encode(picture).decode() + "\n" for picture in pictures)


class Gallery(Shop):
    """A shop that sells pictures."""

    def brings(self, product: str, *pictures: bytes) -> Any:
        path = f"/products/{product}/stock/import"
        return self.ask("POST", path, data=lines(*pictures), content_type="text/plain")

    def shows(self, title: str, *pictures: bytes, **fields: Any) -> Lot:
        """A lot whose goods are these pictures, each for one buyer."""
        lot = self.sells(title, kind="stock_images", **fields)
        if pictures:
            self.brings("p_001", *pictures)
        return lot

    def hands(self, title: str, picture: bytes | None) -> Lot:
        """A lot with one picture for every buyer."""
        lot = self.sells(title, kind="static_image")
        if picture is not None:
            self.ask("PUT", "/products/p_001/image", data=lines(picture))
        return lot

    def seen(self, buyer: Person) -> list[bytes]:
        """The pictures that the buyer was sent, in order."""
        sent = buyer.messages_with(self.seller)
        return [m.image.content for m in sent if m.image and m.author == self.seller.id]

    def waits(self, seconds: float) -> None:
        self.opium.pass_time(self.seller, seconds)


def dies(place: str, times: int = 1) -> Callable[[str], None]:
    """The process dies when it comes to this place for the n-th time."""
    left = times

    def hit(point: str) -> None:
        nonlocal left
        left -= point == place
        if point == place and left == 0:
            raise KeyboardInterrupt

    return hit


@pytest.fixture
def shop(world: World, opium: Driver) -> Gallery:
    return Gallery(opium, world)


@pytest.fixture
def ann(world: World) -> Buyer:
    return world.buyer("ann")


def test_a_paid_order_gets_its_picture_once_beside_a_marked_text(
    shop: Gallery, world: World, opium: Driver
) -> None:
    ann = world.buyer("ann")
    order = ann.buys(shop.shows("Открытка", png("A"), jpeg("B"), delivery_text="{product}!"))
    shop.poll(2)
    opium.restart()
    shop.poll(3)
    said, shown = [m for m in ann.messages_with(shop.seller) if m.author == shop.seller.id]
    assert said.text.split("\n") == [f"{SENTENCE}!", f"#{order.id}-D1/2"]
    assert shown.image is not None
    assert shown.image.content == png("A")
    assert shown.image.name.startswith(f"{order.id}-D2-2-")
    delivery = shop.delivery(order)
    assert (delivery["status"], delivery["goods_left"]) == ("delivered", 1)
    assert shop.ask("GET", f"/deliveries/{delivery['delivery_id']}")["lines"] == ["PN***"]
    check(opium, imported=2)


def test_each_picture_is_sold_once_and_who_comes_late_waits(shop: Gallery, world: World) -> None:
    ann, bob, kim = (world.buyer(name) for name in ("ann", "bob", "kim"))
    lot = shop.shows("Открытка", png("A"), png("B"))
    first = ann.buys(lot)
    shop.poll(3)
    second = bob.buys(lot, amount=2)
    shop.poll(2)
    third = kim.buys(lot)
    shop.poll(3)
    assert (shop.seen(ann), shop.seen(bob), shop.seen(kim)) == ([png("A")], [], [png("B")])
    assert shop.status(second) == "waiting_stock"
    shop.brings("p_001", png("C"), png("D"))
    shop.poll(4)
    assert shop.seen(bob) == [png("C"), png("D")]
    said = [message for message in shop.told(bob) if "шт." in message]
    assert said == ["Картинки в следующих сообщениях: 2 шт."]
    assert {shop.status(order) for order in (first, second, third)} == {"delivered"}
    check(shop.opium, imported=4)


def test_with_allow_partial_the_other_pictures_come_later(world: World, opium: Driver) -> None:
    shop, ann = Gallery(opium, world, allow_partial=True), world.buyer("ann")
    order = ann.buys(shop.shows("Открытка", png("A")), amount=2)
    shop.poll(3)
    assert (shop.seen(ann), shop.status(order)) == ([png("A")], "waiting_stock")
    shop.brings("p_001", png("B"))
    shop.poll(3)
    assert (shop.seen(ann), shop.status(order)) == ([png("A"), png("B")], "delivered")
    check(opium, imported=2)


def test_without_multi_quantity_one_picture_is_enough(world: World, opium: Driver) -> None:
    shop, ann = Gallery(opium, world, multi_quantity=False), world.buyer("ann")
    order = ann.buys(shop.shows("Открытка", png("A"), png("B")), amount=3)
    shop.poll(3)
    assert (shop.seen(ann), shop.status(order)) == ([png("A")], "delivered")
    with opium.core.db.read() as db:
        assert db.scalar(text("SELECT amount FROM handouts")) == 1
    check(opium, imported=2)


def test_everybody_gets_the_static_picture(shop: Gallery, world: World) -> None:
    ann, bob, lot = world.buyer("ann"), world.buyer("bob"), shop.hands("Гайд", jpeg("G"))
    orders = [ann.buys(lot, amount=3), bob.buys(lot)]
    shop.poll(4)
    assert (shop.seen(ann), shop.seen(bob)) == ([jpeg("G")], [jpeg("G")])
    assert {shop.status(order) for order in orders} == {"delivered"}
    product = shop.ask("GET", "/products/p_001")
    assert (product["static_text"], product["stock_count"]) == ("***", None)
    check(shop.opium, imported=0)


def test_without_its_picture_a_static_product_waits(shop: Gallery, ann: Buyer) -> None:
    order = ann.buys(shop.hands("Гайд", None))
    shop.poll(2)
    assert shop.status(order) == "waiting_stock"
    shop.ask("PUT", "/products/p_001/image", data=lines(png("G")))
    shop.poll(3)
    assert (shop.seen(ann), shop.status(order)) == ([png("G")], "delivered")


@pytest.mark.parametrize("skip", [0, 1], ids=["the text", "the picture"])
def test_a_lost_answer_sends_nothing_twice(shop: Gallery, ann: Buyer, skip: int) -> None:
    order = ann.buys(shop.shows("Открытка", png("A"), png("B")))
    shop.opium.world.faults.add("cut", "after", path="/runner/", action="send", skip=skip)
    shop.poll(2)
    assert shop.status(order) == "reserved"
    assert len(shop.seen(ann)) == skip
    shop.opium.restart()
    shop.waits(150)
    assert (shop.seen(ann), shop.told(ann)) == ([png("A")], [SENTENCE])
    assert shop.status(order) == "delivered"
    check(shop.opium, imported=2)


@pytest.mark.parametrize("part", [1, 2], ids=["text", "picture"])
@pytest.mark.parametrize(
    "place", ["before_t2", "after_t2", "after_answer", "before_t3", "after_t3"]
)
def test_killed_anywhere_the_end_is_the_same(
    shop: Gallery, ann: Buyer, monkeypatch: pytest.MonkeyPatch, place: str, part: int
) -> None:
    order = ann.buys(shop.shows("Открытка", png("A"), png("B")))
    with monkeypatch.context() as patch:
        patch.setattr("opium.workers.carry.hit", dies(place, part))
        with pytest.raises(KeyboardInterrupt):
            shop.poll(3)
    shop.opium.restart()
    shop.waits(150)
    assert (shop.seen(ann), shop.told(ann)) == ([png("A")], [SENTENCE])
    assert shop.status(order) == "delivered"
    check(shop.opium, imported=2)


def test_a_picture_that_never_arrived_is_sent_again_the_same(shop: Gallery, ann: Buyer) -> None:
    order = ann.buys(shop.shows("Открытка", png("A"), png("B")))
    shop.opium.world.faults.add("cut", "before", path="/runner/", action="send", skip=1)
    shop.poll(2)
    assert shop.seen(ann) == []
    shop.opium.restart()
    shop.waits(150)
    assert (shop.seen(ann), shop.status(order)) == ([png("A")], "delivered")
    check(shop.opium, imported=2)


def test_refunded_between_text_and_picture_it_stops_and_is_not_sold_again(
    shop: Gallery, world: World, ann: Buyer
) -> None:
    lot = shop.shows("Открытка", png("A"))
    order = ann.buys(lot)
    world.faults.add("status", path="/file/addChatImage", status=429, retry_after=60)
    shop.poll(2)
    shop.seller.refunds(order)
    shop.waits(120)
    later = world.buyer("bob").buys(lot)
    shop.poll(2)
    assert shop.seen(ann) == []
    assert [shop.status(order), shop.status(later)] == ["failed", "waiting_stock"]
    check(shop.opium, imported=1)


def test_refunded_before_anything_was_sent_the_picture_is_free_again(
    shop: Gallery, world: World, ann: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lot = shop.shows("Открытка", png("A"))
    first = ann.buys(lot)
    with monkeypatch.context() as patch:
        patch.setattr("opium.workers.carry.hit", dies("before_t2"))
        with pytest.raises(KeyboardInterrupt):
            shop.poll()
    shop.opium.restart()
    assert shop.status(first) == "queued"
    shop.seller.refunds(first)
    world.travel(61)
    shop.poll(2)
    assert shop.status(first) == "refunded"
    assert shop.ask("GET", "/products/p_001")["stock_count"] == 1
    bob = world.buyer("bob")
    second = bob.buys(lot)
    shop.poll(3)
    assert (shop.seen(ann), shop.seen(bob)) == ([], [png("A")])
    assert shop.status(second) == "delivered"
    check(shop.opium, imported=1)


def test_the_same_picture_again_or_another_one(shop: Gallery, ann: Buyer) -> None:
    order = ann.buys(shop.shows("Открытка", png("A"), png("B")))
    shop.poll(3)
    path = f"/deliveries/{shop.delivery(order)['delivery_id']}/redeliver"
    shop.ask("POST", path)
    shop.poll(3)
    assert shop.seen(ann) == [png("A"), png("A")]
    shop.ask("POST", path, {"mode": "new"})
    shop.poll(3)
    assert shop.seen(ann) == [png("A"), png("A"), png("B")]
    assert shop.refused("POST", path, {"mode": "new"})[0] == 409
    markers = [m.split("\n")[-1] for m in ann.messages_from(shop.seller)]
    assert markers == [f"#{order.id}-D1/2", f"#{order.id}-R1-1/2", f"#{order.id}-R2-1/2"]
    check(shop.opium, imported=2)


def test_a_picture_that_funpay_refused_is_tried_again(shop: Gallery, world: World) -> None:
    ann = world.buyer("ann")
    order = ann.buys(shop.shows("Открытка", png("A"), png("B")))
    chat = world.chats.between(shop.seller, ann)
    chat.muted_by.add(ann.id)
    shop.poll(3)
    assert shop.status(order) == "failed"
    chat.muted_by.clear()
    shop.ask("POST", f"/deliveries/{shop.delivery(order)['delivery_id']}/retry")
    shop.poll(3)
    assert (shop.seen(ann), shop.status(order)) == ([png("A")], "delivered")
    check(shop.opium, imported=2)


def test_too_many_pictures_wait_for_a_person(shop: Gallery, ann: Buyer) -> None:
    order = ann.buys(shop.shows("Открытка", *[png(str(n)) for n in range(21)]), amount=21)
    shop.poll(2)
    assert shop.status(order) == "held"
    assert "21 pictures" in shop.delivery(order)["error"]
    shop.ask("POST", f"/deliveries/{shop.delivery(order)['delivery_id']}/retry")
    shop.waits(120)
    assert shop.seen(ann) == [png(str(n)) for n in range(21)]
    check(shop.opium, imported=21)


def test_the_largest_picture_is_sold(shop: Gallery, ann: Buyer) -> None:
    largest = png("x" * (MAX_BYTES - 8))
    ann.buys(shop.shows("Плакат", largest))
    shop.poll(3)
    assert shop.seen(ann) == [largest]
