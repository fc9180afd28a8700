"""Wishes for FunPay: frozen, imperative, stored until their end is known (contract 15.2).

`settle` says what to do when the answer was lost: look into the chat's `history`, read the
`order`, simply `repeat` (the same save gives the same lot), or `forget` (safe to lose).
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

Settling = Literal["history", "order", "repeat", "forget"]


class Command(BaseModel):
    """A wish; `order_work` ones go first and are not counted in bursts."""

    model_config = ConfigDict(frozen=True)
    kind: ClassVar[str] = "command"
    settle: ClassVar[Settling] = "forget"
    order_work: ClassVar[bool] = False


class SendMessage(Command):
    """Write to a chat, named by its node name (`users-1-2`) or its number as text."""

    kind = "send_message"
    settle = "history"
    order_work = True
    chat: str
    text: str


class SendImage(Command):
    """Send a picture; `image` is base64 of a PNG or JPEG, `name` its file name."""

    kind = "send_image"
    settle = "history"
    order_work = True
    chat: str
    image: str
    name: str = "image.png"


class Refund(Command):
    """Give the buyer his money back; at most once per order."""

    kind = "refund"
    settle = "order"
    order_work = True
    order_id: str


class ReplyToReview(Command):
    """Answer the review of an order; repeating it edits the answer."""

    kind = "reply_to_review"
    settle = "repeat"
    order_id: str
    text: str


class RaiseLots(Command):
    """Lift the lots of one game; the answer says how long to wait for the next time."""

    kind = "raise_lots"
    settle = "forget"
    game_id: int
    node_id: int
    node_ids: tuple[int, ...] = ()


class SaveOffer(Command):
    """Change fields of an own lot; `active` switches it on or off. Read back afterwards."""

    kind = "save_offer"
    settle = "repeat"
    offer_id: str
    active: bool | None = None
    fields: dict[str, str] = {}


KINDS: dict[str, type[Command]] = {
    command.kind: command
    for command in (SendMessage, SendImage, Refund, ReplyToReview, RaiseLots, SaveOffer)
}


def load(kind: str, body: str) -> Command:
    """A command from its stored form."""
    return KINDS[kind].model_validate_json(body)


def chat_of(command: Command) -> str | None:
    """The chat a command writes to."""
    return command.chat if isinstance(command, SendMessage | SendImage) else None


def order_of(command: Command) -> str | None:
    """The order a command is about."""
    return command.order_id if isinstance(command, Refund | ReplyToReview) else None
