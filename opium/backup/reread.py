"""Reading again what an account did after its database was put back: sales, then chats.

It goes at the account's quiet pace, a few pages in each step, and may begin again after a crash.
What the chats prove is written down; what they do not is held, since nobody knows which goods it
got. At the end the account's alert says what was found.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from opium import alerts, journal
from opium.backup.mode import LOST, Held
from opium.backup.pages import history_since
from opium.backup.rebuilding import OwnChat, OwnMessage, image_name, own_message, rebuild
from opium.db.tables import Account, ChatSeen, Handout, OrderSeen, StoredCommand
from opium.events import OrderFacts
from opium.funpay.errors import Missing, PageChanged
from opium.funpay.models import OrderRow
from opium.observe import SKEW, chat_name, order_facts, row_status
from opium.work import open_work
from opium.workers.desk import Desk
from opium.workers.intake import Intake
from opium.workers.match import written_by

log = logging.getLogger("opium.backup")

MOST_SALES_PAGES = 200
RESTORED = "restored"
"""Owner of a handout that no module recognised."""

UNDECIDED = ("pending", "look", "offered")
OPEN = ("waiting_stock", "reserved", "delivering")
SENDS = ("send_message", "send_image")


@dataclass(slots=True)
class _Found:
    """What the reading brought so far."""

    sales: dict[str, OrderRow] = field(default_factory=dict)
    cursor: str | None = None
    pages: int = 0
    chats: OrderedDict[int | str, None] | None = None
    read: set[int] = field(default_factory=set)
    unread: list[str] = field(default_factory=list)
    goods: int = 0
    sales_read: bool = False


class Reread:
    """The reading of one account; used by its worker."""

    def __init__(self, desk: Desk, intake: Intake) -> None:
        self._desk, self._intake = desk, intake
        self._found = _Found()

    @property
    def due(self) -> bool:
        """Whether this account has still to be read."""
        return self._desk.tools.reconcile.reading(self._desk.account_id)

    def run(self, until: float) -> None:
        """Read on until the monotonic moment `until`; Busy if our own pace says wait."""
        held = self._desk.tools.reconcile.of(self._desk.account_id)
        if held is None or held.read:
            return
        found = self._found
        while not found.sales_read:
            self._read_sales(datetime.fromisoformat(held.since))
        if found.chats is None:
            contacts = self._desk.client.chats()
            self._store_sales()
            found.chats = self._wanted(held, {c.chat_id: c.node_msg for c in contacts})
        while found.chats:
            if self._desk.tools.clock.monotonic() >= until:
                return
            chat = next(iter(found.chats))
            self._read_chat(chat, held)
            del found.chats[chat]
        self._finish(held)
        self._found = _Found()

    # --- sales

    def _read_sales(self, since: datetime) -> None:
        found = self._found
        page = self._desk.client.sales(found.cursor, None, order_work=False)
        found.sales |= {row.order_id: row for row in page.rows if _after(row, since)}
        found.pages += 1
        last = page.rows and not _after(page.rows[-1], since)
        stuck = page.next_cursor is None or page.next_cursor == found.cursor
        found.sales_read = bool(last or stuck or found.pages >= MOST_SALES_PAGES)
        found.cursor = page.next_cursor

    def _store_sales(self) -> None:
        rows = list(self._found.sales.values())
        with self._desk.write() as (db, _account):
            known = self._intake.known(db, [row.order_id for row in rows])
            new = [row for row in rows if row.order_id not in known]
            for decision, paid in (("held", True), ("closed", False)):
                some = [row for row in new if (row_status(row) == "paid") is paid]
                self._intake.store(db, some, "catchup", decision)

    # --- chats

    def _wanted(self, held: Held, contacts: dict[int, int]) -> OrderedDict[int | str, None]:
        """Chats of the sales, of open handouts and wishes, and those with newer messages."""
        me = self._desk.fp_id
        with self._desk.tools.db.read() as db:
            buyers = {row.buyer_id for row in self._found.sales.values()}
            buyers |= set(db.scalars(self._open_orders()))
            names = {row[0]: row[1] for row in db.execute(self._names())}
            written = set(
                db.scalars(
                    select(StoredCommand.chat).where(
                        StoredCommand.account_id == self._desk.account_id,
                        StoredCommand.kind.in_(SENDS),
                        StoredCommand.state.in_(("waiting", "started", "unknown", "held")),
                    )
                )
            )
        chats: OrderedDict[int | str, None] = OrderedDict()
        for buyer in sorted(buyers):
            chats[chat_name(me, buyer)] = None
        for chat in sorted(name for name in written if name):
            chats[_number_or_name(chat, names)] = None
        for chat_id, newest in contacts.items():
            if newest > held.mark:
                chats[names.get(chat_id) or chat_id] = None
        return chats

    def _names(self) -> Select[int, str | None]:
        return select(ChatSeen.chat_id, ChatSeen.node_name).where(
            ChatSeen.account_id == self._desk.account_id
        )

    def _open_orders(self) -> Select[int]:
        """Buyers of orders that were not settled when the database stopped."""
        seen, handout = OrderSeen, Handout
        return (
            select(seen.buyer_id)
            .join(
                handout,
                (handout.fp_id == seen.fp_id) & (handout.order_id == seen.order_id),
                isouter=True,
            )
            .where(
                seen.fp_id == self._desk.fp_id,
                or_(seen.decision.in_(UNDECIDED), handout.state.in_(OPEN)),
            )
        )

    def _read_chat(self, chat: int | str, held: Held) -> None:
        try:
            name, chat_id, messages, whole = history_since(self._desk.client, chat, held.mark)
        except Missing:  # nobody ever wrote there
            return
        except PageChanged as exc:
            log.error("[%s] Chat %s cannot be read: %s", self._desk.account_id, chat, exc)
            self._found.unread.append(str(chat))
            return
        if chat_id in self._found.read:
            return
        self._found.read.add(chat_id)
        if not whole:
            self._found.unread.append(name)
        ours = written_by(self._desk.fp_id, messages)
        own = [own_message(m.id, m.text, image_name(m)) for m in ours if m.id > held.mark]
        if own:
            self._ask_modules(name, chat_id, own)
        self._write_down(name, chat_id, own, max((m.id for m in messages), default=0))

    def _ask_modules(self, name: str, chat_id: int, own: Sequence[OwnMessage]) -> None:
        """Each module that hands out goods says which of them these messages show."""
        orders = self._orders_of(name, own)
        chat = OwnChat(name, chat_id, tuple(own), orders)
        for attached in self._desk.tools.attachments.of(self._desk.account_id):
            recognise = attached.module.reconciler
            if recognise is not None:
                with open_work(self._desk.tools, self._desk.account_id, attached.module) as work:
                    self._found.goods += recognise(chat, work)

    def _orders_of(self, name: str, own: Sequence[OwnMessage]) -> dict[str, OrderFacts]:
        """The orders that this chat is about, as FunPay shows them now."""
        me = self._desk.fp_id
        ids = [m.marker.order_id for m in own if m.marker]
        ids += [r.order_id for r in self._found.sales.values() if chat_name(me, r.buyer_id) == name]
        wanted = list(dict.fromkeys(ids))
        found = self._desk.client.orders(wanted, order_work=False) if wanted else {}
        return {order_id: order_facts(order) for order_id, order in found.items()}

    def _write_down(self, name: str, chat_id: int, own: Sequence[OwnMessage], newest: int) -> None:
        """What no module recognised counts as handed out all the same; the chat is read now."""
        by_order: dict[str, list[OwnMessage]] = {}
        for message in own:
            if message.marker is not None:
                by_order.setdefault(message.marker.order_id, []).append(message)
        now, vault = self._desk.now, self._desk.tools.vault
        with self._desk.write() as (db, account):
            for order_id, messages in by_order.items():
                if self._is_settled(db, order_id):
                    continue
                handout = rebuild(db, vault, account, RESTORED, order_id, 1, name, messages, now)
                self._tell_of_handout(db, handout)
            row = db.get(ChatSeen, (account.id, chat_id))
            if row is None:
                row = ChatSeen(account_id=account.id, chat_id=chat_id, handled_msg=newest)
                db.add(row)
            row.node_name, row.handled_msg = name, max(row.handled_msg, newest)
        self._desk.saw(newest)

    def _is_settled(self, db: Session, order_id: str) -> bool:
        """Whether a module, or the database, knows how this order ended."""
        state = db.scalar(
            select(Handout.state).where(
                Handout.fp_id == self._desk.fp_id, Handout.order_id == order_id
            )
        )
        return state is not None and state not in OPEN

    # --- the end

    def _finish(self, held: Held) -> None:
        now = self._desk.now
        with self._desk.write() as (db, account):
            waiting = self._hold_the_rest(db)
            self._withdraw(db)
            text = self._report(db, account, held, waiting)
            self._desk.tools.reconcile.done(db, account.id, text, now)
        self._intake.lost_sight()
        log.warning("[%s] %s", self._desk.account_id, text)

    def _hold_the_rest(self, db: Session) -> list[str]:
        """Orders and handouts of which the chats say nothing; their order ids."""
        me, now = self._desk.fp_id, self._desk.now
        handouts = db.scalars(
            select(Handout).where(
                Handout.fp_id == me,
                Handout.account_id == self._desk.account_id,
                Handout.state.in_(OPEN),
            )
        ).all()
        for handout in handouts:
            journal.hold_handout(handout, f"{LOST}; nothing of this order is in the chat")
            db.flush()
            self._tell_of_handout(db, handout)
        seen = OrderSeen
        mine = (seen.fp_id == me) & (seen.account_id == self._desk.account_id)
        owned = select(Handout.order_id).where(Handout.fp_id == me)
        lost = mine & or_(
            seen.decision.in_(UNDECIDED),
            (seen.decision == "held") & seen.order_id.in_(self._found.sales),
        )
        db.execute(update(seen).where(lost, seen.order_id.in_(owned)).values(decision="taken"))
        orders = db.scalars(select(seen).where(lost, seen.order_id.not_in(owned))).all()
        for order in orders:
            order.decision = "held" if order.status == "paid" else "closed"
            if order.status == "paid":
                text = (
                    f"Order {order.order_id} was paid in the time the database has lost, and the "
                    "chat shows no goods for it: which one was handed out is not known."
                )
                key = f"order:{order.order_id}"
                alerts.open_alert(db, "held", key, text, now, self._desk.account_id)
        paid = [order.order_id for order in orders if order.status == "paid"]
        return paid + [handout.order_id for handout in handouts]

    def _withdraw(self, db: Session) -> None:
        """Messages that waited are not sent after such a time; refunds are looked at first."""
        row = StoredCommand
        mine = (row.account_id == self._desk.account_id) & (row.state == "waiting")
        stopped = select(Handout.id).where(Handout.state == "held")
        keep = row.handout_id.is_not(None) & row.handout_id.in_(stopped)
        db.execute(
            update(row)
            .where(mine, row.kind.in_(SENDS), ~keep)
            .values(state="failed", reason=LOST, ended_at=self._desk.now)
            .execution_options(synchronize_session=False)
        )
        for state in ("started", "unknown"):  # the order is read before anything is asked for
            db.execute(
                update(row)
                .where(
                    row.account_id == self._desk.account_id,
                    row.kind == "refund",
                    row.state == ("waiting" if state == "started" else "started"),
                )
                .values(
                    state=state,
                    attempt=row.attempt + (1 if state == "started" else 0),
                    since=self._desk.now,
                    next_at=None,
                    reason=LOST,
                )
                .execution_options(synchronize_session=False)
            )

    def _tell_of_handout(self, db: Session, handout: Handout) -> None:
        if handout.state == "held":
            key = f"{handout.account_id}:{handout.module}:handout:{handout.id}"
            text = f"Order {handout.order_id} is held: {handout.reason}"
            alerts.open_alert(db, "held", key, text, self._desk.now, handout.account_id)

    def _report(self, db: Session, account: Account, held: Held, waiting: list[str]) -> str:
        lost, given = self._lost(db, account, datetime.fromisoformat(held.at))
        since = datetime.fromisoformat(held.since).strftime("%d.%m.%Y %H:%M UTC")
        parts = [
            f"The database of Opium was put back to about {since}.",
            f"Of {lost} orders that it has lost {given} are in the chats and count as delivered "
            f"({self._found.goods} items marked as sold); {len(waiting)} are held for you.",
        ]
        if self._found.unread:
            parts.append(
                "These chats could not be read to their end, so look at them yourself: "
                f"{', '.join(self._found.unread[:10])}."
            )
        parts.append("Nothing is sent for this account until you acknowledge this alert.")
        return " ".join(parts)

    def _lost(self, db: Session, account: Account, at: datetime) -> tuple[int, int]:
        """How many orders the database did not know, and how many of them have their goods."""
        seen = OrderSeen
        mine = (seen.fp_id == account.fp_id) & (seen.first_seen >= at)
        lost = select(func.count()).select_from(seen).where(mine)
        given = lost.join(
            Handout, (Handout.fp_id == seen.fp_id) & (Handout.order_id == seen.order_id)
        ).where(Handout.state == "delivered")
        return db.scalar(lost) or 0, db.scalar(given) or 0


def _after(row: OrderRow, since: datetime) -> bool:
    return row.date is None or row.date >= since - SKEW


def _number_or_name(chat: str, names: dict[int, str | None]) -> int | str:
    if not chat.isdecimal():
        return chat
    return names.get(int(chat)) or int(chat)
