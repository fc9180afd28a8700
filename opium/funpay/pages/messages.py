"""One chat message (3.3): who wrote it is read from its structure, never from its text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bs4 import NavigableString, Tag

from opium.funpay.errors import PageChanged
from opium.funpay.models import Message, MessageType
from opium.funpay.pages import system
from opium.funpay.pages.common import fragment
from opium.funpay.pages.text import fold, node_text, order_link, user_link
from opium.funpay.pages.tree import Part, attr

__all__ = ["UNKNOWN_AUTHOR", "Head", "message", "read"]

UNKNOWN_AUTHOR = -1
"""`author_id` of a follow-up message whose head we have not seen: not FunPay (0), nobody known."""

_ID = re.compile(r"message-(?P<id>[0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class Head:
    """What a message shows above its text and its followers inherit."""

    author: str | None = None
    author_id: int = UNKNOWN_AUTHOR
    badge: str | None = None
    date: str | None = None
    short_date: str | None = None


def message(html: str, author_id: int | None = None, head: Head | None = None) -> Message:
    """A message of the runner's or the history's JSON, `{"id","author","html"}`.

    `head` is the nearest previous head, of which a follow-up message inherits.
    """
    item = fragment(html, "message", "chat-msg-item").part("chat-msg-item")
    if item is None:
        raise PageChanged("message", "chat-msg-item")
    return read(item, html, author_id, head)[0]


def read(
    item: Part, html: str, author_id: int | None, head: Head | None
) -> tuple[Message, Head | None]:
    """A `.chat-msg-item`, and the head that the messages after it inherit."""
    body = item.part("chat-msg-body")
    if body is None:
        raise PageChanged("message", "chat-msg-body")
    own = _head(item, author_id)
    if own is None and head and author_id not in (None, head.author_id):
        head = None
    shown = own or head or Head()
    from_funpay = _is_system(item, author_id)
    text = _text(body, from_funpay)
    image = body.first("chat-img-link")
    picture = body.first("chat-img")
    made = Message(
        id=_message_id(item.tag),
        text=text,
        html=html,
        author=shown.author,
        author_id=0 if from_funpay else shown.author_id if author_id is None else author_id,
        type=system.message_type(text) if from_funpay else MessageType.PLAIN,
        image_url=attr(image, "href") or attr(picture, "src"),
        image_name=attr(picture, "alt") or None,
        badge=shown.badge,
        date=shown.date,
        order_id=_order(body, text) if from_funpay else None,
        short_date=shown.short_date,
    )
    return made, own or head


def _message_id(item: Tag) -> int:
    match = _ID.fullmatch(attr(item, "id") or "")
    if match is None:
        raise PageChanged("message", "id")
    return int(match["id"])


def _head(item: Part, author_id: int | None) -> Head | None:
    block = item.first("media-user-name")
    if block is None:
        return None
    link = item.first("chat-msg-author-link")
    if author_id is None:
        author_id = _author_id(item, link)
    date = item.first("chat-msg-date")
    own_text = "".join(node for node in block.children if type(node) is NavigableString)
    return Head(
        author=fold(link.get_text() if link else own_text) or None,
        author_id=author_id,
        badge=node_text(item.first("chat-msg-author-label")) or None,
        date=fold(attr(date, "title") or "") or node_text(date) or None,
        short_date=node_text(date) or None,
    )


def _author_id(item: Part, link: Tag | None) -> int:
    if link is None and item.first("alert"):
        return 0
    linked = user_link(link)
    if linked is None:
        raise PageChanged("message", "author")
    return linked


def _is_system(item: Part, author_id: int | None) -> bool:
    """An alert around the text and no link to an author; the runner names author 0 as well."""
    alert, link = item.first("alert"), item.first("chat-msg-author-link")
    return alert is not None and link is None and author_id in (None, 0)


def _text(body: Part, from_funpay: bool) -> str:
    text = body.first("chat-msg-text") or (body.first("alert") if from_funpay else None)
    return node_text(text, typed=True)


def _order(body: Part, text: str) -> str | None:
    linked = (order_link(link) for link in body.named("a"))
    return next((order for order in linked if order), None) or system.order_in(text)
