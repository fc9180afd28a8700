"""The death walk of releases: kill -9 at each named step of the end of a rental, at its 1st, 2nd, …
hit, with the password change answered, lost before its effect, and lost after it.

Whatever happened, the next start must come to the proven end: the earlier tenant out, the valid
password known, and not one change more than needed.
"""

from __future__ import annotations

import queue
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from . import books
from .processes import Marketplace, Server, TooLate, until
from .rents_books import Inspector
from .rents_people import Handed, handed_in
from .rents_plan import GAMES, MINUTES
from .rents_shops import (
    RELAXED,
    RentShop,
    Steam,
    Visit,
    add_accounts,
    open_rents,
    steam_settings,
    watch_rents,
)
from .walk import failpoints

WAYS = ("answered", "lost before", "lost after")
MOST_HITS = 9
PROVEN_WITHIN = 150.0
STOCK = 8
"""Accounts made at a time: each signs in a minute before it is needed."""
CHANGE = "ChangePassword"


@dataclass(slots=True)
class ReleaseStep:
    """One run: death at the k-th hit of `name`, or there was no such hit."""

    name: str
    way: str
    k: int
    died: bool
    changes: int
    seconds: float
    wrongs: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.wrongs


def release_points() -> list[str]:
    """The failpoints of a job at Steam."""
    return [name for name in failpoints() if name.startswith("steam_")]


def walk_releases(
    folder: Path,
    names: Sequence[str] | None = None,
    *,
    workers: int = 3,
    ways: Sequence[str] = WAYS,
    say: Callable[[str], object] = print,
) -> list[ReleaseStep]:
    """Every name, every way, every k, until a run ends without a death."""
    stages: queue.SimpleQueue[ReleaseStage] = queue.SimpleQueue()
    made = [ReleaseStage(folder / f"stage{n}") for n in range(workers)]

    def one(pair: tuple[str, str]) -> list[ReleaseStep]:
        stage = stages.get()
        try:
            steps = list(_walk_name(stage, *pair))
        finally:
            stages.put(stage)
        wrongs = [f"k={step.k}: {wrong}" for step in steps for wrong in step.wrongs]
        deaths = sum(step.died for step in steps)
        say(f"{pair[0]}, {pair[1]}: {deaths} deaths, {'; '.join(wrongs) or 'all proven'}")
        return steps

    pairs = [(name, way) for name in names or release_points() for way in ways]
    try:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(ReleaseStage.prepare, made))
            for stage in made:
                stages.put(stage)
            return [step for steps in pool.map(one, pairs) for step in steps]
    finally:
        for stage in made:
            stage.close()


def _walk_name(stage: ReleaseStage, name: str, way: str) -> list[ReleaseStep]:
    steps: list[ReleaseStep] = []
    while len(steps) < MOST_HITS and all(step.died for step in steps):
        steps.append(stage.play(name, way, len(steps) + 1))
    return steps


