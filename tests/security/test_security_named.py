"""Each of S1 to S17 is held by tests that name it, and docs/security.md says by which."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from opium.config import ROOT

from .mutants import bugs, plantable

PAGE = ROOT / "docs" / "security.md"
INVARIANTS = [f"S{n}" for n in range(1, 18)]


@cache
def named_in(file: Path) -> dict[str, str]:
    """Name of each test of a file, with its docstring."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {
        node.name: ast.get_docstring(node) or ""
        for node in nodes
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def row(invariant: str) -> str:
    """The line of the page about this invariant."""
    (line,) = re.findall(rf"^\| {invariant} \|.*$", PAGE.read_text(encoding="utf-8"), re.M)
    return str(line)


@pytest.mark.parametrize("invariant", INVARIANTS)
def test_an_invariant_has_tests_that_name_it(invariant: str) -> None:
    """So that none can be dropped unseen: S1 to S17, each on the page and in its tests."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row(invariant))
    assert named
    for path, test in named:
        said = named_in(ROOT / path)[test]
        assert re.search(rf"\b{invariant}\b", said), f"{path}::{test} does not name {invariant}"


def test_planted_bugs_fit_the_present_code() -> None:
    """`python -m tests.security.mutants` takes too long for each change; this tells at once."""
    found = bugs()
    assert [reason for bug in found for reason in plantable(bug)] == []
    assert [
        heading for heading, times in Counter(b.heading for b in found).items() if times > 1
    ] == []
    paths = {test.partition("::")[0] for bug in found for test in bug.tests}
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
    assert [bug.heading for bug in found if not bug.tests] == []
    assert set(INVARIANTS) <= {bug.rule for bug in found}
