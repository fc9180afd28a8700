"""Overview, settings and texts of steam_rent through the API (contract 9.1, 9.8, 5)."""

from __future__ import annotations

from typing import Any

import pytest
from driver import Driver
from rent_rest_cast import Renter

from opium.modules.steam_rent import messages
from opium.modules.steam_rent.texts import CATALOGUE
from opium.text import tokens
from sandbox.world import World

DEFAULTS = {
    "change_password_on_rent": True,
    "kick_devices_on_rent": True,
    "scheduler_check_interval_sec": 60,
    "pending_ttl_minutes": 0,
    "pending_expire_action": "notify",
    "expiry_warning_minutes": 0,
    "process_missed_orders": True,
    "missed_orders_max_age_hours": 24,
    "multiply_by_amount": True,
    "clock_starts_at_delivery": True,
    "on_release_failure": "freeze",
    "release_retries": 3,
    "command_cooldown_sec": 2,
    "refund_closes_rental": True,
}
GENERIC = "/api/accounts/shop/modules/steam_rent"


@pytest.fixture
def rent(world: World, opium: Driver) -> Renter:
    return Renter(opium, world)


def test_an_empty_overview(rent: Renter) -> None:
    found = rent.ask("GET", "/overview")
    assert found == dict.fromkeys(
        (
            "active_rentals",
            "total_rentals",
            "free_accounts",
            "total_accounts",
            "total_games",
            "lot_mappings",
            "pending_orders",
        ),
        0,
    )
    assert all(type(value) is int for value in found.values())


def test_the_overview_counts_what_is_there(rent: Renter, world: World, opium: Driver) -> None:
    rent.game("cs2")
    rent.game("rust")
    rent.ask("POST", "/lot-mappings", {"lot_pattern": "x", "game_id": "cs2"})
    for login in ("free1", "free2", "frozen", "rented", "failed", "releasing", "gone"):
        rent.account(login)
    rent.ask("POST", "/steam-accounts/frozen/freeze")
    rent.comes_to("rented", account="rented")
    rent.comes_to("rented", "releasing", account="releasing")
    rent.comes_to("failed", account="failed")
    rent.ask("DELETE", "/steam-accounts/gone")
    rent.rental(account="rented")
    rent.rental(state="expired", account="free1")
    rent.waiting()
    rent.waiting(state="closed")
    found = {
        "active_rentals": 1,
        "total_rentals": 2,
        "free_accounts": 2,
        "total_accounts": 6,
        "total_games": 2,
        "lot_mappings": 1,
        "pending_orders": 1,
    }
    assert rent.ask("GET", "/overview") == found
    other = Renter(opium, world, "other")
    assert set(other.ask("GET", "/overview").values()) == {0}
    assert rent.ask("GET", "/overview") == found


# --- settings


def test_settings_are_merged(rent: Renter) -> None:
    assert rent.ask("GET", "/config") == DEFAULTS
    changed = rent.ask("PUT", "/config", {"expiry_warning_minutes": 30})
    assert changed == {"ok": True, "config": DEFAULTS | {"expiry_warning_minutes": 30}}
    rent.ask("PUT", "/config", {"release_retries": 0, "command_cooldown_sec": 0.5})
    expected = DEFAULTS | {
        "expiry_warning_minutes": 30,
        "release_retries": 0,
        "command_cooldown_sec": 0.5,
    }
    assert rent.ask("GET", "/config") == expected
    assert rent.ask("PUT", "/config", {})["config"] == expected
    rent.opium.restart()
    assert rent.ask("GET", "/config") == expected


def test_unknown_settings_are_kept_and_shown(rent: Renter) -> None:
    own = {"theme": "dark", "nested": {"a": [1, None, 2.5]}, "model_config": 1, "secret": "x"}
    assert rent.ask("PUT", "/config", own)["config"] == DEFAULTS | own
    rent.ask("PUT", "/config", {"theme": None})
    rent.opium.restart()
    assert rent.ask("GET", "/config") == DEFAULTS | own | {"theme": None}


