"""/api/accounts/<account>/chats: live reads and sending (contract 6)."""

from __future__ import annotations

from typing import Annotated, Literal

from flask import Blueprint
from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from opium.blueprints.parts import AccountInfo, Core
from opium.errors import NotFound, Refused
from opium.funpay.models import Contact, Message
from opium.live import Live
from opium.schema import AccountId, Body, ChatId, Query, closed, typed

SYSTEM = "FunPay"


def _some(text: str) -> str:
    if not text.strip():
        raise ValueError("must have at least 1 character that is not a blank")
    if len(text.strip()) > 2000:
        raise ValueError("must have at most 2000 characters")
    return text


class ListQuery(Query):
    update: bool = True


class HistoryQuery(Query):
    last_message_id: int = Field(99999999999999, ge=1, le=2**53)


class NewMessage(Body):
    text: Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_some)]


@closed
class ChatShort(TypedDict):
    chat_id: int
    name: str
    last_message: str
    unread: bool
    media_url: str | None


@closed
class ChatList(TypedDict):
    chats: list[ChatShort]
    total: int


@closed
class MessageShown(TypedDict):
    id: int
    text: str
    html: str
    author: str
    author_id: int
    is_my: bool
    image_url: str | None


@closed
class ChatDetail(TypedDict):
    id: int
    name: str
    messages: list[MessageShown]


@closed
class History(TypedDict):
    chat_id: int
    messages: list[MessageShown]
    count: int


@closed
class Sent(TypedDict):
    status: Literal["sent"]
    chat_id: int


def blueprint(core: Core, live: Live) -> Blueprint:
    bp = Blueprint("chats", __name__, url_prefix="/api/accounts/<account_id>/chats")

    @bp.get("")
    @typed
    def list_chats(account_id: AccountId, query: ListQuery) -> ChatList:
        """The chats, asked of FunPay unless `update` is false."""
        if query.update:
            client = core.registry.client(account_id)
            contacts = live.read(account_id, "chats", fetch=client.chats)
        else:
            _initialised(core.accounts.info(account_id))
            contacts = core.registry.status(account_id).chats
        chats = [_short(contact) for contact in contacts]
        return {"chats": chats, "total": len(chats)}

    @bp.get("/<chat_id>")
    @typed
    def get_chat(account_id: AccountId, chat_id: ChatId) -> ChatDetail:
        """A chat with its newest messages, oldest first."""
        info, client = core.accounts.info(account_id), core.registry.client(account_id)
        page = live.read(account_id, "chat", chat_id, fetch=lambda: client.open_chat(chat_id))
        if page.chat_id is None:
            raise NotFound("Chat not found")
        name = page.title or str(page.chat_id)
        return {
            "id": page.chat_id,
            "name": name,
            "messages": [_message(message, info, name) for message in page.messages],
        }

    @bp.get("/<chat_id>/history")
    @typed
    def get_history(account_id: AccountId, chat_id: ChatId, query: HistoryQuery) -> History:
        """Up to 100 messages older than `last_message_id`, oldest first."""
        info, client = core.accounts.info(account_id), core.registry.client(account_id)
        before = query.last_message_id
        history = live.read(
            account_id, "history", chat_id, before, fetch=lambda: client.history(chat_id, before)
        )
        name = str(chat_id)
        messages = [_message(message, info, name) for message in history.messages]
        return {"chat_id": chat_id, "messages": messages, "count": len(messages)}

    @bp.post("/<chat_id>/send")
    @typed
    def send_message(
        account_id: AccountId, chat_id: ChatId, body: NewMessage, idempotency_key: str | None
    ) -> Sent:
        """Send a message and wait until FunPay has it."""
        with live.waiting.place("send"):
            core.wishes.send_message(account_id, chat_id, body.text, idempotency_key)
        live.forget(account_id)
        return {"status": "sent", "chat_id": chat_id}

    return bp


def _initialised(info: AccountInfo) -> None:
    if info.fp_id is None:
        raise Refused(f"Account {info.account_id} is not initialised.")


def _short(contact: Contact) -> ChatShort:
    return {
        "chat_id": contact.chat_id,
        "name": contact.name or str(contact.chat_id),
        "last_message": contact.preview or "",
        "unread": contact.unread,
        "media_url": contact.avatar_url,
    }


def _message(message: Message, info: AccountInfo, other: str) -> MessageShown:
    is_my = message.author_id != 0 and message.author_id == info.fp_id
    known = (info.username or "") if is_my else SYSTEM if message.author_id == 0 else other
    return {
        "id": message.id,
        "text": message.text or "",
        "html": message.html or "",
        "author": message.author or known,
        "author_id": message.author_id,
        "is_my": is_my,
        "image_url": message.image_url,
    }
