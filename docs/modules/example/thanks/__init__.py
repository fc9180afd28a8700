"""thanks: when an order is closed, its buyer is thanked, once."""

from pathlib import Path

from flask import Blueprint
from pydantic import Field
from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, mapped_column
from typing_extensions import TypedDict

from opium.kit import (
    Base,
    Module,
    OrderStatusChanged,
    SendMessage,
    Settings,
    TagContext,
    Tags,
    Work,
    visit,
)
from opium.schema import closed, typed


class ThanksSettings(Settings):
    text: str = Field("Спасибо за покупку!", min_length=1, max_length=2000, title="What to say")


class Thanked(Base):
    """An order whose buyer was thanked: it may be reopened and closed again."""

    __tablename__ = "thanks_thanked"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(16), primary_key=True)


@closed
class Count(TypedDict):
    thanked: int


module = Module(
    "thanks",
    title="Спасибо",
    settings=ThanksSettings,
    blueprint=lambda: routes(),
    migrations=Path(__file__).parent / "migrations",
)


@module.on(OrderStatusChanged)
def thank(event: OrderStatusChanged, work: Work) -> None:
    """The row and the message are stored together or not at all; the worker then sends it."""
    key = (work.account.id, event.order_id)
    if event.order.status_name != "closed" or event.order.chat is None:
        return
    if work.db.get(Thanked, key) is None:
        work.db.add(Thanked(account_id=work.account.id, order_id=event.order_id))
        work.do(SendMessage(chat=event.order.chat, text=work.settings.text))


@module.tags
def tags(context: TagContext) -> Tags:
    """Mark the orders of the list whose buyer was thanked."""
    mine = select(Thanked.order_id).where(Thanked.account_id == context.account_id)
    return Tags({order_id: {"thanked": "yes"} for order_id in context.db.scalars(mine)})


@typed
def count() -> Count:
    """How many buyers were thanked."""
    here = visit(module)
    mine = select(func.count()).where(Thanked.account_id == here.account_id)
    with here.read() as db:
        return {"thanked": db.scalar(mine) or 0}


def routes() -> Blueprint:
    """Under /api/accounts/<account>/modules/thanks, made anew for each application."""
    blueprint = Blueprint("thanks", __name__)
    blueprint.get("/count")(count)
    return blueprint
