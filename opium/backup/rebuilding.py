"""Writing down again what a chat proves: a handout whose messages arrived, and a wish that was
carried out. Plain functions over a session that holds the write lock."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from opium import alerts, journal
from opium.commands import SendMessage
from opium.db.tables import Account, Handout, OrderSeen, StoredCommand
from opium.events import OrderFacts
from opium.funpay.models import Message
from opium.vault import Vault

_MARKER = re.compile(r"#(?P<order>[A-Z0-9]{1,16})-(?P<kind>D|R\d+-)(?P<n>\d{1,4})/(?P<of>\d{1,4})")

_PICTURE = re.compile(
    r"(?P<order>[A-Z0-9]{1,16})-(?P<kind>D|R\d+-)(?P<n>\d{1,4})-(?P<of>\d{1,4})-.+"
)

# The way from each state of a handout to `delivered`, along the guarded arrows.
_WAYS = {
    "waiting_stock": ("reserved", "delivering", "delivered"),
    "reserved": ("delivering", "delivered"),
    "delivering": ("delivered",),
    "held": ("delivered",),
    "cancelled": ("held", "delivered"),
    "delivered": (),
}


@dataclass(frozen=True, slots=True)
class Marker:
    """The last line of a message with goods: `kind` is D, or R1-, R2-, … for re-deliveries."""

    order_id: str
    kind: str
    n: int
    of: int

    @property
    def text(self) -> str:
        return f"#{self.order_id}-{self.kind}{self.n}/{self.of}"

    def file_name(self, name: str) -> str:
        """A picture's name that says which message it is, for the reading after a restore."""
        return f"{self.order_id}-{self.kind}{self.n}-{self.of}-{name}"


@dataclass(frozen=True, slots=True)
class OwnMessage:
    """A message of ours, without its marker line; `image` is the file name of a picture, "" if
    FunPay does not show it."""

    id: int
    text: str
    marker: Marker | None
    image: str | None = None


@dataclass(frozen=True, slots=True)
class OwnChat:
    """What we wrote into a chat in the time the database has lost, oldest first; `orders` are
    those that it is about, as FunPay shows them now."""

    chat: str
    chat_id: int
    messages: tuple[OwnMessage, ...]
    orders: Mapping[str, OrderFacts]

    def of_order(self, order_id: str) -> list[OwnMessage]:
        """The messages whose marker names this order."""
        return [m for m in self.messages if m.marker and m.marker.order_id == order_id]


def own_message(message_id: int, text: str, image: str | None = None) -> OwnMessage:
    """A message of ours as it stands in the chat; the site may fold its line breaks."""
    if image is not None:
        name = _PICTURE.fullmatch(image)
        return OwnMessage(message_id, text, _marker(name) if name else None, image)
    words = text.split()
    match = _MARKER.fullmatch(words[-1]) if words else None
    if match is None:
        return OwnMessage(message_id, text, None)
    return OwnMessage(message_id, text.rstrip().removesuffix(match[0]).rstrip(), _marker(match))


def image_name(message: Message) -> str | None:
    """The file name of a message that is a picture; "" if it has none."""
    return None if message.image_url is None else message.image_name or ""


def complete(messages: Sequence[OwnMessage]) -> bool:
    """Whether every part of the first delivery is there; re-deliveries prove it too."""
    first = [m.marker for m in messages if m.marker and m.marker.kind == "D"]
    return not first or {marker.n for marker in first} == set(range(1, first[0].of + 1))


def rebuild(
    db: Session,
    vault: Vault,
    account: Account,
    module: str,
    order_id: str,
    amount: int,
    chat: str,
    messages: Sequence[OwnMessage],
    now: datetime,
) -> Handout:
    """The handout of an order whose messages are in the chat: `delivered`, or `held` if some of
    its parts are not there. Safe to repeat."""
    handout = db.scalar(
        select(Handout).where(Handout.fp_id == account.fp_id, Handout.order_id == order_id)
    )
    if handout is None:
        handout = _new(db, account, module, order_id, amount, now)
    for message in messages:
        _message(db, vault, account, handout, chat, message, now)
    db.flush()
    if complete(messages):
        for state in _WAYS[handout.state]:
            handout.state = state
            db.flush()
        handout.reason, handout.ended_at = None, handout.ended_at or now
    else:
        journal.hold_handout(handout, "not all of its messages are in the chat")
        db.flush()
    return handout


def carried_out(db: Session, row: StoredCommand, msg_id: int | None, now: datetime) -> None:
    """A wish that was carried out in the time the database has lost: `done`, by allowed arrows."""
    if row.state == "waiting":
        row.state, row.attempt = "started", row.attempt + 1
        db.flush()
    if row.state in ("started", "unknown", "held"):
        row.state, row.msg_id, row.ended_at, row.reason = "done", msg_id, now, None
        db.flush()
        alerts.close_alert(db, f"command:{row.id}", now)


def _marker(match: re.Match[str]) -> Marker:
    return Marker(match["order"], match["kind"], int(match["n"]), int(match["of"]))


def _new(
    db: Session, account: Account, module: str, order_id: str, amount: int, now: datetime
) -> Handout:
    handout = Handout(
        id=str(uuid4()),
        fp_id=account.fp_id,
        order_id=order_id,
        account_id=account.id,
        module=module,
        amount=amount,
        state="delivered",
        created_at=now,
        ended_at=now,
    )
    db.add(handout)
    db.execute(
        update(OrderSeen)
        .where(OrderSeen.fp_id == account.fp_id, OrderSeen.order_id == order_id)
        .values(decision="taken", owner=module)
    )
    db.flush()
    return handout


def _message(
    db: Session,
    vault: Vault,
    account: Account,
    handout: Handout,
    chat: str,
    message: OwnMessage,
    now: datetime,
) -> None:
    marker = message.marker
    if marker is None:
        return
    if message.image is not None:
        _picture(db, handout, marker, message.id, now)
        return
    known = db.scalar(select(StoredCommand).where(StoredCommand.marker == marker.text))
    if known is None:
        wish = SendMessage(chat=chat, text=f"{message.text}\n{marker.text}")
        part = (marker.n, marker.of)
        known = journal.add_command(
            db,
            vault,
            account,
            wish,
            now,
            module=handout.module,
            handout=handout,
            part=part,
            marker=marker.text,
        )
    carried_out(db, known, message.id, now)


def _picture(db: Session, handout: Handout, marker: Marker, msg_id: int, now: datetime) -> None:
    """The wish for this picture, if the database has it, was carried out. Its row has no marker;
    the first open one of this place is it, since parts go out in order."""
    row = StoredCommand
    known = db.scalars(
        select(row)
        .where(
            row.handout_id == handout.id,
            row.kind == "send_image",
            (row.n == marker.n) & (row.of == marker.of),
            row.state.in_(("waiting", "started", "unknown", "held")),
        )
        .order_by(row.id)
        .limit(1)
    ).one_or_none()
    if known is not None:
        carried_out(db, known, msg_id, now)
