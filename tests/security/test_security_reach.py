"""Whom the server calls, what it computes with, and numbers that must not shrink (S12 to S14)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
from web_cast import SHOP, Web, refusal

from opium.config import ROOT

LOOKS_LIKE_A_PLACE = re.compile(r"url|uri|host|endpoint|address|proxy|port\b|webhook|server|domain")
KNOWN_PLACES = {
    ("POST", "/accounts", "proxy"),
    ("PATCH", "/accounts/{account_id}/config", "proxy"),
    ("POST", "/accounts/{account_id}/modules/steam_rent/proxies", "host"),
    ("POST", "/accounts/{account_id}/modules/steam_rent/proxies", "port"),
    ("POST", "/accounts/{account_id}/modules/steam_rent/proxies", "url"),
    ("PUT", "/accounts/{account_id}/modules/steam_rent/proxies/{proxy_id}", "host"),
    ("PUT", "/accounts/{account_id}/modules/steam_rent/proxies/{proxy_id}", "port"),
    ("POST", "/accounts/{account_id}/modules/telegram_bot/bot-buttons", "api_endpoint"),
    (
        "PATCH",
        "/accounts/{account_id}/modules/telegram_bot/bot-buttons/{button_id}",
        "api_endpoint",
    ),
}
"""Proxies (reliability 8.6), and endpoints of buttons, which are paths of ours (8.6)."""
NAMES_ONLY = {"fixed_proxy_id", "proxy_ids", "proxy_list_id", "proxy_settings", "proxy_type"}
"""Which of the stored proxies, and its kind."""

OWN_TABLES = {("opium/funpay/pages/system.py", "sentence")}
"""Patterns that come from a table of the same file."""
ENGINES = {"re", "regex", "fnmatch", "re2"}
RE_CALLS = {
    "compile",
    "match",
    "search",
    "fullmatch",
    "sub",
    "subn",
    "split",
    "findall",
    "finditer",
}


def members(schema: Any, document: Any, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Names of all members that a body may have, at any depth."""
    if isinstance(schema, list):
        for item in schema:
            yield from members(item, document, seen)
    if not isinstance(schema, dict):
        return
    reference = schema.get("$ref")
    if reference and reference not in seen:
        found = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        yield from members(found, document, seen | {reference})
    yield from schema.get("properties", {})
    for key, value in schema.items():
        if key != "examples":
            yield from members(value, document, seen)


def test_no_body_names_a_place_but_proxies_and_own_paths(web: Web) -> None:
    """S12: a member that looks like a place is known here, or this fails."""
    document = web.get("/openapi.json")
    found = set()
    for path, item in document["paths"].items():
        for method in item.keys() & {"post", "put", "patch"}:
            names = set(members(item[method].get("requestBody", {}), document)) - NAMES_ONLY
            found |= {
                (method.upper(), path, name) for name in names if LOOKS_LIKE_A_PLACE.search(name)
            }
    assert found == KNOWN_PLACES


def constants(tree: ast.Module) -> set[str]:
    """Names that a module sets once, at its top."""
    targets = [node.targets for node in tree.body if isinstance(node, ast.Assign)]
    return {name.id for target in targets for name in target if isinstance(name, ast.Name)}


def test_no_pattern_is_made_of_what_somebody_typed() -> None:
    """S13: all regular expressions are our own; texts of people are looked for with `in` or
    `re.escape`, which are linear."""
    wrong, seen = [], 0
    for path in ROOT.glob("opium/**/*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        file = str(path.relative_to(ROOT))
        own = constants(tree) | {name for where, name in OWN_TABLES if where == file}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom) and named_otherwise(node):
                wrong.append(f"{file}:{node.lineno} gives `re`, or a part of it, another name")
            if isinstance(node, ast.Call) and called(node) in RE_CALLS:
                seen += 1
                names = set(free_names(node.args[0]))
                wrong += [f"{file}:{node.lineno} {name}" for name in names - own]
    assert seen > 30
    assert wrong == []


def named_otherwise(node: ast.Import | ast.ImportFrom) -> bool:
    """Whether an import hides calls of a pattern from us: `from re import search`, `regex`."""
    if isinstance(node, ast.ImportFrom):
        return node.module in ENGINES
    return any(a.name in ENGINES and (a.name != "re" or a.asname) for a in node.names)


def called(node: ast.Call) -> str:
    """`compile` of `re.compile(...)`; "" for what is none of `re`."""
    function = node.func
    ours = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)
    return function.attr if ours and function.value.id == "re" else ""  # type: ignore[attr-defined]


def free_names(node: ast.AST) -> Iterator[str]:
    """Names that a pattern is made of, but for those that are escaped."""
    if isinstance(node, ast.Call) and called(node) == "escape":
        return
    if isinstance(node, ast.Name):
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from free_names(child)


def test_a_mapping_takes_no_regular_expression(web: Web) -> None:
    """S13: not even when asked."""
    web.register("my_shop", "auto_delivery")
    base = f"{SHOP}/modules/auto_delivery"
    made = web.ok("POST", f"{base}/products", {"name": "p"})
    body = {"product_id": made["product_id"], "match": "regex", "pattern": "(a+)+$"}
    assert web.owner("POST", f"{base}/lot-mappings", body).status_code == 400


def test_numbers_beyond_what_a_browser_can_hold_are_texts(web: Web) -> None:
    """S14: every number of the description is below 2^53, or is a text."""
    document = web.get("/openapi.json")
    assert integers(document, document) == []


@pytest.mark.parametrize("chat", [2**53 + 1, 2**63 - 1])
def test_a_chat_that_a_browser_would_round_is_none(web: Web, chat: int) -> None:
    """S14: the numbers of FunPay stay below 2^53."""
    web.register("my_shop")
    for path in (f"/chats/{chat}", f"/chats/{chat}/history?last_message_id=1"):
        assert "chat_id" in refusal(web.owner("GET", f"{SHOP}{path}"), 400)


def integers(schema: Any, document: Any, where: str = "") -> list[str]:
    """Where a Steam id would be a number."""
    wrong = []
    if isinstance(schema, list):
        for at, item in enumerate(schema):
            wrong += integers(item, document, f"{where}/{at}")
    if isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            if "steam" in name and "id" in name and {"integer", "number"} & set(kinds(value)):
                wrong.append(f"{where}/{name}")
        for key, value in schema.items():
            wrong += integers(value, document, f"{where}/{key}")
    return wrong


def kinds(schema: Any) -> Iterator[str]:
    """The types that a value may have, also one among others and those in a list."""
    if isinstance(schema, list):
        for item in schema:
            yield from kinds(item)
    elif isinstance(schema, dict):
        found = schema.get("type", [])
        yield from [found] if isinstance(found, str) else found
        for key in ("anyOf", "oneOf", "allOf", "items", "additionalProperties"):
            yield from kinds(schema.get(key))
