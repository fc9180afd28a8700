"""auto_raise over the sandbox: lots go up as soon as the site allows it, and not before."""

from __future__ import annotations

from pathlib import Path

import pytest
from raise_cast import DOTA, HOUR, LINEAGE, STEAM, Shop
from sqlalchemy import update

from opium.db.tables import StoredCommand
from sandbox.world import World


@pytest.fixture
def shop(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(world, tmp_path / "instance", monkeypatch)


def test_every_game_goes_up_once_with_all_its_sections(shop: Shop) -> None:
    shop.seller.lot("Адена", node=2, kind="chip")
    shop.enable()
    shop.tick()
    assert sorted(shop.raised()) == [(DOTA, [81]), (STEAM, [1008, 1009])]
    shop.tick()
    assert shop.asked() == 2


def test_it_raises_again_when_the_cool_down_is_over_and_not_before(shop: Shop) -> None:
    shop.enable()
    shop.tick()
    shop.tick(4 * HOUR - 120)
    assert shop.asked() == 2
    shop.tick(180)
    assert len(shop.raised()) == 4
    assert shop.asked() == 4


def test_nothing_happens_while_it_is_disabled_or_the_account_stopped(shop: Shop) -> None:
    shop.tick()
    assert shop.asked() == 0
    shop.enable()
    shop.opium.ok("POST", "/api/accounts/shop/stop", status=202)
    shop.opium.run_task("auto_raise", "raise_due")
    assert shop.status()["active"] is False
    assert shop.asked() == 0


def test_a_restart_forgets_no_cool_down(shop: Shop) -> None:
    shop.enable()
    shop.tick()
    before = shop.status()["next_raises"]
    shop.opium.restart()
    shop.opium.poll(shop.seller)
    shop.tick()
    assert shop.asked() == 2
    after = shop.status()["next_raises"]
    assert {k: v["next_raise_at"] for k, v in after.items()} == {
        k: v["next_raise_at"] for k, v in before.items()
    }


def test_the_random_delay_comes_on_top_of_the_cool_down(shop: Shop) -> None:
    shop.enable(delay_range_minutes=60)
    shop.tick()
    waits = {n["next_raise_in"] for n in shop.status()["next_raises"].values()}
    assert len(waits) == 2
    assert all(4 * HOUR - 60 < wait <= 5 * HOUR for wait in waits)


def test_where_the_answer_tells_no_wait_one_probe_a_day_learns_it(shop: Shop) -> None:
    shop.world.switches.raise_wait = False
    shop.enable()
    shop.tick()
    assert shop.asked() == 4  # two raises, each with its probe
    assert len(shop.raised()) == 2
    assert [line["success"] for line in shop.log()] == [True, True]
    waits = [result["wait_seconds"] for result in shop.status()["last_results"].values()]
    assert all(4 * HOUR - 60 <= wait <= 4 * HOUR + 60 for wait in waits)
    shop.tick(4 * HOUR + 120)
    assert shop.asked() == 6
    assert [result["wait_seconds"] for result in shop.status()["last_results"].values()] == waits


def test_failures_without_a_wait_rest_longer_and_are_told_once(shop: Shop) -> None:
    shop.world.switches.raise_upsell = True
    told = shop.listen("raise_failed")
    shop.enable()
    shop.tick()
    assert all(50 < n["next_raise_in"] <= 60 for n in shop.status()["next_raises"].values())
    shop.tick(61)
    assert all(110 < n["next_raise_in"] <= 120 for n in shop.status()["next_raises"].values())
    result = shop.status()["last_results"][str(STEAM)]
    assert (result["success"], result["wait_seconds"]) == (False, None)
    assert result["error"]
    assert sorted(payload["category_id"] for payload in told) == [DOTA, STEAM]


def test_an_empty_profile_keeps_what_was_known(shop: Shop) -> None:
    shop.enable()
    shop.tick()
    for lot in shop.seller.lots:
        lot.active = False
    shop.tick(7 * HOUR)
    assert shop.status()["next_raises"].keys() == {str(STEAM), str(DOTA)}


def test_categories_are_read_every_six_hours(shop: Shop) -> None:
    shop.enable()
    shop.tick()
    shop.seller.lot("Новый", node=15)
    shop.tick(5 * HOUR)
    assert str(LINEAGE) not in shop.status()["last_results"]
    shop.tick(HOUR)
    assert shop.status()["last_results"][str(LINEAGE)]["category_name"] == "Lineage 2"


def test_games_are_known_by_their_button_if_the_main_page_is_broken(shop: Shop) -> None:
    shop.world.faults.add("status", path="/", method="GET", status=500, count=None)
    shop.enable()
    shop.tick()
    shop.world.faults.clear()
    shop.opium.poll(shop.seller, 10)
    shop.tick()
    assert (DOTA, [81]) in shop.raised()


def test_a_raise_whose_end_was_never_told_is_given_up_after_a_while(shop: Shop) -> None:
    shop.enable()
    shop.opium.run_task("auto_raise", "read_categories")
    shop.opium.run_task("auto_raise", "raise_due")
    with shop.opium.core.db.write() as db:
        values = {"state": "failed", "reason": "the server stopped", "ended_at": shop.opium.tell(0)}
        db.execute(update(StoredCommand).values(state="started"))
        db.execute(update(StoredCommand).values(**values))
    assert shop.status()["raising"] is True
    shop.tick(301)
    status = shop.status()
    assert status["raising"] is False
    assert all(n["next_raise_in"] > 3 * HOUR for n in status["next_raises"].values())
    assert shop.asked() == 0


def test_categories_of_another_funpay_user_are_forgotten(shop: Shop) -> None:
    shop.enable()
    shop.tick()
    other = shop.world.seller("other")
    other.lot("Чужой", node=15)
    body = {"golden_key": other.golden_key}
    shop.opium.ok("PATCH", "/api/accounts/shop/config", body)
    shop.opium.poll(shop.seller, 3)
    shop.tick()
    shop.tick()
    assert shop.status()["last_results"].keys() == {str(LINEAGE)}
