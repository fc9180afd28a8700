"""Reviews of orders and the sellers' replies."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sandbox.world.errors import Refused

if TYPE_CHECKING:
    from sandbox.world.orders import Order
    from sandbox.world.people import Person
    from sandbox.world.world import World

LIMIT = 1000


@dataclass(eq=False)
class Review:
    """What a buyer left at an order; `stars` 1 to 5."""

    stars: int
    text: str
    at: datetime
    reply: str = ""
    hidden: bool = False


class Reviews:
    """Writing, changing and taking back. Each is told in the chat of the order."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def write(self, buyer: "Person", order: "Order", stars: int, text: str) -> Review:
        if order.buyer is not buyer or order.status not in ("closed", "paid"):
            raise Refused("Вы не можете оставить отзыв.", "You cannot leave feedback.")
        if not 1 <= stars <= 5:
            raise Refused("Поставьте оценку.", "Please rate the order.")
        text = _checked(text, may_be_empty=True)
        old = order.review
        if old:
            old.stars, old.text, old.at = stars, text, self._world.now()
        else:
            order.review = Review(stars, text, self._world.now())
        self._world.orders.tell(order, "review_changed" if old else "review_new")
        self._world.log.happened(
            "review", buyer.name, order=order.id, stars=stars, text=text, changed=bool(old)
        )
        assert order.review is not None  # noqa: S101
        return order.review

    def delete(self, buyer: "Person", order: "Order") -> None:
        if order.buyer is not buyer or order.review is None:
            raise Refused("Отзыв не найден.", "No feedback found.")
        order.review = None
        self._world.orders.tell(order, "review_deleted")
        self._world.log.happened("review_deleted", buyer.name, order=order.id)

    def reply(self, seller: "Person", order: "Order", text: str, via: str) -> None:
        if order.seller is not seller or order.review is None:
            raise Refused("Отзыв не найден.", "No feedback found.")
        text = _checked(text)
        changed = bool(order.review.reply)
        order.review.reply = text
        self._world.orders.tell(order, "reply_changed" if changed else "reply_new")
        self._world.log.happened(
            "reply", seller.name, order=order.id, text=text, changed=changed, via=via
        )

    def delete_reply(self, seller: "Person", order: "Order", via: str) -> None:
        if order.seller is not seller or order.review is None or not order.review.reply:
            raise Refused("Ответ не найден.", "No reply found.")
        order.review.reply = ""
        self._world.orders.tell(order, "reply_deleted")
        self._world.log.happened("reply_deleted", seller.name, order=order.id, via=via)


def _checked(text: str, may_be_empty: bool = False) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text and not may_be_empty:
        raise Refused("Введите текст.", "Please enter a text.")
    if len(text) > LIMIT:
        raise Refused("Слишком длинный текст.", "The text is too long.")
    return text
