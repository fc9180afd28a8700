"""Work: one transaction of one handler.

A Work is all that a module may read, change and ask for. Its rows, its commands, its events and
the closed handling commit together or not at all; after the commit the account's worker is rung.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from opium import alerts, journal
from opium.backup.rebuilding import Marker, OwnMessage, rebuild
from opium.commands import Command, Refund, SendImage, SendMessage
from opium.db.session import after_commit
from opium.db.tables import Account, Handling, Handout, OrderSeen, StoredCommand, StoredEvent
from opium.errors import NotFound, Refused
from opium.events import Event, ModuleEvent, OrderPaid, OrderRead, stored_kind
from opium.module import Module
from opium.security import audit
from opium.tools import T, Tools

FRESH = timedelta(seconds=60)
"""An order's status may be this old when goods are claimed for it (reliability 3.3)."""

Part = str | SendImage | Callable[[], SendImage]
"""A message of a handout: its text without the marker line, or a picture, made when it is due."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """What a module may know of its account."""

    id: str
    fp_id: int | None
    username: str | None


class Work:
    """One transaction for one module on one account."""

    def __init__(self, tools: Tools, db: Session, account: Account, module: Module) -> None:
        self._tools = tools
        self._row = account
        self._module = module
        self.db = db
        self.now = tools.clock.now()
        self.zone = tools.zone
        self.random = tools.random
        self.vault = tools.vault
        self.clock = tools.clock
        self.account = AccountView(account.id, account.fp_id, account.username)

    @property
    def settings(self) -> Any:
        """The module's effective settings for this account."""
        return self._tools.attachments.get(self.account.id, self._module.name).settings

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """What this module keeps in memory under `name`; see `Tools.kept_for`."""
        return self._tools.kept_for(self._module, name, make)

    def save_settings(self, settings: Any) -> None:
        """Store the module's settings with this transaction."""
        self._tools.attachments.store(self.db, self.account.id, self._module.name, settings)

    def claim_order(self, event: OrderPaid | OrderRead) -> Handout | None:
        """Become the owner of a paid order: a handout in `waiting_stock`, or None.

        None if the order has an owner or a refund, is no longer paid, or was read too long ago;
        in the last case a fresh look is asked for, which arrives as `OrderRead`.
        """
        if event.order.status_name != "paid" or event.order.delivered_by_site:
            return None
        if self.now - event.read_at > FRESH:
            self.look_at(event.order_id)
            return None
        return self._open(event.order_id, event.order.amount)

    def claim_by_hand(self, order_id: str, amount: int) -> Handout | None:
        """The same on a person's word, for an order that the caller has just read."""
        return self._open(order_id, amount)

    def hold_order(self, event: OrderPaid | OrderRead, reason: str) -> Handout | None:
        """Own the order but hand out nothing until a person decides; raises an alert."""
        handout = self._open(event.order_id, event.order.amount)
        if handout is not None:
            self.hold(handout, reason)
        return handout

    def hold(self, handout: Handout, reason: str) -> None:
        """Stop a handout until a person decides; raises an alert."""
        journal.hold_handout(handout, reason)
        self.alert("held", f"handout:{handout.id}", f"Order {handout.order_id} is held: {reason}")

    def reserve(self, handout: Handout) -> None:
        """The goods of this handout are taken; nothing is sent yet."""
        handout.state, handout.reason = "reserved", None

    def hand_out(self, handout: Handout, chat: str, parts: Sequence[Part]) -> list[int]:
        """Reserve the handout and store its messages, in order, each text with its marker line.

        A picture's marker is in its file name, which proves nothing: begin with a text.
        """
        if handout.state != "reserved":
            self.reserve(handout)
        return self._parts(handout, chat, parts, "D")

    def send_again(self, handout: Handout, chat: str, parts: Sequence[Part]) -> list[int]:
        """Store messages of a re-delivery; each re-delivery has a marker kind of its own."""
        pattern = f"#{handout.order_id}-R%"
        sent = self.db.scalar(
            select(func.count())
            .select_from(StoredCommand)
            .where(
                StoredCommand.handout_id == handout.id,
                StoredCommand.marker.like(pattern),
                StoredCommand.n == 1,
            )
        )
        return self._parts(handout, chat, parts, f"R{(sent or 0) + 1}-")

    def retry(self, handout: Handout, chat: str, parts: Sequence[Part]) -> list[int]:
        """On a person's word: send a held handout's messages again, as a re-delivery.

        What was still waiting is withdrawn first; when the new parts are done, so is the handout.
        """
        journal.withdraw(self.db, handout, "replaced by a new try", self.now)
        handout.state, handout.reason = "delivering", None
        self.close_alert(f"handout:{handout.id}")
        return self.send_again(handout, chat, parts)

    def rebuild(
        self, order_id: str, amount: int, chat: str, messages: Sequence[OwnMessage]
    ) -> Handout:
        """After a restore: the handout of an order whose messages are in the chat; `held` if some
        of them are not."""
        handout = rebuild(
            self.db,
            self.vault,
            self._row,
            self._module.name,
            order_id,
            amount,
            chat,
            messages,
            self.now,
        )
        if handout.state == "held":
            self.hold(handout, handout.reason or "held")
        return handout

    def cancel(self, handout: Handout, reason: str) -> None:
        """Withdraw what was not started; unseen goods go back through the module's `releases`."""
        journal.cancel(self.db, handout, reason, self.now, self._release)

    def do(self, command: Command, *, handout: Handout | None = None) -> int:
        """Wish for something; its end arrives as `CommandEnded`. Returns the command's id."""
        row = journal.add_command(
            self.db,
            self.vault,
            self._row,
            command,
            self.now,
            module=self._module.name,
            handout=handout,
        )
        self._ring_later()
        return row.id

    def refund(self, order_id: str) -> int:
        """Give the money back by an automatic rule; Refused if goods may have been seen (D10)."""
        fp_id = self._row.fp_id or 0
        known = journal.open_refund(self.db, fp_id, order_id)
        if known is not None:
            return known.id
        journal.make_way_for_refund(self.db, fp_id, order_id, self.now, self._release, person=False)
        return self.do(Refund(order_id=order_id))

    def look_at(self, order_id: str) -> None:
        """Ask for a fresh look at an order; it arrives as `OrderRead`, to this module only."""
        changed = self.db.execute(
            update(OrderSeen)
            .where(OrderSeen.fp_id == self._row.fp_id, OrderSeen.order_id == order_id)
            .values(decision="look", owner=self._module.name)
        )
        if changed.rowcount != 1:  # type: ignore[attr-defined]  # a CursorResult at run time
            raise Refused("This order was never seen.")
        self._ring_later()

    def emit(self, name: str, payload: dict[str, Any]) -> None:
        """Tell a fact to the modules that subscribed to `name`, in this transaction."""
        event = ModuleEvent(
            fp_user_id=self._row.fp_id or 0, name=name, id=str(uuid4()), payload=payload
        )
        record(self._tools, self.db, self.account.id, [event])
        self._ring_later()

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run `call` once this transaction has committed: ring a bell, drop a copy in memory."""
        after_commit(self.db, call)

    def hear_anew(self) -> None:
        """What the module's `hears` says of this account has changed."""
        self._tools.attachments.hear_anew(self.db, self.account.id)

    def alert(self, kind: str, key: str, text: str) -> bool:
        """Something waits for a person; one open alert per key. Whether it is new."""
        return alerts.open_alert(self.db, kind, self._key(key), text, self.now, self.account.id)

    def close_alert(self, key: str) -> None:
        """What the alert spoke of is settled."""
        alerts.close_alert(self.db, self._key(key), self.now)

    def audit(self, actor: str, action: str, target: str, result: str = "ok") -> None:
        """A line in the audit log, for who acts without a request, such as `telegram:42`."""
        audit.record(self.db, actor, action, target, result, "", at=self.now)

    def _open(self, order_id: str, amount: int) -> Handout | None:
        self._tools.reconcile.refuse_while_reading(self.account.id)
        return journal.open_handout(
            self.db, self._row, self._module.name, order_id, amount, self.now
        )

    def _parts(self, handout: Handout, chat: str, parts: Sequence[Part], kind: str) -> list[int]:
        self._tools.reconcile.refuse_while_reading(self.account.id)
        ids = []
        for n, part in enumerate(parts, start=1):
            command, marker = _marked(part, chat, Marker(handout.order_id, kind, n, len(parts)))
            row = journal.add_command(
                self.db,
                self.vault,
                self._row,
                command,
                self.now,
                module=self._module.name,
                handout=handout,
                part=(n, len(parts)),
                marker=marker,
            )
            ids.append(row.id)
        self._ring_later()
        return ids

    def _release(self, db: Session, handout: Handout) -> None:
        releaser = self._tools.attachments.ready[handout.module].releaser
        if releaser is not None:
            releaser(db, handout)

    def _key(self, key: str) -> str:
        return f"{self.account.id}:{self._module.name}:{key}"

    def _ring_later(self) -> None:
        after_commit(self.db, lambda: self._tools.ring(self.account.id))


