"""The routes of auto_raise (contract 13)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from raise_cast import DOTA, HOUR, LINEAGE, MODULE, STEAM, Shop

from sandbox.world import World


@pytest.fixture
def shop(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(world, tmp_path / "instance", monkeypatch)


def test_status_and_log_tell_what_happened(shop: Shop) -> None:
    shop.enable()
    shop.tick()
    status = shop.status()
    assert (status["active"], status["raising"], status["enabled"]) == (True, False, True)
    assert status["last_results"][str(STEAM)] == {
        "category_name": "Steam",
        "success": True,
        "wait_seconds": 4 * HOUR,
    }
    assert status["next_raises"].keys() == {str(STEAM), str(DOTA)}
    assert 4 * HOUR - 60 < status["next_raises"][str(STEAM)]["next_raise_in"] <= 4 * HOUR
    lines = shop.log()
    assert [line["category_id"] for line in lines] == [DOTA, STEAM]
    assert lines[0]["timestamp"].endswith("+03:00")
    assert (lines[0]["success"], lines[0]["error"]) == (True, None)
    assert len(shop.opium.get(f"{MODULE}/log?limit=1")) == 1


def test_the_log_can_be_cleared(shop: Shop) -> None:
    shop.enable()
    shop.tick()
    assert shop.opium.ok("DELETE", f"{MODULE}/log") == {"ok": True}
    assert shop.log() == []
    assert shop.status()["next_raises"]


def test_settings_are_shown_changed_and_checked(shop: Shop) -> None:
    assert shop.opium.get(f"{MODULE}/config") == {"enabled": False, "delay_range_minutes": 0}
    changed = shop.opium.ok("PATCH", f"{MODULE}/config", {"delay_range_minutes": 15})
    assert changed == {"ok": True, "enabled": False, "delay_range_minutes": 15}
    assert shop.opium.ok("PATCH", f"{MODULE}/config", {})["delay_range_minutes"] == 15


@pytest.mark.parametrize(
    "body",
    [
        {"enabled": 1},
        {"enabled": None},
        {"delay_range_minutes": -1},
        {"delay_range_minutes": 1441},
        {"delay_range_minutes": "5"},
        {"delay_range_minutes": True},
        {"delay_range_minutes": 1.5},
        [],
    ],
)
def test_bad_settings_are_refused_and_change_nothing(shop: Shop, body: Any) -> None:
    shop.opium.ok("PATCH", f"{MODULE}/config", body, status=400)
    assert shop.opium.get(f"{MODULE}/config") == {"enabled": False, "delay_range_minutes": 0}


@pytest.mark.parametrize("limit", ["0", "301", "x", "", "1.5"])
def test_a_bad_limit_is_refused(shop: Shop, limit: str) -> None:
    shop.opium.ok("GET", f"{MODULE}/log?limit={limit}", status=400)


def test_a_raise_by_hand_ignores_cool_downs_and_tells_the_site_s_answer(shop: Shop) -> None:
    shop.enable()
    shop.tick()
    shop.tick(HOUR)
    answer = shop.raise_now()
    assert (answer["ok"], answer["pending"]) == (True, False)
    refused = answer["results"][str(STEAM)]
    assert (refused["success"], refused["error"]) == (False, "Подождите 3 часа.")
    assert 3 * HOUR - 60 < refused["wait_seconds"] <= 3 * HOUR
    assert shop.asked() == 4
    assert [line["success"] for line in shop.log()] == [True, True, False, False]


def test_a_raise_by_hand_needs_no_enabling_and_reads_the_lots_anew(shop: Shop) -> None:
    assert shop.raise_now()["results"].keys() == {str(STEAM), str(DOTA)}
    shop.seller.lot("Новый", node=15)
    assert shop.raise_now()["results"][str(LINEAGE)]["success"] is True


def test_without_an_answer_in_time_it_says_pending(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(shop.opium.core.ends, "wait_any", lambda _a, s: waits.append(s))
    assert shop.raise_now() == {"ok": True, "results": {}, "pending": True}
    assert sum(waits) == 20
    assert shop.status()["raising"] is True


def test_a_second_raise_by_hand_joins_the_first(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop.opium.core.ends, "wait_any", lambda _account, _seconds: None)
    shop.raise_now()
    shop.let_worker_answer()
    joined = shop.raise_now()
    assert (joined["pending"], shop.asked()) == (False, 2)
    assert all(result["success"] for result in joined["results"].values())


def test_who_joins_a_raise_of_the_scheduler_sees_what_was_passed_over(shop: Shop) -> None:
    shop.enable()
    shop.tick()
    shop.make_due(STEAM)
    shop.opium.run_task("auto_raise", "raise_due")
    results = shop.raise_now()["results"]
    assert results[str(STEAM)]["success"] is False
    assert results[str(DOTA)]["skipped"] is True
    assert results[str(DOTA)]["wait_seconds"] > 3 * HOUR


def test_the_same_idempotency_key_raises_once(shop: Shop) -> None:
    key = {"headers": {"Idempotency-Key": "one"}}
    assert shop.raise_now(**key) == shop.raise_now(**key)
    assert shop.asked() == 2
    shop.raise_now(headers={"Idempotency-Key": "two"})
    assert shop.asked() == 4


def test_a_raise_by_hand_needs_a_running_account(shop: Shop) -> None:
    shop.opium.ok("POST", "/api/accounts/shop/stop", status=202)
    answer = shop.opium.ok("POST", f"{MODULE}/raise", status=400)
    assert isinstance(answer["detail"], str)


def test_a_raise_by_hand_that_cannot_read_the_lots_leaves_the_way_free(shop: Shop) -> None:
    shop.world.faults.add("status", path="/users/*", status=500, count=20)
    shop.opium.ok("POST", f"{MODULE}/raise", status=500)
    shop.world.faults.clear()
    shop.tick(120)
    shop.opium.poll(shop.seller, 10)
    assert shop.raise_now()["results"][str(STEAM)]["success"] is True


def test_the_log_keeps_three_hundred_lines(shop: Shop) -> None:
    shop.enable()
    shop.tick()
    with shop.opium.core.db.write() as db:
        db.connection().exec_driver_sql(
            "INSERT INTO auto_raise_log (account_id, at, game_id, name, success) "
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 400) "
            "SELECT 'shop', '2026-11-20 09:00:00', i, 'x', 1 FROM n"
        )
    shop.make_due(STEAM)
    shop.tick()
    lines = shop.log()
    assert (len(lines), lines[-1]["category_id"]) == (300, STEAM)
