"""python -m tests.attack [--guesses 10000]: how a real server stands a storm of guesses.

The server runs as in life, with real password rounds and limits. Addresses come as a trusted
proxy on this machine would name them. Exit 1 if a bound does not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos.processes import Server, until

from . import people
from .people import OWNER, PASSWORD, Outcome, Site

REAL = {
    "OPIUM_AUTH_ENABLED": "true",
    "OPIUM_RATE_LIMIT_ENABLED": "true",
    "OPIUM_PASSWORD_ROUNDS": "600000",
    "OPIUM_ADMIN_PASSWORD": PASSWORD,
}
BEHIND = {"OPIUM_TRUSTED_PROXIES": "127.0.0.1"}
NO_RATE = {"OPIUM_LOGIN_RATE_LIMIT_PER_MINUTE": "10000"}
TRIED, STATUS_P95, GROWTH_MIB, MEDIANS = 10, 0.3, 40.0, 0.010


@dataclass(frozen=True, slots=True)
class Storm:
    """An attack. `one`: to the server all its addresses are one."""

    name: str
    addresses: Callable[[], Iterator[str]]
    one: bool = False
    random_names: bool = False
    settings: Mapping[str, str] = field(default_factory=lambda: BEHIND)

    @property
    def believed(self) -> bool:
        """Whether the server takes the addresses as they are told; else the owner shares his."""
        return "OPIUM_TRUSTED_PROXIES" in self.settings


STORMS = (
    Storm("one address", people.one_address, one=True),
    Storm("one address, bans only", people.one_address, one=True, settings=BEHIND | NO_RATE),
    Storm("1,000 addresses", people.thousand_addresses),
    Storm("1,000 addresses, bans only", people.thousand_addresses, settings=BEHIND | NO_RATE),
    Storm("1,000 addresses, random names", people.thousand_addresses, random_names=True),
    Storm("one IPv6 /64", people.one_network, one=True),
    Storm("headers nobody believes", people.thousand_addresses, one=True, settings={}),
)


def main() -> int:
    """Every storm against a server of its own; a table, and whether all bounds hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack")
    parser.add_argument("--guesses", type=int, default=10_000)
    parser.add_argument("--only", default="", help="storms whose name holds this")
    chosen = parser.parse_args()
    good = True
    print(f"{chosen.guesses} guesses each, real password rounds")
    for storm in STORMS:
        if chosen.only in storm.name:
            good &= stood(storm, chosen.guesses)
    if chosen.only in "names":
        good &= names()
    return 0 if good else 1


def stood(storm: Storm, guesses: int) -> bool:
    """One attack; prints its row."""
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        server = started(Path(folder) / "instance", {**REAL, **storm.settings})
        try:
            site = Site(server.url)
            known = site.sign_in(OWNER)[0] == 200
            before = resident(server)
            chance = Random(1) if storm.random_names else None
            outcome = people.attack(site, guesses, storm.addresses(), chance)
            growth = resident(server) - before
        finally:
            server.close()
    tried = outcome.tried.total() if storm.one else max(outcome.tried.values(), default=0)
    bounds = [known, tried <= TRIED, growth <= GROWTH_MIB, not set(outcome.codes) - {401, 429}]
    if storm.believed:
        bounds += [bool(outcome.sign_ins), not outcome.refused, p95(outcome.status) <= STATUS_P95]
    print(row(storm, outcome, tried, growth, all(bounds)), flush=True)
    return all(bounds)


def row(storm: Storm, outcome: Outcome, tried: int, growth: float, good: bool) -> str:
    """What happened, in one line."""
    told = [
        f"{'ok' if good else '!!'}  {storm.name}: {outcome.seconds:.0f} s, {dict(outcome.codes)}",
        f"compared {outcome.tried.total()}, of one address {tried} (≤ {TRIED})",
        f"memory {growth:+.1f} MiB (≤ {GROWTH_MIB:.0f})",
    ]
    if storm.believed:
        slowest = f"{max(outcome.sign_ins):.2f} s" if outcome.sign_ins else "never"
        told += [
            f"owner in {len(outcome.sign_ins)} of {len(outcome.sign_ins) + outcome.refused}, "
            f"within {slowest}",
            f"status p95 {p95(outcome.status) * 1000:.0f} ms of {len(outcome.status)} (≤ 300)",
        ]
    else:
        told.append("the owner shares the attacker's address, and its limit")
    return "; ".join(told)


def names() -> bool:
    """S8: 200 tries with the wrong name and 200 with the wrong password, taking turns."""
    lifted = {
        "OPIUM_RATE_LIMIT_ENABLED": "false",
        "OPIUM_LOGIN_MAX_FAILURES": "1000",
    }
    times: dict[str, list[float]] = {"admin": [], "nobody": []}
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        server = started(Path(folder) / "instance", {**REAL, **BEHIND, **lifted})
        try:
            site = Site(server.url)
            site.sign_in(OWNER)
            for n in range(200):
                if n % 50 == 49:  # a good sign-in clears the failures of the address
                    site.sign_in(OWNER)
                for name, took in times.items():
                    code, seconds, _ = site.sign_in(OWNER, f"wrong {n}", name)
                    assert code == 401, code
                    took.append(seconds)
        finally:
            server.close()
    apart = abs(median(times["admin"]) - median(times["nobody"]))
    good = apart <= MEDIANS
    print(
        f"{'ok' if good else '!!'}  names: medians of 200 tries: wrong password "
        f"{median(times['admin']) * 1000:.1f} ms, wrong name {median(times['nobody']) * 1000:.1f} "
        f"ms, apart {apart * 1000:.1f} (≤ 10)"
    )
    return good


def started(folder: Path, settings: dict[str, str]) -> Server:
    """A server that answers."""
    server = Server(folder, "http://127.0.0.1:9", **settings)
    server.start()
    until(lambda: "Ready:" in server.printed(), 30, f"not ready\n{server.printed()[-2000:]}")
    return server


def resident(server: Server) -> float:
    """MiB of memory that the process has."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def p95(times: list[float]) -> float:
    """95 % are faster; seconds."""
    return quantiles(times, n=20)[-1] if len(times) > 1 else (times or [60.0])[0]


if __name__ == "__main__":
    sys.exit(main())
