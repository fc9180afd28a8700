"""The failpoint walk (D20): kill -9 at each named place of the code, at its 1st, 2nd, … hit.

After each death the server starts again without the failpoint, and must reach the same end as a
run in which nobody died: an order of one part and one of three delivered once, nothing else.
"""

from __future__ import annotations

import queue
import re
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree, rmtree
from typing import TextIO

from . import books
from .judge import Sale, judge
from .processes import ROOT, Marketplace, Server, TooLate, until
from .shops import Shop, fill, open_shop, watch

_HIT = re.compile(r"(?<![\w.])hit\(\s*\"(?P<name>\w+)\"")
NOWHERE = "http://127.0.0.1:9"
MOST_HITS = 30
QUIET_WITHIN = 60.0


@dataclass(slots=True)
class Step:
    """One run: the process died at the k-th hit of `name`, or there was no such hit."""

    name: str
    k: int
    died: bool
    seconds: float
    wrongs: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.wrongs


def failpoints() -> list[str]:
    """The names that the server's source uses."""
    found: set[str] = set()
    for path in (ROOT / "opium").rglob("*.py"):
        found |= {match["name"] for match in _HIT.finditer(path.read_text("utf-8"))}
    return sorted(found)


def walk(
    folder: Path,
    names: Sequence[str] | None = None,
    *,
    workers: int = 3,
    say: Callable[[str], object] = print,
) -> list[Step]:
    """Every name, every k, until a run ends without a hit; `workers` names at the same time."""
    stages: queue.SimpleQueue[Stage] = queue.SimpleQueue()
    made = [Stage(folder / f"stage{n}") for n in range(workers)]
    for stage in made:
        stages.put(stage)

    def one(name: str) -> list[Step]:
        stage = stages.get()
        try:
            return list(_walk_name(stage, name, say))
        finally:
            stages.put(stage)

    try:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(Stage.prepare, made))
            return [step for steps in pool.map(one, names or failpoints()) for step in steps]
    finally:
        for stage in made:
            stage.close()


def _walk_name(stage: Stage, name: str, say: Callable[[str], object]) -> list[Step]:
    steps: list[Step] = []
    for k in range(1, MOST_HITS + 1):
        step = stage.play(name, k)
        steps.append(step)
        if not step.died:
            break
    deaths = sum(step.died for step in steps)
    wrongs = [f"k={step.k}: {wrong}" for step in steps for wrong in step.wrongs]
    say(f"{name}: {deaths} deaths, {'; '.join(wrongs) or 'all the same end'}")
    return steps


