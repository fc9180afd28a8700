"""Games and lot mappings of steam_rent through the API (contract 9.2 to 9.4)."""

from __future__ import annotations

from typing import Any

import pytest
from driver import Driver
from rent_rest_cast import Renter
from sqlalchemy import text

from opium.modules.steam_rent import games, mappings
from sandbox.world import World

BASE = {"lot_pattern": "CS2 аренда", "game_id": "cs2"}


@pytest.fixture
def rent(world: World, opium: Driver) -> Renter:
    return Renter(opium, world)


def test_a_game_has_the_members_of_the_contract(rent: Renter) -> None:
    body = {"game_id": " cs2 ", "name": "CS2", "aliases": ["cs", " Counter-Strike 2 ", "CS"]}
    assert rent.ask("POST", "/games", body) == {
        "game_id": "cs2",
        "name": "CS2",
        "aliases": ["cs", "Counter-Strike 2"],
        "proxy_settings": None,
        "frozen": False,
    }
    rust = rent.ask("POST", "/games", {"game_id": "Rust"})
    assert (rust["name"], rust["aliases"]) == ("Rust", [])
    assert [game["game_id"] for game in rent.ask("GET", "/games")] == ["cs2", "Rust"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"game_id": 5},
        {"game_id": ""},
        {"game_id": "   "},
        {"game_id": "x" * 65},
        *[{"game_id": f"a{char}b"} for char in "/?#%\\\x01\x7f\n"],
        {"game_id": ".."},
        {"game_id": "x", "aliases": None},
        {"game_id": "x", "aliases": [""]},
        {"game_id": "x", "aliases": [" "]},
        {"game_id": "x", "aliases": ["y" * 65]},
        {"game_id": "x", "aliases": ["y"] * 51},
        {"game_id": "x", "name": "y" * 129},
        {"game_id": "x", "frozen": 1},
        {"game_id": "x", "proxy_settings": {"mode": "some"}},
        {"game_id": "x", "proxy_settings": {"fallback": "some"}},
        {"game_id": "x", "proxy_settings": {"mode": "fixed"}},
        {"game_id": "x", "proxy_settings": {"mode": "fixed", "fixed_proxy_id": "none"}},
        {"game_id": "x", "proxy_settings": {"mode": "mix-list", "proxy_list_id": "none"}},
    ],
)
def test_a_bad_game_is_refused(rent: Renter, body: dict[str, Any]) -> None:
    assert rent.refused("POST", "/games", body)[0] == 400
    assert rent.ask("GET", "/games") == []


def test_the_largest_game_is_taken(rent: Renter) -> None:
    body = {"game_id": "х" * 64, "name": "y" * 128, "aliases": [f"a{n:063}" for n in range(50)]}
    assert rent.ask("POST", "/games", body).items() >= body.items()


def test_a_word_names_one_game_only(rent: Renter) -> None:
    rent.game("cs2", aliases=["cs"])
    for body in (
        {"game_id": "CS2"},
        {"game_id": "CS"},
        {"game_id": "x", "aliases": ["Cs2"]},
        {"game_id": "x", "aliases": ["y", "CS"]},
    ):
        assert rent.refused("POST", "/games", body)[0] == 409
    rent.game("rust", aliases=["r"])
    assert rent.refused("PUT", "/games/rust", {"aliases": ["cS"]})[0] == 409
    assert rent.ask("GET", "/games")[1]["aliases"] == ["r"]
    assert rent.ask("PUT", "/games/rust", {"aliases": ["r", "rs"]})["aliases"] == ["r", "rs"]


def test_another_account_has_games_of_its_own(rent: Renter, world: World, opium: Driver) -> None:
    rent.game("cs2")
    other = Renter(opium, world, "other")
    assert other.ask("GET", "/games") == []
    other.game("cs2")
    assert rent.refused("PUT", "/games/rust", {})[0] == 404


def test_a_game_is_changed_in_part_and_never_renamed(rent: Renter) -> None:
    rent.game("cs2", name="CS2", aliases=["cs"], frozen=True)
    changed = rent.ask("PUT", "/games/cs2", {"game_id": "cs2", "name": "Counter-Strike"})
    assert (changed["aliases"], changed["frozen"]) == (["cs"], True)
    assert rent.refused("PUT", "/games/cs2", {"game_id": "cs3"})[0] == 400
    assert rent.refused("PUT", "/games/cs2", {"name": None})[0] == 400
    assert rent.refused("PUT", "/games/none", {"name": "x"})[0] == 404
    assert rent.ask("PUT", "/games/cs2", {"name": ""})["name"] == "cs2"
    assert rent.ask("PUT", "/games/cs2", {"aliases": []})["aliases"] == []


