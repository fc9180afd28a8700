"""Bans, throttles and rate limits (contract 1.4, 1.5; S5 to S7; matrix row 99)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from web_cast import HOME, Web, json_of, refusal

from opium.clock import ManualClock
from opium.db.tables import Ban, LoginAttempt
from opium.security.limits import WindowStorage

ATTACKER = "198.51.100.9"


def fail(web: Web, times: int, ip: str = ATTACKER, name: str = "admin") -> None:
    for _ in range(times):
        refusal(web.login("wrong", name, ip=ip), 401)


def test_ten_failures_ban_the_address_for_half_an_hour(web: Web) -> None:
    """S6"""
    fail(web, 10)
    answer = web.login(ip=ATTACKER)
    refusal(answer, 429)
    assert json_of(answer)["retry_after"] == 1800
    assert answer.headers["Retry-After"] == "1800"
    web.advance(1801)
    assert web.login(ip=ATTACKER).status_code == 200


def test_a_ban_survives_a_restart(web: Web) -> None:
    """S6"""
    fail(web, 10)
    web.restart()
    refusal(web.login(ip=ATTACKER), 429)


def test_a_ban_stops_requests_without_a_token_but_no_session(web: Web) -> None:
    """S6, S7: nobody is locked out of his session."""
    token = web.sign_in(ATTACKER)
    fail(web, 10)
    refusal(web.call("GET", "/api/accounts", ip=ATTACKER), 429)
    refusal(web.call("GET", "/api/accounts", ip=ATTACKER, token="bad"), 429)
    assert web.call("GET", "/api/accounts", ip=ATTACKER, token=token).status_code == 200
    assert web.call("GET", "/api/health", ip=ATTACKER).status_code == 200
    assert web.call("GET", "/api/auth/config", ip=ATTACKER).status_code == 200
    assert web.call("GET", "/api/accounts", ip=HOME, token=token).status_code == 200


def test_a_good_sign_in_forgets_the_failures(web: Web) -> None:
    fail(web, 9)
    assert web.login(ip=ATTACKER).status_code == 200
    fail(web, 9)
    assert web.login(ip=ATTACKER).status_code == 200


def test_a_whole_ipv6_network_is_one_address(web: Web) -> None:
    """S6: an IPv6 /64."""
    for n in range(10):
        refusal(web.login("wrong", ip=f"2001:db8:1:2::{n:x}"), 401)
    refusal(web.login(ip="2001:db8:1:2:ffff::1"), 429)
    assert web.login(ip="2001:db8:1:3::1").status_code == 200
    with web.db.read() as session:
        assert session.scalars(select(Ban.address)).all() == ["2001:db8:1:2::/64"]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_headers_of_the_client_change_no_key(web: Web, header: str) -> None:
    """S5: neither bucket nor ban."""
    for n in range(10):
        body = {"username": "admin", "password": "wrong"}
        answer = web.call(
            "POST", "/api/auth/login", ip=ATTACKER, json=body, headers={header: f"192.0.2.{n}"}
        )
        assert answer.status_code == 401
    refusal(web.login(ip=ATTACKER), 429)
    with web.db.read() as session:
        assert session.scalars(select(Ban.address)).all() == [ATTACKER]


def test_what_is_no_address_shares_one_key(web: Web) -> None:
    """S5: an invalid address never becomes a key."""
    for n in range(10):
        refusal(web.login("wrong", ip=f"not-an-ip-{n}"), 401)
    with web.db.read() as session:
        assert session.scalars(select(Ban.address)).all() == ["unknown"]


def test_during_an_attack_the_owner_gets_in_from_a_known_address(web: Web) -> None:
    """S7"""
    web.sign_in(HOME)
    for n in range(30):
        fail(web, 1, ip=f"198.51.100.{n}")
    stranger = web.login(ip="192.0.2.1")
    refusal(stranger, 429)
    assert 0 < json_of(stranger)["retry_after"] <= 300
    assert web.login(ip=HOME).status_code == 200
    web.advance(301)
    assert web.login(ip="192.0.2.1").status_code == 200


def test_other_names_are_stored_as_a_hash_only(web: Web) -> None:
    fail(web, 1, name="my secret password")
    with web.db.read() as session:
        names = session.scalars(select(LoginAttempt.username)).all()
    assert len(names) == 1
    assert "secret" not in names[0]


def test_old_attempts_are_swept(web: Web) -> None:
    for n in range(20):
        fail(web, 1, ip=f"198.51.100.{n}", name=f"name{n}")
    web.advance(3700)
    fail(web, 1)
    with web.db.read() as session:
        assert session.scalar(select(func.count()).select_from(LoginAttempt)) == 1


def test_the_sixth_login_of_a_minute_is_refused_and_not_counted_as_failure(
    make_web: Any,
) -> None:
    web: Web = make_web(login_rate_limit_per_minute=5)
    for left in (4, 3, 2, 1, 0):
        answer = web.login("wrong")
        assert answer.headers["X-RateLimit-Limit"] == "5"
        assert answer.headers["X-RateLimit-Remaining"] == str(left)
    answer = web.login("wrong")
    assert refusal(answer, 429) == "Too many requests. Try again in 60 s."
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert answer.headers["Retry-After"] == "60"
    assert json_of(answer)["retry_after"] == 60
    web.advance(60)
    assert web.login().status_code == 200


def test_all_of_the_api_shares_one_bucket_whatever_the_answer(make_web: Any) -> None:
    web: Web = make_web(rate_limit_per_minute=4)
    token = web.sign_in()
    seen = [
        web.call("GET", "/api/health"),
        web.call("GET", "/api/accounts"),
        web.call("GET", "/api/nothing", token=token),
        web.call("DELETE", "/api/accounts", token=token),
    ]
    assert [a.status_code for a in seen] == [200, 401, 404, 405]
    assert [a.headers["X-RateLimit-Remaining"] for a in seen] == ["3", "2", "1", "0"]
    assert all(a.headers["X-RateLimit-Limit"] == "4" for a in seen)
    refusal(web.call("GET", "/api/health"), 429)
    assert web.call("GET", "/api/health", ip=ATTACKER).status_code == 200


def test_preflights_pages_and_documents_are_not_counted(make_web: Any) -> None:
    web: Web = make_web(rate_limit_per_minute=1)
    for _ in range(5):
        for path in ("/", "/nothing", "/docs", "/openapi.json"):
            assert "X-RateLimit-Limit" not in web.call("GET", path).headers
        assert "X-RateLimit-Limit" not in web.call("OPTIONS", "/api/accounts").headers
    assert web.call("GET", "/api/health").status_code == 200


def test_switched_off_limits_are_shown_but_refuse_nothing(make_web: Any) -> None:
    web: Web = make_web(rate_limit_per_minute=2, rate_limit_enabled=False)
    answers = [web.call("GET", "/api/health") for _ in range(4)]
    assert all(a.status_code == 200 for a in answers)
    assert all(a.headers["X-RateLimit-Limit"] == "2" for a in answers)
    assert answers[-1].headers["X-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in answers[-1].headers


def test_the_memory_of_the_limits_is_bounded(web: Web) -> None:
    clock = ManualClock(datetime.now(UTC))
    storage = WindowStorage(clock=clock, max_keys=100)
    for n in range(10_000):
        assert storage.acquire_entry(f"key {n}", 5, 60)
    assert len(storage) == 100


def test_the_whitelist_refuses_everybody_else(make_web: Any) -> None:
    web: Web = make_web(ip_whitelist_enabled=True, ip_whitelist=("10.0.0.0/8", "::1"))
    assert refusal(web.call("GET", "/api/health", ip="192.0.2.1"), 403) == "Access denied"
    assert refusal(web.call("GET", "/", ip="garbage"), 403) == "Access denied"
    assert web.call("GET", "/api/health", ip="10.1.2.3").status_code == 200
    assert web.call("GET", "/api/health", ip="::1").status_code == 200
    assert web.call("OPTIONS", "/api/health", ip="192.0.2.1").status_code == 200
