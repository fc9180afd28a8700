"""FunPayCardinal's answers with `$variables` as our templates with `{placeholders}` (pure)."""

from __future__ import annotations

import re

SAME = {
    "$product": "{product}",
    "$username": "{buyer}",
    "$order_id": "{order_id}",
    "$order_link": "{order_link}",
    "$order_title": "{order_title}",
    "$order_desc": "{order_title}",
    "$game": "{game}",
    "$category_fullname": "{category} {game}",
    "$category": "{category}",
    "$full_date_text": "{date}",
    "$date_text": "{date}",
    "$date": "{date}",
    "$full_time": "{time}",
    "$time": "{time}",
    "$chat_name": "{buyer}",
}
"""What they mean; dates and times look a little different here."""

WITHOUT = (
    "$order_desc_and_params", "$order_desc_or_params", "$order_params", "$message_text",
    "$chat_id", "$photo=", "$sleep=", "$new",
)  # fmt: skip
"""What has no like here; it is taken out of the text."""

_VARIABLE = re.compile(r"\$[A-Za-z_]+(?:=[^\s]*)?")


def translated(text: str) -> tuple[str, list[str]]:
    """The text for a product with lines, and the variables that have no like. Goods that the
    text does not name come last."""
    lost: list[str] = []
    ours = _VARIABLE.sub(lambda match: _one(match[0], lost), text).strip()
    if "{product}" not in ours:
        ours = f"{ours}\n\n{{product}}".strip()
    return ours, lost


def parted(text: str) -> tuple[str, str, list[str]]:
    """A text without goods as (goods, template, lost): what is the same for every buyer is what
    he bought. "" as goods if nothing is."""
    chunks = [chunk.strip() for chunk in _VARIABLE.split(text)]
    goods = max(chunks, key=len, default="")
    if not goods:
        return "", "", []
    before, after = text.split(goods, 1)
    template, lost = translated(f"{before}$product{_apart(after)}")
    return goods, template, lost


def _apart(after: str) -> str:
    """What follows our variable must not lengthen its name."""
    return f" {after}" if re.match(r"[A-Za-z_=]", after) else after


def _one(variable: str, lost: list[str]) -> str:
    """Names may run into the next word: that program replaces them wherever they stand."""
    for known in sorted((*SAME, *WITHOUT), key=len, reverse=True):
        if variable.startswith(known):
            if known in WITHOUT:
                lost.append(known)
                return "" if known.endswith("=") else variable.removeprefix(known)
            return SAME[known] + variable.removeprefix(known)
    return variable
