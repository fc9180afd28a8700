"""Moving in from FunPayCardinal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from driver import Driver
from hypothesis import given, settings
from hypothesis import strategies as st
from moving_cast import GOLDEN, Mover, refusal, write

from opium.importing import cardinal_read
from opium.importing.cardinal_texts import parted, translated
from opium.importing.report import Report
from opium.modules.auto_delivery.messages import PRODUCT_TOKENS
from opium.text import tokens, unknown_tokens

BASE = "/api/accounts/shop/modules/auto_delivery"
MAIN = f"""[FunPay]
golden_key : {GOLDEN}
user_agent : Mozilla/5.0 (X11; 100% real)
autoRaise : 1
autoDelivery : 1
multiDelivery : 1
autoRestore : 1
autoDisable : 0

[Telegram]
enabled : 1
token : 123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA

[BlockList]
blockDelivery : 1

[Proxy]
enable : 1
ip : 192.0.2.9
port : 3128
login : u
password : proxy-pass
"""
LOTS = """; a comment
[Ключ Steam; 10% скидка # сегодня]
response : Спасибо, $username!
\tВаш ключ: $product
\tПодтвердите: $order_link
productsFileName : keys.txt

[Ключ Steam, второй лот]
response : Другой текст: $product
productsFileName : keys.txt
disable : 1

[Гайд]
response : Привет, $username! Вот ссылка: https://example.org/guide $sleep=2

[Пусто]
response : $product
productsFileName : empty.txt
disableMultiDelivery : 1
"""
KEYS = "KEY-1\nKEY-2\nKEY-1\nлогин\\nпароль\n\n"


def shop(root: Path, *, encoding: str = "utf-8", newline: str = "\n", bom: bool = False) -> Path:
    """A folder of FunPayCardinal."""

    def put(path: str, text: str) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        raw = text.replace("\n", newline).encode(encoding)
        (root / path).write_bytes((b"\xef\xbb\xbf" if bom else b"") + raw)

    put("configs/_main.cfg", MAIN)
    put("configs/auto_delivery.cfg", LOTS)
    put("configs/auto_response.cfg", "[!привет]\nresponse : Привет\n")
    put("storage/products/keys.txt", KEYS)
    put("storage/products/empty.txt", "\n")
    write(root / "storage/cache/blacklist.json", ["mallory", "eve", "mallory"])
    return root


def products(opium: Driver) -> dict[str, Any]:
    return {row["name"]: row for row in opium.get(f"{BASE}/products")}


def lines(opium: Driver, product: str) -> list[str]:
    path = f"{BASE}/products/{product}/stock?reveal=true"
    return [row["text"] for row in opium.get(path)["items"]]


def test_a_shop_becomes_an_account_that_is_switched_off(mover: Mover, old: Path) -> None:
    told = mover.cardinal(shop(old))
    assert mover.well
    assert "shop: imported" in told
    assert "  3 products" in told
    assert "  4 lot mappings" in told
    assert "  3 lines of goods" in told
    assert "left out: storage/products/keys.txt: 1 repeated lines" in told
    assert "left out: storage/products/empty.txt: it is empty" in told
    assert "left out: configs/auto_response.cfg: 1 answers" in told
    assert "left out: configs/_main.cfg: section Telegram" in told
    assert "второй лот: its own text; it shares the goods of Ключ Steam" in told
    assert "Гайд: $sleep=, which has no like here" in told
    opium = mover.opens()
    assert opium.get("/api/accounts/shop")["state"] == "stopped"
    config = opium.get("/api/accounts/shop/config")
    assert (config["golden_key"], config["user_agent"], config["proxy"]) == (
        GOLDEN, "Mozilla/5.0 (X11; 100% real)", "http://u:proxy-pass@192.0.2.9:3128",
    )  # fmt: skip
    assert opium.get("/api/accounts/shop/modules/auto_raise/config")["enabled"]
    given = opium.get(f"{BASE}/config")
    assert given["blacklist"] == ["mallory", "eve"]
    assert (given["auto_restore_lots"], given["auto_deactivate_lots"]) == (True, False)
    found = products(opium)
    keys = found["keys"]
    assert keys["delivery_text"] == (
        "Спасибо, {buyer}!\nВаш ключ: {product}\nПодтвердите: {order_link}"
    )
    assert lines(opium, keys["product_id"]) == ["KEY-1", "KEY-2", "логин\nпароль"]
    assert (found["empty"]["stock_count"], found["empty"]["multi_quantity"]) == (0, False)
    mappings = {row["pattern"]: row for row in opium.get(f"{BASE}/lot-mappings")}
    assert {row["match"] for row in mappings.values()} == {"exact"}
    first, second = "Ключ Steam; 10% скидка # сегодня", "Ключ Steam, второй лот"
    assert mappings[first]["product_id"] == mappings[second]["product_id"]
    assert (mappings[first]["enabled"], mappings[second]["enabled"]) == (True, False)
    guide = found["Гайд"]["product_id"]
    text = opium.ok("POST", f"{BASE}/products/{guide}/preview", {"quantity": 1})["text"]
    assert "***" in text
    assert "$" not in text
    goods = opium.get(f"{BASE}/products/{guide}?reveal=true")["static_text"]
    assert "Вот ссылка: https://example.org/guide" in goods
    opium.core.db.close()


def test_a_moved_lot_is_delivered(mover: Mover, old: Path) -> None:
    seller, ann = mover.world.seller("shop"), mover.world.buyer("ann")
    lot = seller.lot("Ключ Steam; 10% скидка # сегодня", amount=5)
    root = shop(old)
    main = MAIN.replace(GOLDEN, str(seller.golden_key)).partition("[Proxy]")[0]
    write(root / "configs/_main.cfg", main)
    mover.cardinal(root)
    opium = mover.opens()
    opium.ok("POST", "/api/accounts/shop/start", status=202)
    opium.poll(seller, 2)
    ann.buys(lot)
    opium.poll(seller, 3)
    assert "Ваш ключ: KEY-1" in ann.messages_from(seller)[0]
    opium.core.db.close()
    mover.cardinal(root)
    opium = mover.opens()
    found = products(opium)["keys"]
    assert lines(opium, found["product_id"])[0] == "KEY-1"  # sold, and not there twice
    assert found["stock_count"] == 2
    opium.core.db.close()


def test_a_second_run_changes_nothing(mover: Mover, old: Path) -> None:
    mover.cardinal(shop(old))
    opium = mover.opens()
    before, mappings = products(opium), opium.get(f"{BASE}/lot-mappings")
    opium.core.db.close()
    told = mover.cardinal(old)
    assert told.startswith("shop: already there: nothing was changed")
    opium = mover.opens()
    assert (products(opium), opium.get(f"{BASE}/lot-mappings")) == (before, mappings)
    opium.core.db.close()


def test_a_dry_run_leaves_no_trace(mover: Mover, old: Path) -> None:
    told = mover.cardinal(shop(old), dry_run=True)
    assert "  3 products" in told
    assert mover.content() == []
    assert mover.leftovers() == []


@pytest.mark.parametrize(
    ("encoding", "newline", "bom"),
    [("utf-8", "\r\n", True), ("cp1251", "\r\n", False), ("utf-8", "\n", True)],
)
def test_files_from_windows_are_read(
    encoding: str, newline: str, bom: bool, mover: Mover, old: Path
) -> None:
    root = shop(old, encoding=encoding, newline=newline, bom=bom)
    found = cardinal_read.read(root, Report("shop"))
    assert [lot.title for lot in found.lots][2:] == ["Гайд", "Пусто"]
    assert found.lots[0].response.splitlines()[0] == "Спасибо, $username!"
    assert found.goods["keys.txt"] == ["KEY-1", "KEY-2", "KEY-1", "логин\nпароль"]
    assert found.main["FunPay"]["golden_key"] == GOLDEN


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("configs/_main.cfg", "golden_key : x", "_main.cfg: line 1 is not readable"),
        ("configs/_main.cfg", "[FunPay]\na : 1\na : 2", "line 3 repeats a section or key"),
        ("configs/_main.cfg", "[FunPay]\ngolden_key :", "has no golden_key"),
        ("configs/_main.cfg", "[FunPay]\ngolden_key : a b", "golden_key must be"),
        ("configs/auto_delivery.cfg", "[a]\nresponse", "line 2 is not readable"),
        (
            "configs/auto_delivery.cfg",
            "[Лот]\nresponse : $product\nproductsFileName : ../../secret.txt",
            "Лот: productsFileName names no file in storage/products",
        ),
        ("configs/auto_delivery.cfg", "[Лот]\nresponse : {wrong} $product\n"
         "productsFileName : keys.txt", "unknown placeholder: {wrong}"),
        ("storage/products/keys.txt", "x" * 4001, "keys.txt"),
        ("storage/products/keys.txt", "x\n" * 100_001, "has more than 100000 lines"),
        ("storage/cache/blacklist.json", "{", "blacklist.json cannot be used"),
    ],
)  # fmt: skip
def test_a_bad_value_is_named_and_nothing_is_stored(
    path: str, text: str, why: str, mover: Mover, old: Path
) -> None:
    write(old / "secret.txt", "KEY-STOLEN")
    write(shop(old) / path, text)
    told = mover.cardinal(old)
    assert not mover.well
    assert told.splitlines()[0].startswith("shop: not imported: ")
    assert why in told.splitlines()[0]
    assert mover.content() == []


def test_links_lead_nowhere(mover: Mover, old: Path, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere.txt", "KEY-STOLEN")
    keys = shop(old) / "storage/products/keys.txt"
    keys.unlink()
    keys.symlink_to(tmp_path / "elsewhere.txt")
    assert "names no file" in mover.cardinal(old)


def test_many_lines_are_taken_in_chunks(mover: Mover, old: Path) -> None:
    goods = "".join(f"KEY-{n}\n" for n in range(12_000))
    write(shop(old) / "storage/products/keys.txt", goods)
    assert "  12000 lines of goods" in mover.cardinal(old)


@pytest.mark.parametrize(
    ("theirs", "ours", "lost"),
    [
        ("Держи $product.", "Держи {product}.", []),
        ("$username, $order_title", "{buyer}, {order_title}\n\n{product}", []),
        ("$full_date_text $date $time: $product", "{date} {date} {time}: {product}", []),
        ("$order_desc_and_params$product", "{product}", ["$order_desc_and_params"]),
        ("$productКупон", "{product}Купон", []),
        ("$photo=12 $new$product", "{product}", ["$photo=", "$new"]),
        ("5$ $USD $product", "5$ $USD {product}", []),
        ("", "{product}", []),
    ],
)
def test_variables_become_placeholders(theirs: str, ours: str, lost: list[str]) -> None:
    assert translated(theirs) == (ours, lost)


def test_the_part_that_every_buyer_gets_is_the_goods_of_a_text() -> None:
    assert parted("Привет, $username! Ссылка: https://example.org") == (
        "! Ссылка: https://example.org", "Привет, {buyer}{product}", [],
    )  # fmt: skip
    assert parted("https://example.org") == ("https://example.org", "{product}", [])
    assert parted("$username") == ("", "", [])


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="$productusernamedate_ {}=x\n", max_size=60))
def test_any_text_becomes_one_with_goods(text: str) -> None:
    ours, _lost = translated(text)
    assert "product" in tokens(ours)
    strange = set(unknown_tokens(ours, PRODUCT_TOKENS))
    assert strange <= set(tokens(text)) | {token.strip("{}") for token in tokens(text)}


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="[]:;#% \tabя$\n\r\\=", max_size=60) | st.text(max_size=40))
def test_any_configuration_is_read_or_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    root = tmp_path_factory.mktemp("any")
    write(root / "configs/auto_delivery.cfg", text.encode("utf-8", "replace").decode())
    assert refusal(cardinal_read.read, root) in (None, ".")
