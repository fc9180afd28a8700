"""Reading and writing chats (protocol 2.5, 3)."""

from __future__ import annotations

import json
from collections import OrderedDict
from contextlib import AbstractContextManager
from typing import Any

from opium.funpay import paths
from opium.funpay.errors import FunPayError, Limited, Missing
from opium.funpay.gate import Kind
from opium.funpay.models import ChatHistory, ChatPage, Contact, Message, Sent
from opium.funpay.pages import answers, chats, runner
from opium.funpay.poll import NO_TAG, Poll
from opium.funpay.session import read_json
from opium.funpay.transport import READ_SECONDS, SEND_SECONDS

NEWEST = 99999999999999
"""More than any message id: the newest page of a history."""

_NAMES_REMEMBERED = 4096


class Chats(Poll):
    """A chat is named by its node name (`users-1-2`) or by its numeric id."""

    _names: OrderedDict[int, str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names = OrderedDict()

    def chats(self, *, seconds: float = READ_SECONDS) -> tuple[Contact, ...]:
        """All contacts (at most 50), newest first. Marks nothing as read."""
        return self._page(paths.CHATS, read=chats.contacts, seconds=seconds)

    def open_chat(self, chat: int | str, *, seconds: float = READ_SECONDS) -> ChatPage:
        """The chat as the seller sees it; marks it as read. Raises Missing."""
        page = self._page(paths.CHATS, {"node": chat}, read=chats.chat_page, seconds=seconds)
        if page.name is None:
            raise Missing("FunPay does not know this chat.")
        self.remember_name(page.chat_id, page.name)
        self._saw(*(message.id for message in page.messages))
        return page

    def history(
        self,
        chat: int | str,
        before: int | None = None,
        *,
        after: int = 0,
        order_work: bool = False,
        seconds: float = READ_SECONDS,
        patience: float | None = None,
    ) -> ChatHistory:
        """One page of messages with ids below `before`, ascending; leaves the chat unread.

        Of the page only messages above `after` are read, and `oldest` says how far it reaches.
        `patience` bounds the wait for the turn where it is not `seconds`.

        Where FunPay wants the node name and only the number is known, the chat is opened once to
        learn it (which marks it as read); `remember_name` avoids that. Raises Missing.
        """
        kind = Kind.ORDER if order_work else Kind.OTHER
        with self._gate.turn(kind, patience=seconds if patience is None else patience):
            name = self._names.get(chat, chat) if isinstance(chat, int) else chat
            try:
                return self._history(name, before, after, kind, seconds)
            except Missing:
                if not isinstance(name, int):
                    raise
            learnt = self.open_chat(name, seconds=seconds).name
            return self._history(str(learnt), before, after, kind, seconds)

    def send(
        self,
        chat: int | str,
        text: str,
        *,
        after: int | None = None,
        seconds: float = SEND_SECONDS,
    ) -> Sent:
        """Send a text: one POST that can have an effect, never repeated (reliability 3.1).

        `after` is the baseline, `newest_message` by default: `Sent.message` is the newest
        message above it that is ours and says the same, else None (then the outcome is unknown
        to us); `Sent.echoed` is all that the answer showed above the baseline. To write down
        the intent once the turn is certain, take the turn first:

            with funpay.turn_to_send(chat):
                ...  # commit "started"
                sent = funpay.send(chat, text)

        Not sent: Unreachable, Limited (`wait` seconds), SignedOut, Stale, Refused.
        Unknown: Unanswered.
        """
        return self._send(chat, {"content": text}, text, after, seconds)

    def send_image(
        self,
        chat: int | str,
        image_id: int,
        *,
        after: int | None = None,
        seconds: float = SEND_SECONDS,
    ) -> Sent:
        """Send an uploaded picture; as `send`, and the echo is the newest picture of ours."""
        return self._send(chat, {"content": "", "image_id": image_id}, None, after, seconds)

    def turn_to_send(
        self, chat: int | str, *, patience: float = SEND_SECONDS
    ) -> AbstractContextManager[None]:
        """Hold the gate for a send to this chat; calls of this thread inside it go at once.

        Raises Busy, Limited or Unreachable without having asked FunPay.
        """
        return self._gate.turn(Kind.SEND, chat, patience=patience)

    def upload_image(self, image: bytes, name: str, *, seconds: float = SEND_SECONDS) -> int:
        """Give FunPay a picture (png or jpeg, at most 7 MiB); its id is for `send_image`.

        May be repeated: an upload that nobody uses is seen by nobody. Raises Refused.
        """
        kind = "image/png" if image.startswith(b"\x89PNG") else "image/jpeg"
        return self._fetch(
            paths.UPLOAD_IMAGE,
            read=lambda answer: read_json(answer, answers.upload),
            kind=Kind.ORDER,
            seconds=seconds,
            data={"file_id": "0"},
            files={"file": (name, image, kind)},
        )

    def remember_name(self, chat_id: int | None, name: str | None) -> None:
        """Tell that this number and this node name are one chat."""
        if chat_id is not None and name:
            self._names[chat_id] = name
            self._names.move_to_end(chat_id)
            while len(self._names) > _NAMES_REMEMBERED:
                self._names.popitem(last=False)

    def _history(
        self, name: int | str, before: int | None, after: int, kind: Kind, seconds: float
    ) -> ChatHistory:
        query = {"node": name, "last_message": NEWEST if before is None else before}
        found = self._renewing(
            lambda: read_json(
                self._transport.get(paths.HISTORY, query, xhr=True, seconds=seconds),
                lambda data: chats.history(data, after),
            ),
            kind,
            seconds,
        )
        self.remember_name(found.chat_id, found.name)
        self._saw(*(message.id for message in found.messages))
        return found

    def _send(
        self,
        chat: int | str,
        content: dict[str, Any],
        text: str | None,
        after: int | None,
        seconds: float,
    ) -> Sent:
        baseline = self._newest if after is None else after

        def form(csrf: str) -> dict[str, str]:
            return _message_form(chat, baseline or -1, content, csrf)

        try:
            shown = self._act(
                paths.RUNNER, form, read=_shown, kind=Kind.SEND, chat=chat, seconds=seconds
            )
        except Limited as exc:
            if exc.wait is None:
                exc.wait = self._pause_after_flood(str(exc))
            raise
        me = self.user_id
        echoed = tuple(message for message in shown if message.id > baseline)
        self._saw(*(message.id for message in shown))
        ours = [m for m in echoed if m.author_id == me and _says(m, text)]
        return Sent(ours[-1] if ours else None, echoed)

    def _pause_after_flood(self, text: str) -> float:
        """Seconds (protocol 20): some for the pace, minutes for too many different people."""
        if answers.many_people(text):
            return self._random.uniform(180.0, 300.0)
        return self._random.uniform(3.0, 10.0)


def _message_form(
    chat: int | str, last_message: int, content: dict[str, Any], csrf: str
) -> dict[str, str]:
    """A message and, so that the answer echoes it, the chat that it goes to (2.5)."""
    draft = {"node": chat, "last_message": last_message, "content": ""}
    action = {"node": chat, "last_message": last_message, **content}
    return {
        "objects": _json([{"type": "chat_node", "id": chat, "tag": NO_TAG, "data": draft}]),
        "request": _json({"action": "chat_message", "data": action}),
        "csrf_token": csrf,
    }


def _shown(data: Any) -> tuple[Message, ...]:
    """The messages that an accepted send brought; none if its echo cannot be read."""
    runner.action_result(data)
    try:
        return tuple(message for node in runner.chat_nodes(data) for message in node.messages)
    except FunPayError:
        # It was accepted; that we cannot read the echo must not make it look refused.
        return ()


def _says(message: Message, text: str | None) -> bool:
    if text is None:
        return message.image_url is not None
    return fold(message.text) == fold(text)


def fold(text: str) -> str:
    """Texts as the site compares them for us: it trims, and folds spaces and blank lines."""
    return " ".join(text.split())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
