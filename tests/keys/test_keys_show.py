"""`keys show`: what is sealed with which key, and never the key itself."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from keys_cast import LINES, ask, key_of, rotate, settings, tokens, types

from opium.config import Config
from opium.keys.commands import KeysError, show_keys
from opium.lock import try_lock
from opium.vault import Vault, new_key


def rows(said: str) -> dict[str, tuple[int, int, int]]:
    """Place to values of the newest key, of older ones, and of none."""
    found = re.findall(r"^(\S+) +(\d+) +(\d+) +(\d+)$", said, re.M)
    return {place: (int(newest), int(older), int(lost)) for place, newest, older, lost in found}


def test_a_key_that_fits(folder: Path) -> None:
    said, well = show_keys(settings(folder), None)
    assert well
    assert f"The data key: {folder / 'data.key'}\n" in said
    assert "It holds one key and fits the database." in said
    assert sum(newest for newest, _older, _lost in rows(said).values()) == len(tokens(folder))
    assert rows(said)[LINES] == (2, 0, 0)
    assert key_of(folder)[0] not in said


def test_values_of_an_older_key_and_of_none_are_counted(folder: Path) -> None:
    (old,), new = key_of(folder), new_key()
    (folder / "data.key").write_text(f"{new}\n{old}\n")
    fresh, lost = (Vault([key]).seal("x", "y") for key in (new, new_key()))
    ask(folder, "UPDATE auto_delivery_stock SET body_sealed = ? WHERE id IN (1, 2)", fresh)
    said, well = show_keys(settings(folder), None)
    assert well
    lines = Counter(place.split(".")[0] for place in tokens(folder))["auto_delivery_stock"]
    assert rows(said)["auto_delivery_stock"] == (2, lines - 2, 0)
    assert f"{len(tokens(folder)) - 2} values need an older one: python app.py keys rotate" in said
    ask(folder, "UPDATE auto_delivery_stock SET body_sealed = ? WHERE id = 3", lost)
    said, well = show_keys(settings(folder), None)
    assert not well
    assert rows(said)["auto_delivery_stock"] == (2, lines - 3, 1)
    assert "first body_sealed of row 3 of the table auto_delivery_stock" in said


def test_it_names_the_former_keys(folder: Path) -> None:
    rotate(folder)
    (former,) = folder.glob("data.key.former-*")
    assert f"A former key: {former}" in show_keys(settings(folder), None)[0]


def test_it_looks_beside_the_server_and_changes_nothing(folder: Path) -> None:
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    with try_lock(folder) or pytest.fail("the lock is not free"):
        show_keys(settings(folder), None)
    files = [p for p in folder.rglob("*") if p.is_file() and p.suffix not in (".lock",)]
    after = {p: p.read_bytes() for p in files if not p.name.endswith(("-shm", "-wal"))}
    assert after == {p: content for p, content in before.items() if p in after}
    assert {p.name for p in files} - {p.name for p in before} <= {"opium.db-shm", "opium.db-wal"}


@pytest.mark.parametrize("what", ["key", "database"])
def test_what_is_missing_is_said(folder: Path, what: str) -> None:
    (folder / {"key": "data.key", "database": "opium.db"}[what]).unlink()
    sentence = {"key": "data key .* is missing", "database": "There is no database"}[what]
    with pytest.raises(KeysError, match=sentence):
        show_keys(settings(folder), None)


def test_a_key_by_value_is_told_as_such(folder: Path) -> None:
    config = Config.load(instance=folder, data_key=key_of(folder)[0], _env_file=None)
    said, well = show_keys(config, None)
    assert (well, "given by value, in OPIUM_DATA_KEY" in said) == (True, True)


@pytest.mark.system
def test_at_the_terminal(folder: Path) -> None:
    shown = types(folder, "show")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "fits the database" in shown.stdout
    ask(folder, "UPDATE accounts SET golden_key_sealed = X'00'")
    refused = types(folder, "rotate")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1), refused.stderr
    assert "golden_key_sealed of row shop" in refused.stderr
