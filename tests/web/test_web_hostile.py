"""The hostile list of matrix row 98 on every route: always a 4xx sentence, never a 5xx (S9)."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select
from test_web_auth import routes
from web_cast import Web, json_of, refusal

from opium.db.tables import StoredCommand
from opium.errors import Invalid
from opium.schema.reading import check_text, read_int, read_json, read_text

MEMBERS = {
    "text",
    "username",
    "module_name",
    "golden_key",
    "config",
    "everywhere",
    "decision",
    "minutes",
}
TAKE_NO_BODY = ("/start", "/stop", "/refund", "/refresh", "/ack")
DEEP = b"[" * 100_000
HOSTILE: dict[str, bytes] = {
    "list": b"[]",
    "null": b"null",
    "text": b'"x"',
    "number": b"1",
    "not json": b"{",
    "deep list": b'{"config":' + DEEP,
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
    "NUL in Russian": b'{"config":{"a":"\xd0\xb9\\u0000"},"text":"\xd0\xb9\\u0000"}',
    "NUL key": b'{"config":{"\\u0000":1}}',
    "bad UTF-8": b'{"text":"\xff\xfe"}',
    "UTF-16": '{"text":"x"}'.encode("utf-16"),
    "list for text": json.dumps({key: [] for key in MEMBERS}).encode(),
    "object for text": json.dumps({key: {} for key in MEMBERS - {"config"}}).encode(),
    "quotes": b'{"a":' + b'"\\"' * 100_000,
    "long text": b'{"config":{"a":"' + b"x" * 9000 + b'"}}',
    "long list": b'{"config":{"a":[' + b"1," * 10_000 + b"1]}}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_hostile_body_gets_past_any_route(web: Web, name: str) -> None:
    """S9: every body of the list on every route."""
    web.register("my_shop", *web.core.modules.available())
    before = web.get("/api/accounts/my_shop/config")
    for method, path in routes(web):
        if method in ("GET", "DELETE"):
            continue
        answer = web.owner(method, path, data=HOSTILE[name], content_type="application/json")
        if re.search(r"/modules/\w+/", path) or path.endswith(TAKE_NO_BODY):
            assert answer.status_code < 500, (path, answer.get_data(as_text=True))
        else:
            refusal(answer, 400)
    assert web.get("/api/accounts/my_shop/config") == before
    with web.db.read() as session:
        assert session.scalars(select(StoredCommand)).all() == []


UNREADABLE = sorted(HOSTILE.keys() - {"list", "null", "text", "number", "list for text",
                                      "object for text"})  # fmt: skip


def test_the_reader_itself_refuses_what_no_model_would_see() -> None:
    """S9: each bound is the reader's own, whatever a model lets through."""
    let_through = []
    for name in UNREADABLE:
        with suppress(Invalid):
            read_json(HOSTILE[name])
            let_through.append(name)
    for broken in ("a\0", "й\0", "\ud800", "x" * 8193):
        with suppress(Invalid):
            check_text("name", broken)
            let_through.append(broken)
    for number in (2**63, -(2**63) - 1):
        with suppress(Invalid):
            read_int("name", str(number))
            let_through.append(str(number))
    assert let_through == []
    with pytest.raises(Invalid):
        read_text(b"a\0")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/accounts/my_shop/chats/9223372036854775808", 400),
        ("/api/accounts/my_shop/chats/-1", 400),
        ("/api/accounts/my_shop/chats/0", 400),
        ("/api/accounts/my_shop/chats/1.5", 400),
        ("/api/accounts/my_shop/chats/abc", 400),
        ("/api/accounts/my_shop/chats/%D9%A1", 400),
        ("/api/accounts/my_shop/chats/5/history?last_message_id=0", 400),
        ("/api/accounts/my_shop/chats/5/history?last_message_id=", 400),
        ("/api/accounts/my_shop/chats/5/history?last_message_id=abc", 400),
        ("/api/accounts/my_shop/chats?update=maybe", 400),
        ("/api/accounts/my_shop/chats?update=", 400),
        ("/api/accounts/my_shop/orders/A-B", 400),
        ("/api/accounts/my_shop/orders/%23ABC", 400),
        ("/api/accounts/my_shop/orders/ABCDEFGHIJKLMNOPQ", 400),
        ("/api/accounts/my_shop/orders?include_paid=2", 400),
        ("/api/accounts/my_shop/orders?start_from=" + "x" * 60_000, 400),
        ("/api/accounts/my_shop/orders?start_from=%00", 400),
        ("/api/accounts/my_shop/modules/%00", 404),
        ("/api/accounts/my_shop/modules/..", 404),
        ("/api/accounts/%00", 404),
        ("/api/accounts/..%2f..%2fetc", 404),
        ("/api/accounts/%2e%2e/config", 404),
        ("/api/accounts/{0.__class__}", 404),
        ("/api/audit?limit=0", 400),
        ("/api/audit?limit=501", 400),
        ("/api/audit?offset=1000000000000000000000000000000", 400),
        ("/api/audit?offset=abc", 400),
        ("/api/commands?state=done", 400),
        ("/api/commands?account_id=" + "%25" * 20_000, 400),
        ("/api/alerts?open=perhaps", 400),
        ("/api/accounts/my_shop/", 404),
        ("//api/accounts", 404),
        ("/api//accounts", 404),
    ],
)
def test_hostile_paths_and_queries_are_refused(web: Web, path: str, status: int) -> None:
    web.register()
    refusal(web.owner("GET", path), status)


