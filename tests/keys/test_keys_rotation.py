"""A new data key for everything: nothing is lost, and the old key is good for nothing any more."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from driver import Driver, frozen_world
from keys_cast import (
    DATABASE,
    LINES,
    PASSWORD,
    TORN,
    ask,
    imports,
    key_of,
    lingering,
    opened_with,
    rotate,
    settings,
    texts,
    tokens,
)

from opium import create_app
from opium.core import Opium
from opium.db.session import Database
from opium.keys import resealing
from opium.keys.commands import KeysError
from opium.keys.stored import settle
from opium.lock import try_lock
from opium.security import audit
from opium.vault import FINGERPRINTS, Vault, new_key


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many transactions, also for few rows."""
    monkeypatch.setattr(resealing, "ROWS", 7)


TRIGGERS = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"


@pytest.mark.usefixtures("small_batches")
def test_every_value_is_sealed_anew_and_says_what_it_said(folder: Path) -> None:
    (old,) = key_of(folder)
    before, sealed, triggers = texts(folder), tokens(folder), ask(folder, TRIGGERS)
    said = rotate(folder)
    (new,) = key_of(folder)
    assert new != old
    assert texts(folder) == before
    assert opened_with(folder, old) == []
    assert lingering(folder, sealed) == []
    assert f"{len(before)} values were sealed anew with a new key" in said
    assert old not in said
    assert new not in said
    assert ask(folder, TRIGGERS) == triggers
    assert (folder / LINES).read_bytes().endswith(TORN)


def test_what_was_deleted_long_ago_does_not_linger_either(folder: Path) -> None:
    """Some builds of SQLite leave what was deleted in free pages of the file."""
    sealed = tokens(folder)
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("DELETE FROM auto_delivery_images")
        db.commit()
    assert any(place.startswith("auto_delivery_images") for place in lingering(folder, sealed))
    rotate(folder)
    assert lingering(folder, sealed) == []


def test_the_old_key_is_kept_beside_the_new_one(folder: Path) -> None:
    former_text = (folder / "data.key").read_text()
    said = rotate(folder)
    (former,) = folder.glob("data.key.former-*")
    assert former.read_text() == former_text
    assert former.stat().st_mode & 0o777 == 0o600
    assert (folder / "data.key").stat().st_mode & 0o777 == 0o600
    (backup,) = (folder / "backups").iterdir()
    assert backup.name.endswith("-before-key-rotation.db")
    assert f"kept at {former}" in said
    assert f"Every backup up to {backup.name}" in said
    assert f"cat {former} >> {folder / 'data.key'}" in said


def test_it_is_in_the_audit_log_once(folder: Path) -> None:
    rotate(folder)
    database = Database(folder / DATABASE, pool_size=1)
    with database.read() as db:
        assert audit.verify(db) is None
    database.close()
    rows = ask(folder, "SELECT actor, target FROM audit WHERE action = 'KEY_ROTATED'")
    assert rows == [("command line", "data key")]


def test_the_shop_goes_on(folder: Path) -> None:
    """The owner signs in, what is on the shelf is known again, and the worker has its key."""
    rotate(folder)
    core = Opium(settings(folder))
    core.boot(threads=False)
    client = create_app(core).test_client()
    login = client.post("/api/auth/login", json={"username": "admin", "password": PASSWORD})
    core.db.close()
    assert login.status_code == 200
    opium = Driver(frozen_world(), folder)
    (product,) = ask(folder, "SELECT id FROM auto_delivery_products WHERE name = 'Ключ'")[0]
    assert imports(opium, f"p_{product:03d}") == 0
    config = opium.get("/api/accounts/shop/config")
    assert config["golden_key"]
    assert "pr0xy" in str(config["proxy"])
    opium.core.db.close()


def test_it_can_be_done_again_and_again(folder: Path) -> None:
    before, keys = texts(folder), set(key_of(folder))
    for _ in range(2):
        rotate(folder)
        keys |= set(key_of(folder))
    assert len(keys) == 3
    assert texts(folder) == before


