"""Signing in and the life of a token (seed 1, S2 to S4, S8, matrix row 100)."""

from __future__ import annotations

import base64
import json
import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
from sqlalchemy import text
from web_world import KEY, PASSWORD, World, json_of, refusal

from opium.db.tables import Setting
from opium.security import passwords, set_password

PUBLIC = {
    ("GET", "/api/health"),
    ("POST", "/api/auth/login"),
    ("GET", "/api/auth/config"),
}


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, KEY, algorithms=["HS256"])
    return found


def forged(world: World, **changes: Any) -> str:
    """A token signed with our key whose claims are changed; None removes one."""
    found = claims(world.sign_in()) | changes
    return jwt.encode({k: v for k, v in found.items() if v is not None}, KEY, "HS256")


def routes(world: World) -> list[tuple[str, str]]:
    samples = {
        "account_id": "my_shop",
        "chat_id": "5",
        "order_id": "ABC",
        "module_name": "auto_raise",
        "command_id": "1",
        "alert_id": "1",
    }
    found = []
    for rule in world.app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            path = rule.rule
            for name in rule.arguments:
                path = path.replace(f"<{name}>", samples[name])
            found += [(m, path) for m in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]
    return found


def test_a_sign_in_answers_with_exactly_the_four_members(world: World) -> None:
    answer = world.login()
    body = json_of(answer)
    assert answer.status_code == 200
    assert set(body) == {"access_token", "token_type", "expires_in", "username"}
    assert (body["token_type"], body["expires_in"], body["username"]) == ("bearer", 3600, "admin")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_token_holds_all_our_claims_and_tells_who_and_when(world: World) -> None:
    found = claims(world.sign_in())
    assert {"sub", "iat", "exp", "jti", "ver", "sid", "auth_time"} <= set(found)
    assert found["exp"] - found["iat"] == 3600
    me = json_of(world.owner("GET", "/api/auth/me"))
    assert set(me) == {"username", "issued_at", "expires_at"}
    assert me["username"] == "admin"
    assert me["expires_at"] - me["issued_at"] == 3600


def test_a_refresh_keeps_the_session_and_gives_three_members(world: World) -> None:
    token = world.sign_in()
    body = json_of(world.call("POST", "/api/auth/refresh", token=token))
    assert set(body) == {"access_token", "token_type", "expires_in"}
    old, new = claims(token), claims(body["access_token"])
    assert (new["sid"], new["auth_time"]) == (old["sid"], old["auth_time"])
    assert new["jti"] != old["jti"]


def test_the_public_configuration_has_one_member(world: World) -> None:
    answer = world.call("GET", "/api/auth/config")
    assert json_of(answer) == {"auth_enabled": True}
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_route_but_three_wants_a_token(world: World) -> None:
    world.shop(modules=("auto_raise",))
    open_routes = set()
    for method, path in routes(world):
        answer = world.call(method, path, json={})
        if answer.status_code == 401 and answer.headers.get("WWW-Authenticate") == "Bearer":
            assert refusal(answer, 401) == "Authentication required"
        else:
            open_routes.add((method, path))
    assert open_routes == PUBLIC


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/nothing"), ("GET", "/api"), ("GET", "/api/auth/login"), ("PUT", "/api/health")],
)
def test_unknown_paths_and_methods_ask_for_the_token_first(
    world: World, method: str, path: str
) -> None:
    refusal(world.call(method, path), 401)
    assert refusal(world.owner(method, path), 404 if "nothing" in path or path == "/api" else 405)


def none_algorithm(world: World) -> str:
    parts = [{"alg": "none", "typ": "JWT"}, claims(world.sign_in())]
    texts = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts]
    return ".".join([*texts, ""])


