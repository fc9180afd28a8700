"""Orders from the payment to the end, and the money they move."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING

from sandbox.world.errors import Refused, Unknown
from sandbox.world.games import Section
from sandbox.world.lots import Lot
from sandbox.world.notices import Notice
from sandbox.world.reviews import Review

if TYPE_CHECKING:
    from sandbox.world.people import Buyer, Person, Seller
    from sandbox.world.world import World

FEE = Decimal("1.05")
CENT = Decimal("0.01")
ALREADY = ("Заказ уже закрыт.", "The order is already closed.")


@dataclass(eq=False)
class Order:
    """One purchase. Texts are those of the lot at that moment."""

    id: str
    lot_id: int
    section: Section
    seller: "Seller"
    buyer: "Buyer"
    summary: dict[str, str]
    desc: dict[str, str]
    fields: dict[str, str]
    amount: int
    data: str
    price: Decimal
    """What the seller gets."""
    total: Decimal
    """What the buyer paid, with the site's fee."""
    currency: str
    opened: datetime
    status: str = "unpaid"
    closed: datetime | None = None
    secrets: list[str] = field(default_factory=list)
    server: str | None = None
    review: Review | None = None

    def title(self, locale: str) -> str:
        """The list's text: lot, amount when not one, what the buyer typed."""
        pieces = [self.summary.get(locale) or self.summary["ru"]]
        if self.amount != 1:
            pieces.append(f"{self.amount:,}".replace(",", " ") + PIECES[locale])
        if self.data:
            pieces.append(self.data)
        return ", ".join(pieces)

    def full_title(self, locale: str) -> str:
        place = f"{self.section.game.name(locale)}, {self.section.name(locale)}"
        return f"{place}, {self.title(locale)}"


PIECES = {"ru": " шт.", "en": " pcs."}


class Orders:
    """All orders; the newest last."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._by_id: dict[str, Order] = {}

    def __iter__(self) -> Iterator[Order]:
        return iter(list(self._by_id.values()))

    def get(self, order_id: str) -> Order:
        if order_id not in self._by_id:
            raise Unknown(f"no order {order_id!r}")
        return self._by_id[order_id]

    def sales(self, seller: "Person") -> list[Order]:
        return [o for o in reversed(self._by_id.values()) if o.seller is seller]

    def purchases(self, buyer: "Person") -> list[Order]:
        return [o for o in reversed(self._by_id.values()) if o.buyer is buyer]

    def stars(self, seller: "Person") -> list[int]:
        """Ratings a seller has earned."""
        return [o.review.stars for o in self if o.seller is seller and o.review]

    def buy(
        self,
        buyer: "Buyer",
        lot: Lot,
        amount: int,
        data: str,
        *,
        server: int | None = None,
        paid: bool = True,
    ) -> Order:
        if lot.seller is buyer:
            raise Refused("Нельзя купить у себя.", "You cannot buy from yourself.")
        if not lot.active or amount < 1 or amount > lot.stock:
            raise Refused("Недостаточно товара.", "Not enough in stock.")
        price = (lot.price * amount).quantize(CENT, ROUND_UP)
        order = Order(
            id=self._new_id(),
            lot_id=lot.id,
            section=lot.section,
            seller=lot.seller,
            buyer=buyer,
            summary=dict(lot.summary),
            desc=dict(lot.desc),
            fields=dict(lot.fields),
            amount=amount,
            data=data,
            price=price,
            total=(price * FEE).quantize(CENT, ROUND_UP),
            currency=lot.seller.currency,
            opened=self._world.now(),
            server=lot.section.servers.get(server or lot.server),
        )
        self._by_id[order.id] = order
        if paid:
            self.pay(order)
        return order

    def pay(self, order: Order) -> None:
        """The money is in: counters, the notice, the automatic reply, the site's delivery."""
        if order.status != "unpaid":
            raise Refused(*ALREADY)
        lot = self._world.lots.get(order.lot_id)
        order.secrets = lot.sell(order.amount)
        order.opened = order.buyer.seen = self._world.now()
        self._set(order, "paid")
        self.tell(order, "order_paid")
        self._auto_reply(order, lot)
        if self._world.switches.discord_hint:
            self.tell(order, "discord_hint")
        self._world.log.happened(
            "order",
            order.seller.name,
            order=order.id,
            buyer=order.buyer.name,
            lot=order.lot_id,
            amount=order.amount,
            secrets=len(order.secrets),
        )

    def confirm(self, buyer: "Person", order: Order) -> None:
        if order.buyer is not buyer:
            raise Unknown(order.id)
        self._close(order, "order_confirmed")

    def confirm_by_admin(self, order: Order) -> None:
        self._close(order, "order_confirmed_by_admin")

    def reopen(self, order: Order) -> None:
        if order.status != "closed":
            raise Refused("Заказ не закрыт.", "The order is not closed.")
        self._set(order, "paid")
        order.closed = None
        self.tell(order, "order_reopened")

    def refund(self, seller: "Person", order: Order, via: str) -> None:
        """The seller gives the money back, also of a closed order; once."""
        if order.seller is not seller:
            raise Unknown(order.id)
        self._give_back(order, "refund_by_seller", via)

    def refund_by_admin(self, order: Order) -> None:
        self._give_back(order, "refund_by_admin", "staff")

    def partial_refund(self, order: Order) -> None:
        if order.status not in ("paid", "closed"):
            raise Refused(*ALREADY)
        self._set(order, "partially_refunded")
        order.closed = self._world.now()
        self.tell(order, "partial_refund")

    def tell(self, order: Order, kind: str) -> None:
        """A notice about the order in the chat of its two people."""
        people = {
            "buyer": (order.buyer.id, order.buyer.name),
            "seller": (order.seller.id, order.seller.name),
            "admin": (2, "Михаил"),
        }
        title = {locale: order.full_title(locale) + "." for locale in ("ru", "en")}
        notice = Notice(kind, order.id, people, title, order.section.kind == "chip")
        self._world.chats.notify(self._world.chats.between(order.buyer, order.seller), notice)

    def _auto_reply(self, order: Order, lot: Lot) -> None:
        text = lot.payment_msg.get(order.buyer.locale) or lot.payment_msg.get("ru")
        if not text and order.secrets:
            text = "Спасибо за покупку! Товар показан на странице заказа."
        if text:
            chat = self._world.chats.between(order.seller, order.buyer)
            self._world.chats.send(order.seller, chat, text, via="site", label="автоответ")

    def _close(self, order: Order, kind: str) -> None:
        if order.status != "paid":
            raise Refused(*ALREADY)
        self._set(order, "closed")
        order.closed = self._world.now()
        balances = order.seller.balances
        balances[order.currency] = balances.get(order.currency, Decimal(0)) + order.price
        self.tell(order, kind)
        self._world.log.happened("confirm", order.buyer.name, order=order.id)

    def _give_back(self, order: Order, kind: str, via: str) -> None:
        if order.status not in ("paid", "closed"):
            raise Refused("По этому заказу уже сделан возврат.", "Already refunded.")
        if order.status == "closed":
            order.seller.balances[order.currency] -= order.price
        self._set(order, "refunded")
        order.closed = self._world.now()
        self.tell(order, kind)
        self._world.log.happened("refund", order.seller.name, order=order.id, via=via)

    def _set(self, order: Order, status: str) -> None:
        """The only place where a status changes, so that the open counts stay true."""
        change = (status == "paid") - (order.status == "paid")
        order.status = status
        order.seller.open_sales += change
        order.buyer.open_purchases += change

    def _new_id(self) -> str:
        while (made := self._world.ids.order()) in self._by_id:
            pass
        return made
