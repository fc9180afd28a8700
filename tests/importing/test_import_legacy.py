"""Moving in from the older Opium."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moving_cast import (
    GOLDEN,
    IDENTITY,
    PASSWORD,
    RENTAL,
    STEAM_RENT,
    TELEGRAM,
    TOKEN,
    Mover,
    legacy_account,
    refusal,
    write,
)  # fmt: skip

from opium.core import DATABASE
from opium.importing import legacy_read
from opium.importing.report import NotImported
from opium.lock import try_lock
from sandbox.steam import SteamDouble
from sandbox.telegram import TelegramDouble

SHOP = "/api/accounts/my_shop"
RENT = f"{SHOP}/modules/steam_rent"
BOT = f"{SHOP}/modules/telegram_bot"


def test_an_account_is_taken_over_with_its_modules_and_switched_off(
    mover: Mover, old: Path
) -> None:
    legacy_account(old)
    told = mover.legacy(old)
    assert mover.well
    assert "my_shop: imported" in told
    assert "  3 Steam accounts" in told
    assert "  1 running rentals" in told
    assert "switched off" in told
    assert "POST /api/accounts/<account>/start" in told
    opium = mover.opens()
    assert opium.get(SHOP)["state"] == "stopped"
    config = opium.get(f"{SHOP}/config")
    assert config["golden_key"] == GOLDEN
    assert config["anti_detect"] == {"runner_delay_min": 5, "runner_delay_max": 9}
    names = [row["name"] for row in opium.get(f"{SHOP}/modules")]
    assert names == ["steam_rent", "telegram_bot", "auto_raise"]
    raising = opium.get(f"{SHOP}/modules/auto_raise/config")
    assert raising == {"enabled": True, "delay_range_minutes": 15}
    assert opium.get(f"{RENT}/config")["expiry_warning_minutes"] == 30
    assert [row["aliases"] for row in opium.get(f"{RENT}/games")] == [["cs"]]
    [proxy] = opium.get(f"{RENT}/proxies")
    [proxies] = opium.get(f"{RENT}/proxy-lists")
    assert proxies["proxy_ids"] == [proxy["proxy_id"]]
    alpha, _beta, _gamma = opium.get(f"{RENT}/steam-accounts")
    assert alpha["proxy_settings"]["fixed_proxy_id"] == proxy["proxy_id"]
    assert (alpha["shared_secret"], alpha["identity_secret"]) == ("***", "***")
    assert opium.get(f"{RENT}/steam-accounts/alpha/password") == {"password": PASSWORD}
    assert [row["rent_minutes"] for row in opium.get(f"{RENT}/lot-mappings")] == [60]
    assert opium.get(f"{RENT}/messages")["messages"]["no_rentals"] == "Аренд нет"
    bot = opium.get(f"{BOT}/config")
    assert (bot["has_token"], bot["notify_events"]) == (True, ["new_order"])
    assert opium.get(f"{BOT}/whitelist") == [{"telegram_id": 501, "label": "Оля"}]
    assert [row["pattern"] for row in opium.get(f"{BOT}/log-watchers")] == ["ERROR"]
    assert [row["label"] for row in opium.get(f"{BOT}/bot-buttons")] == ["Статус"]
    assert {row["actor"] for row in opium.get("/api/audit")["items"]} >= {"import"}
    opium.core.db.close()


def test_a_running_rental_goes_on_until_its_end_and_leaves_a_new_password(
    mover: Mover, old: Path
) -> None:
    seller, steam = mover.world.seller("my_shop"), SteamDouble(clock=mover.world.clock)
    account = steam.add_account("alpha", PASSWORD)
    folder = legacy_account(old, golden_key=seller.golden_key, fp_id=seller.id)
    alpha = {"login": "alpha", "password": PASSWORD, "game_ids": ["cs2"], "status": "rented",
             "has_mafile": True, "mafile": json.loads(account.mafile)}  # fmt: skip
    write(folder / "modules/steam_rent/steam_accounts.json", [alpha])
    mover.legacy(old)
    opium = mover.opens(steam=steam, telegram=TelegramDouble(seed=1, clock=mover.world.clock))
    [rental] = opium.get(f"{RENT}/rentals")
    assert (rental["order_id"], rental["chat_id"]) == ("ABCD1234", 9001)
    end = datetime.fromisoformat(rental["end_time"]).astimezone(UTC)
    assert end == datetime(2026, 11, 20, 12, tzinfo=UTC)  # Moscow's 15:00
    opium.ok("POST", f"{SHOP}/start", status=202)

    def state_after(hours: float) -> str:
        mover.world.travel(hours * 3600)
        opium.poll(seller, 2)
        for _ in range(4):
            for task in opium.core.attachments.ready["steam_rent"].tasks:
                opium.run_task("steam_rent", task.name)
        [row] = opium.get(f"{RENT}/steam-accounts")
        return f"{row['status']} {row['release_state']}"

    assert state_after(2.5) == "rented idle"
    assert account.password == PASSWORD
    assert state_after(1) == "free idle"
    told = opium.get(f"{RENT}/steam-accounts/alpha/password")["password"]
    assert told == account.password != PASSWORD
    opium.core.db.close()


def test_steam_accounts_in_unknown_hands_are_kept_back(mover: Mover, old: Path) -> None:
    folder = legacy_account(old)
    told = mover.legacy(old)
    assert "  1 Steam accounts kept back (change their passwords)" in told
    opium = mover.opens()
    rows = {row["id"]: row for row in opium.get(f"{RENT}/steam-accounts")}
    assert [name for name, row in rows.items() if row["frozen"]] == ["gamma"]
    assert "change its password" in rows["gamma"]["last_error"]
    opium.core.db.close()
    assert (folder / "account.json").exists()


LACKS: list[tuple[dict[str, Any], str]] = [
    ({"end_time": "tomorrow"}, "its end_time is not a time"),
    ({"end_time": None}, "end_time is missing"),
    ({"order_id": "../x"}, "order_id"),
    ({"steam_account_id": "delta"}, "its Steam account or game is not in these files"),
    ({"delivery_pending": True}, "was not sent the password yet"),
    ({"chat_id": 0}, "its chat_id is not known"),
    ({"buyer_id": "77"}, "buyer_id"),
]


def test_rentals_that_lack_something_are_named_and_their_accounts_are_not_free(
    mover: Mover, old: Path
) -> None:
    folder = legacy_account(old)
    rentals = [{**RENTAL, "steam_account_id": "beta", **change} for change, _why in LACKS]
    write(folder / "modules/steam_rent/rentals.json", rentals)
    told = [line for line in mover.legacy(old).splitlines() if "a running rental" in line]
    assert len(told) == len(LACKS)
    for number, (line, (_change, why)) in enumerate(zip(told, LACKS, strict=True), start=1):
        assert f"rentals.json: entry {number}, a running rental: " in line
        assert why in line
    opium = mover.opens()
    assert opium.get(f"{RENT}/rentals") == []
    assert all(row["frozen"] for row in opium.get(f"{RENT}/steam-accounts"))
    opium.core.db.close()


def test_a_second_tenant_of_one_account_is_not_taken(mover: Mover, old: Path) -> None:
    folder = legacy_account(old)
    second = {**RENTAL, "rental_id": "r-2", "order_id": "ZZZZ1234"}
    write(folder / "modules/steam_rent/rentals.json", [RENTAL, second])
    assert "its Steam account has another tenant" in mover.legacy(old)


def test_a_second_run_changes_nothing(mover: Mover, old: Path) -> None:
    legacy_account(old)
    mover.legacy(old)
    before = mover.content()
    (mover.place / "importing-killed").mkdir()
    told = mover.legacy(old)
    assert mover.leftovers() == []
    assert told == "my_shop: already there: nothing was changed"
    assert mover.content() == before


def test_a_dry_run_says_the_same_and_leaves_no_trace(mover: Mover, old: Path) -> None:
    legacy_account(old)
    told = mover.legacy(old, dry_run=True)
    assert told.endswith("This was a dry run: nothing was changed.")
    assert mover.content() == []
    assert sorted(path.name for path in mover.place.iterdir()) == ["opium.lock"]
    assert mover.legacy(old).splitlines()[:5] == told.splitlines()[:5]
    before = mover.content()
    legacy_account(old, "other")
    mover.legacy(old, dry_run=True)
    assert mover.content() == before
    assert mover.leftovers() == []


BAD: list[tuple[str, Any, str]] = [
    ("account.json", {"golden_key": "a b"}, "golden_key must be"),
    ("account.json", {"modules": []}, "golden_key is missing"),
    ("account.json", [], "must hold an object"),
    ("account.json", "{", "cannot be used: it is not readable JSON"),
    ("account.json", "[" * 30 + "]" * 30, "nested too deeply"),
    ("modules/steam_rent/games.json", [{"game_id": 5}], "games.json: entry 1: game_id"),
    ("modules/steam_rent/games.json", ["cs2"], "entry 1 must be an object"),
    ("modules/steam_rent/games.json", "7", "games.json must hold a list"),
    (
        "modules/steam_rent/steam_accounts.json",
        [{"login": "x", "shared_secret": "x"}],
        "steam_accounts.json: entry 1: shared_secret must be 20 bytes",
    ),
    ("modules/telegram_bot/config.json", {"bot_token": "x"}, "bot_token must be the text"),
    ("modules/auto_raise/config.json", {"enabled": "yes"}, "enabled"),
]


@pytest.mark.parametrize(("file", "value", "why"), BAD)
def test_a_bad_value_is_named_and_nothing_of_the_account_is_stored(
    file: str, value: Any, why: str, mover: Mover, old: Path
) -> None:
    folder = legacy_account(old)
    write(folder / file, value)
    told = mover.legacy(old)
    assert not mover.well
    [line] = [line for line in told.splitlines() if line.startswith("my_shop:")]
    assert line.startswith("my_shop: not imported: ")
    assert file.rpartition("/")[2] in line
    assert why in line
    assert mover.content() == []


def test_one_bad_account_does_not_keep_the_others_out(mover: Mover, old: Path) -> None:
    folder = legacy_account(old)
    write(folder / "modules/auto_raise/config.json", {"enabled": "yes"})
    legacy_account(old, "other", golden_key="another0key")
    told = mover.legacy(old)
    assert not mover.well
    assert "my_shop: not imported" in told
    opium = mover.opens()
    assert [row["account_id"] for row in opium.get("/api/accounts")] == ["other"]
    rented = opium.get("/api/accounts/other/modules/steam_rent/steam-accounts")
    assert len(rented) == 3  # none of them belongs to the account that was refused
    opium.core.db.close()


def test_what_is_not_understood_is_named(mover: Mover, old: Path) -> None:
    folder = legacy_account(old, mood="good")
    write(folder / "notes.txt", "x")
    write(folder / "modules/steam_rent/odd.json", {"a": 1})
    write(folder / "modules/steam_rent/data.bin", "x")
    write(folder / "modules/chess/config.json", {})
    games = [{"game_id": "cs2", "colour": "red"}]
    write(folder / "modules/steam_rent/games.json", games)
    told = mover.legacy(old)
    unknown = [x.partition(": ")[2] for x in told.splitlines() if "not understood" in x]
    assert sorted(unknown) == [
        "account.json: mood",
        "modules/chess",
        "modules/steam_rent/data.bin",
        "modules/steam_rent/games.json: entry 1: colour",
        "modules/steam_rent/odd.json",
        "notes.txt",
    ]


def test_data_is_found_under_other_names_and_in_one_file(mover: Mover, old: Path) -> None:
    folder = old / "accounts" / "my_shop"
    rest = {kind: value for kind, value in STEAM_RENT.items() if kind != "config"}
    write(
        folder / "account.json",
        {
            "config": {"golden_key": GOLDEN},
            "modules": {
                "steam_rent": {"config": STEAM_RENT["config"]},
                "auto_raise": {"enabled": False, "delay_range_minutes": 3},
            },
        },
    )
    write(folder / "modules/steam_rent/data.json", rest)
    everything = {**TELEGRAM["config"], "users": {"501": "Оля"}}
    write(folder / "modules/telegram_bot/bot.json", everything)
    write(folder / "modules/telegram_bot/watch.json", TELEGRAM["log_watchers"])
    told = mover.legacy(folder)
    assert "not understood" not in told
    opium = mover.opens()
    assert len(opium.get(f"{RENT}/steam-accounts")) == 3
    assert len(opium.get(f"{RENT}/rentals")) == 1
    assert opium.get(f"{BOT}/whitelist") == [{"telegram_id": 501, "label": "Оля"}]
    assert len(opium.get(f"{BOT}/log-watchers")) == 1
    delay = opium.get(f"{SHOP}/modules/auto_raise/config")["delay_range_minutes"]
    assert delay == 3
    opium.core.db.close()


def test_links_lead_nowhere_and_names_are_no_paths(mover: Mover, old: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    write(secret, [{"game_id": "stolen"}])
    folder = legacy_account(old)
    games = folder / "modules/steam_rent/games.json"
    games.unlink()
    games.symlink_to(secret)
    (old / "accounts" / "linked").symlink_to(folder)
    os.mkfifo(folder / "modules/steam_rent/pipe.json")
    told = mover.legacy(old)
    assert "linked" not in told
    assert "not understood: modules/steam_rent/games.json" in told
    assert "not understood: modules/steam_rent/pipe.json" in told
    assert "my_shop: not imported: modules/steam_rent/steam_accounts.json" in told
    bad = legacy_account(old, "..%2e")
    assert "account_id has characters" in mover.legacy(bad)


def test_a_file_that_is_too_large_is_named(mover: Mover, old: Path) -> None:
    folder = legacy_account(old)
    write(folder / "modules/steam_rent/games.json", " " * (1024 * 1024 + 1))
    assert "games.json is larger than 1024 KiB" in mover.legacy(old)


def test_a_login_that_another_account_has_is_refused(mover: Mover, old: Path) -> None:
    legacy_account(old)
    legacy_account(old, "other", golden_key="another0key")
    told = mover.legacy(old)
    assert "other: not imported" in told
    assert "exists" in told or "already" in told
    assert not mover.well


def test_a_running_server_is_not_disturbed(mover: Mover, old: Path) -> None:
    legacy_account(old)
    mover.place.mkdir()
    lock = try_lock(mover.place)
    assert lock is not None
    with lock, pytest.raises(NotImported, match="stop the service first"):
        mover.legacy(old)
    with pytest.raises(NotImported, match="there is no account in"):
        mover.legacy(mover.place)


def test_it_moves_in_beside_others_with_a_backup_and_no_restore_alarm(
    mover: Mover, old: Path
) -> None:
    seller = mover.world.seller("first")
    opium = mover.opens()
    opium.watch(seller, "auto_delivery")
    opium.core.close()
    legacy_account(old)
    mover.legacy(old)
    names = [path.name for path in (mover.place / "backups").glob("*.db")]
    assert len(names) == 1
    assert "before-import" in names[0]
    opium = mover.opens()
    assert {row["account_id"] for row in opium.get("/api/accounts")} == {"first", "my_shop"}
    assert opium.get("/api/alerts?open=true")["items"] == []
    opium.poll(seller)
    assert opium.get("/api/accounts/first")["state"] == "running"
    opium.core.db.close()


def test_with_start_the_account_runs_at_the_next_start(mover: Mover, old: Path) -> None:
    legacy_account(old)
    told = mover.legacy(old, start=True)
    assert "Stop the old program for good before you start the service." in told
    opium = mover.opens()
    assert opium.get(SHOP)["state"] != "stopped"
    opium.core.db.close()


def test_secrets_are_sealed(mover: Mover, old: Path) -> None:
    legacy_account(old)
    mover.legacy(old)
    rows = "\n".join(mover.content())
    assert [s for s in (GOLDEN, PASSWORD, TOKEN, IDENTITY, "proxy-pass") if s in rows] == []


def test_a_crash_at_the_last_moment_leaves_the_database_as_it_was(
    mover: Mover, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    legacy_account(old)
    mover.legacy(old)
    before = mover.content()
    legacy_account(old, "other", golden_key="another0key")
    write(old / "accounts/other/modules/steam_rent/steam_accounts.json", [])

    replace = Path.replace

    def die(path: Path, target: Path) -> Path:
        if path.name == DATABASE:
            raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", die)
        with pytest.raises(KeyboardInterrupt):
            mover.legacy(old)
    assert mover.content() == before
    assert "other: imported" in mover.legacy(old)


# --- whatever is in the files

LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
NAMES = st.sampled_from(
    ["golden_key", "modules", "config", "games", "rentals", "login", "game_id", "steam_rent", "x"]
)
ANYTHING = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4)
)


@settings(max_examples=60, deadline=None)
@given(ANYTHING, ANYTHING)
def test_any_document_is_read_or_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, account: Any, module: Any
) -> None:
    folder = tmp_path_factory.mktemp("any")
    write(folder / "account.json", json.dumps(account))
    write(folder / "modules/steam_rent/data.json", json.dumps(module))
    assert refusal(legacy_read.read, folder) in (None, ".")


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "account.json").write_bytes(raw)
    assert refusal(legacy_read.read, folder) in (None, ".")
