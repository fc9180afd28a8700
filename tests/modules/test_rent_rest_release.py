"""Freezing, letting go, deleting, and the maFile of a Steam account (contract 9.5, 10.4; D14)."""

from __future__ import annotations

import base64
import json

import pytest
from driver import Driver
from rent_rest_cast import IDENTITY, SHARED, STEAM_ID, Renter, mafile
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from opium.modules.steam_rent import accounts
from sandbox.world import World


@pytest.fixture
def rent(world: World, opium: Driver) -> Renter:
    found = Renter(opium, world)
    found.account(password="old")
    return found


def test_freezing_toggles_or_sets(rent: Renter) -> None:
    path = "/steam-accounts/acc1/freeze"
    assert rent.ask("POST", path) == {"ok": True, "frozen": True}
    assert rent.ask("POST", path, {}) == {"ok": True, "frozen": False}
    for _ in range(2):
        assert rent.ask("POST", path, {"frozen": True})["frozen"] is True
    assert rent.shown()["frozen"] is True
    assert rent.refused("POST", path, {"frozen": 1})[0] == 400
    assert rent.refused("POST", "/steam-accounts/none/freeze")[0] == 404
    assert ("MANUAL_RELEASE", "steam_rent account acc1") not in rent.audit()


@pytest.mark.parametrize(
    ("states", "status", "release", "frozen"),
    [
        ((), "free", "idle", False),
        (("rented",), "rented", "idle", False),
        (("rented", "releasing"), "rented", "releasing", False),
        (("failed",), "free", "failed", True),
    ],
)
def test_how_states_show(
    rent: Renter, states: tuple[str, ...], status: str, release: str, frozen: bool
) -> None:
    rent.comes_to(*states, last_error="Steam said no.")
    shown = rent.shown()
    assert (shown["status"], shown["release_state"]) == (status, release)
    assert shown["frozen"] is frozen
    assert shown["last_error"] == ("Steam said no." if states else None)


@pytest.mark.parametrize("body", [None, {"frozen": False}])
def test_letting_go_a_failed_account_is_a_person_s_decision(
    rent: Renter, body: dict[str, bool] | None
) -> None:
    rent.comes_to("rented", "releasing", "failed", last_error="no proof")
    job = rent.job("sending", "unknown")
    rent.alert()
    assert rent.open_alerts() == 1
    assert rent.ask("POST", "/steam-accounts/acc1/freeze", body) == {"ok": True, "frozen": False}
    shown = rent.shown()
    assert (shown["status"], shown["release_state"], shown["frozen"]) == ("free", "idle", False)
    assert rent.row().manual_release is True
    assert rent.job_row(job).state == "dropped"
    assert rent.job_row(job).ended_at is not None
    assert rent.audit()[0] == ("MANUAL_RELEASE", "steam_rent account acc1")
    assert rent.open_alerts() == 0


def test_freezing_a_failed_account_leaves_it_failed(rent: Renter) -> None:
    rent.comes_to("failed")
    assert rent.ask("POST", "/steam-accounts/acc1/freeze", {"frozen": True})["frozen"] is True
    assert rent.shown()["release_state"] == "failed"
    assert rent.audit() == [] or rent.audit()[0][0] != "MANUAL_RELEASE"


def test_nobody_lets_go_while_a_password_is_on_the_wire(rent: Renter) -> None:
    rent.comes_to("rented", "releasing", "failed")
    job = rent.job("sending")
    status, _ = rent.refused("POST", "/steam-accounts/acc1/freeze", {"frozen": False})
    assert status == 409
    assert rent.shown()["release_state"] == "failed"
    assert rent.job_row(job).state == "sending"
    assert "MANUAL_RELEASE" not in str(rent.audit())


def test_the_database_lets_nobody_go_without_that_word(rent: Renter) -> None:
    rent.comes_to("failed")
    free = "UPDATE steam_rent_accounts SET state = 'free'"
    with pytest.raises(IntegrityError, match="forbidden move"), rent.opium.core.db.write() as db:
        db.execute(text(free))


