"""Two scenes of rentals with figures: Steam is down when twenty end, and Steam limits sign-ins."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from . import books
from .processes import Marketplace, Server, until
from .rents_books import Inspector
from .rents_people import handed_in
from .rents_plan import GAMES
from .rents_shops import (
    RELAXED,
    RentShop,
    Steam,
    add_accounts,
    open_rents,
    steam_settings,
    watch_rents,
)
from .scenes import Figure

PACE = 1 / 60
"""A minute stands for an hour: so are the pauses between tries."""
SHOPS, EACH = 2, 10
CALM = 20.0
DOWN = 60.0
BACK_WITHIN = 240.0
FREE = "SELECT count(*) FROM steam_rent_accounts WHERE state = 'free'"
ENDED = "SELECT count(*) FROM steam_rent_rentals WHERE state != 'active'"
BEGIN = "BeginAuthSessionViaCredentials"
TOO_MANY = 84


def rents_down(folder: Path, say: Callable[[str], object] = print) -> list[Figure]:
    """Twenty rentals of a minute end while Steam answers 503; a minute later it is back."""
    with _Scene(folder, SHOPS, EACH, PACE) as scene:
        time.sleep(CALM)
        calm = scene.poll_gaps(0)
        scene.rents_all()
        say(f"{SHOPS * EACH} rented out")
        down = scene.steam.fault(action="status", status=503, count=None)
        since, started = scene.last_entry(), time.monotonic()
        until(lambda: scene.count(ENDED) == SHOPS * EACH, 180, "all ended", pause=0.5)
        say(f"all ended after {time.monotonic() - started:.0f} s")
        free, end = 0, time.monotonic() + DOWN
        while time.monotonic() < end:
            free = max(free, scene.count(FREE))
            scene.look()
            time.sleep(1)
        gaps = scene.poll_gaps(since)
        scene.steam.forget(down)
        back = time.monotonic()
        with suppress(AssertionError):
            until(lambda: scene.count(FREE) == SHOPS * EACH, BACK_WITHIN, "all free", pause=0.5)
        took, proven = time.monotonic() - back, scene.count(FREE)
        scene.look()
        changes = scene.requests("ChangePassword")
        wrong = scene.wrong()
        slow = 1.5 * _p95(calm) + 0.5
        return [
            Figure("free while Steam was down", str(free), "0", free == 0),
            Figure("p95 between polls of FunPay, all well, s", f"{_p95(calm):.2f}", "", True),
            Figure("the same while Steam was down", f"{_p95(gaps):.2f}", f"<= {slow:.2f}",
                   _p95(gaps) <= slow),
            Figure("the longest, all well and then", f"{max(calm):.2f} {max(gaps):.2f}", "", True),
            Figure("released after it was back", str(proven), str(SHOPS * EACH),
                   proven == SHOPS * EACH),
            Figure("  seconds until the last one", f"{took:.0f}", "", True),
            Figure("password changes sent", str(len(changes)), str(SHOPS * EACH),
                   len(changes) == SHOPS * EACH),
            Figure("broken", str(wrong or 0), "0", not wrong),
        ]  # fmt: skip


def rents_limited(folder: Path, say: Callable[[str], object] = print) -> list[Figure]:
    """Steam takes only few sign-ins in ten minutes: after its first "too many" we ask no more."""
    accounts, limit = 8, 5
    with _Scene(folder, 1, accounts, 0.005) as scene:
        scene.rents_all()
        scene.steam.ask("PATCH", "/switches", {"login_limit": limit})
        scene.steam.ask("DELETE", "/limits")
        since = scene.last_entry(scene.steam.log())
        until(lambda: scene.count(ENDED) == accounts, 180, "all ended", pause=0.5)
        until(lambda: scene.refused(since), 120, "Steam says too many", pause=0.5)
        time.sleep(20)
        knocks = [e for e in scene.requests(BEGIN) if e["n"] > scene.refused(since)[0]["n"]]
        free = scene.count(FREE)
        scene.look()
        say(f"{len(knocks)} sign-ins begun after the first refusal")
        scene.steam.ask("PATCH", "/switches", RELAXED)
        scene.steam.ask("DELETE", "/limits")
        scene.server.kill()
        scene.server.start()
        with suppress(AssertionError):
            until(lambda: scene.count(FREE) == accounts, BACK_WITHIN, "all free", pause=0.5)
        proven = scene.count(FREE)
        scene.look()
        wrong = scene.wrong()
        return [
            Figure("sign-ins until Steam said too many", str(limit), "", True),
            Figure("sign-ins after that, in 20 s", str(len(knocks)), "<= 3", len(knocks) <= 3),
            Figure("released meanwhile", str(free), f"< {accounts}", free < accounts),
            Figure("released after the rest", str(proven), str(accounts), proven == accounts),
            Figure("broken", str(wrong or 0), "0", not wrong),
        ]


class _Scene:
    """Shops whose Steam accounts all serve one game, and a server over both doubles."""

    def __init__(self, folder: Path, shops: int, each: int, pace: float) -> None:
        self._market = Marketplace(steam=True)
        self.steam = Steam(self._market)
        settings = steam_settings(self._market, pace)
        self.server = Server(folder / "instance", self._market.url, **settings)
        self._inspector = Inspector(self.server.database, self.steam)
        self._shops, self._each = shops, each
        self._opened: list[RentShop] = []

    def __enter__(self) -> _Scene:
        self.steam.ask("PATCH", "/switches", RELAXED)
        self.server.start()
        self.server.wait_ready()
        for n in range(self._shops):
            shop = open_rents(self._market, f"shop{n}")
            self._opened.append(shop)
            watch_rents(self.server, shop)
            logins = [f"{shop.name}x{number}" for number in range(self._each)]
            add_accounts(self.server, self.steam, shop, logins, alike=True)
        known = "SELECT count(*) FROM baselines WHERE message_mark IS NOT NULL"
        until(lambda: self.count(known) == self._shops, 60, "first contact")
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()
        self.steam.close()
        self._market.close()

    def rents_all(self) -> None:
        """Every account is rented for a minute, its tenant signed in, all at the same time."""
        for shop in self._opened:
            for n in range(self._each):
                self._market.buyer(f"{shop.name}y{n}")
                self._market.buy(f"{shop.name}y{n}", shop.lots[GAMES[0], 1])
        wanted = self._shops * self._each

        def told() -> bool:
            shown = self._market.log(what="message")
            return sum(handed_in(entry) is not None for entry in shown) == wanted

        until(told, 90, "all handed out", pause=0.5)

    def count(self, sql: str) -> int:
        try:
            with books.read_only(self.server.database) as db:
                return books.count(db, sql)
        except sqlite3.OperationalError:
            return -1

    def look(self) -> None:
        with suppress(sqlite3.OperationalError):
            self._inspector.look()
            self._inspector.laws()

    def wrong(self) -> dict[str, list[str]]:
        wrongdoings = self.steam.ask("GET", "/wrongdoings")
        return {**self._inspector.wrong, **({"wrongdoings": wrongdoings} if wrongdoings else {})}

    def requests(self, step: str) -> list[Any]:
        found = self.steam.ask("GET", f"/log?what=request&step={step}")
        return [entry for entry in found if not entry["of_buyer"]]

    def refused(self, since: int) -> list[Any]:
        """Sign-ins that Steam called too many."""
        begun = [entry for entry in self.requests(BEGIN) if entry["n"] > since]
        return [entry for entry in begun if entry.get("eresult") == TOO_MANY]

    def last_entry(self, log: Sequence[Any] | None = None) -> int:
        return max((int(e["n"]) for e in (self._market.log() if log is None else log)), default=0)

    def poll_gaps(self, since: int) -> list[float]:
        """Seconds between polls of each account, from an entry of FunPay's log on."""
        found: list[float] = []
        for shop in self._opened:
            entries = self._market.log(since, account=shop.name, what="request")
            times = [float(entry["mono"]) for entry in entries if entry.get("action") == "poll"]
            found += [later - earlier for earlier, later in pairwise(times)]
        return found


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]
