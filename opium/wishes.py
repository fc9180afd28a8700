"""What a person wishes through the API: stored as a command, then waited for (architecture 6).

A view waits at most 25 s. What was not started by then is withdrawn, so "failed" means not sent;
what was started and is unknown stays a row that settles itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium import alerts, journal
from opium.commands import Command, Refund, SendMessage
from opium.db.tables import Account, ChatSeen, Handout, StoredCommand
from opium.errors import Conflict, Invalid, NotFound, OpiumError, Refused, UpstreamError
from opium.tools import Tools
from opium.workers.ends import Ends
from opium.workers.registry import Registry, refuse_unless_live

PATIENCE = 25.0
CHECKED = "The outcome is unknown and is being checked; look at the chat before you repeat it."
LATE = "Nothing was sent yet: FunPay did not take it in time. Try again."
Audit = Callable[[Session, str, str, str], None]
"""(session, action, target, result) → a row of the audit log."""


class Wishes:
    """Commands of a person, and decisions on what waits for one."""

    def __init__(self, tools: Tools, registry: Registry, ends: Ends, audit: Audit) -> None:
        self._tools, self._registry, self._ends = tools, registry, ends
        self._audit = audit

    def send_message(
        self, account_id: str, chat_id: int, text: str, idempotency_key: str | None
    ) -> None:
        """Send a text exactly as given and wait until FunPay has it."""
        self._check_running(account_id)
        with self._tools.db.write() as db:
            account = db.get_one(Account, account_id)
            known = db.get(ChatSeen, (account_id, chat_id))
            chat = known.node_name if known and known.node_name else str(chat_id)
            command = SendMessage(chat=chat, text=text)
            asked = f"send\0{chat_id}\0{text}"
            row = self._stored(db, account, command, asked, idempotency_key)
            self._expect(row)
        self._carry_out(account_id, row.id)

    def refund(
        self, account_id: str, order_id: str, idempotency_key: str | None, actor: str
    ) -> None:
        """Give the buyer his money back; a repeated call joins the same command (D10)."""
        self._check_running(account_id)
        with self._tools.db.write() as db:
            account = db.get_one(Account, account_id)
            fp_id = account.fp_id or 0
            row = journal.open_refund(db, fp_id, order_id)
            joined = row is not None
            if row is None:
                now = self._tools.clock.now()
                journal.make_way_for_refund(db, fp_id, order_id, now, self._release, person=True)
                command, asked = Refund(order_id=order_id), f"refund\0{order_id}"
                row = self._stored(db, account, command, asked, idempotency_key)
                self._audit(db, "REFUND", f"{account_id}:{order_id}", "asked")
            elif row.state == "done":
                return
            self._expect(row)
        self._carry_out(account_id, row.id, withdraw=not joined)

    def resolve(self, command_id: int, decision: str, actor: str) -> StoredCommand:
        """A person's decision on a held command: `done`, `again` or `drop`."""
        with self._tools.db.write() as db:
            row = db.get(StoredCommand, command_id)
            if row is None:
                raise NotFound("Command not found")
            if row.state != "held":
                raise Conflict("Only a held command waits for a decision.")
            self._decide(db, row, decision)
            now = self._tools.clock.now()
            alerts.close_alert(db, f"command:{row.id}", now)
            self._audit(db, "COMMAND_RESOLVED", f"{row.account_id}:{row.id}", decision)
            account_id = row.account_id
        self._registry.ring(account_id)
        return row

    def _decide(self, db: Session, row: StoredCommand, decision: str) -> None:
        now = self._tools.clock.now()
        if decision == "again":
            row.state, row.next_at, row.unknowns, row.misses = "waiting", None, 0, 0
        elif decision == "done":
            row.state, row.ended_at = "done", now
        elif decision == "drop":
            row.state, row.ended_at, row.reason = "failed", now, "dropped by a person"
        else:
            raise Invalid("decision must be done, again or drop.")
        db.flush()
        handout = db.get(Handout, row.handout_id) if row.handout_id else None
        if handout is None or handout.state != "held":
            return
        left = db.scalars(
            select(StoredCommand.state).where(StoredCommand.handout_id == handout.id)
        ).all()
        if decision == "drop":
            return
        handout.state, handout.reason = "delivering", None
        if all(state == "done" for state in left):
            db.flush()
            handout.state, handout.ended_at = "delivered", now

    def _expect(self, row: StoredCommand) -> None:
        """Wait for this command, unless it has ended already (a repeated request)."""
        if row.state in ("waiting", "started", "unknown"):
            self._ends.expect(row.id)

    def _stored(
        self, db: Session, account: Account, command: Command, asked: str, key: str | None
    ) -> StoredCommand:
        """A new command, or the one that this Idempotency-Key stands for; `asked` is what the
        caller asked for, in its own words."""
        digest = hashlib.sha256(asked.encode()).hexdigest()
        if key is not None:
            key = f"{account.id}:{key}"
            known = db.scalar(select(StoredCommand).where(StoredCommand.idempotency_key == key))
            if known is not None:
                if known.request_hash != digest:
                    raise Invalid("This Idempotency-Key was used for another request.")
                return known
        row = journal.add_command(db, self._tools.vault, account, command, self._tools.clock.now())
        row.idempotency_key, row.request_hash = key, digest
        db.flush()
        return row

    def _carry_out(self, account_id: str, command_id: int, *, withdraw: bool = True) -> None:
        """Wait for the end; what another asked for is not ours to withdraw."""
        self._registry.ring(account_id)
        self._ends.wait(command_id, PATIENCE)
        with self._tools.db.write() as db:
            row = db.get_one(StoredCommand, command_id)
            error = _error(row)
            if row.state == "waiting" and withdraw:
                row.state, row.reason, row.ended_at = "failed", LATE, self._tools.clock.now()
        if error is not None:
            raise error

    def _check_running(self, account_id: str) -> None:
        self._tools.reconcile.refuse(account_id)
        refuse_unless_live(account_id, self._registry.status(account_id))

    def _release(self, db: Session, handout: Handout) -> None:
        module = self._tools.attachments.ready.get(handout.module)
        if module is not None and module.releaser is not None:
            module.releaser(db, handout)


def _error(row: StoredCommand) -> OpiumError | None:
    if row.state == "done":
        return None
    if row.state == "waiting":
        return UpstreamError(LATE)
    if row.state == "failed":
        return Refused(row.reason or "FunPay refused it.")
    return UpstreamError(CHECKED)
