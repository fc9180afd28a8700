"""Headers, CORS and the request log (contract 1.6, 1.7; seed 9)."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from web_cast import Web, refusal

from opium.security import front

ORIGIN = "http://localhost:3000"
ALWAYS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "X-XSS-Protection": "1; mode=block",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
CLOSED = {
    "default-src 'self'",
    "script-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
}


@pytest.mark.parametrize("path", ["/", "/nothing", "/api/health", "/api/accounts", "/docs"])
def test_every_answer_carries_the_security_headers(web: Web, path: str) -> None:
    answer = web.call("GET", path)
    for name, value in ALWAYS.items():
        assert answer.headers[name] == value
    policy = set(answer.headers["Content-Security-Policy"].split("; "))
    assert policy >= CLOSED
    assert "Strict-Transport-Security" not in answer.headers
    assert (answer.headers.get("Cache-Control") == "no-store") == path.startswith("/api")


def test_hsts_only_over_https_behind_a_trusted_proxy(make_web: Any) -> None:
    direct: Web = make_web()
    behind: Web = make_web(trusted_proxies=("127.0.0.1",))
    https = "https://shop.example/"
    assert "Strict-Transport-Security" not in direct.call("GET", "/", base_url=https).headers
    assert "Strict-Transport-Security" not in behind.call("GET", "/").headers
    sent = behind.call("GET", "/", base_url=https).headers["Strict-Transport-Security"]
    assert sent == "max-age=31536000; includeSubDomains"


def test_refusals_carry_cors_too(make_web: Any) -> None:
    web: Web = make_web(rate_limit_per_minute=1)
    listed = {"Origin": ORIGIN}
    for status in (401, 429):
        answer = web.call("GET", "/api/accounts", headers=listed)
        refusal(answer, status)
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert exposed == "X-RateLimit-Limit, X-RateLimit-Remaining, Retry-After"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers["Vary"] == "Origin"


def test_a_refused_address_gets_cors_too(make_web: Any) -> None:
    web: Web = make_web(ip_whitelist_enabled=True)
    answer = web.call("GET", "/api/health", headers={"Origin": ORIGIN})
    refusal(answer, 403)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_other_origins_get_nothing(web: Web) -> None:
    for origin in ("http://localhost:3001", "null", ORIGIN + ".evil.example"):
        answer = web.call("GET", "/api/health", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_preflight_needs_no_token(web: Web) -> None:
    answer = web.call(
        "OPTIONS",
        "/api/accounts/x/config",
        headers={"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"},
    )
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Methods"] == (
        "GET, POST, PUT, PATCH, DELETE, OPTIONS"
    )
    allowed = answer.headers["Access-Control-Allow-Headers"]
    assert "Authorization" in allowed
    assert "Content-Type" in allowed


def test_each_request_is_one_line(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    web.register()
    caplog.clear()
    with caplog.at_level(logging.INFO, "opium.api"):
        web.login()
        web.owner("GET", "/api/accounts?x=1")
        web.call("GET", "/api/accounts")
        web.call("GET", "/api/привет")
        web.owner("POST", "/api/accounts/my_shop/stop")
    lines = [r.getMessage() for r in caplog.records if r.name == "opium.api"]
    shapes = [line.rpartition(" (")[0] for line in lines]
    assert shapes == [
        "POST /api/auth/login → 200",
        "GET /api/accounts → 200",
        "GET /api/accounts → 401",
        "GET /api/привет → 401",
        "POST /api/accounts/my_shop/stop → 202",
    ]
    assert all(line.endswith("ms)") for line in lines)


def test_a_built_web_client_is_served(make_web: Any, tmp_path: Any) -> None:
    built = tmp_path / "web"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<p>Opium</p>")
    (built / "assets" / "app.js").write_text("1")
    (built / "favicon.ico").write_text("icon")
    (tmp_path / "secret.txt").write_text("secret")
    web: Web = make_web(web_dir=built)
    for path in ("/", "/orders", "/accounts/my_shop"):
        assert web.call("GET", path).get_data(as_text=True) == "<p>Opium</p>"
    assert web.call("GET", "/favicon.ico").get_data(as_text=True) == "icon"
    script = web.call("GET", "/assets/app.js")
    assert (script.status_code, script.get_data(as_text=True)) == (200, "1")
    assert "max-age=31536000" in script.headers["Cache-Control"]
    refusal(web.call("GET", "/assets/gone.js"), 404)
    refusal(web.call("GET", "/api/nothing"), 401)
    refusal(web.call("POST", "/orders"), 404)
    for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"):
        assert "secret" not in web.call("GET", path).get_data(as_text=True)


def test_without_a_web_client_the_root_says_who_is_there(web: Web) -> None:
    assert web.call("GET", "/").get_json() == {"name": "Opium API", "status": "ok"}
    assert refusal(web.call("GET", "/orders"), 404) == "Not found"


def test_a_wrong_method_names_the_right_ones(web: Web) -> None:
    answer = web.owner("DELETE", "/api/accounts")
    assert refusal(answer, 405) == "Method not allowed"
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_a_flood_of_strangers_leaves_few_lines(
    web: Web, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that they could fill would fill the disk, and then nothing is sent."""
    caplog.set_level(logging.INFO, "opium.api")
    minute = 1_700_000_000 // 60 * 60
    monkeypatch.setattr("opium.security.front.time.time", lambda: minute)
    web.get("/api/status")
    before = len(caplog.records)
    for _ in range(front.PER_MINUTE + 7):
        web.call("GET", "/nothing")
    web.get("/api/status")
    lines = [record.getMessage() for record in caplog.records[before:]]
    assert len(lines) == front.PER_MINUTE + 1
    assert lines[-1].startswith("GET /api/status → 200")
    monkeypatch.setattr("opium.security.front.time.time", lambda: minute + 60)
    web.call("GET", "/nothing")
    assert caplog.records[-1].getMessage().endswith("(7 more were not written)")