class ReleaseStage:
    """Both doubles and one server, which lives through many runs; each run has its own account."""

    def __init__(self, folder: Path) -> None:
        self._market = Marketplace(steam=True)
        self._steam = Steam(self._market)
        settings = steam_settings(self._market)
        self._server = Server(folder / "instance", self._market.url, **settings)
        self._folder = folder
        self._shop = RentShop("", "")
        self._fresh = 0

    def prepare(self, *, warm: bool = True) -> None:
        """`warm`: the accounts have signed in; else a run waits for its Guard windows."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._steam.ask("PATCH", "/switches", RELAXED)
        self._market.buyer("ann")
        self._shop = open_rents(self._market, "shop1")
        self._server.start()
        self._server.wait_ready()
        watch_rents(self._server, self._shop)
        known = "SELECT count(*) FROM baselines WHERE message_mark IS NOT NULL"
        self._await(lambda db: books.count(db, known) == 1, 30, "first contact")
        self._stock_up(STOCK if warm else 1, warm=warm)

    def play(self, name: str, way: str, k: int) -> ReleaseStep:
        """One rental from its order to the proof, with one death at most."""
        began, died = time.monotonic(), False
        if not self._fresh:
            self._stock_up(STOCK)
        self._fresh -= 1
        handed, visit = self._rented()
        self._end_server()
        self._server.start(OPIUM_FAILPOINT=f"{name}:{k}")
        self._server.wait_ready()
        if way != "answered":
            phase = way.removeprefix("lost ")
            self._steam.fault(action="reset", phase=phase, step=CHANGE, account=handed.login)
        inspector = Inspector(self._server.database, self._steam)
        self._terminate(handed.order)
        wrongs: list[str] = []
        end = time.monotonic() + PROVEN_WITHIN
        while not self._proven(handed.login):
            if not self._server.alive and not died:
                died = True
                inspector.look()
                self._server.start()
            if time.monotonic() > end:
                wrongs.append(f"not proven after {PROVEN_WITHIN:.0f} s: {self._job(handed.login)}")
                break
            time.sleep(0.1)
        inspector.look({handed.login: [handed.password]})
        inspector.laws()
        self._steam.no_faults()
        changes = self._changes(handed.login)
        wrongs += [f"{law}: {cases}" for law, cases in inspector.wrong.items()]
        wrongs += self._judged(visit, changes, 2 if way == "lost before" else 1)
        self._revive()
        return ReleaseStep(name, way, k, died, changes, time.monotonic() - began, wrongs)

    def close(self) -> None:
        self._server.close()
        self._steam.close()
        self._market.close()

    # --- the story

    def _stock_up(self, amount: int, *, warm: bool = True) -> None:
        """New accounts; those that have signed in find their Guard windows over."""
        n = len(self._shop.accounts)
        logins = [f"walk{number}" for number in range(n, n + amount)]
        add_accounts(self._server, self._steam, self._shop, logins, alike=True)
        self._fresh = amount
        for login in logins if warm else ():
            path = f"{self._shop.base}/steam-accounts/{login}/kick-sessions"
            self._server.ask("POST", path, {})
        if warm:
            time.sleep(60)

    def _rented(self) -> tuple[Handed, Visit]:
        """An order, and its buyer at Steam."""
        lot = self._shop.lots[GAMES[0], MINUTES[-1]]
        order = self._market.buy("ann", lot)
        found: list[Handed] = []

        def told() -> bool:
            shown = (handed_in(entry) for entry in self._market.log(what="message"))
            found[:] = [handed for handed in shown if handed and handed.order == order]
            return bool(found)

        until(told, 60, f"{order} is not handed out", pause=0.2)
        handed = found[0]
        code = self._steam.earlier_code(self._shop.accounts[handed.login])
        visit = self._steam.enters(order, handed.login, handed.password, code)
        assert visit is not None, f"{handed.login} does not let its tenant in"
        return handed, visit

    def _terminate(self, order: str) -> None:
        base = f"{self._shop.base}/rentals"
        active = self._server.ask("GET", f"{base}?status=active")
        (rental,) = [row["rental_id"] for row in active if row["order_id"] == order]
        try:
            self._server.call("POST", f"{base}/{rental}/terminate")
        except OSError:
            assert not self._server.alive

    def _judged(self, visit: Visit, changes: int, most: int) -> list[str]:
        wrongs = []
        if visit.token_id in self._steam.guests(visit.login):
            wrongs.append("the earlier tenant is signed in")
        if not 1 <= changes <= most:
            wrongs.append(f"{changes} password changes sent")
        if wrongdoings := self._steam.ask("GET", "/wrongdoings"):
            wrongs.append(f"wrongdoings: {wrongdoings}")
        return wrongs

    # --- asked of the rows and the double

    def _proven(self, login: str) -> bool:
        sql = "SELECT count(*) FROM steam_rent_accounts WHERE state = 'free' AND job_id IS NOT NULL"
        return bool(self._rows(f"{sql} AND login = ?", login)[0][0])

    def _job(self, login: str) -> list[Any]:
        return self._rows(
            "SELECT j.state, j.tries, j.stopped, j.error, a.state FROM steam_rent_jobs j"
            " JOIN steam_rent_accounts a ON a.id = j.steam_account WHERE a.login = ?",
            login,
        )

    def _rows(self, sql: str, *values: str) -> list[Any]:
        try:
            with books.read_only(self._server.database) as db:
                return db.execute(sql, values).fetchall()
        except sqlite3.OperationalError:
            return [(0,)]

    def _changes(self, login: str) -> int:
        return len(self._steam.ask("GET", f"/log?account={login}&what=request&step={CHANGE}"))

    # --- the server

    def _await(self, true: Callable[[sqlite3.Connection], bool], seconds: float, what: str) -> None:
        def ask() -> bool:
            try:
                with books.read_only(self._server.database) as db:
                    return true(db)
            except sqlite3.OperationalError:
                return False

        until(ask, seconds, what)

    def _end_server(self) -> None:
        if self._server.end() != 0:
            raise TooLate(f"ended badly\n{self._server.printed()[-2000:]}")

    def _revive(self) -> None:
        """For the next run: without a failpoint."""
        if self._server.alive:
            self._end_server()
        self._server.start()
        self._server.wait_ready()


def print_releases(steps: Sequence[ReleaseStep], out: TextIO) -> None:
    """How often each name was hit, and what went wrong where."""
    head = f"{'failpoint':<18}{'change':<14}{'deaths':>7}{'sent':>6}{'wrong':>7}{'seconds':>9}"
    out.write(f"\n{head}\n{'-' * len(head)}\n")
    for name, way in dict.fromkeys((step.name, step.way) for step in steps):
        mine = [step for step in steps if (step.name, step.way) == (name, way)]
        deaths, wrong = sum(s.died for s in mine), sum(not s.good for s in mine)
        sent, seconds = max(s.changes for s in mine), sum(s.seconds for s in mine)
        out.write(f"{name:<18}{way:<14}{deaths:>7}{sent:>6}{wrong:>7}{seconds:>9.0f}\n")
    for step in steps:
        for wrong_ in step.wrongs:
            out.write(f"\n{step.name}:{step.k} {step.way}: {wrong_}")
    good = all(step.good for step in steps)
    out.write(f"\n{'PASSED' if good else 'FAILED'}: {len(steps)} runs\n")
