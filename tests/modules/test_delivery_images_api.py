"""Pictures as goods, as the routes take and show them."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from driver import Driver
from sqlalchemy import text
from test_delivery_images import MAX_BYTES, Gallery, jpeg, lines, png
from test_delivery_invariants import check

from sandbox.world import Buyer, World


@pytest.fixture
def shop(world: World, opium: Driver) -> Gallery:
    return Gallery(opium, world)


@pytest.fixture
def ann(world: World) -> Buyer:
    return world.buyer("ann")


def test_a_second_import_adds_none(shop: Gallery) -> None:
    shop.shows("Открытка")
    first = shop.brings("p_001", png("A"), png("B"), png("A"))
    assert (first["added"], first["skipped_duplicates"], first["stock_count"]) == (2, 1, 2)
    again = shop.brings("p_001", png("B"), png("A"))
    assert (again["added"], again["skipped_duplicates"]) == (0, 2)
    url = "data:image/png;base64," + lines(png("A")).strip()
    assert shop.refill("p_001", url)["skipped_duplicates"] == 1
    assert shop.refill("p_001", url, skip_duplicates=False)["added"] == 1
    check(shop.opium, imported=3)


def test_a_sold_picture_is_known_for_ever(shop: Gallery, ann: Buyer) -> None:
    ann.buys(shop.shows("Открытка", png("A")))
    shop.poll(3)
    assert shop.brings("p_001", png("A"))["added"] == 0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("это не base64", "Line 2 is not base64."),
        ("QUJD", "Line 2 is neither a PNG nor a JPEG."),
        (lines(b"GIF89a").strip(), "Line 2 is neither a PNG nor a JPEG."),
        (lines(png("x" * (MAX_BYTES - 7))).strip(), f"Line 2 holds more than {MAX_BYTES} bytes."),
    ],
    ids=["text", "nothing known", "gif", "too large"],
)
def test_a_bad_picture_is_refused_with_its_line(shop: Gallery, line: str, says: str) -> None:
    product = shop.product(kind="stock_images")
    file = lines(png("A")) + line
    path = f"/products/{product}/stock/import"
    assert shop.refused("POST", path, data=file.encode()) == (400, says)
    static = shop.product(kind="static_image")
    one = says.replace("Line 2", "The body")
    assert shop.refused("PUT", f"/products/{static}/image", data=line.encode()) == (400, one)
    check(shop.opium, imported=0)


def test_a_file_that_is_too_large_is_413(shop: Gallery) -> None:
    product = shop.product(kind="stock_images")
    body = b"A" * (10 * 1024 * 1024 + 1)
    assert shop.refused("POST", f"/products/{product}/stock/import", data=body)[0] == 413
    assert shop.refused("PUT", f"/products/{product}/image", data=body)[0] == 413


def test_kinds_do_not_mix(shop: Gallery) -> None:
    texts, static = shop.product("AAAA"), shop.product(kind="static", static_text="T")
    shelf, one = shop.product(kind="stock_images"), shop.product(kind="static_image")
    for wrong in (texts, static, shelf):
        assert shop.refused("PUT", f"/products/{wrong}/image", data=lines(png("A")))[0] == 400
        assert shop.refused("GET", f"/products/{wrong}/image")[0] == 404
    assert shop.refused("POST", f"/products/{one}/stock/import", data=lines(png("A")))[0] == 400
    assert shop.refused("POST", f"/products/{shelf}/stock", {"lines": ["AAAA"]})[0] == 400
    for kind in ("stock_images", "static_image"):
        body = {"name": "x", "kind": kind, "static_text": "T"}
        assert shop.refused("POST", "/products", body)[0] == 400
    bad = {"name": "x", "kind": "stock_images", "stock": ["AAAA"]}
    assert shop.refused("POST", "/products", bad)[0] == 400


def test_a_text_gives_way_to_a_picture_and_back(shop: Gallery) -> None:
    path = f"/products/{shop.product(kind='static', static_text='T')}"
    assert shop.ask("PUT", path, {"kind": "static_image"})["static_text"] is None
    shop.ask("PUT", f"{path}/image", data=lines(png("A")))
    kept = shop.ask("PUT", path, {"name": "y", "static_text": None})
    assert (kept["static_text"], kept["kind"]) == ("***", "static_image")
    assert shop.refused("PUT", path, {"kind": "static"})[0] == 400
    back = shop.ask("PUT", path, {"kind": "static", "static_text": "T2"})
    assert (back["static_text"], back["kind"]) == ("***", "static")


def test_a_picture_is_shown_to_who_asks_and_written_down(shop: Gallery) -> None:
    shop.shows("Открытка", png("A"))
    shelf = "/products/p_001/stock"
    (line,) = shop.ask("GET", shelf)["items"]
    assert line["text"] == "PN***"
    (line,) = shop.ask("GET", f"{shelf}?reveal=true")["items"]
    assert line["text"].startswith("PNG, 9 bytes, sha256 ")
    answer = shop.opium.call("GET", f"{shop.base}{shelf}/{line['line_id']}/image")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", png("A"))
    assert answer.headers["Cache-Control"] == "no-store"
    audit = shop.opium.get("/api/audit")["items"][0]
    assert (audit["action"], audit["target"]) == (
        "SECRET_REVEALED",
        "auto_delivery line 1 of p_001",
    )
    assert shop.refused("GET", f"{shelf}/99/image")[0] == 404
    static = shop.product(kind="static_image")
    assert shop.refused("GET", f"/products/{static}/image")[0] == 404
    shop.ask("PUT", f"/products/{static}/image", data=lines(jpeg("B")))
    answer = shop.opium.call("GET", f"{shop.base}/products/{static}/image")
    assert (answer.mimetype, answer.data) == ("image/jpeg", jpeg("B"))


def test_what_is_exported_can_be_imported(shop: Gallery) -> None:
    shop.shows("Открытка", png("A"), jpeg("B"))
    export = "/products/p_001/stock/export"
    assert shop.ask("GET", export) == lines(png("A"), jpeg("B"))
    assert shop.refused("GET", f"{export}?take=true&format=json")[0] == 400
    named = shop.ask("GET", f"{export}?format=json")["items"]
    assert [item["text"].partition(",")[0] for item in named] == ["PNG", "JPEG"]
    file = shop.ask("GET", f"{export}?take=true")
    assert shop.ask("GET", export) == ""
    assert shop.ask("GET", f"{export}?status=withdrawn") == file
    added = shop.ask("POST", "/products/p_001/stock/import", data=file)
    assert (added["added"], added["stock_count"]) == (2, 2)
    check(shop.opium, imported=4)


def test_a_preview_counts_the_pictures(shop: Gallery) -> None:
    product = shop.product(kind="stock_images", delivery_text="Вот: {product}")
    preview = shop.ask("POST", f"/products/{product}/preview", {"quantity": 3})
    assert preview == {"text": "Вот: Картинки в следующих сообщениях: 3 шт.", "messages": 4}
    static = shop.product(kind="static_image")
    assert shop.ask("POST", f"/products/{static}/preview", {"quantity": 3})["messages"] == 2


def test_pictures_lie_nowhere_in_the_clear(shop: Gallery, tmp_path: Path, ann: Buyer) -> None:
    canary = "CANARY-PICTURE-7Q4X"
    ann.buys(shop.shows("Открытка", png(canary), png(canary + "2")))
    shop.poll(3)
    assert shop.seen(ann) == [png(canary)]
    inside = base64.b64encode(png(canary))[16:28]
    for path in (tmp_path / "instance").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert canary.encode() not in content, path.name
            assert inside not in content, path.name


def test_withdrawn_pictures_are_wiped_after_a_month_others_are_not(
    shop: Gallery, world: World, ann: Buyer
) -> None:
    order = ann.buys(shop.shows("Открытка", png("A"), png("B")))
    shop.poll(3)
    shop.product(kind="static_image")
    for picture in (png("old"), png("new")):
        shop.ask("PUT", "/products/p_002/image", data=lines(picture))
    shop.ask("DELETE", "/products/p_001/stock?confirm=true")
    world.travel(31 * 86400)
    shop.opium.run_task("auto_delivery", "wipe")
    with shop.opium.core.db.read() as db:
        assert db.scalar(text("SELECT count(*) FROM auto_delivery_images")) == 2
        sent = text("SELECT kind FROM commands WHERE body_sealed IS NOT NULL")
        assert db.scalars(sent).all() == ["send_message"]
    shop.poll(2)
    shop.ask("POST", f"/deliveries/{shop.delivery(order)['delivery_id']}/redeliver")
    shop.poll(3)
    assert shop.seen(ann) == [png("A"), png("A")]
    assert shop.opium.call("GET", f"{shop.base}/products/p_002/image").data == png("new")