def test_null_clears_proxy_settings_and_absence_keeps_them(rent: Renter) -> None:
    proxy = rent.proxy()
    given = {"mode": "fixed", "fixed_proxy_id": proxy, "fallback": "none"}
    stored = given | {"proxy_list_id": None}
    assert rent.game("cs2", proxy_settings=given)["proxy_settings"] == stored
    assert rent.ask("PUT", "/games/cs2", {"frozen": True})["proxy_settings"] == stored
    assert rent.ask("PUT", "/games/cs2", {"proxy_settings": None})["proxy_settings"] is None
    assert rent.ask("GET", "/games")[0]["proxy_settings"] is None
    mix = rent.ask("PUT", "/games/cs2", {"proxy_settings": {"mode": "mix"}})["proxy_settings"]
    assert (mix["mode"], mix["fallback"]) == ("mix", "try-all")


def test_freezing_toggles_or_sets(rent: Renter) -> None:
    rent.game("cs2")
    path = "/games/cs2/freeze"
    assert rent.ask("POST", path) == {"ok": True, "frozen": True}
    assert rent.ask("POST", path, {}) == {"ok": True, "frozen": False}
    for _ in range(2):
        assert rent.ask("POST", path, {"frozen": True})["frozen"] is True
    assert rent.ask("GET", "/games")[0]["frozen"] is True
    assert rent.refused("POST", path, {"frozen": "yes"})[0] == 400
    assert rent.refused("POST", "/games/none/freeze")[0] == 404


def test_a_deleted_game_leaves_accounts_and_its_mappings_stay(rent: Renter) -> None:
    rent.game("cs2")
    rent.game("rust")
    rent.account(game_ids=["rust", "cs2"])
    rent.ask("POST", "/lot-mappings", BASE)
    assert rent.ask("DELETE", "/games/CS2") == {"ok": True}
    assert rent.shown()["game_ids"] == ["rust"]
    assert rent.ask("GET", "/lot-mappings")[0]["game_id"] == "cs2"
    assert rent.refused("DELETE", "/games/cs2")[0] == 404


def test_a_game_in_use_is_not_deleted(rent: Renter) -> None:
    for game in ("cs2", "rust", "dota"):
        rent.game(game)
    rent.account()
    rent.rental("cs2")
    rent.waiting("rust")
    rent.waiting("dota", "closed")
    rent.rental("dota", "expired")
    assert rent.refused("DELETE", "/games/cs2")[0] == 409
    assert rent.refused("DELETE", "/games/rust")[0] == 409
    assert rent.ask("DELETE", "/games/dota") == {"ok": True}


# --- lot mappings


def test_a_mapping_has_the_members_of_the_contract(rent: Renter) -> None:
    rent.game("cs2")
    made = rent.ask("POST", "/lot-mappings", {"lot_pattern": "  CS2 ", "game_id": "CS2"})
    mapping_id = made.pop("mapping_id")
    assert mapping_id.startswith("lm_")
    assert len(mapping_id) == 11
    assert made == {
        "lot_pattern": "CS2",
        "game_id": "cs2",
        "rent_minutes": 0,
        "bonus_minutes": 0,
        "min_rating_for_bonus": 4,
        "lot_id": None,
    }
    full = {"lot_pattern": "x" * 200, "game_id": "cs2", "rent_minutes": 525_600}
    full |= {"bonus_minutes": 525_600, "min_rating_for_bonus": 0}
    assert rent.ask("POST", "/lot-mappings", full).items() >= full.items()
    assert [m["lot_pattern"] for m in rent.ask("GET", "/lot-mappings")] == ["CS2", "x" * 200]


