"""The routes of auto_delivery, as the contract words them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from driver import Driver
from test_delivery_invariants import Shop, check

from sandbox.world import World

PRODUCT = {
    "product_id": "p_001",
    "name": "Steam key",
    "kind": "stock",
    "static_text": None,
    "delivery_text": None,
    "enabled": True,
    "multi_quantity": None,
    "out_of_stock_policy": None,
    "low_stock_threshold": None,
    "auto_deactivate": None,
    "auto_restore": None,
    "stock_count": 2,
    "reserved_count": 0,
    "delivered_count": 0,
}


@pytest.fixture
def shop(world: World, opium: Driver) -> Shop:
    return Shop(opium, world)


def test_a_product_has_the_members_of_the_contract(shop: Shop) -> None:
    made = shop.ask("POST", "/products", {"name": "Steam key", "stock": ["AAAA", "BBBB"]})
    created = made.pop("created_at")
    assert created.endswith("+03:00")
    assert made.pop("updated_at") == created
    assert made == PRODUCT
    assert shop.ask("GET", "/products/p_001").items() > made.items()
    assert shop.ask("POST", "/products", {"name": "x"})["product_id"] == "p_002"


def test_ids_of_products(shop: Shop) -> None:
    shop.ask("POST", "/products", {"name": "x", "product_id": "gold"})
    assert shop.refused("POST", "/products", {"name": "y", "product_id": "gold"})[0] == 409
    assert shop.refused("POST", "/products", {"name": "y", "product_id": "a/b"})[0] == 400
    assert shop.refused("GET", "/products/none")[0] == 404
    shop.ask("DELETE", "/products/gold")
    assert shop.ask("POST", "/products", {"name": "y", "product_id": "gold"})["name"] == "y"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": 5},
        {"name": "x" * 121},
        {"name": "x", "kind": "other"},
        {"name": "x", "kind": "static"},
        {"name": "x", "kind": "static", "static_text": " "},
        {"name": "x", "kind": "static", "static_text": "y", "stock": ["z"]},
        {"name": "x", "delivery_text": "Спасибо!"},
        {"name": "x", "delivery_text": "{product} {nick}"},
        {"name": "x", "low_stock_threshold": -1},
        {"name": "x", "out_of_stock_policy": "panic"},
        {"name": "x", "multi_quantity": 1},
        {"name": "x", "stock": ["y" * 4001]},
    ],
)
def test_a_bad_product_is_refused(shop: Shop, body: dict[str, Any]) -> None:
    assert shop.refused("POST", "/products", body)[0] == 400
    assert shop.ask("GET", "/products") == []


def test_a_product_is_changed_in_part(shop: Shop) -> None:
    product = shop.product("AAAA")
    shop.ask("PUT", f"/products/{product}", {"low_stock_threshold": 3, "multi_quantity": False})
    changed = shop.ask("PUT", f"/products/{product}", {"multi_quantity": None, "name": "Новый"})
    assert (changed["low_stock_threshold"], changed["multi_quantity"]) == (3, None)
    assert changed["name"] == "Новый"
    assert shop.refused("PUT", f"/products/{product}", {"kind": "static"})[0] in (400, 409)
    assert shop.refused("PUT", f"/products/{product}", {"name": None})[0] == 400


def test_goods_of_a_static_product_show_only_when_asked_for(shop: Shop) -> None:
    product = shop.product(kind="static", static_text="СЕКРЕТ")
    path = f"/products/{product}"
    assert shop.ask("GET", path)["static_text"] == "***"
    assert shop.ask("PUT", path, {"static_text": "***", "name": "y"})["static_text"] == "***"
    assert shop.ask("GET", f"{path}?reveal=true")["static_text"] == "СЕКРЕТ"
    audit = shop.opium.get("/api/audit")["items"]
    assert audit[0]["action"] == "SECRET_REVEALED"
    assert "СЕКРЕТ" not in str(audit)


def test_a_product_with_stock_is_deleted_only_by_force(shop: Shop, world: World) -> None:
    lot, ann = shop.sells("Ключ"), world.buyer("ann")
    order = ann.buys(lot)
    shop.poll()
    assert shop.refused("DELETE", "/products/p_001")[0] == 409
    shop.ask("DELETE", "/products/p_001?force=true")
    assert shop.ask("GET", "/lot-mappings") == []
    assert shop.status(order) == "held"
    assert shop.refused("GET", "/products/p_001")[0] == 404
    check(shop.opium, imported=0)


def test_stock_is_listed_masked_and_revealed_with_an_audit_row(shop: Shop) -> None:
    product = shop.product("AAAA-1111", "BBBB-2222")
    page = shop.ask("GET", f"/products/{product}/stock?limit=1")
    assert (page["total"], page["stock_count"]) == (2, 2)
    (line,) = page["items"]
    assert line.pop("added_at").endswith("+03:00")
    assert line == {
        "line_id": 1,
        "text": "AA***",
        "status": "available",
        "order_id": None,
        "delivered_at": None,
    }
    shown = shop.ask("GET", f"/products/{product}/stock?reveal=true&offset=1")["items"]
    assert [line["text"] for line in shown] == ["BBBB-2222"]
    assert shop.opium.get("/api/audit")["items"][0]["action"] == "SECRET_REVEALED"
    for bad in ("limit=0", "limit=501", "offset=-1", "status=sold", "reveal=maybe"):
        assert shop.refused("GET", f"/products/{product}/stock?{bad}")[0] == 400


def test_the_same_file_imported_twice_adds_nothing(shop: Shop) -> None:
    product = shop.product()
    path = f"/products/{product}/stock/import"
    file = "\ufeffAAAA\r\nlogin\\npass\n\nAAAA\n".encode()
    first = shop.ask("POST", path, data=file, content_type="text/plain")
    assert first == {
        "ok": True,
        "added": 2,
        "skipped_duplicates": 1,
        "skipped_empty": 1,
        "stock_count": 2,
    }
    second = shop.ask("POST", path, data=file, content_type="text/plain")
    assert (second["added"], second["skipped_duplicates"]) == (0, 3)
    exported = shop.ask("GET", f"/products/{product}/stock/export")
    assert exported == "AAAA\nlogin\\npass\n"
    assert shop.refill(product, "AAAA", skip_duplicates=False)["added"] == 1
    check(shop.opium, imported=3)


def test_new_lines_may_go_before_all_others(shop: Shop) -> None:
    product = shop.product("C", "D")
    shop.refill(product, "A", "B", position="start")
    shop.refill(product, "E")
    assert shop.ask("GET", f"/products/{product}/stock/export") == "A\nB\nC\nD\nE\n"


def test_an_export_may_take_the_lines_off_the_shelf(shop: Shop) -> None:
    product = shop.product("AAAA", "BBBB")
    path = f"/products/{product}/stock"
    taken = shop.ask("GET", f"{path}/export?format=json&take=true")
    assert [line["text"] for line in taken["items"]] == ["AAAA", "BBBB"]
    assert shop.ask("GET", path)["total"] == 0
    assert shop.ask("GET", f"{path}/export?status=withdrawn") == "AAAA\nBBBB\n"
    assert shop.refused("GET", f"{path}/export?take=true&status=delivered")[0] == 400
    assert shop.refill(product, "AAAA")["added"] == 1
    check(shop.opium, imported=3)


def test_lines_are_deleted_unless_an_order_has_them(shop: Shop, world: World) -> None:
    ann = world.buyer("ann")
    ann.buys(shop.sells("Ключ", "AAAA", "BBBB", "CCCC"))
    shop.poll()
    path = "/products/p_001/stock"
    assert shop.refused("DELETE", f"{path}/1")[0] == 409
    assert shop.ask("DELETE", f"{path}/2") == {"ok": True}
    assert shop.refused("DELETE", f"{path}/2")[0] == 404
    assert shop.refused("DELETE", f"{path}/x")[0] == 400
    assert shop.refused("DELETE", path)[0] == 400
    assert shop.ask("DELETE", f"{path}?confirm=true") == {"ok": True, "deleted": 1}
    assert shop.ask("GET", "/products/p_001")["delivered_count"] == 1
    check(shop.opium, imported=3)


def test_a_file_of_10000_lines_takes_less_than_three_seconds(shop: Shop) -> None:
    product = shop.product()
    file = "".join(f"KEY-{number:05d}-ABCDEF-GHIJKL\n" for number in range(10_000)).encode()
    path = f"/products/{product}/stock/import"
    began = time.perf_counter()
    first = shop.ask("POST", path, data=file, content_type="text/plain")
    took = time.perf_counter() - began
    assert first["added"] == 10_000
    assert took < 3
    again = shop.ask("POST", path, data=file, content_type="text/plain")
    assert (again["added"], again["skipped_duplicates"]) == (0, 10_000)
    print(f"10,000 lines in {took:.2f} s")


def test_a_line_that_is_too_long_is_named(shop: Shop) -> None:
    product = shop.product()
    path = f"/products/{product}/stock/import"
    status, detail = shop.refused("POST", path, data=b"A\n" + b"x" * 4001)
    assert (status, "Line 2" in detail) == (400, True)
    assert shop.refused("POST", path, data=b"\xff\xfe")[0] == 400
    check(shop.opium, imported=0)


def test_mappings(shop: Shop) -> None:
    product = shop.product()
    made = shop.ask("POST", "/lot-mappings", {"product_id": product, "pattern": " Ключ  Steam "})
    assert made["mapping_id"].startswith("dm_")
    assert (made["match"], made["pattern"], made["lot_id"]) == ("substring", "Ключ  Steam", None)
    assert made["enabled"] is True
    twin = {"product_id": product, "pattern": "ключ steam"}
    assert shop.refused("POST", "/lot-mappings", twin)[0] == 409
    shop.ask("POST", "/lot-mappings", twin | {"match": "exact"})
    for bad in (
        {"product_id": product},
        {"product_id": product, "pattern": "   "},
        {"product_id": product, "match": "lot_id"},
        {"product_id": "none", "pattern": "x"},
        {"product_id": product, "pattern": "x" * 301},
        {"product_id": product, "match": "regex", "pattern": "x"},
    ):
        assert shop.refused("POST", "/lot-mappings", bad)[0] == 400
    path = f"/lot-mappings/{made['mapping_id']}"
    assert shop.ask("PUT", path, {"enabled": False}) == made | {"enabled": False}
    assert shop.refused("PUT", path, {"match": "exact"})[0] == 409
    lot = shop.ask("PUT", path, {"match": "lot_id", "lot_id": 7})
    assert (lot["pattern"], lot["lot_id"]) == (None, 7)
    assert shop.ask("DELETE", path) == {"ok": True}
    assert shop.refused("DELETE", path)[0] == 404
    assert len(shop.ask("GET", "/lot-mappings")) == 1


def test_a_mapping_can_be_tried(shop: Shop) -> None:
    product = shop.product()
    mapping = shop.maps(product, "Steam", "substring")
    tried = shop.ask("POST", "/lot-mappings/test", {"description": "Ключ STEAM"})
    assert tried == {
        "matched": True,
        "mapping_id": mapping,
        "product_id": product,
        "match": "substring",
    }
    none = shop.ask("POST", "/lot-mappings/test", {"description": "Другое"})
    assert none == {"matched": False, "mapping_id": None, "product_id": None, "match": None}
    shop.ask("PUT", f"/products/{product}", {"enabled": False})
    assert not shop.ask("POST", "/lot-mappings/test", {"description": "Steam"})["matched"]


def test_settings_are_merged(shop: Shop) -> None:
    before = shop.ask("GET", "/config")
    assert (before["max_per_order"], before["out_of_stock_policy"]) == (100, "wait")
    changed = shop.ask("PUT", "/config", {"max_per_order": 5, "whatever": 1})
    assert changed == {"ok": True, "config": before | {"max_per_order": 5}}
    for bad in ({"max_per_order": 0}, {"max_per_order": 1001}, {"enabled": "yes"},
                {"log_limit": 99}, {"out_of_stock_policy": None}):  # fmt: skip
        assert shop.refused("PUT", "/config", bad)[0] == 400
    assert shop.ask("GET", "/config") == before | {"max_per_order": 5}


def test_texts_can_be_changed_and_reset(shop: Shop, world: World) -> None:
    page = shop.ask("GET", "/messages")
    assert page["messages"] == page["defaults"]
    own = {"delivery_success": "{buyer}: {product} {oops}", "unknown": 5}
    changed = shop.ask("PUT", "/messages", own)
    assert changed.pop("ok") is True
    assert changed["messages"]["delivery_success"] == own["delivery_success"]
    meta = changed["meta"]["delivery_success"]
    assert (meta["stale"], meta["unknown_placeholders"]) == (True, ["oops"])
    for bad in ("Спасибо!", "x" * 2001, 5):
        assert shop.refused("PUT", "/messages", {"delivery_success": bad})[0] == 400
    ann = world.buyer("ann")
    ann.buys(shop.sells("Ключ", "AAAA", delivery_text=None))
    shop.poll()
    assert shop.told(ann) == ["a\u2063n\u2063n: AAAA {oops}"]
    reset = shop.ask("PUT", "/messages", {"delivery_success": None})
    assert reset["messages"] == page["defaults"]


def test_a_preview_counts_static_goods_and_does_not_show_them(shop: Shop) -> None:
    """S17: they are shown with `reveal=true` only, which is audited."""
    body = {"name": "Гайд", "kind": "static", "static_text": "тайна " * 600}
    body["delivery_text"] = "Вот: {product}"
    product = shop.ask("POST", "/products", body)["product_id"]
    preview = shop.ask("POST", f"/products/{product}/preview")
    assert preview["text"] == "Вот: ***"
    assert preview["messages"] == 2


def test_a_preview_uses_nothing_up(shop: Shop) -> None:
    product = shop.product("AAAA", delivery_text=None)
    preview = shop.ask("POST", f"/products/{product}/preview", {"quantity": 30})
    assert preview["messages"] == 2
    assert "XXXXX-XXXXX-00030" in preview["text"]
    assert "AAAA" not in preview["text"]
    assert shop.ask("POST", f"/products/{product}/preview")["messages"] == 1
    assert shop.ask("GET", f"/products/{product}")["stock_count"] == 1


def test_deliveries_are_listed_newest_first_and_filtered(shop: Shop, world: World) -> None:
    ann = world.buyer("ann")
    lot = shop.sells("Ключ", "AAAA-1111")
    first = ann.buys(lot)
    shop.poll()
    second = ann.buys(lot)
    shop.poll()
    items = shop.ask("GET", "/deliveries")["items"]
    assert [item["order_id"] for item in items] == [second.id, first.id]
    waiting = shop.ask("GET", "/deliveries?status=waiting_stock&product_id=p_001")
    assert [item["order_id"] for item in waiting["items"]] == [second.id]
    assert waiting["total"] == 1
    assert shop.refused("GET", "/deliveries?status=lost")[0] == 400
    path = f"/deliveries/{items[1]['delivery_id']}"
    assert shop.ask("GET", path)["lines"] == ["AA***"]
    assert shop.ask("GET", f"{path}?reveal=true")["lines"] == ["AAAA-1111"]
    assert shop.opium.get("/api/audit")["items"][0]["action"] == "SECRET_REVEALED"
    assert shop.refused("POST", f"{path}/retry")[0] == 400
    waits = f"/deliveries/{items[0]['delivery_id']}"
    assert shop.refused("POST", f"{waits}/redeliver")[0] == 400
    assert shop.refused("GET", "/deliveries/none")[0] == 404
    assert shop.ask("DELETE", "/deliveries") == {"ok": True, "deleted": 1}
    assert shop.refused("GET", path)[0] == 404
    assert shop.refused("POST", "/deliveries", {"order_id": first.id})[0] == 409
    shop.poll(2)
    assert shop.told(ann)[0] == "AAAA-1111"
    assert len(shop.told(ann)) == 2


def test_only_own_and_known_orders_are_delivered_by_hand(shop: Shop, world: World) -> None:
    product = shop.product("AAAA")
    body = {"order_id": "ZZZZ9999", "product_id": product}
    assert shop.refused("POST", "/deliveries", body)[0] == 404
    assert shop.refused("POST", "/deliveries", {"order_id": "a/b"})[0] == 400
    assert shop.refused("POST", "/deliveries", {})[0] == 400
    bought = shop.seller.buys(world.seller("other").lot("Чужой лот"))
    assert shop.refused("POST", "/deliveries", body | {"order_id": bought.id})[0] == 404
    check(shop.opium, imported=1)


def test_a_switched_off_product_waits(shop: Shop, world: World) -> None:
    ann, lot = world.buyer("ann"), shop.sells("Ключ")
    order = ann.buys(lot)
    shop.poll()
    shop.ask("PUT", "/products/p_001", {"enabled": False})
    shop.refill("p_001", "AAAA")
    shop.poll(2)
    assert shop.status(order) == "waiting_stock"
    shop.ask("PUT", "/products/p_001", {"enabled": True})
    shop.poll(2)
    world.travel(120)
    shop.poll(2)
    assert shop.status(order) == "delivered"


def test_the_overview_counts(shop: Shop, world: World) -> None:
    ann, lot = world.buyer("ann"), shop.sells("Ключ", "AAAA")
    shop.product("X", "Y", low_stock_threshold=1)
    shop.product(kind="static", static_text="Текст")
    for _ in range(2):
        ann.buys(lot)
        shop.poll()
    assert shop.ask("GET", "/overview") == {
        "total_products": 3,
        "available_products": 2,
        "sold_out_products": 1,
        "available_lines": 2,
        "low_stock_products": 1,
        "lot_mappings": 1,
        "total_deliveries": 2,
        "deliveries_today": 1,
        "waiting_deliveries": 1,
        "failed_deliveries": 0,
    }


def test_orders_are_tagged_with_their_product(shop: Shop, world: World) -> None:
    ann, lot = world.buyer("ann"), shop.sells("Ключ")
    order = ann.buys(lot)
    shop.poll()
    tags = shop.opium.get("/api/accounts/shop/order-tags")["tags"]
    assert tags[order.id] == {"module": "auto_delivery", "product_id": "p_001"}


def test_a_message_that_funpay_refused_is_sent_again_with_the_same_goods(
    shop: Shop, world: World
) -> None:
    ann = world.buyer("ann")
    order = ann.buys(shop.sells("Ключ", "AAAA", "BBBB"))
    chat = world.chats.between(shop.seller, ann)
    chat.muted_by.add(ann.id)
    shop.poll(2)
    delivery = shop.delivery(order)
    assert delivery["status"] == "failed"
    assert delivery["delivered_quantity"] == 0
    check(shop.opium, imported=2)
    chat.muted_by.clear()
    path = f"/deliveries/{delivery['delivery_id']}"
    assert shop.ask("POST", f"{path}/retry")["status"] == "reserved"
    shop.poll(2)
    assert shop.told(ann) == ["AAAA"]
    assert shop.status(order) == "delivered"
    assert shop.alerts() == []
    check(shop.opium, imported=2)
