"""The short run of the trial of rentals; the long ones are in docs/chaos.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from chaos.rents_plan import draw_rents
from chaos.rents_walk import ReleaseStage, release_points

pytestmark = pytest.mark.system


def test_the_walk_of_releases_knows_its_failpoints() -> None:
    known = {"steam_candidate", "steam_sending", "steam_changed", "steam_proven", "steam_kicked"}
    assert known <= set(release_points())


def test_a_seed_always_draws_the_same_plan() -> None:
    drawn = [draw_rents(7, 60, 3, kills=10, percent=10, seconds=60) for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_a_death_after_the_password_changed_ends_in_a_proven_release(tmp_path: Path) -> None:
    """Row 74: killed when Steam has the new password, before a sign-in has proven it."""
    stage = ReleaseStage(tmp_path / "stage")
    try:
        stage.prepare(warm=False)
        step = stage.play("steam_changed", "answered", 1)
    finally:
        stage.close()
    assert step.wrongs == []
    assert step.died
    assert step.changes == 1
