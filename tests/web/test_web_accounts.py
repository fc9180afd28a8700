"""Accounts and modules through the API (seed 2 to 4, contract 3 to 5)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from web_world import World, json_of, refusal

from opium.db.tables import AuditEntry

CONFIG_MEMBERS = {
    "golden_key",
    "user_agent",
    "proxy",
    "anti_detect",
    "rate_limit",
    "reconnect",
    "disable_messages",
    "disable_orders",
}


def audit_of(world: World) -> list[tuple[str, str, str]]:
    with world.db.read() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    return [(row.actor, row.action, row.target) for row in rows]


def test_system_answers_have_exactly_their_members(world: World) -> None:
    world.shop("a", modules=("steam_rent", "auto_raise"))
    world.shop("b", modules=("auto_raise",))
    status = {"running": True, "accounts": 2, "modules": 3}
    assert json_of(world.owner("GET", "/api/status")) == status
    health = json_of(world.call("GET", "/api/health"))
    assert set(health) == {"status", "timestamp"}
    assert isinstance(health["timestamp"], float)
    available = json_of(world.owner("GET", "/api/modules/available"))
    assert available == {"modules": ["auto_raise", "steam_rent"]}


def test_accounts_are_listed_with_their_members(world: World) -> None:
    world.shop(modules=("steam_rent",))
    shown = {
        "account_id": "my_shop",
        "username": "my_shop",
        "fp_id": 12345,
        "state": "running",
        "is_running": True,
        "last_error": None,
        "modules": ["steam_rent"],
    }
    assert json_of(world.owner("GET", "/api/accounts")) == [shown]
    assert json_of(world.owner("GET", "/api/accounts/my_shop")) == shown


def test_an_account_is_created_in_the_background(world: World) -> None:
    body = {
        "account_id": "my_shop",
        "golden_key": "abc123",
        "user_agent": "",
        "proxy": None,
        "anti_detect": None,
        "rate_limit": None,
        "disable_messages": False,
        "disable_orders": False,
    }
    answer = world.owner("POST", "/api/accounts", json=body)
    assert answer.status_code == 202
    assert json_of(answer) == {
        "status": "initializing",
        "account_id": "my_shop",
        "state": "initializing",
        "message": "Account registered. Initializing in background. "
        "Poll GET /api/accounts/{id} for status.",
    }
    refusal(world.owner("POST", "/api/accounts", json=body), 400)


@pytest.mark.parametrize("account_id", ["", "-a", "a/b", "..", "a" * 65, "a b", "a\n", "я", 5])
def test_account_ids_are_labels_only(world: World, account_id: Any) -> None:
    body = {"account_id": account_id, "golden_key": "k"}
    detail = refusal(world.owner("POST", "/api/accounts", json=body), 400)
    assert "account_id" in detail


def test_start_stop_and_delete_answer_as_the_reference_says(world: World) -> None:
    world.shop()
    started = world.owner("POST", "/api/accounts/my_shop/start")
    assert started.status_code == 202
    assert json_of(started) == {
        "status": "starting",
        "account_id": "my_shop",
        "state": "starting",
    }
    stopped = world.owner("POST", "/api/accounts/my_shop/stop")
    assert stopped.status_code == 202
    assert json_of(stopped)["status"] == "stopping"
    deleted = json_of(world.owner("DELETE", "/api/accounts/my_shop?purge=true"))
    assert deleted == {"status": "deleted", "account_id": "my_shop"}
    for path in ("", "/config", "/chats", "/modules"):
        detail = refusal(world.owner("GET", f"/api/accounts/my_shop{path}"), 404)
        assert detail == "Account not found"


def test_the_configuration_has_eight_members_and_reading_it_is_audited(world: World) -> None:
    world.shop()
    answer = world.owner("GET", "/api/accounts/my_shop/config")
    assert set(json_of(answer)) == CONFIG_MEMBERS
    assert json_of(answer)["golden_key"] == "abc123"
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("admin", "SECRET_REVEALED", "my_shop:golden_key") in audit_of(world)


def test_a_patch_changes_what_it_names_only(world: World) -> None:
    world.shop()
    path = "/api/accounts/my_shop/config"
    changes = {
        "proxy": {"http": "socks5://user:pw@1.2.3.4:1080"},
        "disable_messages": True,
        "anti_detect": {"runner_delay_min": 2, "runner_delay_max": 3},
        "unknown": 1,
    }
    after = json_of(world.owner("PATCH", path, json=changes))
    assert set(after) == CONFIG_MEMBERS
    assert after["proxy"] == changes["proxy"]
    assert after["disable_messages"] is True
    assert after["anti_detect"] == {"runner_delay_min": 2, "runner_delay_max": 3}
    assert after["golden_key"] == "abc123"
    after = json_of(world.owner("PATCH", path, json={"anti_detect": None, "proxy": None}))
    assert (after["anti_detect"], after["proxy"]) == (None, None)
    assert after["disable_messages"] is True


def test_an_empty_key_refuses_the_whole_patch(world: World) -> None:
    world.shop()
    path = "/api/accounts/my_shop/config"
    world.owner("PATCH", path, json={"proxy": "1.2.3.4:1080"})
    detail = refusal(world.owner("PATCH", path, json={"golden_key": "", "proxy": None}), 400)
    assert "golden_key" in detail
    after = json_of(world.owner("GET", path))
    assert (after["golden_key"], after["proxy"]) == ("abc123", "1.2.3.4:1080")


def test_masked_secrets_come_back_as_keep(make_world: Any) -> None:
    world: World = make_world(mask_secrets=True)
    world.shop()
    path = "/api/accounts/my_shop/config"
    proxy = {"http": "socks5://user:pw@1.2.3.4:1080"}
    world.owner("PATCH", path, json={"proxy": proxy})
    shown = json_of(world.owner("GET", path))
    assert shown["golden_key"] == "***"
    assert shown["proxy"] == {"http": "socks5://***:***@1.2.3.4:1080"}
    assert world.owner("PATCH", path, json=shown).status_code == 200
    stored = world.accounts.configs["my_shop"]
    assert (stored.golden_key, stored.proxy) == ("abc123", proxy)


def test_private_proxies_can_be_forbidden(make_world: Any) -> None:
    world: World = make_world(proxy_private=False)
    world.shop()
    for proxy in ("127.0.0.1:1080", "localhost:1080", "10.0.0.1:80", "[::1]:80"):
        body: dict[str, Any] = {"proxy": proxy}
        refusal(world.owner("PATCH", "/api/accounts/my_shop/config", json=body), 400)
        body |= {"account_id": "other", "golden_key": "k"}
        refusal(world.owner("POST", "/api/accounts", json=body), 400)


def test_a_module_is_attached_configured_and_detached(world: World) -> None:
    world.shop()
    base = "/api/accounts/my_shop/modules"
    added = world.owner("POST", base, json={"module_name": "auto_raise", "config": None})
    assert json_of(added) == {
        "status": "added",
        "module": "auto_raise",
        "account_id": "my_shop",
    }
    assert json_of(world.owner("GET", base)) == [{"name": "auto_raise", "config": {}}]
    replaced = world.owner("PUT", f"{base}/auto_raise", json={"config": {"a": 1}})
    assert json_of(replaced) == {
        "status": "updated",
        "module": "auto_raise",
        "config": {"a": 1},
    }
    assert json_of(world.owner("GET", f"{base}/auto_raise")) == {
        "name": "auto_raise",
        "config": {"a": 1},
        "storage_path": "accounts/my_shop/modules/auto_raise",
    }
    removed = json_of(world.owner("DELETE", f"{base}/auto_raise"))
    assert removed == {"status": "removed", "module": "auto_raise", "account_id": "my_shop"}
    assert refusal(world.owner("GET", f"{base}/auto_raise"), 404) == "Module not found"
    refusal(world.owner("POST", base, json={"module_name": "nothing"}), 400)


def test_a_missing_module_is_told_before_a_bad_body(world: World) -> None:
    world.shop()
    path = "/api/accounts/my_shop/modules/auto_raise"
    assert refusal(world.owner("PUT", path, json=[]), 404) == "Module not found"
    world.owner("POST", "/api/accounts/my_shop/modules", json={"module_name": "auto_raise"})
    refusal(world.owner("PUT", path, json={"change_password_on_rent": False}), 400)
    assert refusal(world.owner("PUT", "/api/accounts/no/modules/x", json=[]), 404) == (
        "Account not found"
    )


def test_module_routes_need_token_account_and_attachment(world: World) -> None:
    path = "/api/accounts/my_shop/modules/auto_raise/status"
    refusal(world.call("GET", path), 401)
    assert refusal(world.owner("GET", path), 404) == "Account not found"
    world.shop()
    assert refusal(world.owner("GET", path), 404) == "Module not found"
    world.owner("POST", "/api/accounts/my_shop/modules", json={"module_name": "auto_raise"})
    assert json_of(world.owner("GET", path)) == {"active": True}
    world.restart()
    assert json_of(world.owner("GET", path)) == {"active": True}