@pytest.mark.parametrize("text", ["TRUE", "1", "Yes", "on", "false", "0", "NO", "Off"])
def test_query_booleans_are_read_in_any_case(web: Web, text: str) -> None:
    assert web.owner("GET", f"/api/alerts?open={text}").status_code == 200


def test_options_without_a_token_tells_nothing_of_what_exists(web: Web) -> None:
    web.register("my_shop")
    for path in sorted({path for _, path in routes(web)}):
        known, unknown = (
            web.call("OPTIONS", path.replace("my_shop", name)) for name in ("my_shop", "no_shop")
        )
        assert (known.status_code, known.data) == (200, b""), path
        assert dict(known.headers) == dict(unknown.headers), path


def test_a_body_beyond_one_mebibyte_is_413(web: Web) -> None:
    web.register()
    data = b'{"text":"' + b"x" * 1024 * 1024 + b'"}'
    for path in ("chats/5/send", "start"):
        refusal(web.owner("POST", f"/api/accounts/my_shop/{path}", data=data), 413)


def test_deep_documents_are_refused_quickly(web: Web) -> None:
    from time import perf_counter

    web.sign_in()
    began = perf_counter()
    for name in ("deep list", "quotes"):
        data = HOSTILE[name] * 2
        refusal(web.call("POST", "/api/auth/login", data=data), 400)
    assert perf_counter() - began < 1


def test_no_refusal_repeats_what_was_sent(web: Web) -> None:
    web.register()
    secret = "hunter2hunter2"
    bodies: list[dict[str, Any]] = [
        {"proxy": f"socks5://user:{secret}@"},
        {"proxy": {"http": f"ftp://u:{secret}@h:1"}},
        {"golden_key": f"{secret}; x"},
        {"user_agent": f"{secret}\r\nX: 1"},
        {"anti_detect": {"startup_delay_min": secret}},
        {"rate_limit": secret},
        {"disable_orders": secret},
    ]
    for body in bodies:
        answer = web.owner("PATCH", "/api/accounts/my_shop/config", json=body)
        assert secret not in refusal(answer, 400)
        assert next(iter(body)) in json_of(answer)["detail"]


def test_an_unexpected_error_is_one_sentence(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(web.core.accounts, "list", broken)
    answer = web.owner("GET", "/api/accounts")
    assert refusal(answer, 500) == "Internal error"
    assert answer.headers["X-RateLimit-Limit"]
    assert answer.headers["X-Frame-Options"] == "DENY"
