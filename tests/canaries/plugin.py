"""A plugin of pytest, for `python -m tests.canaries` only: each test is searched when it ends."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import search, taps

HOME = Path(os.environ["CANARIES"])

_FOLDER = pytest.StashKey[Path]()
_kept: dict[str, str] = {}
"""Secrets of fixtures that serve many tests."""


def pytest_configure(config: pytest.Config) -> None:
    root = logging.getLogger()
    root.addHandler(taps.LogTap(logging.DEBUG))
    root.setLevel(logging.DEBUG)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Give the test a folder for what is heard; afterwards look at it and at what it left."""
    folder = HOME / f"test-{os.getpid()}"
    folder.mkdir()
    os.environ[taps.FOLDER] = str(folder)
    try:
        return (yield)
    finally:
        os.environ.pop(taps.FOLDER)
        secrets, outside = search.told(folder)
        secrets |= _kept
        _kept.update({s: kind for s, kind in secrets.items() if kind == "admin password"})
        if (place := item.stash.get(_FOLDER, None)) is not None and place.exists():
            outside += search.files(place)
        for when, name, text in getattr(item, "_report_sections", []):
            if "log" not in name:  # pytest's own copy of the log, made before ours hides anything
                outside.append((f"{name} of {when}", text))
        _write(
            "hits",
            [f"{item.nodeid}: {hit}" for hit in dict.fromkeys(search.leaks(secrets, outside))],
        )
        _write("planted", list(secrets.values()))
        shutil.rmtree(folder)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Remember the test's own folder: it is searched after everything in it has ended."""
    found = getattr(item, "funcargs", {}).get("tmp_path")
    if isinstance(found, Path):
        item.stash[_FOLDER] = found


def _write(name: str, lines: list[str]) -> None:
    if lines:
        with (HOME / f"{name}-{os.getpid()}.txt").open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
