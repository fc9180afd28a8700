"""Signing in and the life of a token (seed 1, S2 to S4, S8, matrix row 100)."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from datetime import datetime, timedelta, tzinfo
from random import Random
from typing import Any

import jwt
import pytest
from sqlalchemy import text
from web_cast import KEY, PASSWORD, Web, json_of, refusal

from opium.config import ConfigError
from opium.db.tables import Setting
from opium.security import passwords, set_password
from opium.security.keys import is_sample

PUBLIC = {
    ("GET", "/api/health"),
    ("POST", "/api/auth/login"),
    ("GET", "/api/auth/config"),
}


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, KEY, algorithms=["HS256"])
    return found


def forged(web: Web, **changes: Any) -> str:
    """A token signed with our key whose claims are changed; None removes one."""
    found = claims(web.sign_in()) | changes
    return jwt.encode({k: v for k, v in found.items() if v is not None}, KEY, "HS256")


def routes(web: Web) -> list[tuple[str, str]]:
    samples = {"account_id": "my_shop", "order_id": "ABC", "module_name": "auto_raise"}
    found = []
    for rule in web.app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            path = rule.rule
            for name in rule.arguments:
                path = path.replace(f"<{name}>", samples.get(name, "1"))
            found += [(m, path) for m in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]
    return found


def test_a_sign_in_answers_with_exactly_the_four_members(web: Web) -> None:
    answer = web.login()
    body = json_of(answer)
    assert answer.status_code == 200
    assert set(body) == {"access_token", "token_type", "expires_in", "username"}
    assert (body["token_type"], body["expires_in"], body["username"]) == ("bearer", 3600, "admin")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_token_holds_all_our_claims_and_tells_who_and_when(web: Web) -> None:
    found = claims(web.sign_in())
    assert {"sub", "iat", "exp", "jti", "ver", "sid", "auth_time"} <= set(found)
    assert found["exp"] - found["iat"] == 3600
    me = json_of(web.owner("GET", "/api/auth/me"))
    assert set(me) == {"username", "issued_at", "expires_at"}
    assert me["username"] == "admin"
    assert me["expires_at"] - me["issued_at"] == 3600


def test_a_refresh_keeps_the_session_and_gives_three_members(web: Web) -> None:
    """S4: `sid` and `auth_time` stay."""
    token = web.sign_in()
    web.advance(60)
    body = json_of(web.call("POST", "/api/auth/refresh", token=token))
    assert set(body) == {"access_token", "token_type", "expires_in"}
    old, new = claims(token), claims(body["access_token"])
    assert (new["sid"], new["auth_time"]) == (old["sid"], old["auth_time"])
    assert new["jti"] != old["jti"]


def test_the_public_configuration_has_one_member(web: Web) -> None:
    answer = web.call("GET", "/api/auth/config")
    assert json_of(answer) == {"auth_enabled": True}
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_route_but_three_wants_a_token(web: Web) -> None:
    """S2: all of the application's routes, modules included."""
    web.register("my_shop", *web.core.modules.available())
    open_routes = set()
    for method, path in routes(web):
        answer = web.call(method, path, json={})
        if answer.status_code == 401 and answer.headers.get("WWW-Authenticate") == "Bearer":
            assert refusal(answer, 401) == "Authentication required"
        else:
            open_routes.add((method, path))
        if method == "GET" and web.call("HEAD", path).status_code != 401:
            assert (method, path) in PUBLIC
    assert open_routes == PUBLIC


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/nothing"), ("GET", "/api"), ("GET", "/api/auth/login"), ("PUT", "/api/health")],
)
def test_unknown_paths_and_methods_ask_for_the_token_first(
    web: Web, method: str, path: str
) -> None:
    refusal(web.call(method, path), 401)
    assert refusal(web.owner(method, path), 404 if "nothing" in path or path == "/api" else 405)


def none_algorithm(web: Web) -> str:
    parts = [{"alg": "none", "typ": "JWT"}, claims(web.sign_in())]
    texts = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts]
    return ".".join([*texts, ""])


