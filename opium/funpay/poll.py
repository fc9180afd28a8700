"""The poll: what changed since the last accepted look (protocol 2).

A quiet poll costs one prepared request and a comparison: tags, state and body are made anew only
when something changed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from requests import PreparedRequest

from opium.funpay import paths
from opium.funpay.gate import Kind
from opium.funpay.models import Contact, Look
from opium.funpay.pages import runner
from opium.funpay.session import Session, read_json
from opium.funpay.transport import READ_SECONDS

NO_TAG = "00000000"
"""A tag that is never valid: the site sends the object."""

_QUIET = (b'{"objects":[],"response":false}', b'{"objects": [], "response": false}')
_NOTHING = Look()


class Poll(Session):
    """`look` asks, `accept` commits: until then the site is asked for the same again."""

    _tags: Mapping[str, str] = {}
    _state: Mapping[int, tuple[int, int]] | None = None
    _pending: tuple[Look, Mapping[str, str]] | None = None
    _request: PreparedRequest | None = None
    _made_of: tuple[object, ...] = ()
    _newest = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._newest_lock = threading.Lock()

    @property
    def newest_message(self) -> int:
        """The largest message id seen in any chat: ids are site-wide, so it is the baseline of
        a send. 0 before the first look."""
        return self._newest

    def look(self, *, seconds: float = READ_SECONDS) -> Look:
        """Ask what changed in the sales counter and the chats; renews the session when due.

        The first look brings every contact, later ones those that changed. Call `accept` once
        its consequences are stored; without it the next look brings the same again, and more.
        Raises Unreachable, Limited, SignedOut, PageChanged.
        """
        if self.session_is_due:
            self.sign_in(seconds=seconds)
        self._pending = None
        answer = self._renewing(lambda: self._ask(seconds), Kind.OTHER, seconds)
        if answer is None:
            return _NOTHING
        look, tags = answer
        self._pending = look, tags
        self._saw(*(contact.node_msg for contact in look.contacts))
        return look

    def accept(self) -> None:
        """What the last look brought is stored: do not ask for it again."""
        if self._pending is None:
            return
        (look, tags), self._pending = self._pending, None
        if tags:
            self._tags = {**self._tags, **tags}
        if look.order is not None:
            self._state = _state(self._state or {}, look.contacts, look.order)

    def forget(self) -> None:
        """Let the next look bring everything, as the first one did."""
        self._tags, self._state, self._pending = {}, None, None

    def _ask(self, seconds: float) -> tuple[Look, Mapping[str, str]] | None:
        answer = self._transport.deliver(self._prepared(), effect=False, seconds=seconds)
        return None if answer.body.strip() in _QUIET else read_json(answer, runner.look)

    def _prepared(self) -> PreparedRequest:
        header = self._signed_in()
        made_of = (
            self._tags,
            self._state,
            header,
            self._transport.cookies.header,
            self._transport.prefix,
        )
        if self._request is None or not _same(made_of, self._made_of):
            body = _body(header.app.user_id, header.app.csrf, self._tags, self._state)
            self._request = self._transport.prepare_form(paths.RUNNER, body)
            self._made_of = made_of
        return self._request

    def _saw(self, *message_ids: int) -> None:
        with self._newest_lock:
            self._newest = max((self._newest, *message_ids))


def _same(new: tuple[object, ...], old: tuple[object, ...]) -> bool:
    """Whether both hold the very same objects; each is replaced, never changed."""
    return len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True))


def _body(
    user_id: int,
    csrf: str,
    tags: Mapping[str, str],
    state: Mapping[int, tuple[int, int]] | None,
) -> str:
    """The form of a poll (2.1)."""
    objects = [
        {
            "type": "orders_counters",
            "id": str(user_id),
            "tag": tags.get("orders_counters", NO_TAG),
            "data": False,
        },
        {
            "type": "chat_bookmarks",
            "id": str(user_id),
            "tag": tags.get("chat_bookmarks", NO_TAG),
            "data": False if state is None else [_marks(chat, *m) for chat, m in state.items()],
        },
    ]
    fields = {
        "objects": json.dumps(objects, separators=(",", ":")),
        "request": "false",
        "csrf_token": csrf,
    }
    return urlencode(fields)


def _marks(chat: int, node_msg: int, user_msg: int) -> list[int]:
    return [chat, node_msg] if node_msg == user_msg else [chat, node_msg, user_msg]


def _state(
    known: Mapping[int, tuple[int, int]], changed: tuple[Contact, ...], order: tuple[int, ...]
) -> dict[int, tuple[int, int]]:
    """What the page would show now; a chat that we were never shown is left out (2.2)."""
    new = {contact.chat_id: (contact.node_msg, contact.user_msg) for contact in changed}
    return {chat: new.get(chat) or known[chat] for chat in order if chat in new or chat in known}
