"""The one thread of an account: it carries out the commands, polls, and hands out events.

`step()` does what is due and returns the pause; tests call it without a thread. Whatever FunPay
does becomes a state with a reason and a next try; it never leaves this thread.
"""

from __future__ import annotations

import logging
import threading

from opium.backup.reread import Reread
from opium.dispatch import Dispatch
from opium.errors import Unavailable
from opium.events import OrdersListChanged
from opium.funpay.errors import FunPayError, PageChanged
from opium.funpay.gate import Busy
from opium.work import record
from opium.workers.arrival import Duplicate, sign_in
from opium.workers.desk import Desk, Replaced
from opium.workers.health import Health
from opium.workers.inbox import Inbox
from opium.workers.intake import Intake
from opium.workers.mailbox import Mailbox
from opium.workers.rhythm import Rhythm
from opium.workers.status import Status

log = logging.getLogger("opium.worker")

DATABASE_PAUSE = 1.0
LONGEST_DATABASE_PAUSE = 30.0
NO_ROOM_PAUSE = 10.0
ONE_CHAT = 1.0


class Worker(threading.Thread):
    """Lives from a start of its account to the stop; its generation is in every journal write."""

    def __init__(self, desk: Desk, status: Status, dispatch: Dispatch) -> None:
        super().__init__(name=f"account-{desk.account_id}", daemon=True)
        self.desk = desk
        self.status = status
        self._dispatch = dispatch
        self._mailbox = Mailbox(desk)
        self._intake = Intake(desk)
        self._inbox = Inbox(desk)
        self._reread = Reread(desk, self._intake)
        self._unwritten = 0
        """Steps in a row that the database cut short."""
        self._bell = threading.Event()
        self._stopping = False
        self._delay_stop = True
        self._signed_in = False
        self._health = Health(desk, status)
        self._rhythm = Rhythm(desk)
        self._starving = False
        """Whether polls follow each other so closely that no chat was read between them."""
        self._next_compare = 0.0
        self._handlings_due: float | None = 0.0
        self.beat = desk.tools.clock.monotonic()
        self.phase = "new"

    # --- the outside

    def ring(self) -> None:
        """There is something to do: a command, an open event, a changed setting."""
        self._mailbox.ring()
        self._intake.ring()
        self._handlings_due = 0.0
        self._bell.set()

    @property
    def ended(self) -> bool:
        """Whether its thread was started and is over."""
        return self.ident is not None and not self.is_alive()

    @property
    def sends_soon(self) -> bool:
        """Whether a message waits only for its chat to rest."""
        return self._mailbox.resting

    @property
    def stopping(self) -> bool:
        return self._stopping

    @property
    def resting(self) -> bool:
        """Whether it waits on purpose."""
        return self.phase == "waiting"

    def retry_now(self) -> None:
        """Do not wait for the end of the back-off: a person has changed something."""
        self._health.retry_now()
        self._bell.set()

    def stop(self, *, at_once: bool = False) -> None:
        """Ask for the end; `at_once` skips the shutdown delay and cuts waits at the gate."""
        self._stopping = True
        self._delay_stop = not at_once
        self.status.state = "stopping"
        if at_once:
            self.desk.client.close()
        self._bell.set()

    def run(self) -> None:
        if self.status.state != "reconnecting":  # a rebuilt session goes on at once
            self._pause_between("startup_delay")
        while not self._stopping:
            pause = self.guarded_step()
            if not self._stopping and pause > 0:
                self._at("waiting")
                self._bell.wait(pause)
            self._bell.clear()
        self.status.state = "stopping"
        if self._delay_stop:
            self._pause_between("shutdown_delay", during_stop=True)
        self.desk.client.close()
        self.status.state = "stopped"
        log.info("[%s] Stopped", self.desk.account_id)

    # --- one step

    def step(self) -> float:
        """Do what is due; seconds until something else is. Raises nothing of FunPay's."""
        self._at("step")
        if self._health.rest_left() > 0:
            return self._rest()
        if self.desk.tools.disk.full:  # what cannot be written down must not begin
            self.status.trouble(self.desk.tools.disk.words, self.desk.now)
            return NO_ROOM_PAUSE
        try:
            if not self._signed_in:
                self._sign_in()
            self._work()
        except FunPayError as exc:
            return self._troubled(exc)
        self._health.good()
        return self._pause()

    def guarded_step(self) -> float:
        """A step whose failures end as a state; seconds until the next one."""
        try:
            return self.step()
        except Replaced:
            log.warning("[%s] This worker was replaced and ends", self.desk.account_id)
            self._stopping = True
            self.status = Status()  # the account's is the other worker's now
        except Duplicate as exc:
            self._health.give_up(str(exc))
            self._handlings_due = 0.0
        except Unavailable as exc:
            log.warning("[%s] %s", self.desk.account_id, exc)
            self._unwritten += 1
            return float(min(DATABASE_PAUSE * 2 ** min(self._unwritten, 9), LONGEST_DATABASE_PAUSE))
        except Exception:
            log.exception("[%s] A step failed; going on in a minute", self.desk.account_id)
            self.status.trouble("An internal error; see the log", self.desk.now)
            return 60.0
        return 0.0

    def _work(self) -> None:
        """Commands first, then the poll, and the commands that it led to.

        After a failure the poll comes first: until FunPay answers a GET, nothing is sent.
        """
        if self._unwritten:  # it may have been the end of a send
            self._mailbox.adopt()
            self._mailbox.ring()
            self._unwritten = 0
        if self._reread.due:
            self._read_again()
            return
        if not self._health.failing:
            self._deliver()
        if self._health.failing or self._monotonic() >= self._rhythm.next_poll:
            if self._starving:
                self._chats(until=self._monotonic() + ONE_CHAT)
            self._poll()
        self._orders()
        self._deliver()
        if self._inbox.waiting:
            self._chats(until=self._rhythm.next_poll)
            self._orders()
            self._deliver()
        self.desk.client.accept()

    def _read_again(self) -> None:
        """After a restore nothing is sent or decided before sales and chats were read again."""
        if self._monotonic() >= self._rhythm.next_poll:
            self._poll()
        self._at("reading again")
        try:
            self._reread.run(until=self._rhythm.next_poll)
        except Busy:  # our own pace: it goes on in the next step
            return
        self._inbox.forget()
        self._handlings_due = 0.0

    def _chats(self, until: float) -> None:
        self._at("chats")
        self._starving = not self._inbox.read_some(until)
        if self._inbox.stored_events:
            self._handlings_due = 0.0

    def _deliver(self) -> None:
        """Let the modules have their events, then carry out what is ready."""
        self._due_events()
        while self._mailbox.has_work:
            self._at("mailbox")
            self._mailbox.run(until=self._rhythm.next_poll)
            self._handle_events()
            if self._stopping or self._monotonic() >= self._rhythm.next_poll:
                return

    def _due_events(self) -> None:
        self._at("events")
        if self._handlings_due is not None and self._handlings_due <= self._monotonic():
            self._handlings_due = None
            self._handle_events()

    def _handle_events(self) -> None:
        later = self._dispatch.handle_open(self.desk.account_id)
        if later is not None:
            self._handlings_due = self._monotonic() + (later - self.desk.now).total_seconds()

    def _poll(self) -> None:
        self._at("poll")
        look = self.desk.look()
        self.status.last_poll = self.desk.now
        self._rhythm.polled()
        if look.quiet:
            return
        if look.sales is not None:
            self.desk.sales_signal = True
            self.desk.open_sales = look.sales
            self._tell_counters(look.purchases or 0, look.sales)
        if look.order is not None:
            self._inbox.changed(look.contacts)
            if self._inbox.stored_events:
                self._handlings_due = 0.0
            self.status.chats = self._inbox.shown(look)

    def _orders(self) -> None:
        """The sales list after a signal and every few minutes; then what waits for a decision."""
        now = self._monotonic()
        if self.desk.settings.disable_orders:
            self._intake.lost_sight()
            return
        looked = False
        try:
            if self.desk.sales_signal or now >= self._next_compare:
                self._at("sales")
                if self._intake.compare(whole=now >= self._next_compare):
                    self._next_compare = now + self.desk.config.catchup_seconds
                looked = True
            self._at("orders")
            looked = self._intake.decide() or looked
            if looked:
                self._handlings_due = 0.0
                self._health.page_understood()
        except PageChanged as exc:
            self._page_changed(exc)

    # --- signing in

    def _sign_in(self) -> None:
        self._at("sign-in")
        if self.status.state == "created":
            self.status.state = "initializing"
        sign_in(self.desk)
        self._health.adopt()
        self.status.initialised = True
        if self.status.state == "initializing":
            self.status.state = "ready"
        self._mailbox.adopt()
        self._at("first contact")
        self._intake.baseline()
        self._intake.lost_sight()
        self._signed_in = True
        if not self._stopping:
            self.status.state = "starting"

    # --- trouble

    def _troubled(self, exc: FunPayError) -> float:
        if isinstance(exc, Busy):
            return max(0.1, exc.wait or 1.0)
        if self._stopping:
            return 0.0
        self._intake.lost_sight()
        self._health.failed(exc)
        self._handlings_due = 0.0
        return self._rest()

    def _rest(self) -> float:
        """The modules hear of the trouble, for which FunPay is not needed."""
        self._due_events()
        left = self._health.rest_left()
        if self._handlings_due is not None:
            left = min(left, self._handlings_due - self._monotonic())
        return max(0.0, left)

    def _page_changed(self, exc: PageChanged) -> None:
        """The list is tried again at the next signal, and in a minute."""
        self._health.page_changed(exc)
        self._next_compare = self._monotonic() + min(60.0, self.desk.config.catchup_seconds)
        self.desk.sales_signal = False

    # --- small parts

    def _tell_counters(self, purchases: int, sales: int) -> None:
        if not self.desk.listens(OrdersListChanged.kind):
            return
        event = OrdersListChanged(
            fp_user_id=self.desk.fp_id, purchases=purchases, sales=sales, seen_at=self.desk.now
        )
        with self.desk.write() as (db, _account):
            record(self.desk.tools, db, self.desk.account_id, [event])
        self._handlings_due = 0.0

    def _pause(self) -> float:
        if self._reread.due:
            return 1.0
        now = self._monotonic()
        due = [self._rhythm.next_poll - now]
        if self._mailbox.next_due is not None:
            due.append((self._mailbox.next_due - self.desk.now).total_seconds())
        if self._handlings_due is not None:
            due.append(self._handlings_due - now)
        if self._mailbox.has_work:
            due.append(0.0)
        if self._inbox.waiting:
            due.append(1.0)
        return max(0.0, min(due))

    def _pause_between(self, name: str, *, during_stop: bool = False) -> None:
        began, chance = self._monotonic(), self.desk.tools.random.random()
        while (left := began + self._rhythm.delay(name, chance) - self._monotonic()) > 0 and (
            self._delay_stop if during_stop else not self._stopping
        ):
            self._at("waiting")
            self._bell.wait(left)
            self._bell.clear()

    def _monotonic(self) -> float:
        return self.desk.tools.clock.monotonic()

    def _at(self, phase: str) -> None:
        """A heartbeat, and where the thread is: for the watch-dog."""
        self.beat, self.phase = self._monotonic(), phase
