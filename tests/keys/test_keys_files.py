"""Where the key lies, and whose the files are afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from keys_cast import copy, opened_with, rotate, settings, tokens

from opium.core import Opium
from opium.keys import commands
from opium.keys.commands import KeysError
from opium.vault import write_private

NOBODY = 65534


@pytest.fixture
def outside(folder: Path, tmp_path: Path) -> Path:
    """The key outside of the folder, as docs/install.md puts it; its owner may read it only."""
    (tmp_path / "etc").mkdir()
    path = Path(shutil.move(folder / "data.key", tmp_path / "etc" / "data.key"))
    path.chmod(0o400)
    return path


def opened_by(folder: Path, path: Path) -> int:
    """How many values the first key in a file opens alone."""
    return len(opened_with(folder, path.read_text().split()[0]))


def test_the_file_behind_a_credential_is_rotated(folder: Path, outside: Path) -> None:
    (old,) = outside.read_text().split()
    said = rotate(folder, outside)
    assert f"{outside} holds only this key now" in said
    assert outside.stat().st_mode & 0o777 == 0o400
    assert not (folder / "data.key").exists()
    assert opened_by(folder, outside) == len(tokens(folder))
    (former,) = outside.parent.glob("data.key.former-*")
    assert former.read_text().split() == [old]


def test_the_setting_names_the_file(
    folder: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the server is started: `OPIUM_DATA_KEY_FILE` in its environment."""
    monkeypatch.setenv("OPIUM_DATA_KEY_FILE", str(outside))
    rotate(folder)
    assert opened_by(folder, outside) == len(tokens(folder))
    core = Opium(settings(folder))
    core.boot(threads=False)
    assert core.accounts.config("shop").golden_key
    core.db.close()


def test_a_link_stays_a_link(folder: Path, outside: Path) -> None:
    (folder / "data.key").symlink_to(outside)
    rotate(folder)
    assert (folder / "data.key").is_symlink()
    assert opened_by(folder, outside) == len(tokens(folder))


def test_the_copy_that_systemd_made_is_refused(
    folder: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lives as long as the service: a new key written there would be lost with it."""
    monkeypatch.setattr(commands, "CREDENTIALS", outside.parent)
    before = outside.read_bytes()
    with pytest.raises(KeysError, match="name the file behind LoadCredential= with --key-file"):
        rotate(folder, outside)
    assert outside.read_bytes() == before
    assert list(folder.glob("backups/*")) == []


def test_a_key_by_value_cannot_be_rotated(
    folder: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPIUM_DATA_KEY", outside.read_text().strip())
    with pytest.raises(KeysError, match="write it into a file, name that with OPIUM_DATA_KEY_FILE"):
        rotate(folder)
    rotate(folder, outside)
    assert opened_by(folder, outside) == len(tokens(folder))


# --- owners


@pytest.fixture
def abroad(furnished: Path) -> Iterator[Path]:
    """A place that everybody may walk through: the tests' own folders are closed to others."""
    if os.geteuid() != 0:
        pytest.skip("only root may give files away")
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


def given_to_nobody(furnished: Path, place: Path) -> Path:
    folder = copy(furnished, place / "instance")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
        path.chmod(0o700 if path.is_dir() else 0o600)
    return folder


def test_what_root_rotates_stays_the_servers(furnished: Path, abroad: Path) -> None:
    folder = given_to_nobody(furnished, abroad)
    rotate(folder)
    made = [path for path in folder.rglob("*") if path.name != "opium.lock"]
    assert {"data.key", "backups", "epoch", "opium.db"} <= {path.name for path in made}
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(NOBODY, NOBODY)}
    assert (os.geteuid(), os.getegid()) == (0, 0)


def test_a_key_of_root_stays_roots(furnished: Path, abroad: Path) -> None:
    """The data is the server's; the key, and the former one, lie where only root may look."""
    folder = given_to_nobody(furnished, abroad)
    key = abroad / "etc" / "data.key"
    key.parent.mkdir(mode=0o700)
    shutil.move(folder / "data.key", key)
    os.chown(key, 0, 0)
    rotate(folder, key)
    assert [path.stat().st_uid for path in key.parent.iterdir()] == [0, 0]
    assert {path.stat().st_uid for path in folder.rglob("*")} == {NOBODY}
    assert opened_by(folder, key) == len(tokens(folder))


def test_the_server_s_user_cannot_write_a_key_of_root(furnished: Path, abroad: Path) -> None:
    """What a person sees who forgets `sudo`: one sentence, and nothing has changed."""
    folder = given_to_nobody(furnished, abroad)
    key = abroad / "etc" / "data.key"
    key.parent.mkdir()
    key.parent.chmod(0o755)
    shutil.move(folder / "data.key", key)
    key.chmod(0o644)
    before = tokens(folder)
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        with pytest.raises(KeysError, match=f"{key} cannot be written .Permission denied.: name"):
            rotate(folder, key)
    finally:
        os.seteuid(0)
        os.setegid(0)
    assert tokens(folder) == before
    assert list(folder.glob("backups/*")) == []


def test_a_small_file_keeps_its_mode_and_is_private_if_new(tmp_path: Path) -> None:
    path = tmp_path / "epoch"
    write_private(path, "1\n")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    write_private(path, b"2\n")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("2\n", 0o640)
    assert [entry.name for entry in tmp_path.iterdir()] == ["epoch"]