def _marked(part: Part, chat: str, marker: Marker) -> tuple[Command, str | None]:
    """The command of a part, and the marker by which it is found; a picture is found without."""
    if isinstance(part, str):
        return SendMessage(chat=chat, text=f"{part}\n{marker.text}"), marker.text
    image = part if isinstance(part, SendImage) else part()
    return image.model_copy(update={"name": marker.file_name(image.name)}), None


@contextmanager
def open_work(tools: Tools, account_id: str, module: Module) -> Iterator[Work]:
    """A Work outside of an event; NotFound if the account is gone."""
    with tools.db.write() as db:
        account = db.get(Account, account_id)
        if account is None or account.deleted:
            raise NotFound("Account not found")
        yield Work(tools, db, account, module)


def record(
    tools: Tools, db: Session, account_id: str, events: Sequence[Event], only: str | None = None
) -> int:
    """Store events with one open handling for each listening module; how many were new.

    An event that nobody wants is not stored. `only` addresses one module.
    """
    stored = 0
    for event in events:
        kind = stored_kind(event)
        listeners = tools.attachments.takers(account_id, kind, event)
        if only is not None:
            listeners = [name for name in listeners if name == only]
        if not listeners:
            continue
        known = select(StoredEvent.id).where(
            StoredEvent.account_id == account_id,
            StoredEvent.kind == kind,
            StoredEvent.key == event.key,
        )
        if db.scalar(known) is not None:
            continue
        context = f"events:{account_id}/{kind}/{event.key}:body"
        row = StoredEvent(
            account_id=account_id,
            kind=kind,
            key=event.key,
            body_sealed=tools.vault.seal(event.model_dump_json(), context),
            created_at=tools.clock.now(),
        )
        db.add(row)
        db.flush()
        db.add_all(
            Handling(event_id=row.id, module=name, account_id=account_id, state="open")
            for name in listeners
        )
        stored += 1
    return stored