@pytest.mark.parametrize(
    "bad",
    [
        {"change_password_on_rent": 1},
        {"change_password_on_rent": None},
        {"kick_devices_on_rent": "true"},
        {"scheduler_check_interval_sec": 9},
        {"scheduler_check_interval_sec": 3601},
        {"scheduler_check_interval_sec": 60.5},
        {"pending_ttl_minutes": -1},
        {"pending_ttl_minutes": 525_601},
        {"pending_expire_action": "drop"},
        {"expiry_warning_minutes": -1},
        {"expiry_warning_minutes": 10_081},
        {"expiry_warning_minutes": "30"},
        {"process_missed_orders": 0},
        {"missed_orders_max_age_hours": 0},
        {"missed_orders_max_age_hours": 721},
        {"multiply_by_amount": None},
        {"clock_starts_at_delivery": "no"},
        {"on_release_failure": "free"},
        {"on_release_failure": None},
        {"release_retries": -1},
        {"release_retries": 11},
        {"command_cooldown_sec": -0.1},
        {"command_cooldown_sec": 60.1},
        {"refund_closes_rental": 1},
    ],
)
def test_bad_settings_are_refused_both_ways(rent: Renter, bad: dict[str, Any]) -> None:
    (name,) = bad
    status, detail = rent.refused("PUT", "/config", bad | {"theme": "dark"})
    assert (status, name in detail) == (400, True)
    assert rent.opium.call("PUT", GENERIC, {"config": bad}).status_code == 400
    assert rent.ask("GET", "/config") == DEFAULTS


def test_bounds_of_settings_are_taken(rent: Renter) -> None:
    for found in (
        {"scheduler_check_interval_sec": 10, "pending_ttl_minutes": 525_600},
        {"scheduler_check_interval_sec": 3600, "expiry_warning_minutes": 10_080},
        {"missed_orders_max_age_hours": 1, "release_retries": 10, "command_cooldown_sec": 60},
        {"missed_orders_max_age_hours": 720, "pending_expire_action": "refund"},
    ):
        assert rent.ask("PUT", "/config", found)["config"].items() >= found.items()


def test_why_a_failed_release_never_frees_is_said(rent: Renter) -> None:
    _, detail = rent.refused("PUT", "/config", {"on_release_failure": "free"})
    assert detail.startswith("on_release_failure must be freeze")
    assert rent.ask("PUT", "/config", {"on_release_failure": "freeze"})["ok"] is True


def test_the_generic_route_replaces(rent: Renter) -> None:
    rent.ask("PUT", "/config", {"theme": "dark", "release_retries": 7})
    assert rent.opium.get(GENERIC)["config"] == DEFAULTS | {"theme": "dark", "release_retries": 7}
    answer = rent.opium.ok("PUT", GENERIC, {"config": {"colour": "red"}})
    assert answer["config"] == DEFAULTS | {"colour": "red"}
    assert rent.ask("GET", "/config") == DEFAULTS | {"colour": "red"}


# --- texts


KEYS = {
    "status": "status_no_game_arg game_not_found status_no_accounts status_free status_all_busy"
    " soonest_info help",
    "account": "no_rentals account_info code_no_guard code_success code_error codes_closed",
    "extend": "extend_no_login_arg extend_no_pending extend_no_rental extend_success",
    "rent": "rent_no_game_arg rent_no_pending rent_no_free_accounts rent_success",
    "refund": "refund_no_pending refund_success refund_failed",
    "delivery": "delivery_existing_rental delivery_no_accounts",
    "expiry": "expiry_warning rental_expired rental_expired_confirm rental_expired_review"
    " bonus_added bonus_removed rental_terminated",
}
PLACEHOLDERS = {
    "game_not_found": "game_query",
    "status_no_accounts": "game_id",
    "status_free": "game_id free_count total_count",
    "status_all_busy": "game_id soonest_remaining",
    "soonest_info": "soonest_time",
    "account_info": "game_id order_id login password guard_code remaining end_date",
    "code_success": "login guard_code",
    "code_error": "login",
    "codes_closed": "login",
    "extend_no_rental": "login",
    "extend_success": "login duration remaining",
    "rent_no_pending": "game_id",
    "rent_no_free_accounts": "game_id soonest_remaining",
    "rent_success": "game_id login password guard_code remaining end_date",
    "refund_success": "order_ids",
    "refund_failed": "order_ids",
    "delivery_existing_rental": "game_id login remaining",
    "delivery_no_accounts": "game_id soonest_remaining",
    "expiry_warning": "game_id login remaining",
    "rental_expired": "game_id login",
    "rental_expired_confirm": "order_id",
    "rental_expired_review": "order_id",
    "bonus_added": "game_id login bonus remaining",
    "bonus_removed": "game_id login bonus remaining",
    "rental_terminated": "game_id login order_id",
}


