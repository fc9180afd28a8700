"""Tenants and sellers of a trial of rentals, in a thread of their own: they read what they are
written, sign in at Steam, ask, misbehave, and end rentals. What was wrong with it is kept."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests

from .judge import marker_of
from .processes import Marketplace, Server
from .rents_plan import Stay
from .rents_shops import RentShop, Steam, Visit, seller_restarts

_ACCESS = re.compile(r"^Логин: (?P<login>\S+)\nПароль: (?P<password>\S+)$", re.M)
_CODE = re.compile(r"^Код для (?P<login>\S+): (?P<code>[2-9BCDFGHJKMNPQRTVWXY]{5})$", re.M)
_FAILURES = (requests.RequestException, AssertionError, ValueError, KeyError, TypeError)
PATIENCE = 8.0
"""Seconds after which a buyer whose order waits says what he wants."""
RESTARTS_EVERY = 8.0
TURN = 0.25


@dataclass(frozen=True, slots=True)
class Handed:
    """Login and password as an order's buyer was shown them."""

    order: str
    login: str
    password: str
    at: float


@dataclass(slots=True)
class Tenant:
    """An order and how far its buyer has come."""

    order: str
    stay: Stay
    paid: float
    handed: Handed | None = None
    code: str | None = None
    asked: int = 0
    wrote: int = 0
    chose: bool = False
    visit: Visit | None = None
    ended: bool = False
    tried_late: bool = False


def handed_in(entry: Mapping[str, Any]) -> Handed | None:
    """What a message of ours hands out."""
    marker = marker_of(entry["text"]) if entry["via"] == "http" else None
    found = _ACCESS.search(entry["text"]) if marker else None
    if marker is None or found is None:
        return None
    return Handed(marker.order, found["login"], found["password"], float(entry["mono"]))


