"""The fixed list of hostile requests, made for every route of the document.

Bodies that no route may take are expected to be refused with 400, hostile ids with 400 or 404.
Where a route may well ignore what it is sent, only the document's statuses are expected.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from .asked import Asked
from .contract import Contract

BODIES: dict[str, bytes] = {
    "list": b"[]",
    "null": b"null",
    "text": b'"x"',
    "number": b"1",
    "not json": b"{",
    "two documents": b"{}{}",
    "form": b"a=1&b=2",
    "deep list": b'{"config":' + b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "21 levels": b'{"config":' + b"[" * 21 + b"]" * 21 + b"}",
    "NaN": b'{"config":{"a":NaN},"username":NaN}',
    "Infinity": b'{"config":{"a":-Infinity}}',
    "1e400": b'{"config":{"a":1e400},"text":"x"}',
    "2^63": b'{"config":{"a":9223372036854775808},"text":"x"}',
    "10^400": b'{"config":{"a":1' + b"0" * 400 + b"}}",
    "5000 digits": b'{"config":{"a":' + b"1" * 5000 + b"}}",
    "lone surrogate": b'{"config":{"a":"\\ud800"},"text":"\\ud800"}',
    "surrogate key": b'{"config":{"\\udfff":1}}',
    "NUL": b'{"config":{"a":"\\u0000"},"text":"a\\u0000b"}',
    "NUL key": b'{"config":{"\\u0000":1}}',
    "bad UTF-8": b'{"text":"\xff\xfe"}',
    "UTF-16": '{"text":"x"}'.encode("utf-16"),
    "quotes": b'{"a":' + b'"\\"' * 100_000,
    "long text": b'{"config":{"a":"' + b"x" * 9000 + b'"}}',
    "long list": b'{"config":{"a":[' + b"1," * 10_000 + b"1]}}",
    "doubled member, the last one hostile": b'{"text":"x","a":1,"a":"\\u0000","text":"\\ud800"}',
}
TOO_LARGE = b'{"text":"' + b"x" * 1024 * 1024 + b'"}'
WRONG: tuple[Any, ...] = ([], {}, 1.5, 2**63, "\0", "x" * 8193, [[]], {"a": None})
"""For each member of a body, in turn: wrong types and what no text or number may be."""
TEMPLATES = ("{", "{0}", "{a.__class__}", "{a:99999999999}", "{{", "}", "{!r}", "%s", "$", "\\")
IDS = (
    "9223372036854775808", "-1", "1.5", "1_0", "%D9%A1", "%00", "a%00b", "%2e%2e", "..", ".",
    "..%2f..%2fetc%2fpasswd", "%2e%2e%2fconfig", "%5c..%5c", "%FF", "%ED%A0%80", "%0d%0aX:%201",
    "{0.__class__}", "%25s", "%25", "%20", "x" * 5000, "%D0%B0" * 300, "*", "'",
    '%22', "%3Cscript%3E", "a%3Fb", "a%23b",
)  # fmt: skip
LONGEST = 16_000
VALUES = (
    "abc", "1" + "0" * 30, "-1", "1.5", "1e3", "", "NaN", "%00", "%FF", "%ED%A0%80", "%25",
    "%25" * 4000, "_" * 8193, "%D9%A1", "[]", "{0}", "'%20OR%201=1--",
)  # fmt: skip
PATTERN = "%25" * 20_000
"""A search text of 60 kB."""
REFUSED = frozenset({400})
NOT_THERE = frozenset({400, 404, 405})
LARGE = frozenset({400, 413})
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW", "PROPFIND")
TYPES = ("text/html", "application/xml", "multipart/form-data; boundary=x", "x", "application/json;"
         " charset=utf-16", "application/x-www-form-urlencoded")  # fmt: skip
CHANGES = ("/start", "/stop", "/refund")
"""What a request without a body would really do is left to the drawn requests."""


def requests(contract: Contract, ids: dict[str, str]) -> Iterator[Asked]:
    """All of them; `ids` are those of something that exists."""
    for (method, route), operation in sorted(contract.operations.items()):
        path = filled(route, ids)
        if method in ("POST", "PUT", "PATCH"):
            yield from _bodies(method, route, path, operation, contract)
        yield from _queries(method, route, path, operation)
        yield from _paths(method, route, ids)
        yield from _strangers(method, route, path)
    for route in sorted(contract.document["paths"]):
        path = filled(route, ids)
        yield from _methods(route, path, contract)
        yield from _headers(route, path, contract)


def filled(route: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        route = route.replace(f"{{{name}}}", quote(value, safe=""))
    return route


def _bodies(
    method: str, route: str, path: str, operation: dict[str, Any], contract: Contract
) -> Iterator[Asked]:
    body = operation.get("requestBody")
    if body is None:
        if not route.endswith(CHANGES):
            for name in ("deep list", "bad UTF-8"):
                yield Asked(method, route, path, BODIES[name], kind=f"needless body: {name}")
        return
    if "application/json" not in body["content"]:
        yield from _raw_bodies(method, route, path)
        return
    for name, data in BODIES.items():
        yield Asked(method, route, path, data, JSON, kind=f"body: {name}", expected=REFUSED)
    yield Asked(method, route, path, TOO_LARGE, JSON, kind="1 MiB", expected=LARGE)
    if body.get("required"):
        yield Asked(method, route, path, b"", JSON, kind="no body", expected=REFUSED)
    yield from _members(method, route, path, body["content"]["application/json"], contract)


def _members(
    method: str, route: str, path: str, content: dict[str, Any], contract: Contract
) -> Iterator[Asked]:
    schema = content["schema"]
    if "$ref" in schema:
        schema = contract.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    for name in schema.get("properties", {}):
        for value in WRONG:
            data = json.dumps({name: value}).encode()
            kind = f"{name}: {str(value)[:20]!r}"
            yield Asked(method, route, path, data, JSON, kind=kind)
        for text in TEMPLATES:
            data = json.dumps({name: text}).encode()
            yield Asked(method, route, path, data, JSON, kind=f"{name}: {text}")
        doubled = f'{{"{name}":1,"{name}":[],"{name}":"\\u0000"}}'.encode()
        yield Asked(method, route, path, doubled, JSON, kind=f"{name} twice", expected=REFUSED)


def _raw_bodies(method: str, route: str, path: str) -> Iterator[Asked]:
    for name, data in (
        ("bad UTF-8", b"\xff\xfe\xfa"),
        ("NUL", b"AAAA\0BBBB"),
        ("11 MiB", b"x" * (10 * 1024 * 1024 + 1)),
    ):
        expected = frozenset({413}) if name == "11 MiB" else REFUSED
        yield Asked(method, route, path, data, kind=f"raw body: {name}", expected=expected)


def _queries(method: str, route: str, path: str, operation: dict[str, Any]) -> Iterator[Asked]:
    known = [p for p in operation.get("parameters", ()) if p["in"] == "query"]
    if method == "DELETE":
        known = []  # an ignored query would let it delete
    for parameter in known:
        name, schema = parameter["name"], parameter["schema"]
        number = schema.get("type") == "integer"
        for value in (*VALUES, PATTERN):
            hopeless = value in (PATTERN, "%00") or (number and value != "-1")
            asked = f"{path}?{name}={value}"
            kind = f"query {name}={value[:20]}"
            expected = REFUSED if hopeless else None
            yield Asked(method, route, asked, kind=kind, expected=expected)
        for bound, step in (("minimum", -1), ("maximum", 1)):
            if bound in schema:
                asked = f"{path}?{name}={schema[bound] + step}"
                yield Asked(method, route, asked, kind=f"{name} beyond", expected=REFUSED)
    if method == "GET":
        names = [p["name"] for p in known] or ["page"]
        twice = "&".join(f"{name}=abc&{name}=1" for name in names)
        yield Asked(method, route, f"{path}?{twice}", kind="doubled query keys")
        yield Asked(method, route, f"{path}?{'&' * 5000}=&=&%", kind="query of nothing")
        yield Asked(method, route, f"{path}?page=abc&page=1{'0' * 30}", kind="unknown query")


def _paths(method: str, route: str, ids: dict[str, str]) -> Iterator[Asked]:
    for name in ids:
        place = f"{{{name}}}"
        if place in route:
            for value in (*IDS, "x" * LONGEST):
                path = filled(route.replace(place, value), ids)
                kind = f"{name}: {value[:20]}"
                yield Asked(method, route, path, b"{}", kind=kind, expected=NOT_THERE)


def _strangers(method: str, route: str, path: str) -> Iterator[Asked]:
    for who in ("nobody", "bad token"):
        yield Asked(method, route, path, b"{}", who=who, kind=who)


def _methods(route: str, path: str, contract: Contract) -> Iterator[Asked]:
    known = contract.methods(route)
    for method in METHODS:
        if method not in known:
            # Another route may fit as well: /lot-mappings/test is also a mapping named test.
            yield Asked(method, route, path, b"{}", kind="wrong method", expected=NOT_THERE)
    yield Asked("OPTIONS", route, path, kind="OPTIONS", expected=frozenset({200, 204}))
    if "GET" in known:
        operation = contract.operations["GET", route]
        good = frozenset(int(status) for status in operation["responses"])
        yield Asked("HEAD", route, path, kind="HEAD", expected=good)
    for wrong in (f"{path}/", f"/{path}", f"{path}/%2e", f"{path}//", f"{path}%00"):
        yield Asked("BREW", route, wrong, kind="path", expected=NOT_THERE)


def _headers(route: str, path: str, contract: Contract) -> Iterator[Asked]:
    for method in sorted(contract.methods(route) & {"GET"}):
        for name, value in (
            ("Accept", "image/png"),
            ("Accept-Encoding", "gzip;q=x"),
            ("Cookie", "x" * 4000),
            ("If-None-Match", "*"),
            ("If-Modified-Since", "yesterday"),
            ("Range", "bytes=0-1,5-2"),
            ("X-Forwarded-For", "'; --, 1.2.3.4"),
            ("Idempotency-Key", "\xff"),
            ("Origin", "null"),
        ):
            yield Asked(method, route, path, headers=((name, value),), kind=f"{name}: {value[:20]}")
    for method in sorted(contract.methods(route) & {"POST", "PUT", "PATCH"}):
        body = contract.operations[method, route].get("requestBody", {"content": {}})
        for kind in TYPES if "application/json" in body["content"] else ():
            header = (("Content-Type", kind),)
            yield Asked(method, route, path, b"[]", header, kind=kind, expected=REFUSED)


JSON = (("Content-Type", "application/json"),)
