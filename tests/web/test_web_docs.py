"""The generated document: valid, complete, and compatible with the reference's bodies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml  # type: ignore[import-untyped]
from test_web_auth import routes
from web_cast import PASSWORD, Scene, Web, json_of, refusal

SEED = Path(__file__).resolve().parents[3] / "shared" / "design" / "openapi-seed.yaml"


def document(web: Web) -> dict[str, Any]:
    found: dict[str, Any] = json_of(web.call("GET", "/openapi.json"))
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


def test_every_route_is_described(web: Web) -> None:
    described = set(operations(document(web)["paths"]))
    for rule in web.app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            path = re.sub(r"<([^>]+)>", r"{\1}", rule.rule.removeprefix("/api"))
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert (method.lower(), path) in described
    assert len(described) == len(routes(web))


def test_every_reference_leads_somewhere_and_every_schema_is_valid(web: Web) -> None:
    found = document(web)
    assert found["openapi"] == "3.1.0"
    for reference in references(found):
        node: Any = found
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    for schema in found["components"]["schemas"].values():
        assert jsonschema_rs.meta.is_valid(schema)
    names = [operation["operationId"] for operation in operations(found["paths"]).values()]
    assert len(names) == len(set(names))


def test_codes_and_security_are_documented(web: Web) -> None:
    for (method, path), operation in operations(document(web)["paths"]).items():
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


def test_bounds_of_bodies_are_in_the_document(web: Web) -> None:
    schemas = document(web)["components"]["schemas"]
    create = schemas["CreateBody"]["properties"]
    assert create["account_id"]["pattern"] == "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
    assert create["golden_key"]["maxLength"] == 256
    burst = create["rate_limit"]["anyOf"][0]["properties"]["burst_limit"]
    assert (burst["minimum"], burst["maximum"]) == (1, 100)
    assert schemas["Login"]["properties"]["password"]["maxLength"] == 1024


def test_the_documents_are_off_by_default(make_web: Any) -> None:
    web: Web = make_web(docs=False)
    for path in ("/docs", "/openapi.json", "/docs/start.js"):
        refusal(web.call("GET", path), 404)


def test_the_page_keeps_to_its_policy(web: Web) -> None:
    page = web.call("GET", "/docs")
    html = page.get_data(as_text=True)
    assert page.content_type.startswith("text/html")
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    for link in re.findall(r'(?:src|href)="([^"]+)"', html):
        assert link.startswith("/docs/")
        assert web.call("GET", link).status_code == 200
    for name in ("index.css", "../schema/views.py", "oauth2-redirect.html"):
        refusal(web.call("GET", f"/docs/{name}"), 404)


ANSWERS: list[tuple[str, str, Any]] = [
    ("get", "/auth/me", None),
    ("post", "/auth/login", {"username": "admin", "password": PASSWORD}),
    ("post", "/auth/refresh", None),
    ("get", "/auth/config", None),
    ("get", "/status", None),
    ("get", "/health", None),
    ("get", "/modules/available", None),
    ("get", "/accounts", None),
    ("post", "/accounts", {"account_id": "new", "golden_key": "k"}),
    ("get", "/accounts/{account_id}", None),
    ("get", "/accounts/{account_id}/config", None),
    ("patch", "/accounts/{account_id}/config", {"disable_messages": True}),
    ("get", "/accounts/{account_id}/modules", None),
    ("get", "/accounts/{account_id}/modules/{module_name}", None),
    ("put", "/accounts/{account_id}/modules/{module_name}", {"config": {"enabled": True}}),
    ("get", "/accounts/{account_id}/chats", None),
    ("get", "/accounts/{account_id}/chats/{chat_id}", None),
    ("get", "/accounts/{account_id}/chats/{chat_id}/history", None),
    ("post", "/accounts/{account_id}/chats/{chat_id}/send", {"text": "x"}),
    ("get", "/accounts/{account_id}/orders", None),
    ("get", "/accounts/{account_id}/order-tags", None),
    ("get", "/accounts/{account_id}/orders/{order_id}", None),
    ("post", "/accounts/{account_id}/orders/{order_id}/refund", None),
    ("get", "/accounts/{account_id}/balance", None),
    ("post", "/accounts/{account_id}/stop", None),
    ("post", "/accounts/{account_id}/start", None),
    ("delete", "/accounts/{account_id}", None),
    ("post", "/accounts/{account_id}/modules", {"module_name": "auto_raise", "config": {}}),
]
"""In an order in which each can succeed; the last one belongs to the account `new`."""


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


def asked(web: Web, scene: Scene) -> Iterator[tuple[str, str, int, Any]]:
    """Every answer of `ANSWERS`: method, path, status, body."""
    ids = {"chat_id": scene.chat, "order_id": scene.order.id, "module_name": "auto_raise"}
    gone = False
    for method, path, body in ANSWERS:
        url = path.format(account_id="new" if gone else "my_shop", **ids)
        answer = web.owner(method.upper(), f"/api{url}", body)
        gone = gone or method == "delete"
        yield method, path, answer.status_code, json_of(answer)


def reviewed(scene: Scene) -> None:
    scene.ann.confirms(scene.order)
    scene.ann.reviews(scene.order, 5, "Отлично")


def test_our_answers_fit_our_own_document(web: Web, scene: Scene) -> None:
    reviewed(scene)
    ours = document(web)
    for method, path, status, body in asked(web, scene):
        expected, schema = answer_schema(ours, method, path)
        assert status == int(expected), (path, body)
        jsonschema_rs.validate(schema, body)


@pytest.mark.captured
def test_our_answers_fit_the_reference(web: Web, scene: Scene, seed: dict[str, Any]) -> None:
    reviewed(scene)
    for method, path, status, body in asked(web, scene):
        expected, schema = answer_schema(seed, method, path)
        assert status == int(expected), (path, body)
        jsonschema_rs.validate(schema, body)


@pytest.mark.captured
def test_every_path_of_the_reference_s_core_was_asked(seed: dict[str, Any]) -> None:
    core = {key for key in operations(seed["paths"]) if not re.search(r"/modules/[a-z]+_", key[1])}
    assert core == {(method, path) for method, path, _ in ANSWERS}


@pytest.mark.captured
def test_the_reference_s_paths_of_the_core_are_all_there(web: Web, seed: dict[str, Any]) -> None:
    ours = operations(document(web)["paths"])
    for method, path in operations(seed["paths"]):
        if not re.search(r"/modules/[a-z]+_", path):
            assert (method, path) in ours