def codes_in(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Logins and Guard codes that a message of ours shows."""
    if entry["via"] != "http":
        return []
    return [(found["login"], found["code"]) for found in _CODE.finditer(entry["text"])]


class People:
    """`add` tells of an order that was paid; `visits` and `wrong` are read at the end."""

    def __init__(self, server: Server, market: Marketplace, shops: Mapping[str, RentShop]) -> None:
        self._server, self._shops = server, shops
        self._market = Marketplace.at(market.url)
        self._steam = Steam(market)
        self._tenants: dict[str, Tenant] = {}
        self._new: list[Tenant] = []
        self._holders: dict[str, list[Handed]] = defaultdict(list)
        self._seen = 0
        self._looked = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.finishing = False
        """Nothing more is paid: whatever still runs is ended soon."""
        self.visits: list[Visit] = []
        self.wrong: list[str] = []
        self.did: Counter[str] = Counter()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(60)
        self._market.leave()
        self._steam.close()

    def add(self, order: str, stay: Stay) -> None:
        self._new.append(Tenant(order, stay, time.monotonic()))

    def _run(self) -> None:
        while not self._stop.wait(TURN):
            while self._new:
                tenant = self._new.pop(0)
                self._tenants[tenant.order] = tenant
            with suppress(*_FAILURES):
                self._read()
            for tenant in self._tenants.values():
                if self._stop.is_set():
                    return
                with suppress(*_FAILURES):
                    self._step(tenant)
            with suppress(*_FAILURES):
                self._look_after()

    # --- what they are written

    def _read(self) -> None:
        for entry in self._market.log(self._seen, what="message"):
            self._seen = max(self._seen, int(entry["n"]))
            handed = handed_in(entry)
            if handed is not None and handed.order in self._tenants:
                self._tenants[handed.order].handed = handed
                self._former_try(handed)
            for login, code in codes_in(entry):
                holder = self._holders[login][-1] if self._holders[login] else None
                if holder is not None and holder.order in self._tenants:
                    self._tenants[holder.order].code = code

    def _former_try(self, now: Handed) -> None:
        """Whoever had the account before finds his password refused."""
        former = {handed.order: handed for handed in self._holders[now.login]}
        former.pop(now.order, None)
        self._holders[now.login].append(now)
        if now.login in self._shop_of(now.order).kick_only:
            return
        for handed in former.values():
            self.did["passwords tried again"] += 1
            if self._steam.enters(handed.order, now.login, handed.password, None):
                self.wrong.append(f"{now.login}: {handed.order} enters, {now.order} has it")

    def _shop_of(self, order: str) -> RentShop:
        return self._shops[self._tenants[order].stay.shop]

    # --- what they do

    def _step(self, tenant: Tenant) -> None:
        since = time.monotonic() - tenant.paid
        if tenant.handed is None:
            self._wait(tenant, since)
            return
        stay, held = tenant.stay, time.monotonic() - tenant.handed.at
        if not tenant.ended:
            self._ask(tenant, held)
        if held > stay.stays and not tenant.ended:
            self._end(tenant)
            tenant.ended = True
            self.did[stay.ending] += 1
        if tenant.ended and stay.late and not tenant.tried_late:
            tenant.tried_late = True
            self.did["signed in too late"] += self._enter(tenant)

    def _wait(self, tenant: Tenant, since: float) -> None:
        stay = tenant.stay
        if stay.ending == "refund" and since > stay.stays + 10 and not tenant.ended:
            self._refund(tenant)
            tenant.ended = True
            self.did["refund while waiting"] += 1
        elif since > PATIENCE and not tenant.chose:
            login = self._rented_by(stay)
            words = {
                "rent": f"!аренда {stay.game}",
                "extend": f"!продлить {login}" if login else "",
                "refund": "!возврат",
            }.get(stay.choice, "")
            if words:
                self._market.writes(stay.buyer, stay.shop, words)
                self.did[words.split()[0]] += 1
            tenant.chose = True

    def _rented_by(self, stay: Stay) -> str | None:
        """A login that this buyer has of this shop and game."""
        for other in self._tenants.values():
            same = (other.stay.buyer, other.stay.shop) == (stay.buyer, stay.shop)
            if same and other.handed and not other.ended and other.stay.game == stay.game:
                return other.handed.login
        return None

    def _ask(self, tenant: Tenant, held: float) -> None:
        stay = tenant.stay
        if stay.signs_in and tenant.visit is None and tenant.code and not stay.late:
            tenant.visit = self._visit(tenant)
            tenant.code = None
        elif stay.signs_in and tenant.visit is None and tenant.asked < 3:
            if held >= 4 * tenant.asked and tenant.code is None:
                tenant.asked += 1
                self._market.writes(stay.buyer, stay.shop, "!код")
        elif tenant.wrote < len(stay.asks):
            words = stay.asks[tenant.wrote]
            tenant.wrote += 1
            self._market.writes(stay.buyer, stay.shop, words)
            self.did[words.split()[0]] += 1

    def _visit(self, tenant: Tenant) -> Visit | None:
        if not self._enter(tenant):
            return None
        visit = self.visits[-1]
        if tenant.stay.mischief:
            self._steam.visitor_does(visit, tenant.stay.mischief)
            self.did[tenant.stay.mischief] += 1
        return visit

    def _enter(self, tenant: Tenant) -> bool:
        """Sign in with what he was shown; whether Steam let him."""
        handed = tenant.handed
        if handed is None or tenant.code is None:
            return False
        visit = self._steam.enters(tenant.order, handed.login, handed.password, tenant.code)
        if visit is not None:
            self.visits.append(visit)
        return visit is not None

    # --- ends

    def _end(self, tenant: Tenant) -> None:
        if tenant.stay.ending == "refund":
            self._refund(tenant)
        elif tenant.stay.ending != "runs_out":
            self._end_by_api(tenant)

    def _refund(self, tenant: Tenant) -> None:
        if self._market.ask("GET", f"/orders/{tenant.order}")["status"] == "paid":
            self._market.ask("POST", f"/orders/{tenant.order}/refund")

    def _end_by_api(self, tenant: Tenant) -> None:
        base = self._shops[tenant.stay.shop].base
        active = self._server.call("GET", f"{base}/rentals?status=active", seconds=5).json()
        mine = [row["rental_id"] for row in active if row["order_id"] == tenant.order]
        for rental in mine:
            path = f"{base}/rentals/{rental}"
            if tenant.stay.ending == "shorten":
                answer = self._server.call("PATCH", f"{path}/time", {"minutes": -2}, seconds=5)
            else:
                answer = self._server.call("POST", f"{path}/terminate", seconds=5)
            if answer.status_code >= 500 and answer.status_code != 503:
                self.wrong.append(f"{answer.request.method} {path}: {answer.status_code}")
            if answer.status_code == 503:
                raise ValueError("try again")

    def _look_after(self) -> None:
        """Sellers: failed releases are started anew; at the end running rentals are ended."""
        if time.monotonic() - self._looked < RESTARTS_EVERY:
            return
        self._looked = time.monotonic()
        for shop in self._shops.values():
            self.did["restarts of a release"] += seller_restarts(self._server, shop)
            if self.finishing:
                active = self._server.call("GET", f"{shop.base}/rentals?status=active", seconds=5)
                for row in active.json():
                    if row["delivery_pending"]:
                        continue  # whoever ends it now leaves a buyer with nothing
                    path = f"{shop.base}/rentals/{row['rental_id']}/terminate"
                    self._server.call("POST", path, seconds=5)
