"""Bans, throttles and rate limits (contract 1.4, 1.5; S5 to S7; matrix row 99)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from web_world import HOME, World, json_of, refusal

from opium.clock import ManualClock
from opium.db.tables import Ban, LoginAttempt
from opium.security.limits import WindowStorage

ATTACKER = "198.51.100.9"


def fail(world: World, times: int, ip: str = ATTACKER, name: str = "admin") -> None:
    for _ in range(times):
        refusal(world.login("wrong", name, ip=ip), 401)


def test_ten_failures_ban_the_address_for_half_an_hour(world: World) -> None:
    fail(world, 10)
    answer = world.login(ip=ATTACKER)
    refusal(answer, 429)
    assert json_of(answer)["retry_after"] == 1800
    assert answer.headers["Retry-After"] == "1800"
    world.clock.advance(1801)
    assert world.login(ip=ATTACKER).status_code == 200


def test_a_ban_survives_a_restart(world: World) -> None:
    fail(world, 10)
    world.restart()
    refusal(world.login(ip=ATTACKER), 429)


def test_a_ban_stops_requests_without_a_token_but_no_session(world: World) -> None:
    token = world.sign_in(ATTACKER)
    fail(world, 10)
    refusal(world.call("GET", "/api/accounts", ip=ATTACKER), 429)
    refusal(world.call("GET", "/api/accounts", ip=ATTACKER, token="bad"), 429)
    assert world.call("GET", "/api/accounts", ip=ATTACKER, token=token).status_code == 200
    assert world.call("GET", "/api/health", ip=ATTACKER).status_code == 200
    assert world.call("GET", "/api/auth/config", ip=ATTACKER).status_code == 200
    assert world.call("GET", "/api/accounts", ip=HOME, token=token).status_code == 200


def test_a_good_sign_in_forgets_the_failures(world: World) -> None:
    fail(world, 9)
    assert world.login(ip=ATTACKER).status_code == 200
    fail(world, 9)
    assert world.login(ip=ATTACKER).status_code == 200


def test_a_whole_ipv6_network_is_one_address(world: World) -> None:
    for n in range(10):
        refusal(world.login("wrong", ip=f"2001:db8:1:2::{n:x}"), 401)
    refusal(world.login(ip="2001:db8:1:2:ffff::1"), 429)
    assert world.login(ip="2001:db8:1:3::1").status_code == 200
    with world.db.read() as session:
        assert session.scalars(select(Ban.address)).all() == ["2001:db8:1:2::/64"]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_headers_of_the_client_change_no_key(world: World, header: str) -> None:
    for n in range(10):
        body = {"username": "admin", "password": "wrong"}
        answer = world.call(
            "POST", "/api/auth/login", ip=ATTACKER, json=body, headers={header: f"192.0.2.{n}"}
        )
        assert answer.status_code == 401
    refusal(world.login(ip=ATTACKER), 429)
    with world.db.read() as session:
        assert session.scalars(select(Ban.address)).all() == [ATTACKER]


def test_what_is_no_address_shares_one_key(world: World) -> None:
    for n in range(10):
        refusal(world.login("wrong", ip=f"not-an-ip-{n}"), 401)
    with world.db.read() as session:
        assert session.scalars(select(Ban.address)).all() == ["unknown"]


def test_during_an_attack_the_owner_gets_in_from_a_known_address(world: World) -> None:
    world.sign_in(HOME)
    for n in range(30):
        fail(world, 1, ip=f"198.51.100.{n}")
    stranger = world.login(ip="192.0.2.1")
    refusal(stranger, 429)
    assert 0 < json_of(stranger)["retry_after"] <= 300
    assert world.login(ip=HOME).status_code == 200
    world.clock.advance(301)
    assert world.login(ip="192.0.2.1").status_code == 200


def test_other_names_are_stored_as_a_hash_only(world: World) -> None:
    fail(world, 1, name="my secret password")
    with world.db.read() as session:
        names = session.scalars(select(LoginAttempt.username)).all()
    assert len(names) == 1
    assert "secret" not in names[0]


def test_old_attempts_are_swept(world: World) -> None:
    for n in range(40):
        fail(world, 1, ip=f"198.51.100.{n}", name=f"name{n}")
    world.clock.advance(3700)
    fail(world, 1)
    with world.db.read() as session:
        assert session.scalar(select(func.count()).select_from(LoginAttempt)) == 1


def test_the_sixth_login_of_a_minute_is_refused_and_not_counted_as_failure(
    make_world: Any,
) -> None:
    world: World = make_world(login_rate_limit_per_minute=5)
    for left in (4, 3, 2, 1, 0):
        answer = world.login("wrong")
        assert answer.headers["X-RateLimit-Limit"] == "5"
        assert answer.headers["X-RateLimit-Remaining"] == str(left)
    answer = world.login("wrong")
    assert refusal(answer, 429) == "Too many requests. Try again in 60 s."
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert answer.headers["Retry-After"] == "60"
    assert json_of(answer)["retry_after"] == 60
    world.clock.advance(60)
    assert world.login().status_code == 200


def test_all_of_the_api_shares_one_bucket_whatever_the_answer(make_world: Any) -> None:
    world: World = make_world(rate_limit_per_minute=4)
    token = world.sign_in()
    seen = [
        world.call("GET", "/api/health"),
        world.call("GET", "/api/accounts"),
        world.call("GET", "/api/nothing", token=token),
        world.call("DELETE", "/api/accounts", token=token),
    ]
    assert [a.status_code for a in seen] == [200, 401, 404, 405]
    assert [a.headers["X-RateLimit-Remaining"] for a in seen] == ["3", "2", "1", "0"]
    assert all(a.headers["X-RateLimit-Limit"] == "4" for a in seen)
    refusal(world.call("GET", "/api/health"), 429)
    assert world.call("GET", "/api/health", ip=ATTACKER).status_code == 200


def test_preflights_pages_and_documents_are_not_counted(make_world: Any) -> None:
    world: World = make_world(rate_limit_per_minute=1)
    for _ in range(5):
        for path in ("/", "/nothing", "/docs", "/openapi.json"):
            assert "X-RateLimit-Limit" not in world.call("GET", path).headers
        assert "X-RateLimit-Limit" not in world.call("OPTIONS", "/api/accounts").headers
    assert world.call("GET", "/api/health").status_code == 200


def test_switched_off_limits_are_shown_but_refuse_nothing(make_world: Any) -> None:
    world: World = make_world(rate_limit_per_minute=2, rate_limit_enabled=False)
    answers = [world.call("GET", "/api/health") for _ in range(4)]
    assert all(a.status_code == 200 for a in answers)
    assert all(a.headers["X-RateLimit-Limit"] == "2" for a in answers)
    assert answers[-1].headers["X-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in answers[-1].headers


def test_the_memory_of_the_limits_is_bounded(world: World) -> None:
    clock = ManualClock(world.clock.now())
    storage = WindowStorage(clock=clock, max_keys=100)
    for n in range(10_000):
        assert storage.acquire_entry(f"key {n}", 5, 60)
    assert len(storage) == 100


def test_the_whitelist_refuses_everybody_else(make_world: Any) -> None:
    world: World = make_world(ip_whitelist_enabled=True, ip_whitelist=("10.0.0.0/8", "::1"))
    assert refusal(world.call("GET", "/api/health", ip="192.0.2.1"), 403) == "Access denied"
    assert refusal(world.call("GET", "/", ip="garbage"), 403) == "Access denied"
    assert world.call("GET", "/api/health", ip="10.1.2.3").status_code == 200
    assert world.call("GET", "/api/health", ip="::1").status_code == 200
    assert world.call("OPTIONS", "/api/health", ip="192.0.2.1").status_code == 200
