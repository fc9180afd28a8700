"""Who asks: guessers from many addresses, the owner, and a phone that looks at the status."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from random import Random

import requests

PASSWORD = "the owner's own long words"
OWNER = "203.0.113.7"
AT_ONCE = 8
"""Guessers at the same moment; more would only wait in the kernel."""


@dataclass
class Site:
    """Where the server is."""

    url: str
    local: threading.local = field(default_factory=threading.local)

    def ask(
        self, method: str, path: str, address: str, json: object = None, token: str = ""
    ) -> tuple[int, float, dict[str, object]]:
        """Status, seconds and body of a request that comes from `address`."""
        if not hasattr(self.local, "http"):
            self.local.http = requests.Session()
            self.local.http.trust_env = False
        headers = {"X-Forwarded-For": address}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        began = time.perf_counter()
        answer = self.local.http.request(
            method, self.url + path, json=json, headers=headers, timeout=60
        )
        return answer.status_code, time.perf_counter() - began, answer.json()

    def sign_in(
        self, address: str, password: str = PASSWORD, name: str = "admin"
    ) -> tuple[int, float, dict[str, object]]:
        """One try."""
        body = {"username": name, "password": password}
        return self.ask("POST", "/api/auth/login", address, body)


def one_address() -> Iterator[str]:
    """The same for ever."""
    while True:
        yield "198.51.100.9"


def thousand_addresses() -> Iterator[str]:
    """A thousand in turn."""
    while True:
        yield from (f"198.18.{n // 250}.{n % 250 + 1}" for n in range(1000))


def one_network() -> Iterator[str]:
    """Another address of one IPv6 /64 each time, drawn at random."""
    chance = Random(64)
    while True:
        yield str(IPv6Address((0x20010DB8 << 96) | chance.getrandbits(64)))


@dataclass
class Outcome:
    """What an attack of so many guesses met, and what it did to others."""

    codes: Counter[int] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)
    """Guesses that were answered 401, so really compared, by address."""
    seconds: float = 0
    status: list[float] = field(default_factory=list)
    sign_ins: list[float] = field(default_factory=list)
    refused: int = 0
    """Tries of the owner that were not let in."""


def attack(site: Site, guesses: int, addresses: Iterator[str], names: Random | None) -> Outcome:
    """Guess that often, while the owner looks at the status and signs in now and then."""
    outcome, over, lock = Outcome(), threading.Event(), threading.Lock()

    def guess(n: int) -> None:
        with lock:
            address = next(addresses)
            name = "admin" if names is None else f"user{names.getrandbits(40)}"
        code, _, _ = site.sign_in(address, f"guess number {n}", name)
        with lock:
            outcome.codes[code] += 1
            outcome.tried[address] += code == 401

    def look() -> None:
        """Twice a second: below the limit of sixty a minute from each of his devices."""
        _, _, body = site.sign_in(OWNER)
        token = str(body.get("access_token", ""))
        if not token:  # he shares the address of the attack
            return
        n = 0
        while not over.wait(0.1):
            n += 1
            code, took, _ = site.ask("GET", "/api/status", f"203.0.113.{n % 200 + 8}", token=token)
            if code == 200:
                outcome.status.append(took)
            else:
                outcome.status.append(60.0)

    def owner() -> None:
        """Every 25 s, below his own limit of five a minute."""
        while True:
            began = time.perf_counter()
            code, _, _ = site.sign_in(OWNER)
            if code == 200:
                outcome.sign_ins.append(time.perf_counter() - began)
            else:
                outcome.refused += 1
            if over.wait(25):
                return

    watchers = [threading.Thread(target=look), threading.Thread(target=owner)]
    for thread in watchers:
        thread.start()
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(guess, range(guesses)))
    outcome.seconds = time.perf_counter() - began
    over.set()
    for thread in watchers:
        thread.join()
    return outcome
