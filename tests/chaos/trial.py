"""One run: many orders, a marketplace that fails, a server that dies; then the verdict."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import TextIO

import requests

from . import books
from .hands import Hands
from .judge import Sale, Verdict, judge
from .plan import Payment, Plan
from .processes import Marketplace, Server, TooLate
from .shops import KINDS, Shop, fill, open_shop, watch

KEYS = {kind.title: kind.keys for kind in KINDS}
PARTS = {kind.title: kind.parts for kind in KINDS}
FIRST_READ = ("500", "cut", "challenge", "cut_body")
"""What the first contact with each account meets: none of it shows which orders are old."""
SPARE = 5
"""Keys per shelf that nobody buys."""


@dataclass(slots=True)
class Result:
    """What the marketplace and the books say after quiet time."""

    verdict: Verdict
    broken: dict[str, list[object]]
    integrity: str
    orders: int
    recovered: int
    kills: int
    struck: int
    """Requests that met a fault."""
    posts: int
    alerts: list[str]
    quiet: bool
    paying: float
    settling: float
    held: dict[str, str] = field(default_factory=dict)
    by_hand: dict[str, int] = field(default_factory=dict)
    """What people did through the API meanwhile, and how often it was answered."""

    @property
    def good(self) -> bool:
        return self.quiet and not self.verdict.wrongs and not self.broken and self.integrity == "ok"


class Trial:
    """Carries a plan out. `say` hears of the progress."""

    def __init__(
        self, plan: Plan, seed: int, folder: Path, say: Callable[[str], object] = print
    ) -> None:
        self._plan, self._say = plan, say
        self._market = Marketplace(seed)
        self._server = Server(folder / "instance", self._market.url)
        self._shops: dict[str, Shop] = {}
        self._sales: list[Sale] = []
        self._deaths = list(plan.deaths)
        self._kills = 0
        self._die_at = float("inf")
        self._back_at: float | None = None
        self._refills: list[tuple[float, Shop, str, list[str]]] = []
        self._old: list[str] = []
        self._hands: Hands | None = None
        self._seed = seed

    def run(self, patience: float) -> Result:
        """Set up, pay and die, then wait at most `patience` seconds until nothing is open."""
        try:
            self._set_up()
            began = time.monotonic()
            shops = list(self._shops.values())
            self._hands = Hands(self._server, self._market.url, shops, self._sales, self._seed)
            self._hands.start()
            self._pay_and_die()
            self._hands.stop()
            self._fill_up()
            paid = time.monotonic()
            quiet = self._wait_until_quiet(patience)
            return self._result(quiet, paid - began, time.monotonic() - paid)
        finally:
            self.close()

    def close(self) -> None:
        if self._hands is not None:
            self._hands.stop()
        self._server.close()
        self._market.close()

    # --- before

    def _set_up(self) -> None:
        for buyer in self._plan.buyers:
            self._market.buyer(buyer)
        for name in self._plan.shops:
            self._shops[name] = open_shop(self._market, name)
        for payment in self._plan.old:
            self._old.append(self._pay(payment))
        for name, kind in zip(self._shops, cycle(FIRST_READ)):
            self._market.fault(kind, account=name, path="/orders/trade")
        for fault in (*self._plan.faults, *self._plan.slowness):
            self._market.fault(**fault)
        self._server.start()
        self._server.wait_ready()
        for shop in self._shops.values():
            watch(self._server, shop)
            self._stock(shop)
        self._await(lambda db: self._baselines(db) == len(self._shops), 60, "first contact")
        self._say(f"{len(self._shops)} accounts watched, {len(self._plan.old)} old orders")

    def _stock(self, shop: Shop) -> None:
        """Half of the keys lie on the shelf from the beginning, the rest comes while it runs."""
        last = self._plan.payments[-1].at if self._plan.payments else 0
        for title in (kind.title for kind in KINDS if kind.keys):
            mine = [p for p in self._plan.payments if (p.shop, p.title) == (shop.name, title)]
            keys = shop.new_keys(sum(p.amount for p in mine) + SPARE)
            half = len(keys) // 2
            fill(self._server, shop, title, keys[:half])
            self._refills.append((last * 0.6, shop, title, keys[half:]))

    @staticmethod
    def _baselines(db: sqlite3.Connection) -> int:
        return books.count(db, "SELECT count(*) FROM baselines WHERE message_mark IS NOT NULL")

    # --- the middle

    def _pay_and_die(self) -> None:
        began = time.monotonic()
        self._next_death(began)
        payments = list(self._plan.payments)
        done = 0
        while payments or self._deaths or self._back_at is not None or self._refills:
            now = time.monotonic()
            while payments and began + payments[0].at <= now:
                payment = payments.pop(0)
                order = self._pay(payment)
                owed = payment.amount * KEYS[payment.title]
                parts = PARTS[payment.title]
                self._sales.append(Sale(order, payment.shop, payment.buyer, owed, parts))
                done += 1
                if done % 50 == 0:
                    self._say(f"{done} orders paid, {self._kills} kills")
            self._live_and_die(now)
            self._refill(now - began)
            time.sleep(0.02)

    def _live_and_die(self, now: float) -> None:
        if self._back_at is not None:
            if now >= self._back_at:
                self._back_at = None
                self._server.start()
                self._next_death(now)
        elif not self._server.alive:
            raise AssertionError(f"the server ended by itself\n{self._server.printed()[-3000:]}")
        elif now >= self._die_at:
            death = self._deaths.pop(0)
            self._server.kill()
            self._kills += 1
            self._die_at, self._back_at = float("inf"), now + death.silence

    def _next_death(self, now: float) -> None:
        self._die_at = now + self._deaths[0].after if self._deaths else float("inf")

    def _refill(self, passed: float) -> None:
        """What came to nothing because the server was dead is tried again: twice adds nothing."""
        for refill in list(self._refills):
            at, shop, title, keys = refill
            if passed < at or not self._server.alive:
                continue
            try:
                fill(self._server, shop, title, keys)
                self._refills.remove(refill)
            except (requests.RequestException, AssertionError):
                return

    def _fill_up(self) -> None:
        """Exports took what was meant for buyers: nobody shall wait for goods at the end."""
        self._server.wait_ready()
        for shop in self._shops.values():
            for title in (kind.title for kind in KINDS if kind.keys):
                mine = [p for p in self._plan.payments if (p.shop, p.title) == (shop.name, title)]
                fill(self._server, shop, title, shop.new_keys(sum(p.amount for p in mine) + SPARE))

    def _pay(self, payment: Payment) -> str:
        lot = self._shops[payment.shop].lots[payment.title]
        return self._market.buy(payment.buyer, lot, payment.amount)

    # --- after

    def _wait_until_quiet(self, patience: float) -> bool:
        """No deaths any more, and soon no faults: every order comes to its end."""
        self._market.no_faults()
        for fault in self._plan.faults:
            self._market.fault(**fault)
        self._say(f"{len(self._sales)} orders paid, {self._kills} kills; waiting for quiet")
        known = len(self._sales)
        with suppress(TooLate):
            self._await(lambda db: self._at_rest(db, known), patience / 4, "quiet")
        self._market.no_faults()
        try:
            self._await(lambda db: self._at_rest(db, known), patience, "quiet")
        except TooLate:
            return False
        return True

    def _at_rest(self, db: sqlite3.Connection, known: int) -> bool:
        seen = books.count(db, "SELECT count(*) FROM orders_seen WHERE source != 'baseline'")
        handlings = books.count(db, "SELECT count(*) FROM handlings WHERE state = 'open'")
        waiting = "SELECT count(*) FROM handouts WHERE state = 'waiting_stock'"
        return (
            seen >= known
            and handlings == 0
            and books.count(db, books.UNDECIDED) == 0
            and books.count(db, books.OPEN) == 0
            and books.count(db, waiting) == 0
        )

    def _await(self, true: Callable[[sqlite3.Connection], bool], seconds: float, what: str) -> None:
        """Until it is true twice in a row, a poll apart."""
        end, streak = time.monotonic() + seconds, 0
        while streak < 2:
            if time.monotonic() > end:
                raise TooLate(f"after {seconds:.0f} s: {what}\n{self._server.printed()[-3000:]}")
            try:
                with books.read_only(self._server.database) as db:
                    streak = streak + 1 if true(db) else 0
            except sqlite3.OperationalError:
                streak = 0
            time.sleep(1.1 if streak == 1 else 0.2)

    def _result(self, quiet: bool, paying: float, settling: float) -> Result:
        log = self._market.log()
        with books.read_only(self._server.database) as db:
            visible = books.visible_orders(db)
            hands = self._hands
            exported = hands.exported if hands else []
            verdict = judge(self._sales, log, visible, exported)
            imported = sum(shop.imported for shop in self._shops.values())
            unsure = sum(shop.unsure for shop in self._shops.values())
            requests_ = [entry for entry in log if entry["what"] == "request"]
            held = db.execute(
                "SELECT order_id, coalesce(reason, '') FROM handouts WHERE state = 'held'"
            )
            broken = books.broken_laws(db, imported, unsure)
            if new := books.taken_for_new(db, self._old):
                broken["older orders are left alone"] = new
            if hands and hands.wrong:
                broken["no answer is a failure of ours"] = list(hands.wrong)
            if self._server.unwaited:
                broken["a write waits for its turn"] = list(self._server.unwaited)
            return Result(
                verdict=verdict,
                broken=broken,
                integrity=books.integrity(db),
                orders=len(self._sales),
                recovered=books.count(db, books.RECOVERED),
                kills=self._kills,
                struck=sum(1 for entry in requests_ if not _is_fine(entry.get("fault"))),
                posts=sum(1 for entry in requests_ if entry.get("action") == "send"),
                alerts=[str(row[0]) for row in db.execute(books.ALERTS)],
                quiet=quiet,
                paying=paying,
                settling=settling,
                by_hand=dict(hands.answers) if hands else {},
                held={str(row[0]): str(row[1]) for row in held},
            )


def _is_fine(fault: str | None) -> bool:
    return fault is None or fault.startswith("delay")


def print_result(result: Result, seed: int, out: TextIO) -> None:
    """A table that can be read at a glance, and what is wrong below it."""
    verdict = result.verdict
    rows: list[tuple[str, object, str]] = [
        ("orders paid", result.orders, ""),
        ("delivered", len(verdict.delivered), ""),
        ("held or waiting for a person", len(verdict.waiting), ""),
        ("lost", len(verdict.lost), "0"),
        ("doubled", len(verdict.doubled), "0"),
        ("unexpected", len(verdict.unexpected), "0"),
        ("attempts that differ (D6)", len(verdict.rewritten), "0"),
        ("parts out of order (D7)", len(verdict.disordered), "0"),
        ("laws broken in the database", len(result.broken), "0"),
        ("integrity_check", result.integrity, "ok"),
        ("recovered from unknown", result.recovered, ""),
        ("kill -9", result.kills, ""),
        ("requests struck by a fault", result.struck, ""),
        ("POSTs to send", result.posts, ""),
        *((f"{what} through the API", n, "") for what, n in result.by_hand.items()),
        ("open alerts", len(result.alerts), ""),
        ("quiet at the end", "yes" if result.quiet else "no", "yes"),
        ("seconds paying, settling", f"{result.paying:.0f}, {result.settling:.0f}", ""),
    ]
    out.write(f"\n{'seed ' + str(seed):<32}{'found':>8}{'wanted':>8}\n{'-' * 48}\n")
    for name, found, wanted in rows:
        mark = "" if not wanted or str(found) == wanted else "  <--"
        out.write(f"{name:<32}{found!s:>8}{wanted:>8}{mark}\n")
    wrongs: dict[str, Sequence[object]] = {**verdict.wrongs, **result.broken}
    for word, cases in wrongs.items():
        out.write(f"\n{word}:\n")
        for case in cases[:20]:
            out.write(f"  {case}\n")
    for line in result.alerts[:20]:
        out.write(f"\nalert: {line}")
    for order, reason in sorted(result.held.items()):
        out.write(f"\nheld {order}: {reason}")
    out.write(f"\n{'PASSED' if result.good else 'FAILED'}, seed {seed}\n")