def test_a_table_whose_module_is_gone_is_sealed_anew_too(folder: Path) -> None:
    """Also one whose trigger forbids it, with a key of two columns."""
    (old,) = key_of(folder)
    sealed = [Vault([old]).seal(f"text {n}", "gone") for n in range(3)]
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        db.executescript(
            """CREATE TABLE "gone things" (who TEXT, n INT, a_sealed BLOB, PRIMARY KEY (n, who));
            CREATE TRIGGER "never ever" BEFORE UPDATE OF a_sealed ON "gone things"
            BEGIN SELECT RAISE(ABORT, 'no'); END;"""
        )
        rows = [("kim", 1, sealed[0]), ("ann", 2, sealed[1]), ("bob", 2, sealed[2])]
        db.executemany('INSERT INTO "gone things" VALUES (?, ?, ?)', rows)
        db.commit()
    rotate(folder)
    assert opened_with(folder, old) == []
    found = ask(folder, 'SELECT a_sealed FROM "gone things" ORDER BY n, who')
    vault = Vault(key_of(folder))
    assert [vault.open(token, "gone") for (token,) in found] == ["text 0", "text 1", "text 2"]
    with pytest.raises(sqlite3.IntegrityError, match="no"):
        ask(folder, 'UPDATE "gone things" SET a_sealed = NULL')


# --- fingerprints


def test_fingerprints_outlive_the_key_they_were_made_with(tmp_path: Path) -> None:
    """A database from before they had a key of their own goes on with the one derived then."""
    core = Opium(settings(tmp_path))
    core.open_database()
    core.db.close()
    ask(tmp_path, "DELETE FROM settings WHERE key = ?", FINGERPRINTS)
    made = Vault(key_of(tmp_path)).fingerprint("AAAA")
    for _ in range(2):
        rotate(tmp_path)
        core = Opium(settings(tmp_path))
        core.open_database()
        assert core.vault.fingerprint("AAAA") == made
        core.db.close()


def test_a_new_database_draws_a_key_for_its_fingerprints(tmp_path: Path) -> None:
    """Who has an old data key alone cannot even guess at goods by their fingerprints."""
    core = Opium(settings(tmp_path))
    core.open_database()
    made = core.vault.fingerprint("AAAA")
    core.db.close()
    assert made != Vault(key_of(tmp_path)).fingerprint("AAAA")
    again = Opium(settings(tmp_path))
    again.open_database()
    assert again.vault.fingerprint("AAAA") == made
    with again.db.write() as db:
        settle(db, again.vault)
    assert again.vault.fingerprint("AAAA") == made
    again.db.close()


# --- what stops it


def unchanged(folder: Path) -> dict[str, bytes]:
    """The keys and all that is sealed."""
    return {path.name: path.read_bytes() for path in folder.glob("*.key")} | tokens(folder)


def refused(folder: Path) -> str:
    """The one sentence; nothing was changed."""
    before = unchanged(folder)
    with pytest.raises(KeysError) as said:
        rotate(folder)
    assert unchanged(folder) == before
    assert list(folder.glob("*former*")) == []
    assert "\n" not in str(said.value)
    return str(said.value)


def test_a_row_that_no_key_opens_is_named(folder: Path) -> None:
    lost = Vault([new_key()]).seal("gone", "x")
    ask(folder, "UPDATE auto_delivery_stock SET body_sealed = ? WHERE id = 17", lost)
    said = refused(folder)
    assert "body_sealed of row 17 of the table auto_delivery_stock" in said
    ask(folder, "UPDATE accounts SET golden_key_sealed = ?", b"not sealed at all")
    assert "golden_key_sealed of row shop of the table accounts and 1 more" in refused(folder)


def test_a_line_that_no_key_opens_is_named(folder: Path) -> None:
    lost = Vault([new_key()]).seal("gone", "x").decode()
    with (folder / LINES).open("a") as file:
        file.write(f'\n{{"login": "alpha", "sealed": "{lost}"}}\n')
    assert f"line 7 of {folder / LINES}" in refused(folder)


def test_a_wrong_key_is_refused(folder: Path) -> None:
    (folder / "data.key").write_text(new_key() + "\n")
    assert "does not fit this database" in refused(folder)


@pytest.mark.parametrize("text", ["", "abc\n", "ключ\n"], ids=["empty", "short", "no key"])
def test_a_damaged_key_file_is_refused(folder: Path, text: str) -> None:
    (folder / "data.key").write_text(text)
    assert "data key" in refused(folder)


def test_a_running_server_is_not_disturbed(folder: Path) -> None:
    with try_lock(folder) or pytest.fail("the lock is not free"):
        assert "stop the service first" in refused(folder)
    rotate(folder)


def test_without_a_database_there_is_nothing_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match="There is no database"):
        rotate(tmp_path)


def test_without_room_for_a_backup_nothing_begins(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opium.backup.disk.Disk.free", 1)
    assert "there is no room" in refused(folder)
