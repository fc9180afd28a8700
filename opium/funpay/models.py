"""What FunPay's pages and answers say, as frozen types in our words.

Money is `Decimal` with a currency, moments are aware UTC datetimes, order and chat-node names
are text, numeric ids are ints below 2^53. Section numbers are those of the protocol dossier.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum


class Currency(StrEnum):
    RUB = "RUB"
    USD = "USD"
    EUR = "EUR"


class OrderStatus(StrEnum):
    """`unpaid` orders never leave the client; `partially_refunded` exists in the API only."""

    PAID = "paid"
    CLOSED = "closed"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    UNPAID = "unpaid"


class MessageType(IntEnum):
    """Numbers of contract 15.1; `OTHER` is a system message that we do not know."""

    PLAIN = 0
    ORDER_PAID = 1
    ORDER_CONFIRMED = 2
    REVIEW_NEW = 3
    REVIEW_CHANGED = 4
    REVIEW_DELETED = 5
    REPLY_NEW = 6
    REPLY_CHANGED = 7
    REPLY_DELETED = 8
    ORDER_REOPENED = 9
    REFUND = 10
    PARTIAL_REFUND = 11
    ORDER_CONFIRMED_BY_ADMIN = 12
    DISCORD = 13
    DEAR_VENDORS = 14
    REFUND_BY_ADMIN = 15
    OTHER = 99


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    currency: Currency | None


@dataclass(frozen=True, slots=True)
class AppData:
    """`body[data-app-data]` (1.5). `user_id` is 0 for a guest."""

    user_id: int
    csrf: str
    locale: str


@dataclass(frozen=True, slots=True)
class Header:
    """The signed-in page header (1.7); counters default to 0 where their badge is missing."""

    app: AppData
    username: str
    purchases: int
    sales: int
    unread_chats: int
    balance: Money | None
    orders_tag: str | None
    chat_tag: str | None


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact of the chat list (3.1). `preview` is "" if staff wiped the conversation."""

    chat_id: int
    name: str
    node_msg: int
    user_msg: int
    preview: str
    unread: bool
    avatar_url: str | None
    time: str | None
    wiped: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A chat message (3.3). `author_id` 0 is FunPay itself; `text` is "" for pictures."""

    id: int
    text: str
    html: str
    author: str | None
    author_id: int
    type: MessageType
    image_url: str | None
    image_name: str | None
    badge: str | None
    date: str | None
    order_id: str | None
    """The order that a system message speaks of, from its link, else from its text."""
    short_date: str | None = None
    """The date as shown: a clock time today, `04.05.2025` or `04.05.25` earlier."""


@dataclass(frozen=True, slots=True)
class ChatHistory:
    """Messages ascending by id; `has_more` when older ones exist (3.4, chat_node)."""

    chat_id: int
    name: str
    messages: tuple[Message, ...]
    has_more: bool
    oldest: int = 0
    """The smallest id of the answer, also where only newer messages were asked for."""


@dataclass(frozen=True, slots=True)
class ChatPage:
    """`/chat/?node=` (3.1-3.5). `name` is the node name (`users-1-2`), `title` the other's nick."""

    header: Header
    contacts: tuple[Contact, ...]
    bookmarks_tag: str | None
    chat_id: int | None
    name: str | None
    title: str | None
    tag: str | None
    other_user_id: int | None
    messages: tuple[Message, ...]
    has_more: bool
    looking_at: str | None
    looking_url: str | None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One row of the sales list (5.1). `title` may hold text that the buyer typed: never match
    goods against it. `date` is None if its text was not understood."""

    order_id: str
    status: OrderStatus
    title: str
    section_text: str
    amount: int
    price: Money
    buyer: str
    buyer_id: int
    date: datetime | None
    date_text: str
    online: bool
    banned: bool


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """Rows newest first; `next_cursor` None on the last page (5.2)."""

    header: Header | None
    rows: tuple[OrderRow, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Review:
    stars: int | None
    text: str
    reply: str | None
    hidden: bool = False
    author: str | None = None
    author_id: int | None = None
    date_text: str | None = None
    order_id: str | None = None
    detail: str | None = None
    price: Money | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order in full, from `/api/orders/get` (6.1) or its page (6.2).

    `summary` is the lot's own short description: the only text that may select goods.
    `fields` are the other params, heading (lower case on the page, id in the API) → value.
    `secrets` is filled when the site itself delivered. `chat_id` and `date` come from the page
    only.
    """

    order_id: str
    status: OrderStatus
    summary: str
    description: str
    amount: int
    price: Money
    buyer_id: int
    buyer: str | None
    seller_id: int | None
    chat_name: str | None
    chat_id: int | None
    section_id: int | None
    section_type: str | None
    section_text: str | None
    game: str | None
    date: datetime | None
    review: Review | None
    secrets: tuple[str, ...] = ()
    player: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    can_refund: bool | None = None