# --- setting the password while Steam may have another


@pytest.mark.parametrize(
    ("states", "allowed"),
    [((), True), (("sending",), False), (("sending", "unknown"), False)],
)
def test_a_password_is_not_set_while_a_change_is_not_settled(
    rent: Renter, states: tuple[str, ...], allowed: bool
) -> None:
    rent.job(*states)
    status = rent.status("PUT", "/steam-accounts/acc1", {"password": "new"})
    assert status == (200 if allowed else 409)
    found = rent.ask("GET", "/steam-accounts/acc1/password")["password"]
    assert found == ("new" if allowed else "old")
    assert rent.status("PUT", "/steam-accounts/acc1", {"password": "***"}) == 200


def test_a_password_set_by_hand_ends_the_doubt_and_forgets_nothing(rent: Renter) -> None:
    vault = rent.opium.core.vault
    rent.comes_to("failed")
    with rent.opium.core.db.write() as db:
        row = db.merge(rent.row())
        accounts.store_candidate(vault, row, "maybe")
    job = rent.job("sending", "unknown")
    assert rent.refused("PUT", "/steam-accounts/acc1", {"password": "new"})[0] == 409
    rent.ask("POST", "/steam-accounts/acc1/freeze", {"frozen": False})
    assert rent.job_row(job).state == "dropped"
    assert accounts.candidate_of(vault, rent.row()) == "maybe"
    rent.ask("PUT", "/steam-accounts/acc1", {"password": "new"})
    assert accounts.candidate_of(vault, rent.row()) is None
    assert accounts.history_of(vault, rent.row()) == ["maybe", "old"]


def test_a_login_in_use_is_not_changed(rent: Renter) -> None:
    job = rent.job()
    assert rent.refused("PUT", "/steam-accounts/acc1", {"login": "other"})[0] == 409
    with rent.opium.core.db.write() as db:
        db.execute(text("UPDATE steam_rent_jobs SET state = 'dropped'"))
    assert rent.job_row(job).state == "dropped"
    rent.comes_to("rented")
    assert rent.refused("PUT", "/steam-accounts/acc1", {"login": "other"})[0] == 409
    assert rent.shown()["login"] == "acc1"


# --- deleting


def test_a_deleted_account_is_gone_with_its_secrets_but_not_its_row(rent: Renter) -> None:
    rent.imports("acc1", mafile())
    rent.ask("PUT", "/steam-accounts/acc1", {"password": "newer"})
    rent.alert()
    assert rent.ask("DELETE", "/steam-accounts/acc1") == {"ok": True}
    assert rent.ask("GET", "/steam-accounts") == []
    for method, path in (("GET", "/password"), ("PUT", ""), ("DELETE", ""), ("POST", "/freeze")):
        body: dict[str, str] | None = {} if method == "PUT" else None
        assert rent.refused(method, f"/steam-accounts/acc1{path}", body)[0] == 404
    row = rent.row()
    assert row.deleted
    fields = ("password", "candidate", "history", "shared", "identity", "tokens")
    assert [getattr(row, f"{field}_sealed") for field in fields] == [None] * 6
    assert row.has_mafile is False
    assert rent.open_alerts() == 0
    assert rent.account("acc1")["password"] == ""


@pytest.mark.parametrize("states", [("rented",), ("rented", "releasing")])
def test_an_account_in_use_is_not_deleted(rent: Renter, states: tuple[str, ...]) -> None:
    rent.comes_to(*states)
    assert rent.refused("DELETE", "/steam-accounts/acc1")[0] == 409
    assert rent.shown()["password"] == "***"


def test_an_account_with_an_unfinished_job_is_not_deleted(rent: Renter) -> None:
    rent.comes_to("failed")
    rent.job()
    assert rent.refused("DELETE", "/steam-accounts/acc1")[0] == 409
    rent.ask("POST", "/steam-accounts/acc1/freeze", {"frozen": False})
    assert rent.ask("DELETE", "/steam-accounts/acc1") == {"ok": True}
    assert rent.refused("DELETE", "/steam-accounts/none")[0] == 404