def test_texts_have_the_shape_of_the_contract(rent: Renter) -> None:
    page = rent.ask("GET", "/messages")
    assert set(page) == {"messages", "defaults", "groups", "meta", "placeholder_docs"}
    assert {group["id"]: group["keys"] for group in page["groups"]} == {
        name: keys.split() for name, keys in KEYS.items()
    }
    keys = {key for group in page["groups"] for key in group["keys"]}
    for part in ("messages", "defaults", "meta"):
        assert set(page[part]) == keys
    assert page["messages"] == page["defaults"]
    for key, meta in page["meta"].items():
        assert meta["placeholders"] == PLACEHOLDERS.get(key, "").split(), key
        assert set(meta) == {"label", "placeholders", "examples"}
        assert set(meta["examples"]) == set(meta["placeholders"]) <= set(page["placeholder_docs"])
    assert all(group["label"] and group["description"] for group in page["groups"])


def test_default_texts_are_in_russian_use_known_words_and_fit_one_message() -> None:
    for key, template in CATALOGUE.templates.items():
        assert set(tokens(template.default)) <= set(template.placeholders), key
        assert any("а" <= char <= "я" for char in template.default.lower()), key
        assert any("а" <= char <= "я" for char in template.label.lower()), key
        assert len(template.default) < 1000, key
        assert template.default.count("\n") < 15, key


def test_the_first_message_leaves_the_code_to_a_command() -> None:
    text = CATALOGUE.templates["rent_success"].default
    assert "guard_code" not in tokens(text)
    assert "!код" in text
    assert {"login", "password", "remaining", "end_date"} <= set(tokens(text))
    before_the_end = [key for key in CATALOGUE.templates if key != "rental_expired_confirm"]
    assert "подтверд" not in str([CATALOGUE.templates[key].default for key in before_the_end])


def test_help_names_every_command() -> None:
    for word in ("!код", "!данные", "!продлить", "!аренда", "!возврат", "!помощь", "!статус"):
        assert word in CATALOGUE.templates["help"].default


def test_a_text_is_changed_and_reset(rent: Renter) -> None:
    default = rent.ask("GET", "/messages")["defaults"]["no_rentals"]
    changed = rent.ask("PUT", "/messages", {"no_rentals": "Пусто", "unknown": 5})
    assert changed["ok"] is True
    assert changed["messages"]["no_rentals"] == "Пусто"
    assert changed["defaults"]["no_rentals"] == default
    page = rent.ask("GET", "/messages")
    assert changed == page | {"ok": True}
    assert "unknown" not in page["messages"]
    rent.ask("PUT", "/messages", {"code_error": "x" * 2000})
    assert rent.ask("GET", "/messages")["messages"]["no_rentals"] == "Пусто"
    for reset in (None, ""):
        rent.ask("PUT", "/messages", {"no_rentals": "Пусто"})
        assert rent.ask("PUT", "/messages", {"no_rentals": reset})["messages"]["no_rentals"] == (
            default
        )


@pytest.mark.parametrize("bad", ["x" * 2001, 5, [], {}, True, "   "])
def test_a_bad_text_changes_nothing(rent: Renter, bad: Any) -> None:
    body = {"code_error": "Новый", "no_rentals": bad}
    assert rent.refused("PUT", "/messages", body)[0] == 400
    page = rent.ask("GET", "/messages")
    assert page["messages"] == page["defaults"]


def test_unknown_placeholders_are_flagged_not_refused(rent: Renter) -> None:
    page = rent.ask("PUT", "/messages", {"rental_expired": "{login} {nick} {password}"})
    meta = page["meta"]["rental_expired"]
    assert (meta["stale"], meta["unknown_placeholders"]) == (True, ["nick", "password"])
    with rent.opium.core.db.read() as db:
        values = {"login": "acc", "password": "p", "nick": "x", "game_id": "cs2"}
        sent = messages.text_for(db, "shop", "rental_expired", values)
    assert sent == "acc {nick} {password}"


def test_texts_belong_to_one_account(rent: Renter, world: World, opium: Driver) -> None:
    rent.ask("PUT", "/messages", {"no_rentals": "Пусто"})
    page = Renter(opium, world, "other").ask("GET", "/messages")
    assert page["messages"] == page["defaults"]


def test_a_line_without_values_is_dropped() -> None:
    values = {"game_id": "cs2", "login": "a", "password": "p", "order_id": "X", "guard_code": ""}
    text = CATALOGUE.render("account_info", {}, values | {"remaining": "1ч", "end_date": "завтра"})
    assert "Guard" not in text
    assert "Пароль: p" in text
    busy = CATALOGUE.render("delivery_no_accounts", {}, {"game_id": "cs2"})
    assert "\n\n" not in busy
