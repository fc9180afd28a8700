"""S17: secrets leave on these routes only; all of them are audited, and no cache keeps them."""

from __future__ import annotations

import base64
import logging

import pytest
from rent_rest_cast import Renter
from sqlalchemy import func, select
from web_cast import SHOP, Web

from opium.db.tables import AuditEntry
from opium.modules.telegram_bot.config import put_in_force
from opium.modules.telegram_bot.telegram import Me
from opium.work import open_work

DELIVERY, RENT = (f"{SHOP}/modules/{name}" for name in ("auto_delivery", "steam_rent"))

CANARIES = {
    "proxy": "canaryProxyPassword",
    "goods": "CANARY-GOODS-0001",
    "static": "CANARY-STATIC-TEXT",
    "steam password": "canarySteamPassword",
    "shared secret": base64.b64encode(b"canary-shared-20byte").decode(),
    "identity secret": base64.b64encode(b"canary-identity-20by").decode(),
    "steam proxy": "canarySteamProxy",
    "bot token": "123456789:AAEcanaryToken-ad9Kz_s12345678901234",
}
S17 = {
    ("GET", "/api/accounts/<account_id>/config"): {"golden key", "proxy"},
    ("PATCH", "/api/accounts/<account_id>/config"): {"golden key", "proxy"},
    ("GET", "…/auto_delivery/products/<product_id>"): {"static"},
    ("GET", "…/auto_delivery/products/<product_id>/stock"): {"goods"},
    ("GET", "…/auto_delivery/products/<product_id>/stock/export"): {"goods"},
    ("GET", "…/steam_rent/steam-accounts/<steam_account>/password"): {"steam password"},
    ("GET", "…/steam_rent/rentals"): {"steam password"},
    ("GET", "…/steam_rent/rentals/active"): {"steam password"},
    ("PATCH", "…/steam_rent/rentals/<rental_id>/time"): {"steam password"},
}
"""What each route may show; with `reveal=true` where the route knows it. Deliveries with `reveal`,
images and Guard codes show what is not planted here; their own tests hold them."""
IDS = {"account_id": "my_shop", "steam_account": "acc1"}
BODIES = {"PATCH": {"disable_messages": False, "minutes": 5}}


@pytest.fixture
def full(web: Web) -> Web:
    """A shop that holds one secret of every kind."""
    shop = Renter(web, web.world, "my_shop")
    for module in ("auto_delivery", "telegram_bot", "auto_raise"):
        web.ok("POST", f"{SHOP}/modules", {"module_name": module})
    web.ok("PATCH", f"{SHOP}/config", {"proxy": f"http://u:{CANARIES['proxy']}@127.0.0.1:9"})
    for product, more in (
        ("p_001", {}),
        ("p_002", {"kind": "static", "static_text": CANARIES["static"]}),
    ):
        web.ok("POST", f"{DELIVERY}/products", {"product_id": product, "name": product, **more})
    lines = f"{CANARIES['goods']}\n"
    path = f"{DELIVERY}/products/p_001/stock/import"
    assert web.owner("POST", path, data=lines, content_type="text/plain").status_code == 200
    shop.game("cs2")
    secrets = {"shared_secret": "shared secret", "identity_secret": "identity secret"}
    given = {member: CANARIES[kind] for member, kind in secrets.items()}
    shop.account("acc1", password=CANARIES["steam password"], game_ids=["cs2"], **given)
    shop.proxy(username="u", password=CANARIES["steam proxy"])
    shop.rental("cs2")
    with open_work(web.core.tools, "my_shop", web.core.attachments.ready["telegram_bot"]) as work:
        put_in_force(work, CANARIES["bot token"], Me(123456789, "shop_bot", "Shop"))
    return web


def golden_key(web: Web) -> str:
    return web.core.accounts.config("my_shop").golden_key


def reveals(web: Web) -> int:
    with web.db.read() as session:
        rows = select(func.count()).where(AuditEntry.action == "SECRET_REVEALED")
        return session.scalar(rows) or 0


def test_secrets_leave_on_the_routes_of_s17_only(
    full: Web, caplog: pytest.LogCaptureFixture
) -> None:
    """S17: every GET route of the server, and the others that show a secret."""
    caplog.set_level(logging.DEBUG)
    secrets = {**CANARIES, "golden key": golden_key(full)}
    rental = full.get(f"{RENT}/rentals")[0]["rental_id"]
    shown: dict[tuple[str, str], set[str]] = {}
    for rule in full.app.url_map.iter_rules():
        for method in (rule.methods or set()) & {"GET", *BODIES}:
            if not rule.rule.startswith("/api/"):
                continue
            short = rule.rule.replace("/api/accounts/<account_id>/modules/", "…/")
            for product in ("p_001", "p_002"):
                ids = {**IDS, "product_id": product, "rental_id": rental}
                path = rule.rule
                for name in rule.arguments:
                    path = path.replace(f"<{name}>", ids.get(name, "1"))
                before = reveals(full)
                body = BODIES.get(method)
                answer = full.owner(method, f"{path}?reveal=true", body)
                assert answer.headers["Cache-Control"] == "no-store"
                found = {k for k, text in secrets.items() if text in answer.get_data(as_text=True)}
                if found:
                    assert reveals(full) == before + 1, (method, path)
                    shown.setdefault((method, short), set()).update(found)
    assert shown == S17
    assert [kind for kind, text in secrets.items() if text in caplog.text] == []


def test_without_reveal_goods_stay_hidden(full: Web) -> None:
    """S17: the same routes, not asked to show them."""
    for path in ("/products", "/products/p_001", "/products/p_002", "/products/p_001/stock"):
        answer = full.owner("GET", f"{DELIVERY}{path}").get_data(as_text=True)
        assert CANARIES["goods"] not in answer
        assert CANARIES["static"] not in answer


def test_masked_secrets_are_not_shown_at_all(full: Web) -> None:
    """S17: `OPIUM_MASK_SECRETS`."""
    full._settings["mask_secrets"] = True
    full.restart()
    before = reveals(full)
    answer = full.owner("GET", f"{SHOP}/config").get_data(as_text=True)
    assert golden_key(full) not in answer
    assert CANARIES["proxy"] not in answer
    assert reveals(full) == before
