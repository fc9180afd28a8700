"""Chats: the list of contacts (3.1), an open dialog (3.2-3.5) and the history (3.4)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from opium.funpay.errors import Missing, PageChanged
from opium.funpay.models import ChatHistory, ChatPage, Contact, Message
from opium.funpay.pages.answers import refuse
from opium.funpay.pages.common import fragment, header, require_signed_in, required
from opium.funpay.pages.messages import UNKNOWN_AUTHOR, Head, message, read
from opium.funpay.pages.text import avatar_url, fold, node_text
from opium.funpay.pages.tree import Part, attr, classes
from opium.funpay.pages.values import as_int, as_list, as_object, as_text, maybe_int

__all__ = [
    "UNKNOWN_AUTHOR",
    "Head",
    "chat_page",
    "contacts",
    "history",
    "message",
    "messages",
    "node",
]

_PRIVATE = re.compile(r"users-(?P<a>[0-9]{1,15})-(?P<b>[0-9]{1,15})")


def contacts(html: str) -> tuple[Contact, ...]:
    """The contacts of a page, or those that the runner says have changed (2.2)."""
    return _contacts(fragment(html, "contacts", "contact-list", "contact-item"))


def _contacts(part: Part) -> tuple[Contact, ...]:
    return tuple(_contact(item) for item in part.parts("contact-item"))


def _contact(item: Part) -> Contact:
    preview = item.first("contact-item-message")
    return Contact(
        chat_id=as_int(attr(item.tag, "data-id"), "contacts", "data-id"),
        name=fold(required(item.first("media-user-name"), "contacts", "name").get_text()),
        node_msg=as_int(attr(item.tag, "data-node-msg"), "contacts", "data-node-msg"),
        user_msg=as_int(attr(item.tag, "data-user-msg"), "contacts", "data-user-msg"),
        preview=node_text(preview),
        unread="unread" in classes(item.tag),
        avatar_url=avatar_url(item.first("avatar-photo")),
        time=node_text(item.first("contact-item-time")) or None,
        wiped=preview is None,
    )


def messages(html: str) -> tuple[Message, ...]:
    """The messages of a page or fragment, each with the head that it shows or inherits."""
    return _messages(fragment(html, "messages", "chat-message-list", "chat-msg-item"))


def _messages(part: Part) -> tuple[Message, ...]:
    found, head = [], None
    for item in part.parts("chat-msg-item"):
        made, head = read(item, str(item.tag), None, head)
        found.append(made)
    return tuple(found)


def chat_page(html: str) -> ChatPage:
    """`/chat/` or `/chat/?node=`; everything of the dialog is None while none is open."""
    page = require_signed_in(html, "chat", "content-chat")
    required(page.content.first("contact-list"), "chat", "contact list")
    box = page.content.part("chat")
    if box is None:
        raise PageChanged("chat", "chat box")
    name = attr(box.tag, "data-name") or None
    top = box.part("chat-header")
    return ChatPage(
        header=header(page),
        contacts=_contacts(page.content),
        bookmarks_tag=attr(box.tag, "data-bookmarks-tag") or None,
        chat_id=maybe_int(attr(box.tag, "data-id")),
        name=name,
        title=(node_text(top.first("media-user-name")) or None) if top else None,
        tag=attr(box.tag, "data-tag") or None,
        other_user_id=_other(name, page.app.user_id) or _panel_user(page.content),
        messages=_messages(box),
        has_more=attr(box.tag, "data-history") == "1",
        looking_at=_looking(page.content)[0],
        looking_url=_looking(page.content)[1],
    )


def _other(name: str | None, me: int) -> int | None:
    """The other one of a private chat (2.6)."""
    match = _PRIVATE.fullmatch(name or "")
    if match is None or str(me) not in match.groups():
        return None
    return int(match["b"] if match["a"] == str(me) else match["a"])


def _panel_user(content: Part) -> int | None:
    return maybe_int(attr(content.first("chat-panel"), "data-id"))


def _looking(content: Part) -> tuple[str | None, str | None]:
    panel = content.part("chat-panel")
    link = next((a for a in panel.named("a") if attr(a, "href")), None) if panel else None
    return (node_text(link) or None, attr(link, "href")) if link else (None, None)


def history(data: object, newer_than: int = 0) -> ChatHistory:
    """Decoded answer of `/chat/history`; `Missing` for a chat that does not exist.

    Only messages above `newer_than` are parsed: each costs a third of a millisecond.
    """
    answer = as_object(data, "history", "answer")
    refuse(answer, stale_on_one=True)
    if not answer.get("chat"):
        raise Missing("FunPay does not know this chat.")
    return node(answer["chat"], newer_than)


def node(data: object, newer_than: int = 0) -> ChatHistory:
    """The data of a `chat_node` object (2.2) or of a history answer (3.4)."""
    found = as_object(data, "chat node", "data")
    about = as_object(found.get("node"), "chat node", "node")
    raw = [_Raw.of(item) for item in as_list(found.get("messages"), "chat node", "messages")]
    raw.sort(key=lambda item: item.id)
    return ChatHistory(
        chat_id=as_int(about.get("id"), "chat node", "node.id"),
        name=as_text(about.get("name"), "chat node", "node.name"),
        messages=_json_messages(raw, newer_than),
        has_more=found.get("hasHistory") in (True, 1, "1"),
        oldest=raw[0].id if raw else 0,
    )


@dataclass(frozen=True, slots=True)
class _Raw:
    """A message of the JSON before its markup is read."""

    id: int
    author: int
    html: str

    @classmethod
    def of(cls, item: object) -> _Raw:
        raw = as_object(item, "chat node", "message")
        return cls(
            as_int(raw.get("id"), "chat node", "message.id"),
            as_int(raw.get("author"), "chat node", "message.author"),
            as_text(raw.get("html"), "chat node", "message.html"),
        )

    @property
    def has_head(self) -> bool:
        return "chat-msg-with-head" in self.html


def _json_messages(raw: Sequence[_Raw], newer_than: int) -> tuple[Message, ...]:
    start = bisect_right(raw, newer_than, key=lambda item: item.id)
    first = start
    while 0 < first < len(raw) and not raw[first].has_head:
        first -= 1  # a follow-up message inherits from the head before it
    found: list[Message] = []
    head: Head | None = None
    for item in [*raw[first : min(first + 1, start)], *raw[start:]]:
        part = fragment(item.html, "message", "chat-msg-item").part("chat-msg-item")
        if part is None:
            raise PageChanged("message", "chat-msg-item")
        made, head = read(part, item.html, item.author, head)
        if made.id != item.id:
            raise PageChanged("chat node", "message.id")
        found.append(made)
    return tuple(made for made in found if made.id > newer_than)