@dataclass(frozen=True, slots=True)
class OfferRow:
    """A lot in a list: profile (8), own lots (12.1), a public section (10)."""

    offer_id: str
    title: str
    price: Money | None
    section_id: int
    section_type: str
    active: bool = True
    server: str | None = None
    side: str | None = None
    amount: int | None = None
    auto_delivery: bool = False
    promoted: bool = False
    online: bool = False
    seller: str | None = None
    seller_id: int | None = None
    seller_stars: int | None = None
    seller_reviews: int | None = None
    shown_price: Money | None = None
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProfileSection:
    """A block of the profile: one section (node) with its active lots; zero lots is possible."""

    section_id: int
    section_type: str
    title: str
    offers: tuple[OfferRow, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    user_id: int
    username: str
    online: bool
    badge: str | None
    status_text: str | None
    registered_text: str | None
    rating: Decimal | None
    review_count: int | None
    sections: tuple[ProfileSection, ...]
    reviews: tuple[Review, ...]
    chat_name: str | None
    chat_id: int | None
    next_review_cursor: str | None = None
    bars: tuple[int, ...] = ()
    """Percent of 5, 4, 3, 2 and 1 stars; empty without a rating block."""


@dataclass(frozen=True, slots=True)
class SectionPage:
    """A public section (10): `/lots/N/` or `/chips/N/`."""

    section_id: int
    section_type: str
    game_id: int
    title: str
    offers: tuple[OfferRow, ...]
    counters: tuple[tuple[str, int], ...] = ()
    """(name, number of lots) of the game's sections."""


@dataclass(frozen=True, slots=True)
class OwnLots:
    """`/lots/N/trade` (12.1); `game_id` is None where the raise button is missing (no lots)."""

    section_id: int
    game_id: int | None
    offers: tuple[OfferRow, ...]


@dataclass(frozen=True, slots=True)
class OfferForm:
    """The edit form of an own lot (12.2), every field as the browser would submit it.

    Change `fields` through `dataclasses.replace`; a checkbox is present as "on" or absent.
    """

    offer_id: str
    node_id: int
    fields: dict[str, str]
    active: bool
    auto_delivery: bool

    @property
    def price(self) -> str:
        return self.fields.get("price", "")


@dataclass(frozen=True, slots=True)
class Balance:
    """Three pairs of the payment selector (11) or the balance page (15.1)."""

    total_rub: Decimal
    available_rub: Decimal
    total_usd: Decimal
    available_usd: Decimal
    total_eur: Decimal
    available_eur: Decimal


@dataclass(frozen=True, slots=True)
class OfferPage:
    """A public offer (11), as far as we need it: whose it is and what I could pay it with."""

    offer_id: str
    section_id: int
    section_type: str
    params: dict[str, str]
    short: str
    detailed: str
    seller: str
    seller_id: int
    seller_online: bool
    auto_delivery: bool
    images: tuple[str, ...]
    chat_name: str | None
    chat_id: int | None
    tag: str | None
    form: dict[str, str]
    """Hidden and text inputs of the order form; empty without a form."""
    methods: tuple[str, ...]
    min_price: Money | None
    balance: Balance | None
    reviews: tuple[Review, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """A game of the main page (17) with its sections; `region` "" if it has only one."""

    game_id: int
    name: str
    region: str
    sections: tuple[tuple[str, int, str], ...]
    """(type `lot`/`chip`, section id, title)"""


@dataclass(frozen=True, slots=True)
class RaiseAnswer:
    """POST /lots/raise (13). `nodes` is filled when FunPay asks which sections (`modal`)."""

    raised: bool
    message: str
    wait: int | None
    nodes: tuple[int, ...] = ()
    upsell: bool = False


@dataclass(frozen=True, slots=True)
class SaveAnswer:
    """POST /lots/offerSave (12.3); `errors` are (field, text) pairs."""

    done: bool
    errors: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Transaction:
    id: int
    status: str
    title: str
    order_id: str | None
    price: Money
    date_text: str
    payment_number: str | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What one poll of the runner brought (2.2): None where the site left the object out.

    `order` is the full list of contacts, newest first; `contacts` only those that changed.
    """

    purchases: int | None = None
    sales: int | None = None
    contacts: tuple[Contact, ...] = ()
    order: tuple[int, ...] | None = None

    @property
    def quiet(self) -> bool:
        return self.sales is None and self.order is None


@dataclass(frozen=True, slots=True)
class Sent:
    """An accepted message; `message` None if the answer did not echo it."""

    message: Message | None
    echoed: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewsPage:
    """One page of a seller's reviews (9); `next_cursor` None on the last."""

    reviews: tuple[Review, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class TransactionsPage:
    """One page of the account's transactions (15.1); `next_cursor` None on the last."""

    rows: tuple[Transaction, ...]
    next_cursor: str | None