class Stage:
    """A marketplace and a prepared instance folder that each run copies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._market = Marketplace()
        self._template = folder / "template"
        self._shop = Shop("", "")
        self._runs = 0

    def prepare(self) -> None:
        """The account, its module, goods and mappings, while FunPay cannot be reached."""
        self._folder.mkdir(parents=True)
        self._furnish()
        server = Server(self._template, NOWHERE)
        try:
            server.start()
            server.wait_ready()
            watch(server, self._shop)
            for title in ("Ключ", "Набор"):
                fill(server, self._shop, title, self._shop.new_keys(5))
            code = server.end()
            assert code == 0, f"exit {code}\n{server.printed()[-2000:]}"
        finally:
            server.close()

    def play(self, name: str, k: int) -> Step:
        """One run with one death at most."""
        self._runs += 1
        instance = self._folder / f"run{self._runs}"
        copytree(self._template, instance)
        self.rewind()
        server = Server(instance, self._market.url)
        began = time.monotonic()
        try:
            run = _Run(self._market, server, self._shop)
            wrongs = run.play(name, k)
            return Step(name, k, run.died, time.monotonic() - began, wrongs)
        finally:
            server.close()
            rmtree(instance, ignore_errors=True)
            server.output.unlink(missing_ok=True)

    def rewind(self) -> None:
        """The marketplace as it was when the template was made."""
        self._market.ask("POST", "/reset", {"seed": 1})
        known = self._shop
        self._furnish()
        self._shop.products, self._shop.imported = known.products, known.imported

    def close(self) -> None:
        self._market.close()

    def _furnish(self) -> None:
        """Always the same people, keys and lots: the sandbox draws them from its seed."""
        self._shop = open_shop(self._market, "shop1")
        for buyer in ("ann", "bob"):
            self._market.buyer(buyer)


class _Run:
    """An order of one part and one of three; some answers get lost, so that there is something to
    settle; a message of a buyer; and an order from before our time."""

    def __init__(self, market: Marketplace, server: Server, shop: Shop) -> None:
        self._market, self._server, self._shop = market, server, shop
        self.died = False

    def play(self, name: str, k: int) -> list[str]:
        try:
            self._market.buy("ann", self._shop.lots["Ключ"])
            self._server.start(OPIUM_FAILPOINT=f"{name}:{k}")
            self._await(first_contact, "first contact")
            sales = self._sell()
            self._await(_all_delivered, "both orders delivered")
            self._linger()
        except TooLate as exc:
            return [str(exc)]
        return self._judged(sales)

    def _sell(self) -> list[Sale]:
        lost = {"path": "/runner/", "action": "send", "kind": "cut"}
        self._market.fault(**lost, when="after", contains="-D2/3")
        self._market.fault(**lost, when="before", contains="-D3/3")
        short = self._market.buy("ann", self._shop.lots["Ключ"])
        long = self._market.buy("bob", self._shop.lots["Набор"])
        self._market.writes("bob", "shop1", "добрый вечер")
        return [Sale(short, "shop1", "ann", 1), Sale(long, "shop1", "bob", 1)]

    def _linger(self) -> None:
        """A hit may come after the last delivery, e.g. when its chat is read."""
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            if self._revive():
                end = time.monotonic() + 1.5
            time.sleep(0.05)
        self._await(_all_delivered, "quiet after the last death")

    def _await(self, true: Callable[[sqlite3.Connection], bool], what: str) -> None:
        def ask() -> bool:
            self._revive()
            try:
                with books.read_only(self._server.database) as db:
                    return true(db)
            except sqlite3.OperationalError:
                return False

        until(ask, QUIET_WITHIN, what)

    def _revive(self) -> bool:
        """Start again, without the failpoint, what has died of it."""
        if self._server.alive:
            return False
        if self._server.process.returncode != -9 or self.died:
            raise TooLate(f"ended by itself\n{self._server.printed()[-2000:]}")
        self.died = True
        self._server.start()
        return True

    def _judged(self, sales: list[Sale]) -> list[str]:
        with books.read_only(self._server.database) as db:
            verdict = judge(sales, self._market.log(), books.visible_orders(db))
            wrongs = [f"{word} {cases}" for word, cases in verdict.wrongs.items()]
            wrongs += [f"waiting {verdict.waiting}"] if verdict.waiting else []
            laws = books.broken_laws(db, self._shop.imported)
            wrongs += [f"{law}: {rows}" for law, rows in laws.items()]
            if (state := books.integrity(db)) != "ok":
                wrongs.append(state)
            free = books.count(db, "SELECT count(*) FROM auto_delivery_stock WHERE state = 'free'")
            if free != self._shop.imported - 2:
                wrongs.append(f"{free} keys left of {self._shop.imported}")
        return wrongs


def first_contact(db: sqlite3.Connection) -> bool:
    return books.count(db, "SELECT count(*) FROM baselines WHERE message_mark IS NOT NULL") == 1


def _all_delivered(db: sqlite3.Connection) -> bool:
    delivered = "SELECT count(*) FROM handouts WHERE state = 'delivered'"
    handlings = "SELECT count(*) FROM handlings WHERE state = 'open'"
    return (
        books.count(db, delivered) == 2
        and books.count(db, handlings) == 0
        and books.count(db, books.OPEN) == 0
        and books.count(db, books.UNDECIDED) == 0
    )


def all_quiet(db: sqlite3.Connection, orders: int) -> bool:
    """Whether so many orders are delivered or held, and nothing is open."""
    ended = "SELECT count(*) FROM handouts WHERE state IN ('delivered', 'held')"
    handlings = "SELECT count(*) FROM handlings WHERE state = 'open'"
    return (
        books.count(db, ended) == orders
        and books.count(db, handlings) == 0
        and books.count(db, books.OPEN) == 0
        and books.count(db, books.UNDECIDED) == 0
    )


def print_walk(steps: Sequence[Step], out: TextIO) -> None:
    """How often each name was hit, and what went wrong where."""
    out.write(f"\n{'failpoint':<24}{'deaths':>8}{'wrong':>8}{'seconds':>9}\n{'-' * 49}\n")
    for name in dict.fromkeys(step.name for step in steps):
        mine = [step for step in steps if step.name == name]
        deaths, wrong = sum(s.died for s in mine), sum(not s.good for s in mine)
        out.write(f"{name:<24}{deaths:>8}{wrong:>8}{sum(s.seconds for s in mine):>9.0f}\n")
    for step in steps:
        for wrong_ in step.wrongs:
            out.write(f"\n{step.name}:{step.k} {wrong_}")
    good = all(step.good for step in steps)
    out.write(f"\n{'PASSED' if good else 'FAILED'}: {len(steps)} runs\n")
