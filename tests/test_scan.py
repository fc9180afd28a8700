"""What `make scan` and the linter rest on: pinned packages, told exceptions, no slow patterns."""

from __future__ import annotations

import re
import subprocess
import sys
import types
from importlib.metadata import version
from pathlib import Path

import pytest
from scan import packages, patterns

import opium
from opium.config import ROOT

PINNED = packages.pinned(packages.LIST.read_text("utf-8"))
DIRECT = packages.pinned(packages.LIST.read_text("utf-8").split("# Brought along")[0])
KNOWN_TO_NEED_NONE = {"E402", "F401"}
"""Imports that register something: the line above them says so."""


def test_every_package_that_ours_bring_along_is_pinned() -> None:
    """A server installed today and one in a year are alike."""
    needed = packages.closure(set(DIRECT))
    assert {name: found for name, found in needed.items() if PINNED.get(name) != found} == {}


def test_every_pinned_package_is_installed_as_pinned() -> None:
    """If this fails: the lists have changed since; make setup"""
    assert {name: version(name) for name in PINNED} == PINNED


def test_the_closure_follows_what_is_needed() -> None:
    found = packages.closure({"flask"})
    assert found["werkzeug"] == version("werkzeug")
    assert "pytest" not in found
    assert packages.closure({"no-such-package"}) == {"no-such-package": ""}


def test_packages_fit_together() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


def test_a_known_hole_is_told_with_its_remedy() -> None:
    hole = {"id": "PYSEC-1", "fix_versions": ["3.0.1"]}
    read: list[dict[str, object]] = [
        {"name": "flask", "version": "3.0.0", "vulns": [hole]},
        {"name": "limits", "version": "5.8.0", "vulns": []},
    ]
    assert packages.read_audit(read) == (["flask 3.0.0: PYSEC-1, fixed in 3.0.1"], None)


def test_advisories_that_cannot_be_read_are_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*args: object, **more: object) -> object:
        return types.SimpleNamespace(stdout="", stderr="x\nFailed to resolve 'advisories'\n")

    monkeypatch.setattr("subprocess.run", silent)
    assert packages.holes() == ([], "Failed to resolve 'advisories'")
    skipped: list[dict[str, object]] = [{"name": "a", "skip_reason": "not found"}]
    assert packages.read_audit(skipped) == ([], "1 of 1 packages have no advisories there")


def test_no_pattern_of_ours_is_slow() -> None:
    """S13"""
    found = [where for where, text, flags in patterns.patterns(opium) if patterns.slow(text, flags)]
    assert found == []


def test_the_scan_finds_the_patterns_of_all_parts() -> None:
    """S13"""
    places = {where for where, _, _ in patterns.patterns(opium)}
    assert "opium.schema.reading._TOKENS" in places  # made by an import
    assert any(where.startswith("opium.schema.views:") for where in places)  # of a field
    assert len(places) > 100


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"\s*\s*\s*x", r"(?:\w+\s?)*:", r"(?:[0-9]+)+"])
def test_a_slow_pattern_is_seen(pattern: str) -> None:
    assert patterns.slow(pattern)


@pytest.mark.parametrize("pattern", [r"a+b", r"[a-z]{1,20}", r'"(?:[^"\\]|\\.)*+"', r"(?>a+)b"])
def test_a_quick_pattern_is_none(pattern: str) -> None:
    assert not patterns.slow(pattern)


def exceptions() -> list[tuple[str, str, str]]:
    """Place, codes and reason of every `noqa` in the product."""
    found = []
    for path in sorted(Path(opium.__file__).parent.rglob("*.py")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for match in re.finditer(r"# (?:ruff: )?noqa(?::\s*([A-Z0-9, ]+[0-9]))?(.*)", line):
                place = f"{path.relative_to(ROOT)}:{number}"
                found.append((place, match[1] or "", match[2].strip(" —-#")))
    return found


def test_each_exception_from_a_rule_has_its_reason() -> None:
    silent = [
        place
        for place, codes, reason in exceptions()
        if not reason and not set(re.split(r"[, ]+", codes)) <= KNOWN_TO_NEED_NONE
    ]
    assert silent == []
    assert [place for place, codes, _ in exceptions() if not codes] == []
