"""What surrounds the code keeps its promises: settings page, make targets, pinned packages."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from docs import configuration
from opium.config import ROOT, Config

READMES = ("README.md", "README.ru.md")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_page_of_settings_is_current() -> None:
    """If this fails: python -m docs.configuration"""
    assert read("docs/configuration.md") == configuration.page()


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Config.model_fields.values())


@pytest.mark.parametrize("page", [*READMES, "CONTRIBUTING.md", "docs/install.md"])
def test_make_targets_that_a_page_names_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.M))
    lines = re.findall(r"(?:^|`|sudo )make ((?:[a-z]+ ?)+)", read(page), re.M)
    assert {word for line in lines for word in line.split()} <= targets


@pytest.mark.parametrize("page", [*READMES, "CONTRIBUTING.md", "CHANGELOG.md", "docs/install.md"])
def test_links_of_a_page_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", read(page))
    folder = (ROOT / page).parent
    assert [link for link in links if not (folder / link).exists()] == []


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "\nmake lint test\n" in read("README.md")
    assert read(".ci/run").rstrip().endswith(" make lint test")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_packages_are_pinned(name: str) -> None:
    lines = [line.split("#")[0].strip() for line in read(name).splitlines()]
    wanted = [line for line in lines if line and line != "-r requirements.txt"]
    assert [line for line in wanted if not re.fullmatch(r"[\w-]+==[\w.]+", line)] == []


@pytest.mark.system
@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        (None, "Opium needs Python 3.11 or newer"),
        ("exit 1", "Opium needs Python 3.11 or newer"),
        ('case "$2" in *ensurepip*) exit 1;; esac', "Opium needs Python's venv module"),
    ],
    ids=["no Python", "an old Python", "no venv module"],
)
def test_make_says_what_is_missing(tmp_path: Path, python: str | None, sentence: str) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "sh", "sed", "touch", "rm", "make"):
        place = shutil.which(tool)
        if place is None:
            pytest.skip(f"{tool} is not on this machine")
        (tools / tool).symlink_to(place)
    if python is not None:
        (tools / "python3").write_text(f"#!/bin/sh\n{python}\nexit 0\n")
        (tools / "python3").chmod(0o755)
    for name in ("Makefile", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    run = subprocess.run(
        ["make", "setup"],
        cwd=tmp_path,
        env={"PATH": str(tools), "LC_ALL": "C"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode != 0
    assert run.stderr.splitlines()[0].startswith(sentence)
    assert not (tmp_path / ".venv").exists()
