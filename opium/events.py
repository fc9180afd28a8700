"""What happened: frozen facts in the past tense, stored once per account (contract 15.1).

`kind` is the contract's `event_type`; `key` makes a fact unique per account and kind, so that
seeing it twice stores it once. `visible()` is the contract's payload.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class ChatMessage(_Frozen):
    """M of contract 15.1. `author_id` 0 is FunPay; `type` as in `funpay.models.MessageType`."""

    id: int
    text: str | None
    chat_id: int
    chat_name: str | None
    author: str | None
    author_id: int
    type: int
    image_link: str | None = None
    by_bot: bool = False
    badge: str | None = None
    order_id: str | None = None


class ChatPreview(_Frozen):
    """C of contract 15.1."""

    id: int
    name: str
    last_message_text: str
    unread: bool
    last_message_type: int = 0


class OrderFacts(_Frozen):
    """O of contract 15.1, with what a delivery needs.

    `lot_title` is the order's own short description: the only text that may select goods.
    `description` is the list's text and may hold what the buyer typed. `chat` is the node name.
    """

    id: str
    description: str
    lot_title: str
    price: float
    currency: str | None
    amount: int
    buyer_username: str
    buyer_id: int
    status: int
    status_name: str
    date: datetime | None
    subcategory_name: str | None
    section_id: int | None = None
    chat: str | None = None
    chat_id: int | None = None
    delivered_by_site: bool = False


class Event(_Frozen):
    """One fact about one account. Times are aware UTC."""

    kind: ClassVar[str] = "event"
    fp_user_id: int

    @property
    def key(self) -> str:
        raise NotImplementedError

    def visible(self) -> dict[str, Any]:
        """The payload as modules outside and notices show it."""
        return self.model_dump(mode="json")


class MessageReceived(Event):
    """A new message in a chat, whoever wrote it."""

    kind = "new_message"
    chat_id: int
    message: ChatMessage

    @property
    def key(self) -> str:
        return str(self.message.id)


class ChatFirstSeen(Event):
    """A chat of the very first look."""

    kind = "initial_chat"
    chat_id: int
    chat: ChatPreview

    @property
    def key(self) -> str:
        return str(self.chat_id)


class LastMessageChanged(Event):
    """The preview of a chat changed."""

    kind = "last_message_changed"
    chat_id: int
    chat: ChatPreview
    node_msg: int

    @property
    def key(self) -> str:
        return f"{self.chat_id}:{self.node_msg}"


class ChatsListChanged(Event):
    """Some chat changed; `newest` is the largest message id of that look."""

    kind = "chats_list_changed"
    newest: int

    @property
    def key(self) -> str:
        return str(self.newest)


class OrderPaid(Event):
    """A paid order that nobody has seen before; offered once, to the modules attached then.

    `missed` says it was found after an outage, with `seller_wrote` telling whether the seller
    has written to the buyer by hand since the payment. `read_at` is when its status was read.
    """

    kind = "new_order"
    order_id: str
    order: OrderFacts
    missed: bool = False
    seller_wrote: bool = False
    read_at: datetime

    @property
    def key(self) -> str:
        return self.order_id


class OrderFirstSeen(Event):
    """An order that existed before our first contact with the account."""

    kind = "initial_order"
    order_id: str
    order: OrderFacts

    @property
    def key(self) -> str:
        return self.order_id


class OrderStatusChanged(Event):
    """An order is paid, closed or refunded now and was not before."""

    kind = "order_status_changed"
    order_id: str
    order: OrderFacts
    changed_at: datetime

    @property
    def key(self) -> str:
        return f"{self.order_id}:{self.order.status_name}:{self.changed_at.timestamp():.3f}"


class OrdersListChanged(Event):
    """The counters of open purchases and sales changed."""

    kind = "orders_list_changed"
    purchases: int
    sales: int
    seen_at: datetime

    @property
    def key(self) -> str:
        return f"{self.seen_at.timestamp():.3f}"


class OrderRead(Event):
    """A fresh look at an order that a module asked for with `work.look_at(order_id)`."""

    kind = "order_read"
    order_id: str
    order: OrderFacts
    seller_wrote: bool = False
    read_at: datetime

    @property
    def key(self) -> str:
        return f"{self.order_id}:{self.read_at.timestamp():.3f}"


class CommandEnded(Event):
    """A command of a module reached its end: `done`, `failed` (nothing happened) or `held`.

    `data` is what FunPay answered, by kind of command; `handout_id` names its handout, if any.
    """

    kind = "command_ended"
    command_id: int
    command_kind: str
    state: str
    reason: str | None
    order_id: str | None = None
    handout_id: str | None = None
    last_part: bool = True
    data: dict[str, Any] = {}
    ended_at: datetime

    @property
    def key(self) -> str:
        return f"{self.command_id}:{self.state}:{self.ended_at.timestamp():.3f}"


class AccountTroubled(Event):
    """An account needs its owner: the text of its `last_error`."""

    kind = "account_error"
    text: str
    since: datetime

    @property
    def key(self) -> str:
        return f"{self.since.timestamp():.3f}"


class ModuleEvent(Event):
    """A fact that a module tells others by name, without their knowing each other."""

    kind = "module_event"
    name: str
    id: str
    payload: dict[str, Any]

    @property
    def key(self) -> str:
        return self.id

    def visible(self) -> dict[str, Any]:
        return self.payload


KINDS: dict[str, type[Event]] = {
    event.kind: event
    for event in (
        MessageReceived,
        ChatFirstSeen,
        LastMessageChanged,
        ChatsListChanged,
        OrderPaid,
        OrderFirstSeen,
        OrderStatusChanged,
        OrdersListChanged,
        OrderRead,
        CommandEnded,
        AccountTroubled,
    )
}


def stored_kind(event: Event) -> str:
    """The name an event is stored and subscribed under; a module's event brings its own."""
    return event.name if isinstance(event, ModuleEvent) else event.kind


def load(kind: str, body: str) -> Event:
    """An event from its stored form; unknown kinds are events of modules."""
    return KINDS.get(kind, ModuleEvent).model_validate_json(body)
