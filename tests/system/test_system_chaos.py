"""The short run of the chaos trial; the long ones are in docs/chaos.md."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from chaos.calls import WAYS, CallStage
from chaos.mutants import MUTANTS, Mutant, plantable
from chaos.plan import draw
from chaos.trial import Trial, print_result
from chaos.walk import failpoints

pytestmark = pytest.mark.system

SEED = 7


def test_deaths_and_faults_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    plan = draw(SEED, orders=30, accounts=3, kills=4, percent=8, seconds=8)
    result = Trial(plan, SEED, tmp_path).run(patience=40)
    print_result(result, SEED, sys.stdout)
    assert result.verdict.wrongs == {}
    assert result.broken == {}
    assert result.integrity == "ok"
    assert result.quiet
    assert result.kills == 4


def test_the_walk_knows_all_failpoints() -> None:
    names = failpoints()
    assert {"before_t2", "after_t2", "after_answer", "before_t3", "while_settling"} <= set(names)


SHORT = ("write", "lost after")
"""Ways of failing that belong to every test run; `python -m tests.chaos calls` walks all."""


@pytest.mark.parametrize("way", [way for way in WAYS if way in SHORT])
def test_a_call_that_fails_loses_nothing(tmp_path: Path, way: str) -> None:
    stage = CallStage(tmp_path / "stage")
    try:
        stage.prepare()
        step = stage.call(way, 9)
    finally:
        stage.close()
    assert step.wrongs == []
    assert step.struck


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_bug_of_the_mutation_check_can_still_be_planted(mutant: Mutant) -> None:
    assert plantable(mutant) == []
