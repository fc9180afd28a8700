"""How an account copes with trouble: state, back-off, alerts (decisions, "states on trouble")."""

from __future__ import annotations

import logging

from sqlalchemy import select

from opium import alerts
from opium.db.tables import Alert
from opium.events import AccountTroubled
from opium.funpay.errors import FunPayError, PageChanged
from opium.work import record
from opium.workers.desk import Desk
from opium.workers.status import Status
from opium.workers.trouble import judge

log = logging.getLogger("opium.worker")

FOR_EVER = 3600.0 * 24 * 365
MOSTLY_WELL = 5
"""Good answers between two failures; a rest's one GET and what a send needs are fewer."""
PAGE = "page_changed"
OWN_KINDS = ("signed_out", "unreachable", "limited", "duplicate", "stuck", PAGE)
"""Alerts that are over when the account is well again."""


class Health:
    """The one back-off of an account; while it runs, nothing but one GET per step goes out."""

    def __init__(self, desk: Desk, status: Status) -> None:
        self._desk, self._status = desk, status
        self._attempt = 0
        self._answered = 0
        """FunPay's good answers up to the last failure."""
        self._rest_until = 0.0
        self._told: set[str] = set()

    def adopt(self) -> None:
        """Take over the open alerts of an earlier worker, so that a good step closes them."""
        prefix = self._key("")
        with self._desk.tools.db.read() as db:
            keys = db.scalars(
                select(Alert.key).where(
                    Alert.account_id == self._desk.account_id,
                    Alert.kind.in_(OWN_KINDS),
                    Alert.closed_at.is_(None),
                )
            ).all()
        self._told |= {key.removeprefix(prefix) for key in keys if key.startswith(prefix)}

    def rest_left(self) -> float:
        """Seconds until something may be asked of FunPay again; not positive if at once."""
        return self._rest_until - self._desk.tools.clock.monotonic()

    @property
    def failing(self) -> bool:
        """Whether the last thing asked of FunPay failed."""
        return self._attempt > 0

    def retry_now(self) -> None:
        """A person has changed something: do not wait for the end of the back-off."""
        self._rest_until = 0.0

    def failed(self, exc: FunPayError) -> None:
        """One more failure in a row: rest, and say so.

        A site that answers most of the time is no outage: what it answered since the last failure
        ends the row, though no whole step went well.
        """
        answered = self._desk.client.answers
        if answered - self._answered >= MOSTLY_WELL:
            self._attempt = 0
        self._answered = answered
        self._attempt += 1
        verdict = judge(exc, self._attempt, self._desk.settings.reconnect, self._desk.tools.random)
        wait = FOR_EVER if verdict.final else verdict.wait
        self._rest_until = self._desk.tools.clock.monotonic() + wait
        log.warning("[%s] %s Next try in %.0f s", self._desk.account_id, exc, verdict.wait)
        try:
            if verdict.alert:  # the row first: who sees the state may ask for the alert
                self._tell(verdict.alert, str(exc))
        finally:
            self._status.trouble(str(exc), self._desk.now)
            self._status.state = verdict.state

    def give_up(self, text: str) -> None:
        """Nothing but a person helps."""
        self._rest_until = self._desk.tools.clock.monotonic() + FOR_EVER
        try:
            self._tell("duplicate", text)
        finally:
            self._status.trouble(text, self._desk.now)
            self._status.state = "error"

    def good(self) -> None:
        """A whole step went well."""
        self._attempt = 0
        if self._status.state in ("starting", "reconnecting", "error"):
            self._status.state = "running"
            log.info("[%s] Running as user %d", self._desk.account_id, self._desk.fp_id)
        if PAGE not in self._told and self._status.error is not None:
            self._status.fine()
        self._close(self._told - {PAGE})

    def page_changed(self, exc: PageChanged) -> None:
        """A page is not understood: no guess is made, the rest goes on."""
        self._status.trouble(str(exc), self._desk.now)
        if PAGE not in self._told:
            log.error("[%s] %s", self._desk.account_id, exc)
        self._tell(PAGE, str(exc))

    def page_understood(self) -> None:
        """The page that had changed can be read again."""
        if PAGE in self._told:
            self._close({PAGE})
            self._status.fine()

    def _tell(self, kind: str, text: str) -> None:
        if kind in self._told:
            return
        self._told.add(kind)
        now, account_id = self._desk.now, self._desk.account_id
        with self._desk.write() as (db, account):
            event = AccountTroubled(fp_user_id=account.fp_id or 0, text=text, since=now)
            alerts.open_alert(db, kind, self._key(kind), text, now, account_id)
            record(self._desk.tools, db, account_id, [event])

    def _close(self, kinds: set[str]) -> None:
        if not kinds:
            return
        with self._desk.write() as (db, _account):
            for kind in kinds:
                alerts.close_alert(db, self._key(kind), self._desk.now)
        self._told -= kinds

    def _key(self, kind: str) -> str:
        return f"account:{self._desk.account_id}:{kind}"
