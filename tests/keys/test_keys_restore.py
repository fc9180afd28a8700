"""A backup from before the rotation: it names the key that it needs, and then everything opens."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from keys_cast import DATABASE, key_of, opened_with, rotate, settings, texts, tokens

from opium.backup.copies import CopyError
from opium.backup.restoring import restore
from opium.core import Opium
from opium.doctor import examine
from opium.vault import new_key

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def put_back(folder: Path) -> None:
    (backup,) = folder.glob("backups/*before-key-rotation.db")
    restore(settings(folder), folder / DATABASE, backup, NOW)


def refused(folder: Path) -> str:
    before = (folder / DATABASE).read_bytes()
    with pytest.raises(CopyError) as said:
        put_back(folder)
    assert (folder / DATABASE).read_bytes() == before
    return str(said.value)


def test_the_former_key_is_named_and_added_and_leaves_again(folder: Path) -> None:
    before, (old,) = texts(folder), key_of(folder)
    rotate(folder)
    (former,), key = folder.glob("data.key.former-*"), folder / "data.key"
    stranger = key.with_name("data.key.former-20300101T000000Z")
    stranger.write_text(new_key() + "\n")
    assert f"the former key {former}: add that" in (said := refused(folder))
    assert f"(cat {former} >> {key})" in said

    key.write_text(key.read_text() + former.read_text())
    put_back(folder)
    core = Opium(settings(folder))
    core.boot(threads=False)
    assert core.accounts.config("shop").golden_key
    core.db.close()
    said = {finding.what: finding.text for finding in examine(settings(folder), NOW)}["data key"]
    assert said == "2 keys: stop the service and run python app.py keys rotate"
    assert set(before) <= set(texts(folder))  # also the passwords beside the database

    rotate(folder)
    assert len(key_of(folder)) == 1
    assert opened_with(folder, old) == []
    assert set(before) <= set(texts(folder))
    assert tokens(folder)


def test_without_the_former_key_it_says_what_is_missing(folder: Path) -> None:
    rotate(folder)
    for former in folder.glob("data.key.former-*"):
        former.unlink()
    assert "put the data.key that belongs to it" in refused(folder)
