"""The walk over calls: the N-th database write finds the disk full; the N-th request to FunPay
fails once without its effect, once with it, or for ever; for N = 1, 2, … until none is left.

The run is the one of `walk`, plus a refund that a person asks for. What failed for ever is mended
after a while: then each order must be delivered, or be held with a reason.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree, rmtree
from typing import TextIO

import requests

from . import books
from .judge import Sale, judge
from .processes import Marketplace, Server, TooLate, until
from .shops import Shop
from .walk import Stage, all_quiet, first_contact

WAYS = ("write", "lost before", "lost after", "for ever")
MOST = 400
BROKEN_FOR = 4.0
QUIET_WITHIN = 60.0
TOLD = "OPIUM_FAILPOINT: this commit finds the disk full"
REFUND = "/orders/refund"


@dataclass(slots=True)
class Step:
    """One run: the N-th call failed in this way, or there was no such call."""

    way: str
    n: int
    struck: str | None = None
    seconds: float = 0.0
    held: int = 0
    wrongs: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.wrongs


def walk_calls(
    folder: Path,
    ways: Sequence[str] | None = None,
    *,
    workers: int = 4,
    say: Callable[[str], object] = print,
) -> list[Step]:
    """Every way, every N; `workers` runs at the same time."""
    stages = [CallStage(folder / f"stage{n}") for n in range(workers)]
    try:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(CallStage.prepare, stages))
            return [step for way in ways or WAYS for step in _one_way(pool, stages, way, say)]
    finally:
        for stage in stages:
            stage.close()


def _one_way(
    pool: ThreadPoolExecutor, stages: Sequence[CallStage], way: str, say: Callable[[str], object]
) -> list[Step]:
    """N = 1, 2, …, as many at a time as there are stages, until one of them finds no N-th call."""
    steps: list[Step] = []
    while len(steps) < MOST and all(step.struck for step in steps[-len(stages) :]):
        first = len(steps) + 1
        numbers = range(first, first + len(stages))
        steps += pool.map(CallStage.call, stages, [way] * len(stages), numbers)
    say(f"{way}: {sum(bool(s.struck) for s in steps)} calls")
    for step in steps:
        for wrong in step.wrongs:
            say(f"{way} {step.n} ({step.struck}): {wrong}")
    return [step for step in steps if step.struck or step.wrongs]


class CallStage(Stage):
    """The stage of the failpoint walk, with calls that fail in place of deaths."""

    def call(self, way: str, n: int) -> Step:
        """One run."""
        self._runs += 1
        instance = self._folder / f"run{self._runs}"
        copytree(self._template, instance)
        self.rewind()
        server = Server(instance, self._market.url)
        began, step = time.monotonic(), Step(way, n)
        try:
            _Calls(self._market, server, self._shop, step).play()
        except (TooLate, AssertionError, requests.RequestException) as exc:
            step.wrongs.append(str(exc)[-1500:])
        finally:
            server.close()
            rmtree(instance, ignore_errors=True)
            server.output.unlink(missing_ok=True)
            step.seconds = time.monotonic() - began
        return step


class _Calls:
    def __init__(self, market: Marketplace, server: Server, shop: Shop, step: Step) -> None:
        self._market, self._server, self._shop, self._step = market, server, shop, step

    def play(self) -> None:
        step = self._step
        extra = self._market.lot(self._shop.name, "Прочее")
        old = self._market.buy("ann", self._shop.lots["Ключ"])
        if step.way == "write":
            self._server.start(OPIUM_FAILPOINT=f"full:{step.n}")
        else:
            kind = {"lost before": "before", "lost after": "after", "for ever": "before"}[step.way]
            self._market.fault("cut", when=kind, skip=step.n - 1)
            self._server.start()
        self._await(first_contact, "first contact")
        lost = {"path": "/runner/", "action": "send", "kind": "cut"}
        self._market.fault(**lost, when="after", contains="-D2/3")
        self._market.fault(**lost, when="before", contains="-D3/3")
        short = self._market.buy("ann", self._shop.lots["Ключ"])
        long = self._market.buy("bob", self._shop.lots["Набор"])
        unwanted = self._market.buy("bob", extra)
        self._market.writes("bob", "shop1", "добрый вечер")
        sales = [
            Sale(short, "shop1", "ann", 1),
            Sale(long, "shop1", "bob", 1, 3),
        ]
        self._refund(unwanted)
        self._await(lambda db: all_quiet(db, 2), "both orders delivered or held")
        if step.way == "write":
            step.struck = "commit" if TOLD in self._server.printed() else None
        self._strike()
        self._judge(sales, old, unwanted)

    def _await(self, true: Callable[[sqlite3.Connection], bool], what: str) -> None:
        def ask() -> bool:
            self._strike()
            assert self._server.alive, f"ended by itself\n{self._server.printed()[-1500:]}"
            try:
                with books.read_only(self._server.database) as db:
                    return true(db)
            except sqlite3.OperationalError:
                return False

        until(ask, QUIET_WITHIN, f"{what}\n{self._server.printed()[-1200:]}")

    def _strike(self) -> None:
        """Which request was the N-th; what shall fail for ever goes on failing for a while."""
        step = self._step
        if step.way == "write" or step.struck:
            return
        requests_ = self._market.log(what="request")
        if len(requests_) < step.n:
            return
        entry = requests_[step.n - 1]
        path, action = entry["path"], entry.get("action")
        step.struck = f"{entry['method']} {path}" + (f" {action}" if action else "")
        if step.way == "for ever":
            which = {"path": path, "method": entry["method"], "action": action}
            lasting = self._market.fault("cut", count=None, **which)
            time.sleep(BROKEN_FOR)
            self._market.ask("DELETE", f"/faults/{lasting}")

    def _refund(self, order: str) -> None:
        """Asked again with the same key, as a client does that got no answer."""
        path = f"/api/accounts/shop1/orders/{order}/refund"
        with requests.Session() as http:
            http.trust_env = False
            http.headers["Idempotency-Key"] = f"refund-{order}"
            for _ in range(3):
                try:
                    answer = http.post(self._server.url + path, timeout=30)
                except requests.RequestException:
                    continue
                finally:
                    self._strike()
                if answer.status_code == 200:
                    return
                time.sleep(0.5)

    def _judge(self, sales: list[Sale], old: str, unwanted: str) -> None:
        log, step = self._market.log(), self._step
        refunds = [e for e in log if e["what"] == "request" and e["path"].startswith(REFUND)]
        if len(refunds) > 1:
            step.wrongs.append(f"{len(refunds)} POSTs to refund one order")
        with books.read_only(self._server.database) as db:
            verdict = judge(sales, log, books.visible_orders(db))
            step.held = len(verdict.waiting)
            step.wrongs += [f"{word} {cases}" for word, cases in verdict.wrongs.items()]
            laws = books.broken_laws(db, self._shop.imported)
            step.wrongs += [f"{law}: {rows}" for law, rows in laws.items()]
            if taken := books.taken_for_new(db, [old]):
                step.wrongs.append(f"older order: {taken}")
            if (state := books.integrity(db)) != "ok":
                step.wrongs.append(state)
            states = [
                row[0]
                for row in db.execute("SELECT state FROM commands WHERE kind = 'refund'").fetchall()
            ]
        status = self._market.ask("GET", f"/orders/{unwanted}")["status"]
        if (status == "refunded") != (states == ["done"]) and states != ["held"]:
            step.wrongs.append(f"refund: FunPay says {status}, the journal {states}")
        if status == "refunded" and not refunds:
            step.wrongs.append("refunded without a request")


def print_calls(steps: Sequence[Step], out: TextIO) -> None:
    """How many calls failed in each way, and what came of it."""
    out.write(
        f"\n{'what failed':<24}{'runs':>6}{'held':>6}{'wrong':>7}{'seconds':>9}\n{'-' * 52}\n"
    )
    for way in dict.fromkeys(step.way for step in steps):
        mine = [step for step in steps if step.way == way]
        held, wrong = sum(bool(s.held) for s in mine), sum(not s.good for s in mine)
        seconds = sum(s.seconds for s in mine)
        out.write(f"{way:<24}{len(mine):>6}{held:>6}{wrong:>7}{seconds:>9.0f}\n")
    for step in steps:
        for wrong_ in step.wrongs:
            out.write(f"\n{step.way} {step.n} ({step.struck}): {wrong_}")
    out.write(f"\n{'PASSED' if all(s.good for s in steps) else 'FAILED'}: {len(steps)} runs\n")