BAD_TOKENS: dict[str, Any] = {
    "expired": lambda web: forged(web, exp=int(time.time()) - 100),
    "from the future": lambda web: forged(web, iat=int(time.time()) + 1000),
    "without exp": lambda web: forged(web, exp=None),
    "without sid": lambda web: forged(web, sid=None),
    "without ver": lambda web: forged(web, ver=None),
    "without jti": lambda web: forged(web, jti=None),
    "without auth_time": lambda web: forged(web, auth_time=None),
    "number as sub": lambda web: forged(web, sub=7),
    "somebody else": lambda web: forged(web, sub="root"),
    "other version": lambda web: forged(web, ver="0" * 16),
    "unknown session": lambda web: forged(web, sid="nobody"),
    "other key": lambda web: jwt.encode(claims(web.sign_in()), "x" * 64, "HS256"),
    "other algorithm": lambda web: jwt.encode(claims(web.sign_in()), KEY, "HS512"),
    "no algorithm": none_algorithm,
    "not a token": lambda web: "abc",
    "empty": lambda web: "",
    "deep header": lambda web: base64.urlsafe_b64encode(b"[" * 9000).decode() + ".e30.e30",
    "huge number": lambda web: base64.urlsafe_b64encode(b"1" * 5000).decode() + ".e30.e30",
}


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_a_bad_token_is_401_with_the_challenge(web: Web, name: str) -> None:
    answer = web.call("GET", "/api/accounts", token=BAD_TOKENS[name](web))
    refusal(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_that_was_good_is_refused_when_its_time_is_over(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is still in memory then, and its session is alive."""
    token = web.sign_in()
    assert web.call("GET", "/api/accounts", token=token).status_code == 200
    later = time.time() + 3700

    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Later:
            return cls.fromtimestamp(later, tz)

    monkeypatch.setattr("opium.security.tokens.time.time", lambda: later)
    monkeypatch.setattr("jwt.api_jwt.datetime", Later)  # the library asks by itself
    refusal(web.call("GET", "/api/accounts", token=token), 401)


def test_signing_out_ends_the_token_at_once_and_after_a_restart(web: Web) -> None:
    """S3 and S4: nor can it be refreshed."""
    token, other = web.sign_in(), web.sign_in()
    assert json_of(web.call("POST", "/api/auth/logout", token=token)) == {"ok": True}
    refusal(web.call("GET", "/api/auth/me", token=token), 401)
    refusal(web.call("POST", "/api/auth/refresh", token=token), 401)
    assert web.call("GET", "/api/auth/me", token=other).status_code == 200
    web.restart()
    refusal(web.call("GET", "/api/auth/me", token=token), 401)
    assert web.call("GET", "/api/auth/me", token=other).status_code == 200


def test_signing_out_everywhere_ends_all_tokens(web: Web) -> None:
    token, other = web.sign_in(), web.sign_in()
    body = {"everywhere": True}
    assert web.call("POST", "/api/auth/logout", token=token, json=body).status_code == 200
    refusal(web.call("GET", "/api/auth/me", token=other), 401)


def test_a_password_changed_by_the_command_line_ends_tokens_within_five_seconds(
    web: Web,
) -> None:
    token = web.sign_in()
    set_password(web.db, "another long secret", 1000)
    web.advance(5)
    refusal(web.call("GET", "/api/auth/me", token=token), 401)
    refusal(web.login(), 401)
    assert web.login("another long secret").status_code == 200


def test_a_session_cannot_be_renewed_thirty_days_after_its_sign_in(web: Web) -> None:
    token = web.sign_in()
    web.advance(timedelta(days=30, seconds=1).total_seconds())
    refusal(web.call("POST", "/api/auth/refresh", token=token), 401)


def test_if_the_sessions_cannot_be_read_nobody_gets_in(web: Web) -> None:
    token = web.sign_in()
    with web.db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE sign_ins RENAME TO gone"))
    web.advance(6)
    answer = web.call("GET", "/api/accounts", token=token)
    refusal(answer, 503)
    assert answer.headers["Retry-After"] == "1"


def test_wrong_name_and_wrong_password_cannot_be_told_apart(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S8: the same hashing for both; the times are measured by `python -m tests.attack`."""
    hashed: list[str] = []
    real = passwords.verify

    def counted(stored: str, password: str) -> bool:
        hashed.append(stored)
        return real(stored, password)

    turns: list[str] = []
    real_turn = passwords.Hashing.turn

    def taken(self: passwords.Hashing, address: str, *, patient: bool = False) -> Any:
        turns.append(address)
        return real_turn(self, address, patient=patient)

    monkeypatch.setattr(passwords, "verify", counted)
    monkeypatch.setattr(passwords.Hashing, "turn", taken)
    wrong_password, wrong_name = web.login("wrong"), web.login(name="root")
    assert wrong_password.status_code == wrong_name.status_code == 401
    assert json_of(wrong_password) == json_of(wrong_name)
    assert json_of(wrong_name)["detail"] == "Invalid credentials"
    assert len(hashed) == 2
    assert hashed[0] == hashed[1]
    assert len(turns) == 2  # when many are waiting, a wrong name waits too


def test_without_a_password_the_sign_in_names_the_command(web: Web) -> None:
    with web.db.write() as session:
        session.delete(session.get_one(Setting, passwords.SETTING))
    answer = web.login()
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
def test_a_bad_sign_in_body_is_400_and_names_the_member(web: Web, body: Any) -> None:
    detail = refusal(web.call("POST", "/api/auth/login", json=body), 400)
    assert "username" in detail or "password" in detail


def test_the_body_is_read_whatever_its_content_type_says(web: Web) -> None:
    raw = json.dumps({"username": "admin", "password": PASSWORD, "more": 1})
    for content_type in (None, "text/plain", "application/x-www-form-urlencoded"):
        answer = web.call("POST", "/api/auth/login", data=raw, content_type=content_type)
        assert answer.status_code == 200


def test_with_sign_in_switched_off_everything_passes(make_web: Any) -> None:
    web: Web = make_web(auth_enabled=False)
    assert json_of(web.call("GET", "/api/auth/config")) == {"auth_enabled": False}
    me = {"username": "anonymous", "issued_at": 0, "expires_at": 0}
    assert json_of(web.call("GET", "/api/auth/me")) == me
    refusal(web.call("POST", "/api/auth/refresh"), 400)
    assert web.call("GET", "/api/accounts").status_code == 200


def test_while_starting_only_health_and_auth_config_answer(web: Web) -> None:
    token = web.sign_in()
    web.core.ready = False
    assert web.call("GET", "/api/health").status_code == 200
    assert web.call("GET", "/api/auth/config").status_code == 200
    refusal(web.call("GET", "/api/status"), 401)
    answer = web.call("GET", "/api/status", token=token)
    refusal(answer, 503)
    assert answer.headers["Retry-After"] == "1"
    refusal(web.login(), 503)


def test_the_signing_key_is_made_once_and_kept_private(make_web: Any) -> None:
    web: Web = make_web(secret_key=None)
    token = web.sign_in()
    key = web.config.instance / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600
    web.restart()
    assert web.call("GET", "/api/auth/me", token=token).status_code == 200


@pytest.mark.parametrize(
    "key",
    [
        "k" * 64,
        "your-secret-key-at-least-32-characters-long",
        "CHANGE_ME_CHANGE_ME_CHANGE_ME_CHANGE_ME",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_a_published_sample_is_no_signing_key(make_web: Any, key: str) -> None:
    with pytest.raises(ConfigError, match="OPIUM_SECRET_KEY") as refused:
        make_web(secret_key=key)
    assert key not in str(refused.value)


def test_drawn_keys_are_never_taken_for_samples() -> None:
    draw = Random(1)
    for _ in range(2000):
        assert not is_sample(f"{draw.getrandbits(256):064x}")


@pytest.mark.parametrize("old", ["pbkdf2:sha256:1000$short", "pbkdf2:sha256:1000$" + "a" * 64])
def test_an_old_hash_is_renewed_when_its_password_is_known(make_web: Any, old: str) -> None:
    web: Web = make_web(password_rounds=1500)
    salt = old.rpartition("$")[2]
    digest = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt.encode(), 1000).hex()
    store(web, f"{old}${digest}")
    refusal(web.login("wrong"), 401)
    assert stored(web) == f"{old}${digest}"
    token = web.sign_in()
    renewed = stored(web)
    assert renewed.startswith("pbkdf2:sha256:1500$")
    assert web.call("GET", "/api/auth/me", token=token).status_code == 200
    assert web.login().status_code == 200
    assert stored(web) == renewed
    refusal(web.login("wrong"), 401)


def test_a_stronger_hash_than_ours_is_kept(make_web: Any) -> None:
    web: Web = make_web(password_rounds=1500)
    strong = passwords.hash_password(PASSWORD, 2000)
    store(web, strong)
    assert web.login().status_code == 200
    assert stored(web) == strong


def test_a_password_set_meanwhile_is_not_undone_by_a_renewal(make_web: Any) -> None:
    web: Web = make_web()
    old = stored(web)
    set_password(web.db, "another long secret", 1000)
    assert passwords.renew(web.db, old, PASSWORD, 1500) is None
    refusal(web.login(), 401)
    assert web.login("another long secret").status_code == 200


def test_two_sign_ins_that_renew_at_once_both_succeed(
    make_web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    web: Web = make_web(password_rounds=1500)
    real = passwords.renew

    def overtaken(*values: Any) -> str | None:
        real(*values)  # somebody else was faster
        return real(*values)

    monkeypatch.setattr(passwords, "renew", overtaken)
    token = web.sign_in()
    assert web.call("GET", "/api/auth/me", token=token).status_code == 200


def store(web: Web, value: str) -> None:
    with web.db.write() as session:
        session.merge(Setting(key=passwords.SETTING, value=value))


def stored(web: Web) -> str:
    with web.db.read() as session:
        return session.get_one(Setting, passwords.SETTING).value
