"""The thread registry: account → its worker.

`reconcile` is the only verb that starts or ends threads: it compares the accounts that should run
with the threads that do, stops the surplus, starts the missing, replaces the dead and the silent.
It runs every 10 s and after each change of an account.
"""

from __future__ import annotations

import logging
import math
import sys
import threading
import traceback

from sqlalchemy import select

from opium import alerts
from opium.db.tables import Account
from opium.dispatch import Dispatch
from opium.errors import Refused, UpstreamError
from opium.funpay.client import FunPay
from opium.tools import Tools
from opium.workers.hire import Hire
from opium.workers.status import State, Status
from opium.workers.worker import Worker

log = logging.getLogger("opium.registry")

RECONCILE = 10.0
SILENT = 120.0
JOIN = 8.0


class Registry:
    """Owns all workers and the supervisor thread that keeps them."""

    def __init__(self, tools: Tools, hire: Hire) -> None:
        self._tools = tools
        self._hire = hire
        self._dispatch = Dispatch(tools)
        self._lock = threading.RLock()
        self._workers: dict[str, Worker] = {}
        self._status: dict[str, Status] = {}
        self._bell = threading.Event()
        self._open = False
        self._supervisor: threading.Thread | None = None
        self._beat = 0.0

    # --- life

    def start(self) -> None:
        """Begin to keep the workers of all enabled accounts."""
        self._open = True
        self._beat = self._tools.clock.monotonic()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._supervisor.start()

    def stop(self) -> None:
        """End all workers; within 8 s, then what is left over is named in the log."""
        self._open = False
        self._bell.set()
        with self._lock:
            workers = list(self._workers.values())
        for worker in workers:
            worker.stop(at_once=True)
        end = self._tools.clock.monotonic() + JOIN
        for worker in workers:
            worker.join(max(0.0, end - self._tools.clock.monotonic()))
            if worker.is_alive():
                log.error("%s is still at %s", worker.name, worker.phase)

    def reconcile_soon(self) -> None:
        """An account changed: compare in the supervisor's thread, at once."""
        self._bell.set()

    # --- what others ask

    def silence(self) -> float | None:
        """Seconds since the supervisor was last seen at work; infinite if its thread is dead,
        None if it was not started, or stopped."""
        if self._supervisor is None or not self._open:
            return None
        if not self._supervisor.is_alive():
            return math.inf
        return self._tools.clock.monotonic() - self._beat

    def worker(self, account_id: str) -> Worker | None:
        """The account's worker, if it has one."""
        with self._lock:
            return self._workers.get(account_id)

    def hire_now(self, account_id: str) -> Worker:
        """A worker without its thread: for tests, which call `step` themselves."""
        with self._lock:
            status = self.status(account_id)
            worker = self._hire.worker(account_id, status, self._dispatch)
            self._workers[account_id] = worker
            return worker

    def status(self, account_id: str) -> Status:
        """How the account is doing; a fresh `created` one if nobody has asked before."""
        with self._lock:
            return self._status.setdefault(account_id, Status())

    def running(self, account_id: str) -> bool:
        return self.status(account_id).state == "running"

    def client(self, account_id: str) -> FunPay:
        """The client for live reads.

        Refused (400) if the account has not signed in yet or is stopped; UpstreamError while it
        backs off, so that no view waits for a site that is known not to answer.
        """
        status = self.status(account_id)
        refuse_unless_live(account_id, status)
        if status.state == "reconnecting":
            reason = status.last_error or "the account signs in anew"
            raise UpstreamError(f"FunPay cannot be reached: {reason}.")
        with self._lock:
            worker = self._workers.get(account_id)
        if worker is None:
            raise Refused(f"Account {account_id} is not initialised yet ({status.state}).")
        return worker.desk.client

    def ring(self, account_id: str) -> None:
        """Tell a worker that there is something to do."""
        with self._lock:
            worker = self._workers.get(account_id)
        if worker is not None:
            worker.ring()

    def reconfigure(self, account_id: str, *, rebuild: bool) -> None:
        """Settings changed: take over what can be at once; `rebuild` makes a new session."""
        with self._lock:
            worker = self._workers.get(account_id)
            if worker is None or worker.stopping or worker.ended:
                return
            settings = self._hire.settings(account_id)
            if rebuild:
                self._end(account_id, worker, state="reconnecting")
            else:
                self._hire.apply(worker, settings)
        self._bell.set()

    def begin_start(self, account_id: str) -> None:
        """Start an account's worker in the background."""
        with self._lock:
            status = self.status(account_id)
            worker = self._workers.get(account_id)
            if worker is not None and not worker.is_alive():
                del self._workers[account_id]
            elif worker is not None:
                worker.retry_now()
            if not status.is_running:
                status.state = "starting" if status.initialised else "initializing"
        self._bell.set()

    def begin_stop(self, account_id: str) -> None:
        """Stop an account's worker in the background, with its shutdown delay."""
        with self._lock:
            worker = self._workers.get(account_id)
            if worker is not None and worker.is_alive():
                worker.stop()
            elif self.status(account_id).state not in ("stopped",):
                self.status(account_id).state = "stopped"

    def forget(self, account_id: str) -> None:
        """The account was deleted."""
        with self._lock:
            worker = self._workers.pop(account_id, None)
            if worker is not None:
                worker.stop(at_once=True)
            self._status.pop(account_id, None)

    # --- keeping the workers

    def reconcile(self) -> None:
        """Make the threads fit the rows."""
        with self._lock:
            wanted = self._wanted()
            for account_id, worker in list(self._workers.items()):
                if not worker.is_alive():
                    self._bury(account_id, worker)
                elif account_id not in wanted and not worker.stopping:
                    worker.stop()
                elif self._silent(worker):
                    state: State = "reconnecting" if account_id in wanted else "stopped"
                    self._abandon(account_id, worker, state)
            if self._open:
                for account_id in sorted(wanted - self._workers.keys()):
                    self._begin(account_id)

    def _wanted(self) -> set[str]:
        """Read under the lock: whoever is deleted or stopped after this is heard of later."""
        enabled = select(Account.id).where(Account.enabled.is_(True), Account.deleted.is_(False))
        with self._tools.db.read() as db:
            return set(db.scalars(enabled))

    def _begin(self, account_id: str) -> None:
        self._beat = self._tools.clock.monotonic()  # many of them may take long
        status = self.status(account_id)
        try:
            worker = self._hire.worker(account_id, status, self._dispatch)
        except Exception:  # a row that cannot be used is the trouble of one account only
            if status.state != "error":
                log.exception("[%s] Its worker cannot be made", account_id)
            status.state = "error"
            status.trouble("Its worker cannot be made; see the log", self._tools.clock.now())
            return
        if status.initialised and status.state in ("stopped", "ready", "error"):
            status.state = "starting"
        elif not status.initialised and status.state in ("stopped", "error"):
            status.state = "initializing"
        self._workers[account_id] = worker
        worker.start()

    def _bury(self, account_id: str, worker: Worker) -> None:
        del self._workers[account_id]
        status = self.status(account_id)
        if status.state == "stopping":
            status.state = "stopped"
        if not worker.stopping:
            log.error("The thread of %s died at %s; starting another", account_id, worker.phase)
            status.state = "reconnecting"

    def _silent(self, worker: Worker) -> bool:
        limit = max(SILENT, 3 * worker.desk.settings.anti_detect.runner_delay_max + 25)
        return not worker.resting and self._tools.clock.monotonic() - worker.beat > limit

    def _abandon(self, account_id: str, worker: Worker, state: State) -> None:
        """A stuck thread cannot be killed: a new one with a new generation takes over, if any."""
        frame = sys._current_frames().get(worker.ident or 0)
        stack = "".join(traceback.format_stack(frame)) if frame else "(no stack)"
        log.error("The thread of %s is stuck at %s\n%s", account_id, worker.phase, stack)
        text = f"The worker was stuck at {worker.phase} and was given up; see the log."
        with self._tools.db.write() as db:
            key = f"account:{account_id}:stuck"
            alerts.open_alert(db, "stuck", key, text, self._tools.clock.now(), account_id)
        self._end(account_id, worker, state=state)

    def _end(self, account_id: str, worker: Worker, *, state: State) -> None:
        status = Status(
            state=state,
            initialised=self.status(account_id).initialised,
            error=self.status(account_id).error,
            error_since=self.status(account_id).error_since,
        )
        self._status[account_id] = status  # the old thread keeps writing to the old object
        worker.stop(at_once=True)
        del self._workers[account_id]

    def _supervise(self) -> None:
        while self._open:
            self._beat = self._tools.clock.monotonic()
            try:
                self.reconcile()
            except Exception:
                log.exception("The supervisor failed; going on")
            self._bell.wait(RECONCILE)
            self._bell.clear()


def refuse_unless_live(account_id: str, status: Status) -> None:
    """Refused (400), with what to do, if the account cannot be asked for anything now."""
    if not status.initialised:
        raise Refused(f"Account {account_id} is not initialised yet ({status.state}).")
    if status.state == "error":
        raise Refused(f"Account {account_id} is in error: {status.last_error}.")
    if status.state in ("stopping", "stopped"):
        raise Refused(f"Account {account_id} is {status.state}. Start it first.")