BAD_TOKENS: dict[str, Any] = {
    "expired": lambda world: forged(world, exp=int(time.time()) - 100),
    "from the future": lambda world: forged(world, iat=int(time.time()) + 1000),
    "without exp": lambda world: forged(world, exp=None),
    "without sid": lambda world: forged(world, sid=None),
    "without ver": lambda world: forged(world, ver=None),
    "without jti": lambda world: forged(world, jti=None),
    "without auth_time": lambda world: forged(world, auth_time=None),
    "number as sub": lambda world: forged(world, sub=7),
    "somebody else": lambda world: forged(world, sub="root"),
    "other version": lambda world: forged(world, ver="0" * 16),
    "unknown session": lambda world: forged(world, sid="nobody"),
    "other key": lambda world: jwt.encode(claims(world.sign_in()), "x" * 64, "HS256"),
    "other algorithm": lambda world: jwt.encode(claims(world.sign_in()), KEY, "HS512"),
    "no algorithm": none_algorithm,
    "not a token": lambda world: "abc",
    "empty": lambda world: "",
    "deep header": lambda world: base64.urlsafe_b64encode(b"[" * 9000).decode() + ".e30.e30",
    "huge number": lambda world: base64.urlsafe_b64encode(b"1" * 5000).decode() + ".e30.e30",
}


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_a_bad_token_is_401_with_the_challenge(world: World, name: str) -> None:
    answer = world.call("GET", "/api/accounts", token=BAD_TOKENS[name](world))
    refusal(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_that_was_good_is_refused_when_its_time_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = world.sign_in()
    assert world.call("GET", "/api/accounts", token=token).status_code == 200
    later = time.time() + 3700
    monkeypatch.setattr("opium.security.tokens.time.time", lambda: later)
    expired = forged(world, exp=int(time.time()) - 3700 - 100)
    refusal(world.call("GET", "/api/accounts", token=expired), 401)


def test_signing_out_ends_the_token_at_once_and_after_a_restart(world: World) -> None:
    token, other = world.sign_in(), world.sign_in()
    assert json_of(world.call("POST", "/api/auth/logout", token=token)) == {"ok": True}
    refusal(world.call("GET", "/api/auth/me", token=token), 401)
    refusal(world.call("POST", "/api/auth/refresh", token=token), 401)
    assert world.call("GET", "/api/auth/me", token=other).status_code == 200
    world.restart()
    refusal(world.call("GET", "/api/auth/me", token=token), 401)
    assert world.call("GET", "/api/auth/me", token=other).status_code == 200


def test_signing_out_everywhere_ends_all_tokens(world: World) -> None:
    token, other = world.sign_in(), world.sign_in()
    body = {"everywhere": True}
    assert world.call("POST", "/api/auth/logout", token=token, json=body).status_code == 200
    refusal(world.call("GET", "/api/auth/me", token=other), 401)


def test_a_password_changed_by_the_command_line_ends_tokens_within_five_seconds(
    world: World,
) -> None:
    token = world.sign_in()
    set_password(world.db, "another long secret", 1000)
    world.clock.advance(5)
    refusal(world.call("GET", "/api/auth/me", token=token), 401)
    refusal(world.login(), 401)
    assert world.login("another long secret").status_code == 200


def test_a_session_cannot_be_renewed_thirty_days_after_its_sign_in(world: World) -> None:
    token = world.sign_in()
    world.clock.advance(timedelta(days=30, seconds=1).total_seconds())
    refusal(world.call("POST", "/api/auth/refresh", token=token), 401)


def test_if_the_sessions_cannot_be_read_nobody_gets_in(world: World) -> None:
    token = world.sign_in()
    with world.db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE sign_ins RENAME TO gone"))
    world.clock.advance(6)
    answer = world.call("GET", "/api/accounts", token=token)
    refusal(answer, 503)
    assert answer.headers["Retry-After"] == "1"


def test_wrong_name_and_wrong_password_cannot_be_told_apart(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    real = passwords.verify

    def counted(stored: str, password: str) -> bool:
        hashed.append(stored)
        return real(stored, password)

    monkeypatch.setattr(passwords, "verify", counted)
    wrong_password, wrong_name = world.login("wrong"), world.login(name="root")
    assert wrong_password.status_code == wrong_name.status_code == 401
    assert json_of(wrong_password) == json_of(wrong_name)
    assert json_of(wrong_name)["detail"] == "Invalid credentials"
    assert len(hashed) == 2
    assert hashed[0] == hashed[1]


def test_without_a_password_the_sign_in_names_the_command(world: World) -> None:
    with world.db.write() as session:
        session.delete(session.get_one(Setting, passwords.SETTING))
    answer = world.login()
    assert "app.py passwd" in refusal(answer, 503)
    assert json_of(answer)["code"] == "no_password"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "admin"},
        {"username": "", "password": "x"},
        {"username": "admin", "password": ""},
        {"username": "a" * 129, "password": "x"},
        {"username": "admin", "password": "x" * 1025},
        {"username": 1, "password": "x"},
        {"username": "admin", "password": ["x"]},
    ],
)
def test_a_bad_sign_in_body_is_400_and_names_the_member(world: World, body: Any) -> None:
    detail = refusal(world.call("POST", "/api/auth/login", json=body), 400)
    assert "username" in detail or "password" in detail


def test_the_body_is_read_whatever_its_content_type_says(world: World) -> None:
    raw = json.dumps({"username": "admin", "password": PASSWORD, "more": 1})
    for content_type in (None, "text/plain", "application/x-www-form-urlencoded"):
        answer = world.call("POST", "/api/auth/login", data=raw, content_type=content_type)
        assert answer.status_code == 200


def test_with_sign_in_switched_off_everything_passes(make_world: Any) -> None:
    world: World = make_world(auth_enabled=False)
    assert json_of(world.call("GET", "/api/auth/config")) == {"auth_enabled": False}
    me = {"username": "anonymous", "issued_at": 0, "expires_at": 0}
    assert json_of(world.call("GET", "/api/auth/me")) == me
    refusal(world.call("POST", "/api/auth/refresh"), 400)
    assert world.call("GET", "/api/accounts").status_code == 200


def test_while_starting_only_health_and_auth_config_answer(world: World) -> None:
    token = world.sign_in()
    world.ready = False
    assert world.call("GET", "/api/health").status_code == 200
    assert world.call("GET", "/api/auth/config").status_code == 200
    refusal(world.call("GET", "/api/status"), 401)
    answer = world.call("GET", "/api/status", token=token)
    refusal(answer, 503)
    assert answer.headers["Retry-After"] == "1"
    refusal(world.login(), 503)


def test_the_signing_key_is_made_once_and_kept_private(make_world: Any) -> None:
    world: World = make_world(secret_key=None)
    token = world.sign_in()
    key = world.config.instance / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600
    world.restart()
    assert world.call("GET", "/api/auth/me", token=token).status_code == 200
