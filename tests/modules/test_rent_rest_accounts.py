"""Steam accounts through the API (contract 9.5): what is shown, stored, kept and refused."""

from __future__ import annotations

import base64
import logging
from typing import Any

import pytest
from driver import Driver
from rent_rest_cast import CANARY, IDENTITY, SHARED, Renter
from sqlalchemy import text

from opium.modules.steam_rent import accounts
from opium.vault import VaultError
from sandbox.world import World

VIEW: dict[str, Any] = {
    "id": "acc1",
    "login": "acc1",
    "password": "",
    "game_ids": [],
    "status": "free",
    "shared_secret": None,
    "identity_secret": None,
    "has_mafile": False,
    "change_password_on_rent": True,
    "kick_devices_on_rent": True,
    "proxy_settings": None,
    "frozen": False,
    "release_state": "idle",
    "last_error": None,
}


@pytest.fixture
def rent(world: World, opium: Driver) -> Renter:
    return Renter(opium, world)


def stored(rent: Renter, account: str = "acc1") -> str:
    return accounts.password_of(rent.opium.core.vault, rent.row(account))


def history(rent: Renter) -> list[str]:
    return accounts.history_of(rent.opium.core.vault, rent.row())


def test_an_account_has_the_members_of_the_contract(rent: Renter) -> None:
    assert rent.ask("POST", "/steam-accounts", {"login": "acc1"}) == VIEW
    rent.game("cs2")
    full = {
        "id": "main one",
        "login": "acc2",
        "password": CANARY,
        "game_ids": ["CS2", "cs2"],
        "change_password_on_rent": False,
        "kick_devices_on_rent": False,
        "shared_secret": SHARED,
        "identity_secret": IDENTITY,
        "proxy_settings": {"mode": "mix"},
    }
    made = rent.ask("POST", "/steam-accounts", full)
    assert made["proxy_settings"].pop("mode") == "mix"
    assert made == VIEW | {
        "id": "main one",
        "login": "acc2",
        "password": "***",
        "game_ids": ["cs2"],
        "shared_secret": "***",
        "identity_secret": "***",
        "change_password_on_rent": False,
        "kick_devices_on_rent": False,
        "proxy_settings": {
            "fixed_proxy_id": None,
            "proxy_list_id": None,
            "fallback": "try-all",
        },
    }
    assert [a["id"] for a in rent.ask("GET", "/steam-accounts")] == ["acc1", "main one"]
    assert rent.ask("GET", "/steam-accounts/main one/password") == {"password": CANARY}


def test_absent_flags_are_those_of_the_settings(rent: Renter) -> None:
    rent.ask("PUT", "/config", {"change_password_on_rent": False})
    made = rent.account()
    assert (made["change_password_on_rent"], made["kick_devices_on_rent"]) == (False, True)
    assert rent.account("acc2", change_password_on_rent=True)["change_password_on_rent"] is True


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"login": ""},
        {"login": "a b"},
        {"login": " acc"},
        {"login": "x" * 65},
        {"login": "a/b"},
        {"login": "acc", "id": ""},
        {"login": "acc", "id": "x" * 65},
        *[{"login": "acc", "id": f"a{char}b"} for char in "/?#%\\\x01"],
        {"login": "acc", "id": "."},
        {"login": "acc", "password": "x" * 129},
        {"login": "acc", "password": None},
        {"login": "acc", "game_ids": ["none"]},
        {"login": "acc", "game_ids": None},
        {"login": "acc", "shared_secret": "not base64!"},
        {"login": "acc", "shared_secret": base64.b64encode(b"short").decode()},
        {"login": "acc", "identity_secret": "%%%"},
        {"login": "acc", "change_password_on_rent": 1},
        {"login": "acc", "kick_devices_on_rent": "yes"},
        {"login": "acc", "proxy_settings": {"mode": "fixed", "fixed_proxy_id": "none"}},
        {"login": "acc", "proxy_settings": {"mode": "mix-list"}},
    ],
)
def test_a_bad_account_is_refused(rent: Renter, body: dict[str, Any]) -> None:
    status, detail = rent.refused("POST", "/steam-accounts", body)
    assert status == 400
    assert "not base64!" not in detail
    assert rent.ask("GET", "/steam-accounts") == []


