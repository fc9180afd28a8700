"""Telegram's HTML, held against a reader that is as strict as Telegram's own."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opium.modules.telegram_bot import texts_en, texts_ru
from opium.modules.telegram_bot.config import EVENTS
from opium.modules.telegram_bot.html import MOST, bold, clean, cut, esc, length, plain, pre, units
from sandbox.telegram.html import parse

TAGS = ("b", "i", "u", "s", "code", "pre", "blockquote")
ANYTHING = st.text(st.characters(), max_size=80) | st.text('<>&";#xb/ 😀\n', max_size=80)
OURS = st.recursive(
    ANYTHING.map(esc),
    lambda inside: (
        st.builds(
            lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
            st.sampled_from(TAGS),
            st.lists(inside, max_size=4),
        )
        | st.lists(inside, max_size=4).map("".join)
    ),
    max_leaves=20,
)


@settings(max_examples=400, deadline=None)
@given(ANYTHING)
def test_what_comes_from_outside_is_shown_as_it_is(text: str) -> None:
    for html in (esc(text), bold(text), pre(text)):
        assert parse(html)[0] == clean(text)
        assert plain(html) == clean(text)


@settings(max_examples=400, deadline=None)
@given(OURS, st.integers(2, 60))
def test_a_cut_message_is_valid_and_not_too_long(html: str, most: int) -> None:
    text, _entities = parse(cut(html, most))
    assert units(text) <= max(most, 0)
    assert units(parse(html)[0]) == length(html)
    if length(html) <= most:
        assert cut(html, most) == html
    else:
        assert text.endswith("…")
        assert parse(html)[0].startswith(text[:-1])


def test_a_cut_counts_as_telegram_does() -> None:
    assert cut("a" * MOST) == "a" * MOST
    assert units(parse(cut("😀" * 3000))[0]) <= MOST
    assert cut("&amp;" * 5000).count("&amp;") == MOST - 1


@pytest.mark.parametrize(
    ("html", "most", "wanted"),
    [
        ("<b>abcdef</b>", 4, "<b>abc…</b>"),
        ("<b>a<i>bcdef</i></b>", 3, "<b>a<i>b…</i></b>"),
        ("a&lt;b&gt;c", 3, "a&lt;…"),
        ("😀😀😀", 5, "😀😀…"),
    ],
)
def test_where_a_message_is_cut(html: str, most: int, wanted: str) -> None:
    assert cut(html, most) == wanted


def test_both_catalogues_say_the_same() -> None:
    russian, english = texts_ru.TEXTS, texts_en.TEXTS
    assert list(russian) == list(english)
    for key, text in russian.items():
        assert _names(text) == _names(english[key]), key


@pytest.mark.parametrize("catalogue", [texts_ru.TEXTS, texts_en.TEXTS], ids=["ru", "en"])
def test_every_text_is_valid_and_every_event_has_one(catalogue: dict[str, str]) -> None:
    for text in catalogue.values():
        parse(re.sub(r"\{\w+\}", "x", text))
    assert {*EVENTS, *(f"title_{key}" for key in EVENTS)} <= set(catalogue)


def _names(text: str) -> list[str]:
    return [name for _before, name, _spec, _how in Formatter().parse(text) if name]
