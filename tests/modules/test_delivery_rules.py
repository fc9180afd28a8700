"""Matching, splitting, templates and shares: plain functions, tested with tables and chance."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opium import text
from opium.modules.auto_delivery import messages
from opium.modules.auto_delivery.matching import OwnLot, Pattern, choose, fold
from opium.modules.auto_delivery.routes.transfer import from_file, to_file
from opium.modules.auto_delivery.waiting import Claim, shares


def pattern(how: str, words: str, product: int = 1, lot_id: int | None = None) -> Pattern:
    return Pattern(f"dm_{how}_{words}", product, how, fold(words), lot_id)  # type: ignore[arg-type]


EXACT = pattern("exact", "Ключ Steam", 1)
PREFIX = pattern("prefix", "Ключ", 2)
SHORT = pattern("substring", "Steam", 3)
LONG = pattern("substring", "ключ steam", 4)
LOT = pattern("lot_id", "", 5, lot_id=7)
ALL = [SHORT, PREFIX, LONG, EXACT]


@pytest.mark.parametrize(
    ("title", "patterns", "expected"),
    [
        ("Ключ Steam", ALL, EXACT),
        ("  КЛЮЧ   steam ", ALL, EXACT),
        ("Ключ Steam 10$", ALL, PREFIX),
        ("Лучший ключ Steam", ALL, LONG),
        ("Аккаунт Steam", ALL, SHORT),
        ("Аккаунт", ALL, None),
        ("", [*ALL, pattern("substring", "")], None),
        ("Аккаунт", [pattern("substring", "")], None),
    ],
)
def test_exact_then_prefix_then_the_longest_substring(
    title: str, patterns: list[Pattern], expected: Pattern | None
) -> None:
    choice = choose(title, patterns, [])
    assert (choice and choice.pattern) == expected


@pytest.mark.parametrize(
    ("lots", "expected", "unsure"),
    [
        ([OwnLot(7, "ключ steam", True)], LOT, False),
        ([OwnLot(8, "ключ steam", True)], EXACT, False),
        ([OwnLot(7, "другой", True)], EXACT, False),
        ([OwnLot(7, "ключ steam", True), OwnLot(8, "ключ steam", True)], LOT, True),
        ([OwnLot(7, "ключ steam", True), OwnLot(8, "ключ steam", False)], LOT, False),
        ([OwnLot(7, "ключ steam", False)], LOT, False),
        ([OwnLot(8, "ключ steam", False)], EXACT, False),
    ],
)
def test_a_lot_of_that_title_decides(lots: list[OwnLot], expected: Pattern, unsure: bool) -> None:
    choice = choose("Ключ Steam", [*ALL, LOT], lots)
    assert choice is not None
    assert (choice.pattern, choice.unsure) == (expected, unsure)


def test_an_unmapped_lot_of_the_same_title_makes_it_unsure() -> None:
    lots = [OwnLot(7, "аккаунт", True), OwnLot(8, "аккаунт", True)]
    choice = choose("Аккаунт", [LOT], lots)
    assert choice is not None
    assert choice.unsure


@settings(deadline=None)
@given(st.text(), st.lists(st.text()))
def test_nothing_matches_by_an_empty_pattern(title: str, words: list[str]) -> None:
    patterns = [pattern("substring", word) for word in words]
    choice = choose(title, patterns, [])
    assert choice is None or choice.pattern.text


# --- splitting

ITEM = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=300)


@settings(deadline=None)
@given(st.lists(ITEM.map(str.strip).filter(bool), min_size=1, max_size=60))
def test_messages_fit_and_hold_every_item_whole_and_in_order(items: list[str]) -> None:
    parts = text.split(text.render("Вот:\n{product}\nСпасибо", {"product": text.goods(items)}))
    for part in parts:
        assert part.strip()
        assert len(part) + text.MARKER_ROOM <= text.MAX_CHARS
        assert part.count("\n") + 2 <= text.MAX_LINES or any(
            not text.fits_one_message(item) for item in items
        )
    rest = iter(parts)
    part = next(rest)
    for item in items:
        if not text.fits_one_message(item):
            return
        while item not in part:
            part = next(rest)
        part = part.split(item, 1)[1]


def test_an_item_with_line_breaks_is_never_cut() -> None:
    items = [f"login{n}\npassword{n}\nemail{n}" for n in range(20)]
    parts = text.split(text.goods(items))
    assert len(parts) == 4
    assert "\n".join(parts) == "\n".join(items)
    assert all(part.startswith("login") for part in parts)


def test_only_an_item_longer_than_a_message_is_cut() -> None:
    lines = [f"{n}" * 100 for n in range(1, 9)]
    long = "\n".join(lines * 5)
    parts = text.split(text.goods(["SHORT", long, "x" * 3900]))
    assert parts[0].startswith("SHORT")
    assert "".join(parts).replace("\n", "") == "SHORT" + long.replace("\n", "") + "x" * 3900
    assert all(len(part) <= text.MAX_CHARS - text.MARKER_ROOM for part in parts)


# --- templates


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        ("Привет, {buyer}!", {"buyer": "ann"}, "Привет, ann!"),
        ("{a}{b}", {"a": "{b}", "b": "{a}"}, "{b}{a}"),
        ("{a.__class__} {0} {a!r} {a:>9}", {"a": "x"}, "{a.__class__} {0} {a!r} {a:>9}"),
        ("{unknown} {a}", {"a": "x"}, "{unknown} x"),
        ("one\n{a}\ntwo", {"a": ""}, "one\ntwo"),
        ("one\n{a} и {b}\ntwo", {"a": "", "b": "x"}, "one\n и x\ntwo"),
        ("\n\none\n\n\n\ntwo\r\n", {}, "one\n\ntwo"),
        ("{a}", {"a": "x\n\n\ny"}, "x\n\n\ny"),
        ("{$sleep}", {}, "{$sleep}"),
    ],
)
def test_only_known_names_are_replaced_and_once(
    template: str, values: dict[str, str], expected: str
) -> None:
    assert text.render(template, values) == expected


@settings(deadline=None)
@given(st.text(max_size=300), st.dictionaries(st.sampled_from("abc"), st.text(max_size=50)))
def test_rendering_never_fails(template: str, values: dict[str, str]) -> None:
    text.split(text.render(template, values))


def test_every_text_is_in_a_group_and_explains_its_placeholders() -> None:
    catalogue = messages.CATALOGUE
    grouped = [key for group in catalogue.groups for key in group["keys"]]
    assert sorted(grouped) == sorted(catalogue.templates)
    for template in catalogue.templates.values():
        assert not text.unknown_tokens(template.default, template.placeholders)
        assert set(template.placeholders) <= catalogue.docs.keys()
        assert set(template.placeholders) <= catalogue.examples.keys()
        assert set(template.needs) <= set(text.tokens(template.default))


def test_an_override_that_lost_its_goods_is_not_used() -> None:
    own = {"delivery_success": "Спасибо!"}
    rendered = messages.CATALOGUE.render("delivery_success", own, {"product": "AAAA"})
    assert "AAAA" in rendered


# --- who is served


@pytest.mark.parametrize(
    ("wanted", "free", "partial", "expected"),
    [
        ([1, 1, 1], 2, False, {0: 1, 1: 1}),
        ([3, 1], 2, False, {1: 1}),
        ([3, 1], 2, True, {0: 2}),
        ([2, 2], 3, True, {0: 2, 1: 1}),
        ([1], 0, True, {}),
    ],
)
def test_shares(wanted: list[int], free: int, partial: bool, expected: dict[int, int]) -> None:
    claims = [Claim(number, missing) for number, missing in enumerate(wanted)]
    assert shares(claims, free, partial=partial) == expected


@settings(deadline=None)
@given(st.lists(st.integers(1, 20)), st.integers(0, 100), st.booleans())
def test_nobody_gets_more_than_there_is(wanted: list[int], free: int, partial: bool) -> None:
    given_ = shares([Claim(n, m) for n, m in enumerate(wanted)], free, partial=partial)
    assert sum(given_.values()) <= free
    assert all(0 < n <= wanted[number] for number, n in given_.items())
    assert partial or all(n == wanted[number] for number, n in given_.items())


# --- files

LINE = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\\"), min_size=1, max_size=50)


@settings(deadline=None)
@given(st.lists(LINE.map(str.strip).filter(bool), max_size=20))
def test_an_exported_file_reads_back_as_it_was(items: list[str]) -> None:
    assert from_file("\ufeff" + to_file(items)) == items


def test_windows_line_ends_and_a_missing_last_one_are_fine() -> None:
    assert from_file("A\r\nB\\nb\r\nC") == ["A", "B\nb", "C"]