def test_bounds_are_taken(rent: Renter) -> None:
    made = rent.account("x" * 64, password="y" * 128)
    assert (made["id"], made["password"]) == ("x" * 64, "***")
    assert rent.account("a/b", id="slash")["login"] == "a/b"
    unpadded = SHARED.rstrip("=")
    rent.account("acc3", shared_secret=unpadded)
    opened = accounts.secrets_of(rent.opium.core.vault, rent.row("acc3"))
    assert opened == (base64.b64decode(SHARED), None)


def test_id_and_login_exist_once_in_the_whole_server(
    rent: Renter, world: World, opium: Driver
) -> None:
    rent.account("acc1", id="one")
    for body in ({"login": "acc2", "id": "ONE"}, {"login": "ACC1", "id": "two"}):
        assert rent.refused("POST", "/steam-accounts", body)[0] == 409
    other = Renter(opium, world, "other")
    status, detail = other.refused("POST", "/steam-accounts", {"login": "Acc1"})
    assert (status, "another FunPay account" in detail) == (409, True)
    other.account("acc2")
    status, detail = rent.refused("PUT", "/steam-accounts/one", {"login": "acc2"})
    assert (status, "another FunPay account" in detail) == (409, True)
    assert other.refused("GET", "/steam-accounts/one/password")[0] == 404


def test_an_edit_that_sends_back_what_was_shown_changes_nothing(rent: Renter) -> None:
    rent.game("cs2")
    made = rent.account(password=CANARY, shared_secret=SHARED, identity_secret=IDENTITY)
    assert rent.ask("PUT", "/steam-accounts/acc1", made) == made
    assert rent.ask("PUT", "/steam-accounts/acc1", {"password": ""}) == made
    assert rent.ask("PUT", "/steam-accounts/acc1", {"shared_secret": ""}) == made
    assert stored(rent) == CANARY
    assert history(rent) == []
    opened = accounts.secrets_of(rent.opium.core.vault, rent.row())
    assert opened == (base64.b64decode(SHARED), base64.b64decode(IDENTITY))


def test_an_account_is_changed_in_part(rent: Renter) -> None:
    rent.game("cs2")
    rent.account(password="one", kick_devices_on_rent=False)
    changed = rent.ask("PUT", "/steam-accounts/acc1", {"game_ids": ["cs2"], "login": "Acc1"})
    assert changed == VIEW | {
        "login": "Acc1",
        "password": "***",
        "game_ids": ["cs2"],
        "kick_devices_on_rent": False,
    }
    assert stored(rent) == "one"
    assert rent.refused("PUT", "/steam-accounts/none", {})[0] == 404
    assert rent.refused("PUT", "/steam-accounts/acc1", {"game_ids": ["none"]})[0] == 400
    assert rent.refused("PUT", "/steam-accounts/acc1", {"login": "a b"})[0] == 400


def test_former_passwords_are_kept_five_deep_and_never_shown(rent: Renter) -> None:
    rent.account(password="p0")
    for n in range(1, 8):
        rent.ask("PUT", "/steam-accounts/acc1", {"password": f"p{n}"})
    assert rent.ask("GET", "/steam-accounts/acc1/password") == {"password": "p7"}
    assert history(rent) == ["p6", "p5", "p4", "p3", "p2"]
    assert "history" not in rent.shown()


def test_null_takes_a_secret_away(rent: Renter) -> None:
    rent.account()
    assert rent.imports("acc1", f'{{"shared_secret": "{SHARED}"}}').status_code == 200
    assert rent.shown()["has_mafile"] is True
    changed = rent.ask("PUT", "/steam-accounts/acc1", {"shared_secret": None})
    assert (changed["shared_secret"], changed["has_mafile"]) == (None, False)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"password": "new"}, False),
        ({"login": "other"}, False),
        ({"shared_secret": SHARED}, False),
        ({"identity_secret": None}, False),
        ({"password": "***"}, True),
        ({"login": "ACC1"}, True),
        ({"game_ids": []}, True),
    ],
)
def test_other_access_data_end_our_session(
    rent: Renter, change: dict[str, Any], kept: bool
) -> None:
    rent.account(password="old")
    with rent.opium.core.db.write() as db:
        db.execute(text("UPDATE steam_rent_accounts SET tokens_sealed = 'x'"))
    rent.ask("PUT", "/steam-accounts/acc1", change)
    assert (rent.row().tokens_sealed is not None) == kept


