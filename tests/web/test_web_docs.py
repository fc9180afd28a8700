"""The generated document: valid, complete, and compatible with the reference's bodies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml  # type: ignore[import-untyped]
from test_web_auth import routes
from web_world import World, json_of, refusal

SEED = Path(__file__).resolve().parents[3] / "shared" / "design" / "openapi-seed.yaml"


def document(world: World) -> dict[str, Any]:
    found: dict[str, Any] = json_of(world.call("GET", "/openapi.json"))
    return found


def operations(paths: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, item in paths.items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        found = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return found.union(*(references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(references(value) for value in node))
    return set()


def test_every_route_is_described(world: World) -> None:
    described = set(operations(document(world)["paths"]))
    for rule in world.app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            path = re.sub(r"<([^>]+)>", r"{\1}", rule.rule.removeprefix("/api"))
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert (method.lower(), path) in described
    assert len(described) == len(routes(world))


def test_every_reference_leads_somewhere_and_every_schema_is_valid(world: World) -> None:
    found = document(world)
    assert found["openapi"] == "3.1.0"
    for reference in references(found):
        node: Any = found
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    for schema in found["components"]["schemas"].values():
        assert jsonschema_rs.meta.is_valid(schema)
    names = [operation["operationId"] for operation in operations(found["paths"]).values()]
    assert len(names) == len(set(names))


def test_codes_and_security_are_documented(world: World) -> None:
    for (method, path), operation in operations(document(world)["paths"]).items():
        codes = set(operation["responses"])
        assert {"403", "405", "413", "429", "500", "503"} <= codes
        public = (method, path) in {
            ("get", "/health"),
            ("post", "/auth/login"),
            ("get", "/auth/config"),
        }
        assert (operation.get("security") == []) == public
        assert ("401" in codes) == (not public or path == "/auth/login")
        if "requestBody" in operation or "parameters" in operation or "refresh" in path:
            assert "400" in codes
        if re.match(r"/accounts/.*/modules|/commands|/alerts", path):
            assert "409" in codes
        if "{" in path:
            assert "404" in codes


def test_bounds_of_bodies_are_in_the_document(world: World) -> None:
    schemas = document(world)["components"]["schemas"]
    create = schemas["CreateBody"]["properties"]
    assert create["account_id"]["pattern"] == "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
    assert create["golden_key"]["maxLength"] == 256
    burst = create["rate_limit"]["anyOf"][0]["properties"]["burst_limit"]
    assert (burst["minimum"], burst["maximum"]) == (1, 100)
    assert schemas["Login"]["properties"]["password"]["maxLength"] == 1024


def test_the_documents_are_off_by_default(make_world: Any) -> None:
    world: World = make_world(docs=False)
    for path in ("/docs", "/openapi.json", "/docs/start.js"):
        refusal(world.call("GET", path), 404)


def test_the_page_keeps_to_its_policy(world: World) -> None:
    page = world.call("GET", "/docs")
    html = page.get_data(as_text=True)
    assert page.content_type.startswith("text/html")
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    for link in re.findall(r'(?:src|href)="([^"]+)"', html):
        assert link.startswith("/docs/")
        assert world.call("GET", link).status_code == 200
    for name in ("index.css", "../schema/views.py", "oauth2-redirect.html"):
        refusal(world.call("GET", f"/docs/{name}"), 404)


ANSWERS = [
    ("get", "/auth/me", "/auth/me", None),
    ("post", "/auth/refresh", "/auth/refresh", None),
    ("get", "/auth/config", "/auth/config", None),
    ("get", "/status", "/status", None),
    ("get", "/health", "/health", None),
    ("get", "/modules/available", "/modules/available", None),
    ("get", "/accounts", "/accounts", None),
    ("post", "/accounts", "/accounts", {"account_id": "new", "golden_key": "k"}),
    ("get", "/accounts/{account_id}", "/accounts/my_shop", None),
    ("get", "/accounts/{account_id}/config", "/accounts/my_shop/config", None),
    ("patch", "/accounts/{account_id}/config", "/accounts/my_shop/config", {"proxy": "h:1"}),
    ("post", "/accounts/{account_id}/start", "/accounts/my_shop/start", None),
    ("post", "/accounts/{account_id}/stop", "/accounts/my_shop/stop", None),
    ("get", "/accounts/{account_id}/modules", "/accounts/my_shop/modules", None),
    (
        "post",
        "/accounts/{account_id}/modules",
        "/accounts/my_shop/modules",
        {"module_name": "auto_raise", "config": {}},
    ),
    (
        "get",
        "/accounts/{account_id}/modules/{module_name}",
        "/accounts/my_shop/modules/auto_raise",
        None,
    ),
    (
        "put",
        "/accounts/{account_id}/modules/{module_name}",
        "/accounts/my_shop/modules/auto_raise",
        {"config": {"a": 1}},
    ),
    ("get", "/accounts/{account_id}/chats", "/accounts/my_shop/chats", None),
    ("get", "/accounts/{account_id}/chats/{chat_id}", "/accounts/my_shop/chats/5", None),
    (
        "get",
        "/accounts/{account_id}/chats/{chat_id}/history",
        "/accounts/my_shop/chats/5/history",
        None,
    ),
    (
        "post",
        "/accounts/{account_id}/chats/{chat_id}/send",
        "/accounts/my_shop/chats/5/send",
        {"text": "x"},
    ),
    ("get", "/accounts/{account_id}/orders", "/accounts/my_shop/orders", None),
    ("get", "/accounts/{account_id}/order-tags", "/accounts/my_shop/order-tags", None),
    ("get", "/accounts/{account_id}/orders/{order_id}", "/accounts/my_shop/orders/ABC", None),
    (
        "post",
        "/accounts/{account_id}/orders/{order_id}/refund",
        "/accounts/my_shop/orders/ABC/refund",
        None,
    ),
    ("get", "/accounts/{account_id}/balance", "/accounts/my_shop/balance", None),
    ("delete", "/accounts/{account_id}", "/accounts/my_shop", None),
]


@pytest.fixture
def seed() -> dict[str, Any]:
    if not SEED.exists():
        pytest.skip("the reference's own description lies beside the project only")
    found: dict[str, Any] = yaml.safe_load(SEED.read_text(encoding="utf-8"))
    return found


def answer_schema(found: dict[str, Any], method: str, path: str) -> tuple[str, dict[str, Any]]:
    responses = operations(found["paths"])[method, path]["responses"]
    (status,) = [code for code in responses if code.startswith("2")]
    schema = responses[status]["content"]["application/json"]["schema"]
    return status, {**schema, "components": found["components"]}


@pytest.mark.captured
def test_our_answers_fit_the_reference_and_our_own_document(
    world: World, seed: dict[str, Any]
) -> None:
    world.shop()
    ours = document(world)
    for method, path, url, body in ANSWERS:
        answer = world.owner(method.upper(), f"/api{url}", json=body)
        for found in (seed, ours):
            status, schema = answer_schema(found, method, path)
            assert answer.status_code == int(status), (path, answer.get_data(as_text=True))
            jsonschema_rs.validate(schema, json_of(answer))


@pytest.mark.captured
def test_the_reference_s_paths_of_the_core_are_all_there(
    world: World, seed: dict[str, Any]
) -> None:
    ours = operations(document(world)["paths"])
    for method, path in operations(seed["paths"]):
        if not re.search(r"/modules/[a-z]+_", path):
            assert (method, path) in ours
