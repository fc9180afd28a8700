"""Which code comes first, on every route (contract 0.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from web_cast import SHOP, Scene, Web, refusal

SAMPLES = {"account_id": "none", "chat_id": "1", "order_id": "ABC", "module_name": "auto_raise"}
METHODS = ("get", "post", "put", "patch", "delete")


def routes(web: Web, pattern: str) -> Iterator[tuple[str, str, set[str]]]:
    """Method, path with sample ids, and documented codes of the routes that fit."""
    for path, item in web.get("/openapi.json")["paths"].items():
        if re.match(pattern, path):
            place = re.sub(r"\{(\w+)\}", lambda m: SAMPLES.get(m[1], "1"), path)
            for method in METHODS:
                if method in item:
                    yield method.upper(), f"/api{place}", set(item[method]["responses"])


def test_an_unknown_account_is_told_before_anything_in_the_request(web: Web) -> None:
    found = list(routes(web, r"/accounts/\{account_id\}"))
    assert len(found) > 40
    for method, path, codes in found:
        answer = web.owner(method, f"{path}?limit=x&update=x", data=b"{not json")
        assert refusal(answer, 404) == "Account not found", (method, path)
        assert {"400", "401", "404", "429", "500", "503"} <= codes


def test_a_module_that_is_not_attached_is_told_before_anything_in_the_request(web: Web) -> None:
    web.register()
    found = list(routes(web, r"/accounts/\{account_id\}/modules/"))
    assert len(found) > 30
    for method, path, _ in found:
        path = path.replace("/none/", "/my_shop/")
        answer = web.owner(method, f"{path}?limit=x", data=b"{not json")
        assert refusal(answer, 404) == "Module not found", (method, path)


def test_without_a_token_every_code_but_401_stays_unknown(web: Web) -> None:
    for method, path, _ in routes(web, r"/accounts|/commands|/alerts|/audit|/status|/modules"):
        refusal(web.call(method, path, data=b"{not json"), 401)


@pytest.mark.parametrize("ready", ["starting", "stopping"])
def test_without_a_core_there_is_503_after_401(web: Web, ready: str) -> None:
    token = web.sign_in()
    found = list(routes(web, r"/(?!health|auth/config)"))
    if ready == "starting":
        web.core.ready = False
    else:
        web.core.stopping = True
    for method, path, _ in found:
        answer = web.call(method, path, token=token)
        refusal(answer, 503)
        assert answer.headers["Retry-After"] == "1"
    assert web.call("GET", "/api/health").status_code == 200
    web.core.ready, web.core.stopping = True, False


def test_the_limit_counts_before_the_token_is_looked_at(web: Web, scene: Scene) -> None:
    for method, path, codes in routes(web, r"/accounts"):
        answer = web.call(method, path)
        assert answer.headers["X-RateLimit-Limit"] == "100000"
        assert int(answer.headers["X-RateLimit-Remaining"]) < 100_000
        assert "429" in codes


def test_trouble_with_funpay_is_never_401(web: Web, scene: Scene) -> None:
    order = scene.order.id
    for kind in ("login", "login_page", "403", "blocked", "challenge", "429", "markup"):
        more = {"text": "<div", "replacement": "<p"} if kind == "markup" else {}
        web.world.faults.add(kind, count=None, **more)
        for path in ("chats", f"chats/{scene.chat}", "orders", f"orders/{order}", "balance"):
            web.advance(30)
            answer = web.owner("GET", f"{SHOP}/{path}")
            assert answer.status_code in (200, 400, 404, 500), (kind, path)
            if answer.status_code == 500:
                refusal(answer, 500)
                assert answer.get_json()["code"] == "upstream_error", (kind, path)
        web.world.faults.clear()
