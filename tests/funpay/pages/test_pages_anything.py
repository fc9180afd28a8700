"""Whatever comes, a parser answers or raises one of our own errors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pages_own as own
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pages_cast import CAPTURED, NOW
from test_pages_answers import RAISES
from test_pages_chats import NODE, bookmarks, thing
from test_pages_dead import ALL, Parser
from test_pages_orders import RAW

from opium.funpay.errors import FunPayError
from opium.funpay.pages import (
    answers,
    chats,
    common,
    dates,
    main,
    orders,
    profile,
    runner,
    sections,
    text,
)

calm = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

PARSERS: dict[str, Parser] = ALL | {
    "app_data": common.app_data,
    "profile of a guest": lambda html: profile.profile(html, guest_ok=True),
    "section of a guest": lambda html: sections.section(html, guest_ok=True),
}
READERS: dict[str, Callable[[object], object]] = {
    "look": runner.look,
    "chat_nodes": runner.chat_nodes,
    "action_result": runner.action_result,
    "history": chats.history,
    "node": chats.node,
    "orders_api": orders.orders_api,
    "refund": answers.refund,
    "review": answers.review,
    "raise_answer": lambda data: answers.raise_answer(data, NOW),
    "save": answers.save,
    "upload": answers.upload,
    "promo_filter": main.promo_filter,
    "refusal": answers.refusal,
}
PAGES = [value for name, value in vars(own).items() if name.isupper() and isinstance(value, str)]
SNIPPETS = [
    *("<", ">", '"', "'", "&", "</div>", "<div>", "<!--", "<![CDATA[", "<?xml", "<!DOCTYPE"),
    *("\x00", "\ud800", "9" * 6000, "²", "٣", "-", "NaN", "1e999", "\v", "&#0;", "<script>"),
    *('class="alert"', "data-id", "<select>", "<textarea>", "users-1-1", "29 февраля, 10:00"),
]
KNOWN: list[object] = [
    {"objects": [bookmarks(own.CONTACT), thing("chat_node", NODE)], "response": {"error": None}},
    {"chat": NODE},
    NODE,
    {"status": "SUCCESS", "data": {"ABCD1234": RAW}},
    {"content": own.REVIEW},
    {"html": own.GAMES},
    {"done": True, "errors": [["price", "?"]]},
    *(answer for answer, _ in RAISES),
]


@st.composite
def mutated(draw: st.DrawFn, pages: list[str]) -> str:
    html = draw(st.sampled_from(pages))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(html)))
        end = min(len(html), start + draw(st.integers(0, 60)))
        put = draw(st.one_of(st.just(""), st.sampled_from(SNIPPETS), st.text(max_size=8)))
        html = html[:start] + put + html[end:]
    return html


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**4000)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from([*PAGES, *SNIPPETS])
)
KEYS = (
    *("objects", "response", "error", "msg", "type", "id", "tag", "data", "order", "html"),
    *("node", "messages", "hasHistory", "chat", "author", "status", "amount", "currency"),
    *("buyer", "seller", "fields", "type_data", "value", "wait", "unlock_at", "modal", "url"),
    *("done", "errors", "fileId", "content"),
)
keys = st.sampled_from(KEYS)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=12,
)


@st.composite
def disturbed(draw: st.DrawFn) -> object:
    """A good answer with one value replaced."""
    return _replace(draw, draw(st.sampled_from(KNOWN)))


def _replace(draw: st.DrawFn, value: object) -> object:
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(list(value)))
        return {**value, key: _replace(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 4)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], _replace(draw, value[at]), *value[at + 1 :]]
    return draw(anything)


@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS.keys())
@given(html=st.one_of(st.text(), st.sampled_from(SNIPPETS), mutated(PAGES)))
@calm
def test_any_text(parser: Parser, html: str) -> None:
    with suppress(FunPayError):
        parser(html)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
@given(data=st.one_of(anything, disturbed()))
@calm
def test_any_json(reader: Callable[[object], object], data: object) -> None:
    with suppress(FunPayError):
        reader(data)


CAPTURED_PAGES = [
    path.read_text(encoding="utf-8")
    for path in sorted(CAPTURED.glob("*"))
    if path.suffix in (".html", ".txt") and path.stat().st_size < 30_000
]


@pytest.mark.captured
@pytest.mark.skipif(not CAPTURED_PAGES, reason="the captured pages lie beside the project")
@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS.keys())
@given(html=mutated(CAPTURED_PAGES or [""]))
@settings(calm, max_examples=15)
def test_any_captured_page(parser: Parser, html: str) -> None:
    with suppress(FunPayError):
        parser(html)


@given(written=st.one_of(st.text(), st.from_regex(r"\d+ мая( \d{4})?, \d+:\d\d")))
@calm
def test_any_date(written: str) -> None:
    found = dates.parse_date(written, NOW)
    assert found is None or found.tzinfo is not None


@given(written=st.one_of(st.text(), st.text("0123456789., -−₽$")))
@calm
def test_any_sum(written: str) -> None:
    with suppress(FunPayError):
        assert text.money(written).amount.is_finite()


@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS.keys())
@pytest.mark.parametrize("unit", ["<div>", "<a class='tc-item'>", "<b><i>", "<!--"])
def test_a_very_deep_page(parser: Parser, unit: str) -> None:
    with suppress(FunPayError):
        parser(unit * 3000)
