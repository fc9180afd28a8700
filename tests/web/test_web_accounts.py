"""Accounts and their configuration through the API (seed 2 and 3, contract 3 and 4)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select
from web_cast import HOME, SHOP, Scene, Web, json_of, refusal

from opium.db.tables import AuditEntry

CONFIG: dict[str, Any] = {
    "golden_key": "abc123",
    "user_agent": "",
    "proxy": None,
    "anti_detect": None,
    "rate_limit": None,
    "reconnect": None,
    "disable_messages": False,
    "disable_orders": False,
}
PROXIES: list[Any] = [
    None,
    "1.2.3.4:1080",
    "http://1.2.3.4:1080",
    "socks5://user:pw@1.2.3.4:1080",
    {"http": "socks5://user:pw@1.2.3.4:1080"},
    {"https": "socks5h://proxy.example:1080"},
    {"http": "http://a.example:1", "https": "https://b.example:65535"},
]
WRONG: list[tuple[str, Any]] = [
    ("golden_key", ""),
    ("golden_key", None),
    ("golden_key", 5),
    ("golden_key", "a b"),
    ("golden_key", "a;b"),
    ("golden_key", "x" * 257),
    ("user_agent", None),
    ("user_agent", "x" * 513),
    ("user_agent", "a\r\nb"),
    ("proxy", 5),
    ("proxy", ""),
    ("proxy", {}),
    ("proxy", []),
    ("proxy", "[object Object]"),
    ("proxy", "[object Object]1"),
    ("proxy", "1.2.3.4"),
    ("proxy", "1.2.3.4:0"),
    ("proxy", "1.2.3.4:65536"),
    ("proxy", "ftp://1.2.3.4:21"),
    ("proxy", "socks4://1.2.3.4:21"),
    ("proxy", {"ftp": "1.2.3.4:21"}),
    ("proxy", {"http": None}),
    ("proxy", "169.254.169.254:80"),
    ("anti_detect", 5),
    ("anti_detect", {"startup_delay_min": "1"}),
    ("anti_detect", {"startup_delay_min": 2, "startup_delay_max": 1}),
    ("anti_detect", {"runner_delay_min": 0}),
    ("anti_detect", {"runner_delay_max": 301}),
    ("anti_detect", {"shutdown_delay_max": 3601}),
    ("anti_detect", {"session_refresh_interval": 299}),
    ("anti_detect", {"session_refresh_interval": 300, "session_refresh_jitter": 301}),
    ("anti_detect", {"runner_dealy_min": 5}),
    ("rate_limit", {"base_delay": -1}),
    ("rate_limit", {"jitter_min": 2, "jitter_max": 1}),
    ("rate_limit", {"burst_limit": 0}),
    ("rate_limit", {"burst_limit": 1.5}),
    ("rate_limit", {"burst_window": 601}),
    ("rate_limit", {"cooldown_after_burst": True}),
    ("reconnect", {"enabled": 1}),
    ("reconnect", {"max_attempts": -1}),
    ("reconnect", {"base_delay": 10, "max_delay": 5}),
    ("reconnect", {"backoff_factor": 11}),
    ("disable_messages", None),
    ("disable_messages", "true"),
    ("disable_orders", 1),
]


def audit_of(web: Web) -> list[tuple[str, str, str, str]]:
    with web.db.read() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    return [(row.actor, row.action, row.target, row.ip) for row in rows]


def test_system_answers_have_exactly_their_members(web: Web) -> None:
    assert web.get("/api/status") == {"running": True, "accounts": 0, "modules": 0}
    web.register("a", "auto_raise", "auto_delivery")
    web.register("b", "auto_raise")
    assert web.get("/api/status") == {"running": True, "accounts": 2, "modules": 3}
    health = json_of(web.call("GET", "/api/health"))
    assert set(health) == {"status", "timestamp"}
    assert isinstance(health["timestamp"], float)
    assert web.get("/api/modules/available") == {
        "modules": ["auto_delivery", "auto_raise", "steam_rent", "telegram_bot"]
    }


def test_a_running_account_is_listed_with_its_members(web: Web, scene: Scene) -> None:
    shown = {
        "account_id": "my_shop",
        "username": "my_shop",
        "fp_id": scene.seller.id,
        "state": "running",
        "is_running": True,
        "last_error": None,
        "modules": ["auto_delivery", "auto_raise"],
    }
    assert web.get("/api/accounts") == [shown]
    assert web.get(SHOP) == shown


def test_the_list_asks_neither_funpay_nor_the_database(
    web: Web, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.get("/api/accounts")
    before = len(web.world.log.requests())
    monkeypatch.setattr(web.db, "_session", None)
    assert [info["state"] for info in web.get("/api/accounts")] == ["running"]
    assert len(web.world.log.requests()) == before


def test_an_account_is_created_in_the_background(web: Web) -> None:
    body = {"account_id": "my_shop", **CONFIG}
    assert web.ok("POST", "/api/accounts", body, status=202) == {
        "status": "initializing",
        "account_id": "my_shop",
        "state": "initializing",
        "message": "Account registered. Initializing in background. "
        "Poll GET /api/accounts/{id} for status.",
    }
    assert web.info() == {
        "account_id": "my_shop",
        "username": None,
        "fp_id": None,
        "state": "initializing",
        "is_running": False,
        "last_error": None,
        "modules": [],
    }
    assert "my_shop" in refusal(web.owner("POST", "/api/accounts", body), 400)
    assert web.get(f"{SHOP}/config") == CONFIG
    assert ("admin", "ACCOUNT_CREATED", "my_shop", HOME) in audit_of(web)


def test_two_members_are_enough_and_unknown_ones_are_ignored(web: Web) -> None:
    body = {"account_id": "my_shop", "golden_key": "abc123", "enabled": False, "fp_id": "x"}
    web.ok("POST", "/api/accounts", body, status=202)
    assert web.get(f"{SHOP}/config") == CONFIG


@pytest.mark.parametrize("member", ["account_id", "golden_key"])
def test_a_missing_member_is_named(web: Web, member: str) -> None:
    body = {"account_id": "my_shop", "golden_key": "abc123"}
    del body[member]
    assert member in refusal(web.owner("POST", "/api/accounts", body), 400)
    assert web.get("/api/accounts") == []


@pytest.mark.parametrize("account_id", ["", "-a", "a/b", "..", "a" * 65, "a b", "a\n", "я", 5])
def test_account_ids_are_labels_only(web: Web, account_id: Any) -> None:
    body = {"account_id": account_id, "golden_key": "k"}
    assert "account_id" in refusal(web.owner("POST", "/api/accounts", body), 400)


def test_no_bound_of_the_configuration_can_be_passed(web: Web) -> None:
    web.register()
    before = web.get(f"{SHOP}/config")
    for member, value in WRONG:
        for method, path, body in (
            ("PATCH", f"{SHOP}/config", {"disable_orders": True, member: value}),
            ("POST", "/api/accounts", {"account_id": "new", "golden_key": "k", member: value}),
        ):
            answer = web.owner(method, path, body)
            assert member in refusal(answer, 400), (member, value)
    assert web.get(f"{SHOP}/config") == before
    assert len(web.get("/api/accounts")) == 1


@pytest.mark.parametrize("proxy", PROXIES, ids=json.dumps)
def test_a_proxy_comes_back_in_the_form_it_was_given(web: Web, proxy: Any) -> None:
    web.register("my_shop", proxy=proxy)
    assert web.get(f"{SHOP}/config")["proxy"] == proxy
    web.ok("PATCH", f"{SHOP}/config", {"proxy": None})
    assert web.ok("PATCH", f"{SHOP}/config", {"proxy": proxy})["proxy"] == proxy


def test_a_deleted_account_is_unknown_everywhere(web: Web, scene: Scene) -> None:
    paths = {path.replace("{account_id}", "my_shop") for path in account_paths(web)}
    assert web.ok("DELETE", SHOP) == {"status": "deleted", "account_id": "my_shop"}
    for path in sorted(paths):
        for method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
            answer = web.owner(method, f"/api{path}")
            if answer.status_code != 405:
                assert refusal(answer, 404) == "Account not found", (method, path)
    assert web.get("/api/accounts") == []


def account_paths(web: Web) -> set[str]:
    samples = {"chat_id": "1", "order_id": "ABC", "module_name": "auto_raise"}
    found = set()
    for path in web.get("/openapi.json")["paths"]:
        if path.startswith("/accounts/{account_id}"):
            parts = [
                samples.get(part[1:-1], "1") if part[0] == "{" and part != "{account_id}" else part
                for part in path[1:].split("/")
            ]
            found.add("/" + "/".join(parts))
    return found


def test_a_deleted_id_may_be_used_again_with_its_old_module_data(web: Web, scene: Scene) -> None:
    web.ok("DELETE", SHOP)
    body = {"account_id": "my_shop", "golden_key": scene.seller.golden_key}
    web.ok("POST", "/api/accounts", body, status=202)
    assert (web.info()["state"], web.info()["fp_id"]) == ("initializing", None)
    web.owner("POST", f"{SHOP}/modules", {"module_name": "auto_delivery"})
    assert web.get(f"{SHOP}/modules/auto_delivery/products")
    web.poll(scene.seller, 2)
    assert web.state() == "running"
    assert scene.ann.messages_from(scene.seller)[1:] == []


def test_a_purged_account_leaves_nothing_to_a_new_one(web: Web, scene: Scene) -> None:
    web.ok("DELETE", f"{SHOP}?purge=true")
    body = {"account_id": "my_shop", "golden_key": scene.seller.golden_key}
    web.ok("POST", "/api/accounts", body, status=202)
    assert web.info()["modules"] == []


def test_the_configuration_is_shown_in_clear_and_reading_it_is_audited(web: Web) -> None:
    web.ok("POST", "/api/accounts", {"account_id": "my_shop", "golden_key": "abc123"}, status=202)
    answer = web.owner("GET", f"{SHOP}/config")
    assert json_of(answer) == CONFIG
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("admin", "SECRET_REVEALED", "my_shop:golden_key", HOME) in audit_of(web)


def test_a_patch_changes_what_it_names_only(web: Web) -> None:
    web.register()
    changes = {
        "proxy": {"http": "socks5://user:pw@1.2.3.4:1080"},
        "disable_messages": True,
        "anti_detect": {"runner_delay_min": 2, "runner_delay_max": 3},
    }
    expected = CONFIG | {"golden_key": "key-of-my_shop"} | changes
    assert web.ok("PATCH", f"{SHOP}/config", {**changes, "unknown": 1}) == expected
    assert web.ok("PATCH", f"{SHOP}/config", {}) == expected
    assert web.get(f"{SHOP}/config") == expected


def test_an_object_is_replaced_whole_and_null_means_defaults(web: Web) -> None:
    web.register("my_shop", rate_limit={"base_delay": 2, "burst_limit": 9})
    changed = web.ok("PATCH", f"{SHOP}/config", {"rate_limit": {"base_delay": 3}})
    assert changed["rate_limit"] == {"base_delay": 3}
    for member in ("rate_limit", "anti_detect", "reconnect", "proxy"):
        assert web.ok("PATCH", f"{SHOP}/config", {member: None})[member] is None
    assert web.ok("PATCH", f"{SHOP}/config", {"reconnect": {}})["reconnect"] == {}


def test_an_empty_key_refuses_the_whole_patch(web: Web) -> None:
    web.register("my_shop", proxy="1.2.3.4:1080")
    body: dict[str, Any] = {"golden_key": "", "proxy": None, "anti_detect": {}, "user_agent": ""}
    assert "golden_key" in refusal(web.owner("PATCH", f"{SHOP}/config", body), 400)
    after = web.get(f"{SHOP}/config")
    assert (after["golden_key"], after["proxy"]) == ("key-of-my_shop", "1.2.3.4:1080")
    assert after["anti_detect"] is None


def test_an_empty_user_agent_is_the_server_s_own(web: Web) -> None:
    seller = web.open("my_shop", user_agent="Mine/1.0")
    assert web.ok("PATCH", f"{SHOP}/config", {"user_agent": ""})["user_agent"] == ""
    web.poll(seller, 2)
    assert web.state() == "running"


def test_the_mask_keeps_the_stored_secrets(make_web: Any) -> None:
    web: Web = make_web(mask_secrets=True)
    proxy = {"http": "socks5://user:pw@1.2.3.4:1080"}
    web.register("my_shop", proxy=proxy)
    shown = web.get(f"{SHOP}/config")
    assert shown["golden_key"] == "***"
    assert shown["proxy"] == {"http": "socks5://***:***@1.2.3.4:1080"}
    assert web.ok("PATCH", f"{SHOP}/config", shown) == shown
    stored = web.core.accounts.config("my_shop")
    assert (stored.golden_key, stored.proxy) == ("key-of-my_shop", proxy)


def test_the_mask_keeps_the_key_where_nothing_is_masked_too(web: Web) -> None:
    web.register()
    after = web.ok("PATCH", f"{SHOP}/config", {"golden_key": "***", "disable_orders": True})
    assert (after["golden_key"], after["disable_orders"]) == ("key-of-my_shop", True)


def test_private_proxies_can_be_forbidden(make_web: Any) -> None:
    web: Web = make_web(proxy_private=False)
    web.register()
    for proxy in ("127.0.0.1:1080", "localhost:1080", "10.0.0.1:80", "[::1]:80"):
        body: dict[str, Any] = {"proxy": proxy}
        refusal(web.owner("PATCH", f"{SHOP}/config", body), 400)
        refusal(web.owner("POST", "/api/accounts", {**body, "account_id": "b"}), 400)


def test_a_restart_keeps_accounts_configuration_and_modules(web: Web, scene: Scene) -> None:
    web.ok("PATCH", f"{SHOP}/config", {"disable_messages": True})
    before = web.get(f"{SHOP}/config")
    web.restart()
    assert web.get(f"{SHOP}/config") == before
    info = web.info()
    assert (info["username"], info["modules"]) == ("my_shop", ["auto_delivery", "auto_raise"])
    web.poll(scene.seller, 2)
    assert web.state() == "running"
    assert len(scene.ann.messages_from(scene.seller)) == 1
