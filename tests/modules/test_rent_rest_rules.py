"""Matching, choosing a proxy and times of steam_rent: plain functions, by tables and chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from opium.modules.steam_rent import times
from opium.modules.steam_rent.choosing import NoProxy, choose, in_force
from opium.modules.steam_rent.matching import OwnLot, Pattern, by_title, fold, lot_of_address
from opium.modules.steam_rent.matching import choose as match
from opium.modules.steam_rent.proxies import Stock
from opium.net.proxy import Proxy


def pattern(
    words: str, *, minutes: int = 60, lot_id: int | None = None, game: str = "cs2"
) -> Pattern:
    return Pattern(f"lm_{words}_{lot_id}", fold(words), lot_id, game, minutes)


SHORT = pattern("CS2 аренда", minutes=60)
LONG = pattern("CS2 аренда 24 часа", minutes=1440)
OFF = pattern("CS2 аренда 24 часа лучшая", minutes=0)
LOT = pattern("", minutes=30, lot_id=7)


@pytest.mark.parametrize(
    ("title", "patterns", "expected"),
    [
        ("CS2 аренда", [SHORT, LONG], SHORT),
        ("Лучшая  cs2 АРЕНДА\u00a0дёшево", [SHORT, LONG], SHORT),
        ("CS2 аренда 24 часа лучшая", [SHORT, LONG, OFF], LONG),
        ("CS2 аренда 24 часа лучшая", [OFF], None),
        ("CS2", [SHORT, LONG], None),
        ("", [SHORT, pattern("")], None),
        ("CS2", [pattern("")], None),
        ("CS2 аренда", [LOT], None),
        ("аренда CS2", [pattern("cs2"), pattern("CS2 "), pattern("енд")], pattern("cs2")),
    ],
)
def test_the_longest_text_inside_the_title_wins(
    title: str, patterns: list[Pattern], expected: Pattern | None
) -> None:
    choice = match(title, patterns, [])
    assert (choice and choice.pattern) == expected
    assert choice is None or not choice.unsure


def test_equally_long_ones_go_by_stored_order() -> None:
    first, second = pattern("cs2", minutes=1), pattern("ren", minutes=2)
    for order in ([first, second], [second, first]):
        choice = match("CS2 rent", order, [])
        assert choice is not None
        assert choice.pattern == order[0]


TITLE = "cs2 аренда"


@pytest.mark.parametrize(
    ("lots", "expected", "unsure"),
    [
        ([OwnLot(7, TITLE, True)], LOT, False),
        ([OwnLot(8, TITLE, True)], SHORT, False),
        ([OwnLot(7, "другой", True)], SHORT, False),
        ([OwnLot(7, TITLE, True), OwnLot(8, TITLE, True)], LOT, True),
        ([OwnLot(7, TITLE, True), OwnLot(8, TITLE, False)], LOT, False),
        ([OwnLot(7, TITLE, False)], LOT, False),
        ([OwnLot(8, TITLE, False)], SHORT, False),
    ],
)
def test_a_lot_of_that_title_decides(lots: list[OwnLot], expected: Pattern, unsure: bool) -> None:
    choice = match("CS2 аренда", [SHORT, LOT], lots)
    assert choice is not None
    assert (choice.pattern, choice.unsure) == (expected, unsure)


def test_lots_of_the_same_offer_leave_no_doubt() -> None:
    twin = pattern("", minutes=60, lot_id=7)
    choice = match(TITLE, [SHORT, twin], [OwnLot(7, TITLE, True), OwnLot(8, TITLE, True)])
    assert choice is not None
    assert not choice.unsure


def test_a_lot_without_mapping_beside_one_with_leaves_doubt() -> None:
    choice = match(TITLE, [LOT], [OwnLot(7, TITLE, True), OwnLot(8, TITLE, True)])
    assert choice is not None
    assert choice.unsure
    assert match(TITLE, [pattern("", minutes=0, lot_id=7)], [OwnLot(7, TITLE, True)]) is None


WORDS = st.text(alphabet="aAбБ 2\u00a0", max_size=6)
PATTERNS = st.lists(
    st.builds(
        pattern, WORDS, minutes=st.sampled_from([0, 1, 2]), lot_id=st.sampled_from([None, 1, 2])
    ),
    max_size=6,
)
LOTS = st.lists(st.builds(OwnLot, st.integers(1, 3), WORDS.map(fold), st.booleans()), max_size=4)


@given(WORDS, PATTERNS, LOTS)
def test_what_is_chosen_is_active_and_fits(
    title: str, patterns: list[Pattern], lots: list[OwnLot]
) -> None:
    choice = match(title, patterns, lots)
    if choice is None:
        best = by_title(fold(title), patterns)
        assert best is None or any(lot.title == fold(title) for lot in lots)
        return
    found = choice.pattern
    assert found in patterns
    assert found.minutes > 0
    if found.lot_id is None:
        assert found.text
        assert found.text in fold(title)
        rivals = [p for p in patterns if p.minutes and p.lot_id is None and p.text in fold(title)]
        assert len(found.text) == max(len(p.text) for p in rivals)
        first = next(p for p in rivals if len(p.text) == len(found.text))
        assert first is found or first == found
    else:
        assert any(lot.lot_id == found.lot_id and lot.title == fold(title) for lot in lots)


@given(WORDS, PATTERNS, LOTS)
def test_case_and_spaces_change_nothing(
    title: str, patterns: list[Pattern], lots: list[OwnLot]
) -> None:
    spread = "  ".join(f" {title} ".swapcase().split(" "))
    assert match(title, patterns, lots) == match(spread, patterns, lots)


@given(WORDS, PATTERNS)
def test_without_known_lots_there_is_no_doubt(title: str, patterns: list[Pattern]) -> None:
    choice = match(title, patterns, [])
    assert choice is None or (not choice.unsure and choice.pattern.lot_id is None)


@pytest.mark.parametrize(
    ("address", "lot"),
    [
        ("https://funpay.com/lots/offer?id=123", 123),
        (" funpay.com/en/lots/offer?id=5 ", 5),
        ("https://www.funpay.com/lots/offer/?x=1&id=5&y=2#z", 5),
        ("HTTPS://FUNPAY.COM/lots/offer?id=5", 5),
        ("https://funpay.com/lots/offer?id=0", None),
        ("https://funpay.com/lots/offer?id=5x", None),
        ("https://funpay.com/lots/offer?id=٥", None),
        ("https://funpay.com/lots/offerEdit?id=5", None),
        ("https://funpay.com.example/lots/offer?id=5", None),
        ("https://funpay.com/lots/offer?nid=5", None),
        ("CS2 https://funpay.com/lots/offer?id=5", None),
        ("https://funpay.com/lots/offer?id=" + "9" * 30, None),
        ("CS2", None),
    ],
)
def test_the_lot_of_an_address(address: str, lot: int | None) -> None:
    assert lot_of_address(address) == lot


# --- which proxy


def named(*names: str) -> dict[str, Proxy]:
    return {name: Proxy("http", name, 1) for name in names}


ALL = named("a", "b", "c")
STOCK = Stock(ALL, {"list": ("a", "b", "off", "gone"), "empty": ()})


def settings(mode: str, fallback: str = "try-all", **more: Any) -> dict[str, Any]:
    return {
        "mode": mode,
        "fallback": fallback,
        "fixed_proxy_id": more.get("fixed"),
        "proxy_list_id": more.get("list"),
    }


def chosen(found: dict[str, Any] | None, healthy: str, seed: int = 1, fresh: str = "") -> str:
    """The name of the proxy, "" for none; those in `healthy` (or `fresh`, when asked anew) work."""
    proxy = choose(
        found,
        STOCK,
        lambda proxy: proxy.host in healthy,
        Random(seed),
        check=lambda proxy: proxy.host in (fresh or healthy),
    )
    return proxy.host if proxy else ""


@pytest.mark.parametrize(
    ("found", "healthy", "expected"),
    [
        (None, "abc", {""}),
        (settings("direct", "none"), "abc", {""}),
        (settings("fixed", fixed="b"), "abc", {"b"}),
        (settings("fixed", fixed="b"), "ac", {"a", "c"}),
        (settings("fixed", fixed="b"), "", {""}),
        (settings("fixed", "direct", fixed="b"), "ac", {""}),
        (settings("fixed", fixed="gone"), "c", {"c"}),
        (settings("fixed", "direct", fixed=None), "abc", {""}),
        (settings("mix"), "abc", {"a", "b", "c"}),
        (settings("mix"), "b", {"b"}),
        (settings("mix"), "", {""}),
        (settings("mix", "direct"), "", {""}),
        (settings("mix-list", list="list"), "abc", {"a", "b"}),
        (settings("mix-list", list="list"), "c", {"c"}),
        (settings("mix-list", "direct", list="list"), "c", {""}),
        (settings("mix-list", "direct", list="empty"), "abc", {""}),
        (settings("mix-list", list="gone"), "a", {"a"}),
    ],
)
def test_modes_and_fallbacks(
    found: dict[str, Any] | None, healthy: str, expected: set[str]
) -> None:
    assert {chosen(found, healthy, seed) for seed in range(40)} == expected


@pytest.mark.parametrize(
    "found",
    [
        settings("fixed", "none", fixed="b"),
        settings("fixed", "none", fixed="gone"),
        settings("mix-list", "none", list="gone"),
    ],
)
def test_none_fails_rather_than_go_without(found: dict[str, Any]) -> None:
    with pytest.raises(NoProxy) as failed:
        chosen(found, "c" if found["mode"] == "fixed" else "")
    assert (failed.value.status, failed.value.code) == (500, "upstream_error")


def test_try_all_asks_anew() -> None:
    found = settings("fixed", fixed="a")
    assert chosen(found, healthy="b", fresh="c") == "c"
    asked: list[str] = []

    def ill(proxy: Proxy) -> bool:
        asked.append(proxy.host)
        return False

    assert choose(found, STOCK, ill, Random(1)) is None
    assert sorted(asked) == ["a", "b", "c"]


MODES = st.sampled_from(["direct", "fixed", "mix", "mix-list"])
NAMES = st.sampled_from(["a", "b", "c", "off", "gone", None])
LISTS = st.sampled_from(["list", "empty", "gone", None])


@given(
    MODES,
    st.sampled_from(["try-all", "direct", "none"]),
    NAMES,
    LISTS,
    st.sets(st.sampled_from("abc")),
    st.integers(0, 99),
)
def test_nobody_goes_through_what_is_off_or_ill_or_directly_against_his_will(
    mode: str, fallback: str, fixed: str | None, list_: str | None, healthy: set[str], seed: int
) -> None:
    found = settings(mode, fallback, fixed=fixed, list=list_)
    try:
        name = chosen(found, "".join(sorted(healthy)) or "-", seed)
    except NoProxy:
        assert fallback == "none"
        return
    assert name in healthy | {""}
    if not name:
        assert mode == "direct" or fallback == "direct" or not healthy
        assert mode == "direct" or fallback != "none"


@given(st.integers(0, 1000))
def test_the_same_chance_chooses_the_same(seed: int) -> None:
    assert chosen(settings("mix"), "abc", seed) == chosen(settings("mix"), "abc", seed)


def test_the_game_goes_before_the_account() -> None:
    game, account = settings("mix"), settings("fixed", fixed="a")
    assert in_force(game, account) == game
    assert in_force(None, account) == account
    assert in_force(None, None) is None
    assert in_force(settings("direct"), account) == settings("direct")


# --- times


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "истекло"),
        (0, "истекло"),
        (1, "1м"),
        (60, "1м"),
        (61, "2м"),
        (59 * 60, "59м"),
        (3600, "1ч"),
        (2 * 3600 + 15 * 60, "2ч 15м"),
        (24 * 3600 - 1, "1д"),
        (27 * 3600, "1д 3ч"),
        (27 * 3600 + 1800, "1д 3ч"),
        (30 * 86400, "30д"),
    ],
)
def test_what_is_left(seconds: int, expected: str) -> None:
    assert times.remaining(timedelta(seconds=seconds)) == expected


@given(st.integers(1, 10**7))
def test_what_is_left_is_never_over_before_its_time(seconds: int) -> None:
    assert times.remaining(timedelta(seconds=seconds)) != times.OVER


@pytest.mark.parametrize(
    ("minutes", "expected"), [(0, "0м"), (30, "30м"), (90, "1ч 30м"), (720, "12ч"), (2880, "48ч")]
)
def test_durations(minutes: int, expected: str) -> None:
    assert times.duration(minutes) == expected


def test_the_end_is_told_in_the_zone_of_the_server() -> None:
    moment = datetime(2026, 2, 15, 21, 5, tzinfo=UTC)
    assert times.end_date(moment, ZoneInfo("Europe/Moscow")) == "16.02.2026 00:05"


@given(st.text(max_size=20))
def test_a_folded_text_has_no_runs_of_spaces(text: str) -> None:
    assume(fold(text))
    assert "  " not in fold(text)
    assert fold(fold(text)) == fold(text)