# --- the password in the clear


def test_the_password_is_shown_when_asked_for_and_that_is_audited(rent: Renter) -> None:
    rent.account(password=CANARY)
    answer = rent.call("GET", "/steam-accounts/ACC1/password")
    assert answer.get_json() == {"password": CANARY}
    assert answer.headers["Cache-Control"] == "no-store"
    assert rent.audit()[0] == ("SECRET_REVEALED", "steam_rent account acc1")
    rent.account("acc2")
    assert rent.ask("GET", "/steam-accounts/acc2/password") == {"password": ""}
    assert rent.refused("GET", "/steam-accounts/none/password")[0] == 404


def test_secrets_show_nowhere_else(rent: Renter, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    rent.game("cs2")
    secrets = {"password": CANARY, "shared_secret": SHARED, "identity_secret": IDENTITY}
    seen = [rent.account(**secrets), rent.shown(), rent.refused("POST", "/steam-accounts", secrets)]
    seen.append(rent.ask("PUT", "/steam-accounts/acc1", secrets))
    seen.append(rent.refused("PUT", "/steam-accounts/acc1", secrets | {"game_ids": ["none"]}))
    seen.append(rent.refused("PUT", "/steam-accounts/acc1", {"password": CANARY * 20}))
    seen.append(rent.opium.get("/api/audit"))
    with rent.opium.core.db.read() as db:
        seen.append(db.execute(text("SELECT * FROM steam_rent_accounts")).all())
    for secret in (CANARY, SHARED, IDENTITY):
        assert secret not in str(seen)
        assert secret not in caplog.text
        assert secret not in repr(rent.row())


def test_a_ciphertext_of_another_account_or_field_is_refused(rent: Renter) -> None:
    vault = rent.opium.core.vault
    rent.account("acc1", password=CANARY, shared_secret=SHARED)
    rent.account("acc2", password="x")
    row, other = rent.row("acc1"), rent.row("acc2")
    other.password_sealed = row.password_sealed
    with pytest.raises(VaultError):
        accounts.password_of(vault, other)
    row.password_sealed = row.shared_sealed
    with pytest.raises(VaultError):
        accounts.password_of(vault, row)


# --- helpers that jobs use


def test_a_candidate_becomes_the_password_as_it_is(rent: Renter) -> None:
    vault = rent.opium.core.vault
    rent.account(password="old")
    row = rent.row()
    accounts.store_candidate(vault, row, "first try")
    accounts.store_candidate(vault, row, "second try")
    sealed = row.candidate_sealed
    assert accounts.candidate_of(vault, row) == "second try"
    accounts.promote_candidate(vault, row)
    assert (row.password_sealed, row.candidate_sealed) == (sealed, None)
    assert accounts.password_of(vault, row) == "second try"
    assert accounts.history_of(vault, row) == ["old", "first try"]
    accounts.store_candidate(vault, row, "third")
    accounts.drop_candidate(vault, row)
    assert accounts.candidate_of(vault, row) is None
    accounts.store_candidate(vault, row, "second try")
    accounts.drop_candidate(vault, row)
    assert accounts.history_of(vault, row) == ["third", "old", "first try"]


def test_an_account_without_secret_has_no_mafile(rent: Renter) -> None:
    vault = rent.opium.core.vault
    rent.account()
    assert accounts.mafile_of(vault, rent.row()) is None
    rent.account("Acc2", shared_secret=SHARED)
    found = accounts.mafile_of(vault, rent.row("Acc2"))
    assert found is not None
    assert (found.account_name, found.shared_secret) == ("acc2", base64.b64decode(SHARED))
