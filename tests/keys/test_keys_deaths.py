"""Whenever a rotation dies: the server opens everything, and the same command ends the job."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from keys_cast import (
    Died,
    ask,
    copy,
    key_of,
    lingering,
    opened_with,
    rotate,
    settings,
    texts,
    tokens,
    types,
)
from sqlalchemy.orm import Session

from opium.core import Opium
from opium.db import overhaul
from opium.keys import resealing, rotation

STEPS = ((os, "replace"), (Session, "commit"), (overhaul, "rewrite"))
"""What leaves a trace: each call of these is a step to die before."""


@contextmanager
def dying(step: int) -> Iterator[list[str]]:
    """Die before this step; the names of the steps that were begun."""
    begun: list[str] = []

    def watched(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*values: Any, **more: Any) -> Any:
            begun.append(name)
            if len(begun) == step:
                raise Died
            return call(*values, **more)

        return counted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resealing, "ROWS", 40)
        for owner, name in STEPS:
            patch.setattr(owner, name, watched(name, getattr(owner, name)))
        yield begun


def starts(folder: Path) -> bool:
    """Whether the server starts and has its account's key."""
    core = Opium(settings(folder))
    core.boot(threads=False)
    known = core.accounts.config("shop").golden_key if core.ready else ""
    core.db.close()
    return bool(known)


def ended(folder: Path, before: list[bytes], old: str, sealed: dict[str, bytes]) -> None:
    """One key, not the old one, opens everything; the old one nothing, and it is kept."""
    (new,) = key_of(folder)
    assert new != old
    assert texts(folder) == before
    assert opened_with(folder, old) == []
    assert lingering(folder, sealed) == []
    (former,) = folder.glob("data.key.former-*")
    assert former.read_text().split() == [old]
    assert ask(folder, "SELECT count(*) FROM audit WHERE action = 'KEY_ROTATED'") == [(1,)]


def test_a_death_at_any_step(furnished: Path, tmp_path: Path) -> None:
    before, sealed = texts(furnished), tokens(furnished)
    (old,) = key_of(furnished)
    with dying(0) as steps:
        rotate(folder := copy(furnished, tmp_path / "0"))
    ended(folder, before, old, sealed)
    for step in walked(steps):
        folder = copy(furnished, tmp_path / str(step))
        with dying(step) as begun, pytest.raises(Died):
            rotate(folder)
        assert texts(folder) == before, f"before step {step}, {begun[-1]}"
        rotate(folder)
        ended(folder, before, old, sealed)


def walked(steps: list[str]) -> list[int]:
    """All but the commits of single tables, which are alike: of those every fifth."""
    last = steps.index("rewrite")
    assert steps.count("commit") > 10
    return [
        number
        for number, name in enumerate(steps, start=1)
        if name != "commit" or number % 5 == 0 or number == last
    ]


@pytest.mark.parametrize("place", ["keys_added", "keys_batch", "keys_file", "keys_resealed"])
def test_the_server_starts_in_between(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    before, sealed = texts(folder), tokens(folder)
    (old,) = key_of(folder)

    def dies(name: str) -> None:
        if name == place:
            raise Died

    for owner in (rotation, resealing):
        monkeypatch.setattr(owner, "hit", dies)
    with pytest.raises(Died):
        rotate(folder)
    monkeypatch.undo()
    assert len(key_of(folder)) == 2
    assert starts(folder)
    rotate(folder)
    assert starts(folder)
    ended(folder, texts(folder), old, sealed)
    assert set(before) <= set(texts(folder))


@pytest.mark.system
@pytest.mark.parametrize("place", ["keys_batch", "keys_kept"])
def test_a_kill_in_a_real_process(folder: Path, place: str) -> None:
    before, sealed = texts(folder), tokens(folder)
    (old,) = key_of(folder)
    killed = types(folder, "rotate", OPIUM_FAILPOINT=f"{place}:1")
    assert killed.returncode == -9, killed.stderr
    assert len(key_of(folder)) == 2
    assert texts(folder) == before
    again = types(folder, "rotate")
    assert again.returncode == 0, again.stderr
    assert "were sealed anew with the first key of the file" in again.stdout
    ended(folder, before, old, sealed)
