"""The people of the marketplace, with verbs for what they do in their browsers.

A seller is a buyer who also sells; both are just users to the site.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.world.chats import Message
from sandbox.world.lots import Lot
from sandbox.world.orders import Order
from sandbox.world.reviews import Review

if TYPE_CHECKING:
    from sandbox.world.world import World

Price = Decimal | int | str


@dataclass(eq=False, kw_only=True)
class Person:
    """A registered user. Tests act through the verbs and read the fields."""

    world: "World" = field(repr=False)
    id: int
    name: str
    golden_key: str | None = field(repr=False)
    registered: datetime
    seen: datetime
    locale: str = "ru"
    currency: str = "RUB"
    balances: dict[str, Decimal] = field(default_factory=dict)
    banned: bool = False
    ban_reason: str = "Нарушение правил."
    online: bool = False
    label: str | None = None
    """Staff badge, such as `поддержка`."""
    open_sales: int = 0
    open_purchases: int = 0
    unread: set[int] = field(default_factory=set)
    newest_message: int = 0
    bookmarks_version: int = 0
    last_sent: datetime | None = None
    chats_begun: list[datetime] = field(default_factory=list)
    viewing: Lot | None = None
    """The offer on this person's screen."""
    offers_hidden: bool = False
    notices: dict[int, bool] = field(default_factory=lambda: {1: False, 2: True, 3: False})
    """Where the site sends word: 1 push, 2 e-mail, 3 Telegram."""

    # What happens to the account

    def loses_key(self) -> None:
        """The golden_key stops working, as after a logout or a new password."""
        with self.world.lock:
            self.golden_key = None

    def gets_key(self, golden_key: str | None = None) -> str:
        """A new golden_key; sessions of the old one are worth nothing."""
        with self.world.lock:
            self.golden_key = golden_key or self.world.ids.word(32)
            return self.golden_key

    # Chats

    def writes(self, other: "Person", text: str) -> Message:
        """Type a message by hand."""
        with self.world.lock:
            chat = self.world.chats.between(self, other)
            return self.world.chats.send(self, chat, text, via="hand")

    def sends_image(self, other: "Person", content: bytes, name: str = "photo.png") -> Message:
        with self.world.lock:
            image = self.world.files.add(self, name, content, "image/png")
            chat = self.world.chats.between(self, other)
            return self.world.chats.send(self, chat, "", image=image, via="hand")

    def reads(self, other: "Person") -> None:
        """Open the dialog, which marks it read."""
        with self.world.lock:
            self.world.chats.mark_read(self, self.world.chats.between(self, other))

    def looks_at(self, lot: Lot | None) -> None:
        """Have an offer on the screen, or none; the other side of a dialog sees it."""
        with self.world.lock:
            self.viewing = lot

    def messages_with(self, other: "Person") -> list[Message]:
        """The whole dialog, oldest first, notices of the site included."""
        with self.world.lock:
            chat = self.world.chats.find_between(self.id, other.id)
            return list(chat.messages) if chat else []

    def messages_from(self, other: "Person") -> list[str]:
        """What the other one wrote here, without automatic replies and notices."""
        return [
            m.text
            for m in self.messages_with(other)
            if m.author == other.id and m.label is None and m.image is None
        ]

    def notices_with(self, other: "Person") -> list[str]:
        """Kinds of the site's own messages in this dialog."""
        return [m.notice.kind for m in self.messages_with(other) if m.notice]


class Buyer(Person):
    """Somebody who pays."""

    def buys(
        self, lot: Lot, amount: int = 1, data: str = "", *, server: int | None = None
    ) -> Order:
        """Pay for a lot; `data` is what the buyer typed into the order form."""
        with self.world.lock:
            return self.world.orders.buy(self, lot, amount, data, server=server)

    def begins_order(self, lot: Lot, amount: int = 1, data: str = "") -> Order:
        """An order that is not paid yet: the seller does not see it."""
        with self.world.lock:
            return self.world.orders.buy(self, lot, amount, data, paid=False)

    def pays(self, order: Order) -> None:
        with self.world.lock:
            self.world.orders.pay(order)

    def confirms(self, order: Order) -> None:
        with self.world.lock:
            self.world.orders.confirm(self, order)

    def reviews(self, order: Order, stars: int, text: str = "") -> Review:
        """Leave a review, or change the one there is."""
        with self.world.lock:
            return self.world.reviews.write(self, order, stars, text)

    def deletes_review(self, order: Order) -> None:
        with self.world.lock:
            self.world.reviews.delete(self, order)


class Seller(Buyer):
    """Somebody who offers lots."""

    def lot(
        self,
        title: str,
        *,
        price: Price = "100",
        node: int = 1008,
        amount: int | None = 10,
        secrets: Iterable[str] | None = None,
        title_en: str = "",
        desc: str = "",
        payment_msg: str = "",
        active: bool = True,
        kind: str = "lot",
        server: int | None = None,
    ) -> Lot:
        """Offer something. `secrets` make it a lot that the site delivers by itself."""
        with self.world.lock:
            return self.world.lots.add(
                self,
                self.world.section(node, kind),
                summary={"ru": title, "en": title_en},
                desc={"ru": desc, "en": ""},
                payment_msg={"ru": payment_msg, "en": ""},
                price=Decimal(str(price)),
                amount=amount,
                secrets=secrets,
                active=active,
                server=server,
            )

    def refunds(self, order: Order) -> None:
        """Give the money back by hand, in the browser."""
        with self.world.lock:
            self.world.orders.refund(self, order, via="hand")

    def replies(self, order: Order, text: str) -> None:
        with self.world.lock:
            self.world.reviews.reply(self, order, text, via="hand")

    @property
    def lots(self) -> list[Lot]:
        with self.world.lock:
            return self.world.lots.of(self)

    @property
    def sales(self) -> list[Order]:
        """All orders of this seller's lots, newest first."""
        with self.world.lock:
            return self.world.orders.sales(self)
