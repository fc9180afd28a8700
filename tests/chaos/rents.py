"""A trial of rentals: orders, tenants, a Steam that fails, a server that dies; then the verdict."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from . import books, rents_books
from .processes import Marketplace, Server, until
from .rents_books import Inspector
from .rents_judge import RentVerdict, judge_rents, secrets_in
from .rents_people import People, handed_in
from .rents_plan import RentPlan
from .rents_shops import (
    RELAXED,
    RentShop,
    Steam,
    add_accounts,
    open_rents,
    steam_settings,
    watch_rents,
)

LOOK_EVERY = 3.0
REST = 2.5
"""Seconds before a death at which Steam limits us, where the plan says so."""
FINISH_AFTER = 25.0
"""Seconds after the last payment and death; then sellers end what still runs."""


@dataclass(slots=True)
class RentResult:
    """What both doubles and the books say after quiet time."""

    verdict: RentVerdict
    broken: dict[str, list[str]]
    integrity: str
    rentals: int
    accounts: int
    kills: int
    limited: int
    figures: dict[str, object]
    alerts: list[str]
    undone: dict[str, int]
    seconds: tuple[float, float]

    @property
    def good(self) -> bool:
        clean = not self.verdict.wrongs and not self.broken and self.integrity == "ok"
        return clean and not self.undone


class RentTrial:
    """Carries a plan out. `say` hears of the progress."""

    def __init__(
        self, plan: RentPlan, seed: int, folder: Path, say: Callable[[str], object] = print
    ) -> None:
        self._plan, self._say = plan, say
        self._market = Marketplace(seed, steam=True)
        self._steam = Steam(self._market)
        settings = steam_settings(self._market)
        self._server = Server(folder / "instance", self._market.url, **settings)
        self._shops: dict[str, RentShop] = {}
        self._people: People | None = None
        self._orders: list[str] = []
        self._inspector = Inspector(self._server.database, self._steam)
        self._deaths, self._limits = list(plan.deaths), list(plan.limits)
        self._kills = self._limited = 0
        self._die_at, self._limit_at, self._back_at = float("inf"), float("inf"), 0.0
        self._looked = 0.0
        self._limit = 0

    def run(self, patience: float) -> RentResult:
        """Set up, pay and die, then wait at most `patience` seconds until nothing is open."""
        try:
            people = self._set_up()
            began = time.monotonic()
            self._pay_and_die(people)
            paid = time.monotonic()
            self._say(f"{len(self._orders)} orders paid, {self._kills} kills; waiting for quiet")
            self._wait_until_quiet(people, patience)
            people.stop()
            return self._result(people, (paid - began, time.monotonic() - paid))
        finally:
            self.close()

    def close(self) -> None:
        if self._people is not None:
            self._people.stop()
        self._server.close()
        self._steam.close()
        self._market.close()

    # --- before

    def _set_up(self) -> People:
        for buyer in self._plan.buyers:
            self._market.buyer(buyer)
        for name in self._plan.shops:
            self._shops[name] = open_rents(self._market, name)
        self._steam.ask("PATCH", "/switches", RELAXED)
        self._server.start()
        self._server.wait_ready()
        for shop in self._shops.values():
            watch_rents(self._server, shop)
            add_accounts(self._server, self._steam, shop, self._plan.logins[shop.name])
        known = "SELECT count(*) FROM baselines WHERE message_mark IS NOT NULL"
        until(lambda: self._asked(known) == len(self._shops), 60, "first contact")
        for fault in self._plan.funpay_faults:
            self._market.fault(**fault)
        self._steam.ask("POST", "/faults", list(self._plan.steam_faults))
        self._say(f"{len(self._shops)} shops, {self._accounts} Steam accounts")
        self._people = People(self._server, self._market, self._shops)
        self._people.start()
        return self._people

    @property
    def _accounts(self) -> int:
        return sum(len(shop.accounts) for shop in self._shops.values())

    def _asked(self, sql: str) -> int:
        try:
            with books.read_only(self._server.database) as db:
                return books.count(db, sql)
        except sqlite3.OperationalError:
            return -1

    # --- the middle

    def _pay_and_die(self, people: People) -> None:
        began = time.monotonic()
        self._next_death(began)
        stays = list(self._plan.stays)
        while stays or self._deaths or self._back_at:
            now = time.monotonic()
            while stays and began + stays[0].at <= now:
                stay = stays.pop(0)
                lot = self._shops[stay.shop].lots[stay.game, stay.minutes]
                self._orders.append(self._market.buy(stay.buyer, lot, stay.amount))
                people.add(self._orders[-1], stay)
            self._live_and_die(now)
            self._look_at_times()
            time.sleep(0.02)

    def _live_and_die(self, now: float) -> None:
        if self._back_at:
            if now >= self._back_at:
                self._back_at = 0.0
                self._server.start()
                self._next_death(now)
        elif not self._server.alive:
            raise AssertionError(f"the server ended by itself\n{self._server.printed()[-3000:]}")
        elif now >= self._die_at:
            self._die(now)
        elif now >= self._limit_at:
            self._limit_at = float("inf")
            if limit := self._limits[self._kills]:
                self._limit = self._steam.fault(**limit)
                self._limited += 1

    def _die(self, now: float) -> None:
        death = self._deaths.pop(0)
        self._server.kill()
        self._kills += 1
        if self._limit:
            self._steam.forget(self._limit)
            self._limit = 0
        self._die_at, self._back_at = float("inf"), now + death.silence + 0.1
        time.sleep(0.1)  # what the doubles have begun comes to its end
        self._look()
        self._inspector.laws()
        self._say(f"kill {self._kills}, {len(self._orders)} orders paid")

    def _next_death(self, now: float) -> None:
        self._die_at = now + self._deaths[0].after if self._deaths else float("inf")
        self._limit_at = self._die_at - REST

    def _look_at_times(self) -> None:
        if time.monotonic() - self._looked > LOOK_EVERY:
            with suppress(sqlite3.OperationalError):
                self._look()

    def _look(self) -> None:
        shown: dict[str, set[str]] = defaultdict(set)
        for entry in self._market.log(what="message"):
            if handed := handed_in(entry):
                shown[handed.login].add(handed.password)
        kept = {login for shop in self._shops.values() for login in shop.kick_only}
        told = {login: words for login, words in shown.items() if login not in kept}
        self._inspector.look(told)
        self._looked = time.monotonic()

    # --- after

    def _wait_until_quiet(self, people: People, patience: float) -> None:
        """No deaths any more, and soon no faults; each rental and each release ends."""
        mended = time.monotonic() + patience / 4
        finish, end = time.monotonic() + FINISH_AFTER, time.monotonic() + patience
        faulty, streak = True, 0
        while streak < 2 and time.monotonic() < end:
            self._look_at_times()
            if faulty and time.monotonic() > mended:
                faulty = False
                self._market.no_faults()
                self._steam.no_faults()
            people.finishing = time.monotonic() > finish
            streak = streak + 1 if not self._undone() else 0
            time.sleep(1)

    def _undone(self) -> dict[str, int]:
        try:
            with books.read_only(self._server.database) as db:
                seen = books.count(db, "SELECT count(*) FROM steam_rent_orders")
                left = rents_books.undone(db)
        except sqlite3.OperationalError:
            return {"the database is busy": 1}
        return left if seen >= len(self._orders) else {**left, "orders": len(self._orders) - seen}

    def _result(self, people: People, seconds: tuple[float, float]) -> RentResult:
        funpay, steam = self._market.log(), self._steam.log()
        status = {o["id"]: o["status"] for o in self._market.ask("GET", "/orders")}
        self._look()
        self._inspector.laws()
        broken = dict(self._inspector.wrong)
        if people.wrong:
            broken["what people met"] = people.wrong
        if wrongdoings := self._steam.ask("GET", "/wrongdoings"):
            broken["wrongdoings at Steam"] = list(map(str, wrongdoings))
        secrets = secrets_in(steam).union(*(shop.secrets for shop in self._shops.values()))
        if found := rents_books.leaks(self._server.folder, self._server.output, secrets):
            broken["secrets in files"] = found
        if self._server.unwaited:
            broken["a write waits for its turn"] = self._server.unwaited
        kick_only = {login for shop in self._shops.values() for login in shop.kick_only}
        with books.read_only(self._server.database) as db:
            broken |= {law: list(map(str, rows)) for law, rows in books.broken_laws(db).items()}
            visible = rents_books.visible_orders(db)
            orders = {order: status[order] for order in self._orders}
            verdict = judge_rents(orders, funpay, steam, people.visits, visible, kick_only)
            ours = [e for e in steam if e["what"] == "request" and not e["of_buyer"]]
            figures: dict[str, object] = {
                "releases proven": books.count(db, rents_books.JOBS),
                "tries that came to nothing": books.count(db, rents_books.TRIED),
                "tenants who signed in": len(people.visits),
                "requests to Steam": len(ours),
                "of them struck by a fault": sum(1 for entry in ours if entry.get("fault")),
                "password changes sent": sum(e["step"] == "ChangePassword" for e in ours),
                "looks at all passwords": self._inspector.looks,
                "secrets looked for in files": len(secrets),
                **people.did,
            }
            return RentResult(
                verdict=verdict,
                broken=broken,
                integrity=books.integrity(db),
                rentals=len(self._orders),
                accounts=self._accounts,
                kills=self._kills,
                limited=self._limited,
                figures=figures,
                alerts=[str(row[0]) for row in db.execute(books.ALERTS)],
                undone=self._undone(),
                seconds=seconds,
            )


def print_rents(result: RentResult, seed: int, out: TextIO) -> None:
    """A table that can be read at a glance, and what is wrong below it."""
    verdict = result.verdict
    waiting = Counter(verdict.waiting.values())
    rows: list[tuple[str, object, str]] = [
        ("orders paid", result.rentals, ""),
        ("Steam accounts", result.accounts, ""),
        ("given, or lengthened a rental", len(verdict.given), ""),
        ("refunded before", len(verdict.refunded), ""),
        ("waiting for a person or a choice", sum(waiting.values()), ""),
        *((word, len(cases), "0") for word, cases in _laws(result)),
        ("laws broken", len(result.broken), "0"),
        ("integrity_check", result.integrity, "ok"),
        ("kill -9", result.kills, ""),
        ("  limited by Steam before it", result.limited, ""),
        *((what, n, "") for what, n in result.figures.items()),
        ("open alerts", len(result.alerts), ""),
        ("quiet at the end", "no" if result.undone else "yes", "yes"),
        ("seconds paying, settling", "{:.0f}, {:.0f}".format(*result.seconds), ""),
    ]
    out.write(f"\n{'seed ' + str(seed):<36}{'found':>8}{'wanted':>8}\n{'-' * 52}\n")
    for name, found, wanted in rows:
        mark = "" if not wanted or str(found) == wanted else "  <--"
        out.write(f"{name:<36}{found!s:>8}{wanted:>8}{mark}\n")
    for word, cases in [*verdict.wrongs.items(), *result.broken.items()]:
        out.write(f"\n{word}:\n")
        for case in cases[:20]:
            out.write(f"  {case}\n")
    for what, n in result.undone.items():
        out.write(f"\nnot done: {what}: {n}")
    for line in result.alerts[:20]:
        out.write(f"\nalert: {line}")
    out.write(f"\n{'PASSED' if result.good else 'FAILED'}, seed {seed}\n")


def _laws(result: RentResult) -> list[tuple[str, list[Any]]]:
    verdict = result.verdict
    return [
        ("lost", verdict.lost),
        ("doubled", verdict.doubled),
        ("handed out without proof", verdict.unproven),
        ("two tenants", verdict.twice),
        ("a wrong password handed out", verdict.stale),
        ("a Guard window used twice", verdict.shared_windows),
    ]
