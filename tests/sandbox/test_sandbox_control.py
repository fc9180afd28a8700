"""The control API: the world moved from outside."""

from typing import Any

import pytest
import requests

from sandbox.browser import Browser
from sandbox.transport import ORIGIN, mount
from sandbox.world import World


class Control:
    """Calls of `/__sandbox__/`."""

    def __init__(self, world: World) -> None:
        self._session = mount(requests.Session(), world)

    def __call__(self, method: str, call: str, expected: int = 200, **body: Any) -> Any:
        answer = self._session.request(method, f"{ORIGIN}/__sandbox__{call}", json=body or None)
        assert answer.status_code == expected, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def control(world: World) -> Control:
    return Control(world)


def test_a_whole_deal_by_control_calls(control: Control, world: World) -> None:
    shop = control("POST", "/sellers", 201, name="shop1", golden_key="k" * 32, user_id=77)
    assert (shop["id"], shop["golden_key"]) == (77, "k" * 32)
    control("POST", "/buyers", 201, name="carl")
    lot = control("POST", "/lots", 201, seller="shop1", title="Ключ", price="5.50", amount=3)
    order = control("POST", "/orders", 201, buyer="carl", lot=lot["id"], amount=2, data="nick")
    path = f"/orders/{order['id']}"
    assert order["price"] == "11.00"
    control("POST", "/messages", 201, **{"from": "carl", "to": "shop1", "text": "где ключ?"})
    control("POST", f"{path}/confirm")
    control("POST", f"{path}/review", stars=5, text="ok")
    assert control("POST", f"{path}/reply", text="ура")["review"]["reply"] == "ура"
    assert control("DELETE", f"{path}/review")["review"] is None
    assert control("POST", f"{path}/refund")["status"] == "refunded"
    texts = [m["text"] for m in control("GET", "/messages?viewer=carl&other=shop1")]
    assert "где ключ?" in texts
    assert control("GET", "/chats?person=shop1")[0]["unread"] is True
    assert [o["id"] for o in control("GET", "/orders?seller=shop1")] == [order["id"]]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/orders", {"buyer": "nobody", "lot": 1}, 404),
        ("POST", "/lots", {"seller": "shop"}, 400),
        ("POST", "/orders/NOTTHERE/confirm", {}, 404),
        ("POST", "/faults", {"kind": "nope"}, 400),
        ("PATCH", "/switches", {"page_size": "many"}, 400),
        ("PATCH", "/switches", {"nope": 1}, 400),
        ("POST", "/clock", {"set": "2026-01-01T00:00:00"}, 400),
        ("GET", "/nothing", {}, 404),
        ("DELETE", "/faults/99", {}, 404),
    ],
)
def test_mistakes_are_told_in_json(
    control: Control, world: World, method: str, path: str, body: dict[str, Any], status: int
) -> None:
    world.seller("shop")
    assert control(method, path, status, **body)["detail"]


def test_keys_are_killed_and_renewed(control: Control, world: World) -> None:
    shop = world.seller("shop")
    old = Browser(world, shop)
    control("PATCH", "/people/shop", golden_key=None)
    assert old.get("/chat/").url.endswith("/account/login")
    control("PATCH", "/people/shop", golden_key="n" * 32)
    assert Browser(world, shop).get("/chat/").url.endswith("/chat/")


def test_the_log_tells_what_an_account_did_and_when(control: Control, world: World) -> None:
    shop, ann = world.seller("shop"), world.buyer("ann")
    browser = Browser(world, shop)
    mark = control("GET", "/log")[-1]["n"]
    browser.send(world.chat(shop, ann).id, "goods")
    told = control("GET", f"/log?account=shop&since={mark}")
    assert [e["what"] for e in told] == ["request", "message"]
    assert told[1]["text"] == "goods"
    assert told[1]["via"] == "http"
    assert told[0]["mono"] <= told[1]["mono"]
    assert told[0]["form"]["csrf_token"] == "***"


def test_faults_switches_clock_and_reset(control: Control, world: World) -> None:
    made = control("POST", "/faults", 201, kind="502", path="/", count=2)
    assert [f["id"] for f in control("GET", "/faults")] == [made[0]["id"]]
    control("DELETE", f"/faults/{made[0]['id']}", 204)
    assert control("GET", "/faults") == []
    assert control("PATCH", "/switches", raise_hours=2, omit=["badges"])["raise_hours"] == 2
    before = world.now()
    control("POST", "/clock", advance=60)
    assert (world.now() - before).total_seconds() == 60
    control("POST", "/reset", demo_data=True)
    assert {p["name"] for p in control("GET", "/people")} == {"shop", "ann", "bob"}
    assert control("GET", "/switches")["omit"] == []


def test_the_page_for_humans_needs_no_other_host(world: World) -> None:
    browser = Browser(world)
    for path in ("/__sandbox__/", "/__sandbox__/web/page.js", "/__sandbox__/web/style.css"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "://" not in answer.text
