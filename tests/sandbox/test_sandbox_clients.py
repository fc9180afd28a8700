"""What programs send that are no browsers, and still are served by the site."""

import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from bs4 import BeautifulSoup
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.browser import Browser
from sandbox.funpay import create_app
from sandbox.server import Server
from sandbox.transport import ORIGIN, mount
from sandbox.world import Buyer, Lot, Seller, World

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.mark.parametrize("objects", [None, "false", '"false"'])
def test_a_message_without_objects_is_sent_and_not_echoed(
    browser: Browser, world: World, shop: Seller, ann: Buyer, objects: str | None
) -> None:
    node = world.chat(shop, ann).name
    request = {"action": "chat_message", "data": {"node": node, "content": "да"}}
    form = {"request": json.dumps(request), "csrf_token": browser.csrf}
    if objects is not None:
        form["objects"] = objects
    answer = browser.post("/runner/", form).json()
    assert answer == {"objects": [], "response": {"error": None}}
    assert ann.messages_from(shop) == ["да"]


@pytest.mark.parametrize("path", ["/orders/trade", "/orders/", "/users/transactions"])
def test_lists_are_given_to_posts_that_are_not_xhr(browser: Browser, path: str) -> None:
    answer = browser.post(path, xhr=False)
    assert answer.status_code == 200
    assert "dyn-table" in answer.text


def test_a_box_sent_empty_is_off(browser: Browser, shop: Seller, key: Lot) -> None:
    form = {"offer_id": str(key.id), "node_id": "1008", "csrf_token": browser.csrf, "price": "5",
            "fields[summary][ru]": "Ключ", "amount": "3", "active": "on", "auto_delivery": "",
            "deactivate_after_sale": ""}  # fmt: skip
    assert browser.post("/lots/offerSave", form).json()["done"]
    assert (key.active, key.auto_delivery, key.deactivate_after_sale) == (True, False, False)
    browser.post("/lots/offerSave", {**form, "active": ""})
    assert not key.active


def test_a_picture_is_known_by_its_content(browser: Browser) -> None:
    files = {"file": ("file", PNG, "application/octet-stream")}
    answer = browser.session.post(
        ORIGIN + "/file/addChatImage", files=files, headers={"X-Requested-With": "XMLHttpRequest"}
    )
    assert answer.json()["fileId"]


def test_a_picture_for_an_offer(browser: Browser, world: World) -> None:
    answer = browser.session.post(
        ORIGIN + "/file/addOfferImage",
        files={"file": ("a.png", PNG, "image/png")},
        headers={"X-Requested-With": "XMLHttpRequest"},
    )
    image = world.files.owned(world.person("shop"), answer.json()["fileId"])
    assert image.path.startswith("/s/offer/")
    assert browser.get(image.path).content == PNG


def test_muting_answers_no_error_at_all(browser: Browser, world: World, ann: Buyer) -> None:
    ann.writes(world.person("shop"), "?")
    chat = world.chat(world.person("shop"), ann)
    form = {"node_id": str(chat.id), "mute": "1", "csrf_token": browser.csrf}
    assert "error" not in browser.post("/chat/mute", form).json()


def test_the_main_page_has_one_list_and_one_of_recent_games(
    browser: Browser, world: World, key: Lot
) -> None:
    recent, everything = browser.page("/").select(".promo-game-list")
    assert [t.text for t in recent.select(".game-title")] == ["Steam"]
    assert len(everything.select(".game-title")) == len(world.games)
    assert len(Browser(world).page("/").select(".promo-game-list")) == 1


def test_pages_tell_their_own_address(browser: Browser, shop: Seller) -> None:
    page = browser.page(f"/users/{shop.id}/")
    canonical = page.select('link[rel="canonical"]')[0]
    assert canonical["href"] == f"{ORIGIN}/users/{shop.id}/"
    other = page.select('link[rel="alternate"][hreflang="en"]')[0]
    assert other["href"] == f"{ORIGIN}/en/users/{shop.id}/"


def test_my_own_offer_shows_prices_by_method(browser: Browser, key: Lot) -> None:
    options = browser.page(f"/lots/offer?id={key.id}").select("select[name=method] option")
    shown = [BeautifulSoup(str(option["data-content"]), "html.parser") for option in options]
    assert [s.select(".payment-value")[0].text for s in shown] == [
        "от 106.82 ₽",
        "106.82 ₽",
        "107.93 ₽",
    ]


def test_the_end_of_transactions_is_a_number(browser: Browser) -> None:
    cursor = browser.page("/account/balance").select("input[name=continue]")
    assert cursor[0]["value"] == "0"


def test_links_begin_as_told(world: World, shop: Seller) -> None:
    world.base_url = "https://funpay.com"
    links = Browser(world, shop).page("/").select("a.user-link-dropdown")
    assert links[0]["href"] == f"https://funpay.com/users/{shop.id}/"


def test_in_process_it_can_be_the_real_address(world: World, shop: Seller) -> None:
    session = mount(requests.Session(), world, "https://funpay.com")
    page = session.get("https://funpay.com/", timeout=5)
    assert 'href="https://funpay.com/lots/1008/"' in page.text


def test_it_serves_https(world: World, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    server = Server("127.0.0.1", 0, create_app(world), tls=(str(cert), str(key)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    session = requests.Session()
    session.trust_env = False
    try:
        page = session.get(server.url, verify=str(cert), timeout=5)
        world.faults.add("cut")
        with pytest.raises(requests.ConnectionError):
            session.get(server.url, verify=str(cert), timeout=5)
    finally:
        server.shutdown()
        server.server_close()
    assert server.url.startswith("https://")
    assert f'href="{server.url}/lots/1008/"' in page.text


def certificate(folder: Path) -> tuple[Path, Path]:
    """One for 127.0.0.1, signed by itself."""
    from ipaddress import IPv4Address

    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sandbox")])
    here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, secret.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(secret, hashes.SHA256())
    )
    cert, key = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    kind = serialization.PrivateFormat.PKCS8
    key.write_bytes(secret.private_bytes(serialization.Encoding.PEM, kind, plain))
    assert ssl.PEM_cert_to_DER_cert(cert.read_text())
    return cert, key
