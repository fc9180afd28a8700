"""What comes from outside and what is shown: read without trust, shown without secrets."""

from __future__ import annotations

import re
from typing import Any

import pytest

from opium.modules.telegram_bot import html, updates, words_en, words_ru
from opium.modules.telegram_bot.shown import failure, masked, readable
from opium.modules.telegram_bot.words import Html, Words

RU = Words("ru")


def test_secret_members_are_masked_wherever_they_are() -> None:
    shown = masked(
        {
            "password": "a",
            "delivered_password": "b",
            "bot_token": "c",
            "golden_key": "d",
            "shared_secret": "e",
            "nested": [{"Token": "f", "name": "g"}],
            "has_token": True,
            "proxy": "socks5://user:pw@host:1",
        }
    )
    assert shown == {
        "password": "***",
        "delivered_password": "***",
        "bot_token": "***",
        "golden_key": "***",
        "shared_secret": "***",
        "nested": [{"Token": "***", "name": "g"}],
        "has_token": True,
        "proxy": "socks5://user:***@host:1",
    }


def test_an_object_is_names_and_values_with_nested_json() -> None:
    text = readable("Моя <кнопка>", {"state": "a<b", "none": None, "more": {"x": [1]}}, RU)
    assert text.startswith("<b>Моя &lt;кнопка&gt;</b>\nstate: a&lt;b\nnone: —\nmore:\n<pre>{")


def test_a_list_shows_its_first_ten() -> None:
    text = readable("x", [f"<{n}>" for n in range(12)], RU)
    assert "• &lt;9&gt;" in text
    assert "&lt;10&gt;" not in text
    assert text.endswith("… и ещё 2")


@pytest.mark.parametrize(
    "data",
    [
        {f"k{n}" * 30: "<&>" * 400 for n in range(40)},
        ["&" * 5000] * 9,
        "<" * 9000,
        {"a": [["&"] * 999]},
    ],
)
def test_whatever_is_shown_fits_one_message(data: Any) -> None:
    text = readable("<" * 300, data, RU)
    assert html.length(text) <= html.MOST


def test_a_failure_has_status_and_a_short_detail() -> None:
    text = failure(RU, "Возврат", 400, {"detail": "<b>" + "x" * 400})
    assert text.startswith("❌ Возврат: 400\n&lt;b&gt;xxx")
    assert html.length(text) < 340


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"message": 5},
        {"message": {"from": 5, "chat": {"id": 1, "type": "private"}}},
        {"message": {"from": {"id": 1, "is_bot": True}, "chat": {"id": 1, "type": "private"}}},
        {"message": {"from": {"id": 1}, "chat": {"id": 1, "type": "private"}, "message_id": 1}},
        {"message": {"from": {"id": 2**70}, "chat": {"id": 1, "type": "private"},
                     "message_id": 1, "text": "x"}},
        {"callback_query": {"id": "1", "from": {"id": 1}, "data": "x"}},
        {"callback_query": None},
        {"channel_post": {"text": "x"}},
    ],
)  # fmt: skip
def test_what_is_no_message_or_press_is_nothing(raw: dict[str, Any]) -> None:
    assert updates.read(raw) is None


@pytest.mark.parametrize("number", [None, True, "7", 7.0, 2**63])
def test_an_update_needs_a_number(number: object) -> None:
    assert updates.number({"update_id": number}) is None


def names(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_both_catalogues_say_the_same_things() -> None:
    assert words_ru.WORDS.keys() == words_en.WORDS.keys()
    for key, text in words_ru.WORDS.items():
        assert names(text) == names(words_en.WORDS[key]), key


def test_values_are_escaped_unless_they_are_html() -> None:
    assert RU("rental_gone") == "Такой аренды сейчас нет."
    assert "&lt;i&gt;" in RU("menu", account="<i>")
    assert "<i>" in RU("menu", account=Html("<i>"))
