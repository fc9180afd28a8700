"""Modules of an account through the API (seed 4, contract 5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from flask import Blueprint
from pydantic import Field
from web_cast import SHOP, Scene, Web, refusal

from opium.module import Module, Settings
from opium.schema import typed

BASE = f"{SHOP}/modules"


class BotSettings(Settings):
    """A module's settings with a secret."""

    secret: ClassVar[frozenset[str]] = frozenset({"bot_token"})
    bot_token: str = ""
    retries: int = Field(3, ge=1, le=9)


def bot_routes() -> Blueprint:
    bp = Blueprint("bot", __name__)

    @bp.get("/ping")
    @typed
    def ping() -> dict[str, Any]:
        return {"pong": True}

    return bp


@pytest.fixture
def bot(tmp_path: Path) -> Any:
    module = Module("bot", title="Bot", settings=BotSettings, blueprint=bot_routes)
    web = Web(tmp_path / "bot", modules={"bot": module}, auth_enabled=False)
    web.register()
    yield web
    web.close()


def test_a_module_is_attached_shown_configured_and_detached(web: Web) -> None:
    web.register()
    added = web.ok("POST", BASE, {"module_name": "auto_raise", "config": None})
    assert added == {"status": "added", "module": "auto_raise", "account_id": "my_shop"}
    effective = {"enabled": False, "delay_range_minutes": 0}
    assert web.get(BASE) == [{"name": "auto_raise", "config": effective}]
    changed = effective | {"delay_range_minutes": 15}
    body = {"config": {"delay_range_minutes": 15}}
    assert web.ok("PUT", f"{BASE}/auto_raise", body) == {
        "status": "updated",
        "module": "auto_raise",
        "config": changed,
    }
    assert web.get(f"{BASE}/auto_raise") == {
        "name": "auto_raise",
        "config": changed,
        "storage_path": "accounts/my_shop/modules/auto_raise",
    }
    removed = web.ok("DELETE", f"{BASE}/auto_raise")
    assert removed == {"status": "removed", "module": "auto_raise", "account_id": "my_shop"}
    for method in ("GET", "DELETE"):
        assert refusal(web.owner(method, f"{BASE}/auto_raise"), 404) == "Module not found"
    assert web.get(BASE) == []


def test_a_replaced_configuration_is_replaced_whole(web: Web) -> None:
    web.register()
    body = {"module_name": "auto_raise", "config": {"enabled": True, "delay_range_minutes": 5}}
    web.ok("POST", BASE, body)
    after = web.ok("PUT", f"{BASE}/auto_raise", {"config": {"delay_range_minutes": 6}})
    assert after["config"] == {"enabled": False, "delay_range_minutes": 6}


def test_modules_keep_their_attach_order_after_a_restart(web: Web) -> None:
    web.register("my_shop", "auto_raise", "auto_delivery")
    web.restart()
    assert [entry["name"] for entry in web.get(BASE)] == ["auto_raise", "auto_delivery"]
    assert web.info()["modules"] == ["auto_raise", "auto_delivery"]


@pytest.mark.parametrize(
    "body",
    [
        {"module_name": "nothing"},
        {"module_name": ""},
        {"module_name": 5},
        {},
        {"module_name": "auto_raise", "config": []},
        {"module_name": "auto_raise", "config": {"delay_range_minutes": -1}},
        {"module_name": "auto_raise", "config": {"nothing": 1}},
    ],
)
def test_what_cannot_be_attached_is_400(web: Web, body: Any) -> None:
    web.register()
    refusal(web.owner("POST", BASE, body), 400)
    assert web.get(BASE) == []


def test_a_module_is_attached_once(web: Web) -> None:
    web.register("my_shop", "auto_raise")
    refusal(web.owner("POST", BASE, {"module_name": "auto_raise"}), 400)


@pytest.mark.parametrize(
    "body", [{}, {"config": None}, {"config": []}, {"enabled": True}, {"config": {"x": 1}}]
)
def test_a_bad_configuration_changes_nothing(web: Web, body: Any) -> None:
    web.register("my_shop", "auto_raise")
    before = web.get(f"{BASE}/auto_raise")
    refusal(web.owner("PUT", f"{BASE}/auto_raise", body), 400)
    assert web.get(f"{BASE}/auto_raise") == before


def test_a_missing_module_is_told_before_a_bad_body(web: Web) -> None:
    web.register()
    assert refusal(web.owner("PUT", f"{BASE}/auto_raise", []), 404) == "Module not found"
    path = "/api/accounts/no/modules/auto_raise"
    assert refusal(web.owner("PUT", path, []), 404) == "Account not found"


def test_module_routes_need_token_account_and_attachment(web: Web) -> None:
    path = f"{BASE}/auto_raise/status"
    refusal(web.call("GET", path), 401)
    assert refusal(web.owner("GET", path), 404) == "Account not found"
    web.register()
    assert refusal(web.owner("GET", path), 404) == "Module not found"
    web.ok("POST", BASE, {"module_name": "auto_raise"})
    assert set(web.get(path)) >= {"active", "enabled"}
    web.restart()
    assert web.get(path)
    web.ok("DELETE", f"{BASE}/auto_raise")
    assert refusal(web.owner("GET", path), 404) == "Module not found"


def test_a_secret_is_masked_and_the_mask_keeps_it(bot: Web) -> None:
    path = f"{BASE}/bot"
    bot.ok("POST", BASE, {"module_name": "bot", "config": {"bot_token": "123:abc"}})
    masked = {"bot_token": "***", "retries": 3}
    assert bot.get(BASE) == [{"name": "bot", "config": masked}]
    assert bot.get(path)["config"] == masked
    changed = masked | {"retries": 4}
    assert bot.ok("PUT", path, {"config": changed})["config"] == changed
    stored: Any = bot.core.attachments.get("my_shop", "bot").settings
    assert (stored.bot_token, stored.retries) == ("123:abc", 4)
    assert bot.ok("PUT", path, {"config": {}})["config"] == {"bot_token": "", "retries": 3}


def test_a_module_s_own_routes_live_below_its_account(bot: Web) -> None:
    refusal(bot.owner("GET", f"{BASE}/bot/ping"), 404)
    bot.ok("POST", BASE, {"module_name": "bot"})
    assert bot.get(f"{BASE}/bot/ping") == {"pong": True}


def test_a_raise_by_hand_waits_for_the_worker(web: Web, scene: Scene) -> None:
    web.ok("PATCH", f"{BASE}/auto_raise/config", {"enabled": True})
    web.run_task("auto_raise", "read_categories")
    web.poll(scene.seller)
    answer = web.owner("POST", f"{BASE}/auto_raise/raise")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert len(web.world.log.effects("raise")) == 1