# --- the maFile


def test_a_mafile_is_taken_exactly_and_its_revocation_code_is_not(rent: Renter) -> None:
    """S14: a SteamID64 is kept as it came, as text."""
    vault = rent.opium.core.vault
    answer = rent.imports("acc1", "\ufeff" + mafile(account_name="ACC1", token_gid="2f"))
    assert answer.get_json() == {"ok": True}
    shown = rent.shown()
    assert shown["has_mafile"] is True
    assert (shown["shared_secret"], shown["identity_secret"]) == ("***", "***")
    row = rent.row()
    assert (row.steam_id, row.device_id, row.token_gid) == (str(STEAM_ID), "android:1", "2f")
    found = accounts.mafile_of(vault, row)
    assert found is not None
    assert (found.steam_id, found.account_name) == (STEAM_ID, "acc1")
    assert (found.shared_secret, found.identity_secret) == (
        base64.b64decode(SHARED),
        base64.b64decode(IDENTITY),
    )
    assert accounts.tokens_of(vault, row) is None
    sealed = (row.shared_sealed, row.identity_sealed, row.history_sealed, row.password_sealed)
    opened = [vault._fernet.decrypt(part).decode() for part in sealed if part]
    assert "R12345" not in str(opened)
    assert "refresh-canary" not in str(opened)


def test_another_mafile_replaces_the_first_whole(rent: Renter) -> None:
    rent.imports("acc1", mafile())
    other = base64.b64encode(b"x" * 20).decode()
    rent.imports("acc1", mafile(shared_secret=other, identity_secret=None, Session=None))
    row = rent.row()
    found = accounts.secrets_of(rent.opium.core.vault, row)
    assert found == (b"x" * 20, None)
    assert (rent.shown()["identity_secret"], row.steam_id) == (None, None)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("", "JSON"),
        ("not json", "JSON"),
        ("[1]", "maFile"),
        ("{}", "shared_secret"),
        (mafile(shared_secret="!!!"), "shared_secret"),
        (mafile(shared_secret=base64.b64encode(b"short").decode()), "shared_secret"),
        (mafile(identity_secret="!!!"), "identity_secret"),
        (mafile(account_name="somebody"), "login"),
        (base64.b64encode(b"e" * 64).decode(), "encrypted"),
        (json.dumps({"entries": []}), "manifest"),
        (b"\xff\xfe", "UTF-8"),
        ('{"shared_secret": ' + "[" * 5000, "JSON"),
        ('{"shared_secret": ' + "9" * 5000 + "}", "JSON"),
    ],
)
def test_a_bad_mafile_is_refused_with_a_clear_word(
    rent: Renter, data: str | bytes, word: str
) -> None:
    answer = rent.imports("acc1", data)
    assert answer.status_code == 400
    assert word in answer.get_json()["detail"]
    assert SHARED not in answer.get_data(as_text=True)
    assert rent.shown()["has_mafile"] is False


def test_a_mafile_has_at_most_64_kib_and_an_account(rent: Renter) -> None:
    padding = 64 * 1024 - len(mafile())
    assert rent.imports("acc1", mafile() + " " * padding).status_code == 200
    assert rent.imports("acc1", mafile() + " " * (padding + 1)).status_code == 413
    assert rent.imports("none", mafile("none")).status_code == 404


def test_a_mafile_without_a_name_fits_any_login(rent: Renter) -> None:
    assert rent.imports("acc1", mafile(account_name=None)).status_code == 200


def test_a_job_that_had_given_up_begins_anew_with_other_access_data(rent: Renter) -> None:
    stop = "UPDATE steam_rent_jobs SET stopped = 1, next_at = '2030-01-01'"
    job = rent.job()
    for change in ("mafile", "password"):
        with rent.opium.core.db.write() as db:
            db.execute(text(stop))
        if change == "mafile":
            rent.imports("acc1", mafile())
        else:
            rent.ask("PUT", "/steam-accounts/acc1", {"password": "new"})
        assert (rent.job_row(job).stopped, rent.job_row(job).next_at) == (False, None)
