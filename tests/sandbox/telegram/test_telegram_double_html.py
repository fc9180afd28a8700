"""Telegram's HTML: what it means, what it refuses and where, and that nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandbox.telegram.entities import STYLES, Entity, cut, settled, units, with_found
from sandbox.telegram.html import Unparsable, link, parse, render


@pytest.mark.parametrize(
    ("written", "text", "entities"),
    [
        ("<b>a</b><strong>b</strong>", "ab", [("bold", 0, 1), ("bold", 1, 1)]),
        ("<i>a</i> <em>b</em>", "a b", [("italic", 0, 1), ("italic", 2, 1)]),
        ("<u>a</u><ins>b</ins>", "ab", [("underline", 0, 1), ("underline", 1, 1)]),
        ("<s>a</s><strike>b</strike><del>c</del>", "abc",
         [("strikethrough", 0, 1), ("strikethrough", 1, 1), ("strikethrough", 2, 1)]),
        ("<tg-spoiler>a</tg-spoiler><span class='tg-spoiler'>b</span>", "ab",
         [("spoiler", 0, 1), ("spoiler", 1, 1)]),
        ("😀<B>я</B >", "😀я", [("bold", 2, 1)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("<b><b>a</b></b>", "a", [("bold", 0, 1)]),
        ("<b></b>a", "a", []),
        ("<b>a</>b", "ab", [("bold", 0, 1)]),
        ("<b>a<code>b</code>c</b>", "abc", [("bold", 0, 1), ("code", 1, 1), ("bold", 2, 1)]),
        ("<code>a<b>b</b></code>", "ab", [("code", 0, 2)]),
        ("<pre>a</pre>", "a", [("pre", 0, 1)]),
        ("<pre><code class='language-json'>{}</code></pre>", "{}", [("pre", 0, 2, "json")]),
        ("<code class='language-json'>{}</code>", "{}", [("code", 0, 2)]),
        ('<a href="https://funpay.com/orders/?a=1&amp;b=2">x</a>', "x",
         [("text_link", 0, 1, "https://funpay.com/orders/?a=1&b=2")]),
        ("<a href=funpay.com>x</a>", "x", [("text_link", 0, 1, "http://funpay.com/")]),
        ("<a href='no link'>x</a>", "x", []),
        ("<a>funpay.com</a>", "funpay.com", [("text_link", 0, 10, "http://funpay.com/")]),
        ('<a href="tg://user?id=7">x</a>', "x", [("text_mention", 0, 1, "7")]),
        ("<blockquote>a</blockquote>", "a", [("blockquote", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "ab", [("blockquote", 0, 2)]),
        ('<tg-emoji emoji-id="53">👍</tg-emoji>', "👍", [("custom_emoji", 0, 2, "53")]),
        ("&lt;&gt;&amp;&quot;&#33;&#x1F600;&lt", "<>&\"!😀<", []),
        ("&nbsp; &apos; & && &#0; &#xD800; &#99999999;", "&nbsp; &apos; & && &#0; &#xD800; "
         "&#99999999;", []),
        ("a > b", "a > b", []),
    ],
)  # fmt: skip
def test_what_it_means(written: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    assert parse(written) == (text, tuple(Entity(*one) for one in entities))


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b><i>x</i>", 'Can\'t find end tag corresponding to start tag "b"'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("я<br>", 'Unsupported start tag "br" at byte offset 2'),
        ("<b/>", 'Unsupported start tag "b/" at byte offset 0'),
        ("😀<div>", 'Unsupported start tag "div" at byte offset 4'),
        ("1 <b", "Unclosed start tag at byte offset 2"),
        ("<b ", 'Unclosed start tag "b" at byte offset 0'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<b>x</b y>", "Unclosed end tag at byte offset 4"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        (
            "<a href>x</a>",
            'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0',
        ),
        ("<a =x>x</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=x", "Unclosed start tag at byte offset 0"),
        ('<a href="x>x</a>', "Unclosed start tag at byte offset 0"),
        ("<a href=a/b>x</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<span class=red>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<tg-emoji emoji-id='x'>a</tg-emoji>", "Invalid custom emoji identifier specified"),
    ],
)
def test_what_it_refuses_and_where(written: str, complaint: str) -> None:
    with pytest.raises(Unparsable) as wrong:
        parse(written)
    assert str(wrong.value) == complaint


WORDS = st.text(st.sampled_from("aя😀 \n&<>\"';#xq=/"), max_size=6)
TAGS = ("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "tg-spoiler",
        "blockquote", "a href='https://x.test/?a=&quot;1'", 'span class="tg-spoiler"',
        "pre><code class='language-py'", "blockquote expandable", "a href=x", "br")  # fmt: skip


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _tagged(told: tuple[str, list[str]]) -> str:
    tag, inside = told
    ends = [part.split()[0] for part in tag.split("><")]
    return f"<{tag}>{''.join(inside)}" + "".join(f"</{end}>" for end in reversed(ends))


GOOD = st.recursive(
    WORDS.map(_escaped),
    lambda inner: st.tuples(st.sampled_from(TAGS), st.lists(inner, max_size=3)).map(_tagged),
    max_leaves=12,
)
MARKS = ("<b>", "</b>", "<i>", "</i>", "</", "<a ", "&lt", "href=", "<pre>", "</pre>", "&amp;")
PIECES = st.lists(st.one_of(WORDS, st.sampled_from(MARKS)))
ANY = PIECES.map("".join)


@given(st.one_of(GOOD, st.lists(GOOD, max_size=4).map("".join), ANY))
@example("<b>a<code>b</code>c</b>")
@example("<s>😀<i>x</i></s><i>y</i>")
def test_what_it_accepts_is_written_and_read_as_the_same(written: str) -> None:
    try:
        text, entities = parse(written)
    except Unparsable:
        return
    assert parse(render(text, entities)) == (text, entities)
    for entity in entities:
        assert 0 <= entity.offset < entity.end <= units(text)
        assert units(cut(text, entity.offset, entity.end)) == entity.length


@given(st.lists(WORDS, max_size=4).map("".join))
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    assert parse(_escaped(text)) == (text, ())


@given(GOOD)
def test_styles_never_cross_each_other(written: str) -> None:
    """So a phone can draw them as a tree."""
    try:
        _text, entities = parse(written)
    except Unparsable:
        return
    for one in entities:
        for other in entities:
            crossing = one.offset < other.offset < one.end < other.end
            assert not crossing
        if one.type in STYLES:
            codes = [e for e in entities if e.type in ("code", "pre")]
            assert not [c for c in codes if c.offset < one.end and one.offset < c.end]


RANGES = st.builds(Entity, st.sampled_from(STYLES), st.integers(0, 9), st.integers(1, 9))


@given(st.lists(RANGES, max_size=6))
def test_ranges_that_cross_are_cut_and_cover_the_same(given_ranges: list[Entity]) -> None:
    text = "a" * 20
    nested = settled(given_ranges)
    for kind in STYLES:
        before = {n for e in given_ranges if e.type == kind for n in range(e.offset, e.end)}
        after = {n for e in nested if e.type == kind for n in range(e.offset, e.end)}
        assert before == after
    shown, read = parse(render(text, nested))
    assert shown == text
    assert read == nested


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start now", [("bot_command", 0, 6)]),
        ("/menu@shop_bot", [("bot_command", 0, 14)]),
        ("a/b 1/2", []),
        ("см. https://funpay.com/orders/A1/ и @anya", [("url", 4, 29), ("mention", 36, 5)]),
        ("mail a@b.com #тег", [("email", 5, 7), ("hashtag", 13, 4)]),
        ("#1", []),
    ],
)
def test_what_telegram_finds_by_itself(text: str, found: list[tuple[str, int, int]]) -> None:
    assert with_found(text, ()) == tuple(Entity(*one) for one in found)


def test_nothing_is_found_in_code() -> None:
    text, entities = parse("<code>/start funpay.com</code>")
    assert with_found(text, entities) == entities


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://funpay.com", "https://funpay.com/"),
        ("funpay.com/a?b#c", "http://funpay.com/a?b#c"),
        ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
        ("tg://resolve?domain=x", "tg://resolve?domain=x"),
        ("localhost", ""),
        ("", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_which_links_are_links(written: str, kept: str) -> None:
    assert link(written) == kept
