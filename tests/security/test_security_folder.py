"""What lies on the disk: modes, names, the data key (S10, S11, S15)."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from test_web_auth import routes
from web_cast import Web

from opium.config import Config
from opium.core import Opium
from opium.db.tables import Account
from opium.vault import VaultError, load_keys

ESCAPES = ["..", "../../etc/passwd", "/etc/passwd", "%2e%2e%2fx", "%252e%252e", "a%00b", "....//x"]


def modes(folder: Path) -> dict[str, int]:
    paths = [folder, *folder.rglob("*")]
    return {str(path.relative_to(folder)): path.stat().st_mode & 0o777 for path in paths}


@pytest.mark.parametrize("others", [0o044, 0o040], ids=["all", "the group"])
def test_everything_is_closed_to_others_and_repaired_at_start(
    web: Web, caplog: pytest.LogCaptureFixture, others: int
) -> None:
    """S10: subfolders too, with a warning for each."""
    folder = web.config.instance
    web.core.keeper.run()
    (folder / "logs").mkdir(exist_ok=True)
    for name in ("logs/security.log", "steam_passwords.jsonl"):
        (folder / name).write_text("")
    outside = folder.parent / "outside"
    outside.write_text("")
    outside.chmod(0o644)
    (folder / "link").symlink_to(outside)
    gone = ("link", "opium.db-wal", "opium.db-shm")  # the database takes its own away
    opened = [path for path in folder.rglob("*") if path.name not in gone]
    for path in (folder, *opened):
        path.chmod(others | (0o700 if path.is_dir() else 0o600))
    with caplog.at_level(logging.WARNING, "opium.core"):
        web.restart()
    (folder / "link").unlink()
    found = modes(folder)
    assert {name for name, mode in found.items() if mode & 0o077} == set()
    assert found["."] == found["logs"] == found["backups"] == 0o700
    said = caplog.text
    assert [path for path in (folder, *opened) if f"{path} was open to others" not in said] == []
    assert outside.stat().st_mode & 0o777 == 0o644


def test_the_log_of_the_database_inherits_its_mode(web: Web) -> None:
    """S10: SQLite makes WAL and SHM like the database."""
    web.register()
    found = modes(web.config.instance)
    assert {found["opium.db"], found["opium.db-wal"], found["opium.db-shm"]} == {0o600}


def test_no_key_is_made_for_sealed_rows(web: Web) -> None:
    """S11: a missing key is an error and not a reason for a new one."""
    web.register()
    folder = web.config.instance
    key = (folder / "data.key").read_bytes()
    (folder / "data.key").unlink()
    with pytest.raises(VaultError, match="data key"):
        web.restart()
    assert not (folder / "data.key").exists()
    with pytest.raises(VaultError, match="missing"):
        load_keys(folder, None, may_create=False)
    (folder / "data.key").write_bytes(key)
    web.restart()


@pytest.mark.parametrize("state", ["damaged", "cannot be opened"])
def test_no_key_is_made_for_a_database_that_cannot_be_read(tmp_path: Path, state: str) -> None:
    """S11: nobody knows what it holds."""
    database = tmp_path / "opium.db"
    if state == "damaged":
        database.write_bytes(b"\xff" * 8192)
    else:
        database.mkdir()
        (database / "x").touch()
    with pytest.raises(VaultError, match="missing"):
        Opium(Config.load(_env_file=None, instance=tmp_path))
    assert not (tmp_path / "data.key").exists()


def test_a_sealed_value_opens_in_its_own_row_only(web: Web) -> None:
    """S1: who may write the database cannot make it show one secret in the place of another."""
    web.register()
    web.register("my_other")
    with web.db.write() as session:
        mine, other = session.scalars(select(Account)).all()
        other.golden_key_sealed = mine.golden_key_sealed
    with pytest.raises(VaultError, match="another row"):
        web.core.accounts.config("my_other")


@pytest.mark.parametrize("escape", ESCAPES)
def test_an_id_never_becomes_a_path(make_web: Any, escape: str) -> None:
    """S15: whatever stands in a path of the API, no file appears or is shown."""
    web: Web = make_web(auth_enabled=False)
    web.register("my_shop", *web.core.modules.available())
    before = set(modes(web.config.instance.parent))
    marks = ("my_shop", "ABC", "auto_raise", "1")
    for method, path in routes(web):
        if method == "DELETE" and path == "/api/accounts/my_shop":
            continue
        head, *rest = path.rpartition("/") if path.endswith(marks) else (path, "", "")
        hostile = f"{head}/{escape}" if rest[0] else path
        answer = web.owner(method, hostile, data=b"{}")
        assert answer.status_code < 500, (method, hostile, answer.get_data(as_text=True))
        assert b"root:" not in answer.data
    for name in (escape, "my_shop\n", ".hidden", "a b"):
        names = {"account_id": name, "golden_key": "k"}
        assert web.owner("POST", "/api/accounts", names).status_code == 400
    assert set(modes(web.config.instance.parent)) == before


@pytest.mark.parametrize("escape", ESCAPES)
def test_documents_are_files_of_their_folder_only(web: Web, escape: str) -> None:
    """S15: the pages of the API's description."""
    answer: Any = web.call("GET", f"/docs/{escape}")
    assert answer.status_code == 404