@pytest.mark.parametrize(
    "change",
    [
        {"lot_pattern": None},
        {"lot_pattern": ""},
        {"lot_pattern": "   "},
        {"lot_pattern": "x" * 201},
        {"game_id": "none"},
        {"game_id": None},
        {"rent_minutes": -1},
        {"rent_minutes": 525_601},
        {"rent_minutes": "60"},
        {"rent_minutes": 1.5},
        {"rent_minutes": True},
        {"bonus_minutes": -1},
        {"bonus_minutes": 525_601},
        {"min_rating_for_bonus": -1},
        {"min_rating_for_bonus": 6},
        {"lot_id": 0},
        {"lot_id": "5"},
    ],
)
def test_a_bad_mapping_is_refused(rent: Renter, change: dict[str, Any]) -> None:
    rent.game("cs2")
    made = rent.ask("POST", "/lot-mappings", BASE)
    assert rent.refused("POST", "/lot-mappings", BASE | {"lot_pattern": "y"} | change)[0] == 400
    assert rent.refused("PUT", "/lot-mappings/0", BASE | change)[0] == 400
    assert rent.ask("GET", "/lot-mappings") == [made]


@pytest.mark.parametrize("missing", ["lot_pattern", "game_id"])
def test_pattern_and_game_are_required(rent: Renter, missing: str) -> None:
    rent.game("cs2")
    rent.ask("POST", "/lot-mappings", BASE)
    body = {key: value for key, value in BASE.items() if key != missing}
    assert rent.refused("POST", "/lot-mappings", body)[0] == 400
    assert rent.refused("PUT", "/lot-mappings/0", body)[0] == 400


def test_a_pattern_exists_once(rent: Renter) -> None:
    rent.game("cs2")
    rent.ask("POST", "/lot-mappings", BASE)
    rent.ask("POST", "/lot-mappings", BASE | {"lot_pattern": "другой"})
    assert rent.refused("POST", "/lot-mappings", BASE | {"lot_pattern": "cs2  АРЕНДА"})[0] == 409
    assert rent.refused("PUT", "/lot-mappings/1", BASE)[0] == 409
    changed = rent.ask("PUT", "/lot-mappings/0", BASE | {"rent_minutes": 60})
    assert changed["rent_minutes"] == 60


def test_an_index_is_a_place_in_the_list_and_an_id_goes_before_it(rent: Renter) -> None:
    rent.game("cs2")
    for name in "abc":
        rent.ask("POST", "/lot-mappings", BASE | {"lot_pattern": name})
    listed = rent.ask("GET", "/lot-mappings")
    rent.ask("DELETE", "/lot-mappings/0")
    # The client still believes that "c" has the index 2.
    rent.ask("PUT", "/lot-mappings/2", listed[2] | {"rent_minutes": 60})
    rent.ask("PUT", "/lot-mappings/0", listed[2] | {"rent_minutes": 60, "bonus_minutes": 5})
    rent.ask("PUT", f"/lot-mappings/{listed[1]['mapping_id']}", listed[1] | {"rent_minutes": 30})
    b, c = rent.ask("GET", "/lot-mappings")
    assert (b["lot_pattern"], b["rent_minutes"], b["bonus_minutes"]) == ("b", 30, 0)
    assert (c["lot_pattern"], c["rent_minutes"], c["bonus_minutes"]) == ("c", 60, 5)
    assert b["mapping_id"] == listed[1]["mapping_id"]
    by_place = {key: value for key, value in b.items() if key != "mapping_id"}
    assert rent.ask("PUT", "/lot-mappings/0", by_place | {"rent_minutes": 1})["rent_minutes"] == 1
    rent.ask("DELETE", f"/lot-mappings/{c['mapping_id']}")
    assert [m["lot_pattern"] for m in rent.ask("GET", "/lot-mappings")] == ["b"]


@pytest.mark.parametrize("key", ["1", "-1", "lm_00000000", "x", "9" * 9, "9" * 5000, "²", "0x0"])
def test_an_unknown_mapping_is_404(rent: Renter, key: str) -> None:
    rent.game("cs2")
    rent.ask("POST", "/lot-mappings", BASE)
    assert rent.refused("PUT", f"/lot-mappings/{key}", BASE)[0] == 404
    assert rent.refused("DELETE", f"/lot-mappings/{key}")[0] == 404
    assert rent.refused("PUT", "/lot-mappings/0", BASE | {"mapping_id": "lm_00000000"})[0] == 404


def test_a_mapping_may_be_for_one_lot(rent: Renter) -> None:
    rent.game("cs2")
    address = "https://funpay.com/lots/offer?id=123"
    first = rent.ask("POST", "/lot-mappings", BASE | {"lot_pattern": address})
    assert (first["lot_id"], first["lot_pattern"]) == (123, address)
    assert rent.refused("POST", "/lot-mappings", BASE | {"lot_id": 123})[0] == 409
    # The same pattern for two lots, and for all others.
    assert rent.ask("POST", "/lot-mappings", BASE | {"lot_id": 124})["lot_id"] == 124
    assert rent.ask("POST", "/lot-mappings", BASE | {"lot_id": 125})["lot_id"] == 125
    assert rent.ask("POST", "/lot-mappings", BASE)["lot_id"] is None


def test_the_address_of_a_lot_takes_its_lot_along(rent: Renter) -> None:
    rent.game("cs2")
    address = "funpay.com/en/lots/offer?id=123"
    made = rent.ask("POST", "/lot-mappings", BASE | {"lot_pattern": address})
    other = made | {"lot_pattern": address.replace("123", "77")}
    assert rent.ask("PUT", "/lot-mappings/0", other)["lot_id"] == 77
    # The form sends back the lot that it was shown.
    text_now = made | {"lot_pattern": "CS2", "lot_id": 77}
    assert rent.ask("PUT", "/lot-mappings/0", text_now)["lot_id"] is None
    assert rent.ask("PUT", "/lot-mappings/0", text_now)["lot_id"] == 77
    kept = rent.ask("PUT", "/lot-mappings/0", text_now | {"rent_minutes": 5})
    assert (kept["lot_id"], kept["rent_minutes"]) == (77, 5)


def test_the_database_keeps_patterns_apart_too(rent: Renter) -> None:
    rent.game("cs2")
    rent.ask("POST", "/lot-mappings", BASE | {"lot_pattern": "Lot 5"})
    rent.ask("POST", "/lot-mappings", BASE | {"lot_id": 5})
    with rent.opium.core.db.read() as db:
        keys = db.scalars(text("SELECT key FROM steam_rent_mappings")).all()
    assert len(set(keys)) == 2


# --- what orders and commands ask of them


def test_buyers_name_a_game_by_id_alias_or_a_name_that_only_one_has(rent: Renter) -> None:
    rent.game("cs2", name="Counter-Strike 2", aliases=["кс 2"])
    rent.game("rust", name="Игра")
    rent.game("ark", name="Игра")
    with rent.opium.core.db.read() as db:

        def found(query: str) -> str | None:
            game = games.named(db, "shop", query)
            return game.game_id if game else None

        asked = ["CS2", "КС  2", "counter-strike 2", "игра", "ark", "", "cs"]
        answers = ["cs2", "cs2", "cs2", None, "ark", None, None]
        assert [found(query) for query in asked] == answers


def test_an_order_finds_its_mapping(rent: Renter, world: World, opium: Driver) -> None:
    rent.game("cs2")
    body = BASE | {"rent_minutes": 60}
    general = rent.ask("POST", "/lot-mappings", body)
    longer = rent.ask("POST", "/lot-mappings", body | {"lot_pattern": "CS2 аренда 24 часа"})
    rent.ask("POST", "/lot-mappings", BASE | {"lot_pattern": "CS2 аренда 24 часа дёшево"})
    one = rent.ask("POST", "/lot-mappings", body | {"lot_id": 7, "rent_minutes": 5})
    Renter(opium, world, "other")

    def found(title: str, account: str = "shop") -> tuple[str, bool] | None:
        with opium.core.db.read() as db:
            choice = mappings.for_title(db, account, title)
            return (choice.mapping.mapping_id, choice.unsure) if choice else None

    assert found("CS2 аренда 24 часа дёшево") == (longer["mapping_id"], False)
    assert found("cs2  АРЕНДА") == (general["mapping_id"], False)
    assert found("Rust") is None
    assert found("CS2 аренда", "other") is None
    with opium.core.db.write() as db:
        mappings.store_lots(db, "shop", [(7, "CS2 Аренда", True)])
        assert mappings.wants_lots(db, "shop")
        assert not mappings.wants_lots(db, "other")
    assert found("CS2 аренда") == (one["mapping_id"], False)
    with opium.core.db.write() as db:
        mappings.store_lots(db, "shop", [(7, "CS2 Аренда", True), (8, "CS2 аренда", True)])
    assert found("CS2 аренда") == (one["mapping_id"], True)
    with opium.core.db.write() as db:
        mappings.store_lots(db, "shop", [])
    assert found("CS2 аренда") == (general["mapping_id"], False)
