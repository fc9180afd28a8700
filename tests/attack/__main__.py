"""python -m tests.attack [--guesses 10000]: how a real server stands a storm of guesses.

The server runs as in life, with real password rounds and limits. Addresses come as a trusted
proxy on this machine would name them. Exit 1 if a bound does not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
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
TRIED, STATUS_P95, GROWTH_MIB, MEDIANS = 10, 0.3, 40.0, 0.010

STORMS: list[tuple[str, dict[str, str], Callable[[], Iterator[str]], bool]] = [
    ("one address", BEHIND, people.one_address, False),
    ("1,000 addresses", BEHIND, people.thousand_addresses, False),
    ("1,000 addresses, random names", BEHIND, people.thousand_addresses, True),
    ("one IPv6 /64", BEHIND, people.one_network, False),
    ("headers nobody believes", {}, people.thousand_addresses, False),
]


def main() -> int:
    """Every storm against a server of its own; a table, and whether all bounds hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack")
    parser.add_argument("--guesses", type=int, default=10_000)
    parser.add_argument("--only", default="", help="storms whose name holds this")
    chosen = parser.parse_args()
    good = True
    print(f"{chosen.guesses} guesses each, real password rounds")
    for name, settings, addresses, random_names in STORMS:
        if chosen.only in name:
            good &= storm(name, settings, addresses, random_names, chosen.guesses)
    if chosen.only in "names":
        good &= names()
    return 0 if good else 1


def storm(
    name: str,
    settings: dict[str, str],
    addresses: Callable[[], Iterator[str]],
    random_names: bool,
    guesses: int,
) -> bool:
    """One attack; prints its row."""
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        server = started(Path(folder) / "instance", {**REAL, **settings})
        try:
            site = Site(server.url)
            known = site.sign_in(OWNER)[0] == 200
            before = resident(server)
            chance = Random(1) if random_names else None
            outcome = people.attack(site, guesses, addresses(), chance)
            growth = resident(server) - before
        finally:
            server.close()
    # Of a /64, and of headers that nobody believes, all addresses are one.
    one = settings != BEHIND or addresses is people.one_network
    tried = outcome.tried.total() if one else max(outcome.tried.values(), default=0)
    # Where nobody believes his address either, the owner shares the attacker's.
    bounds = [known, tried <= TRIED, growth <= GROWTH_MIB, not set(outcome.codes) - {401, 429}]
    if settings == BEHIND:
        bounds += [bool(outcome.sign_ins), not outcome.refused, p95(outcome.status) <= STATUS_P95]
    print(row(name, outcome, tried, growth, all(bounds)), flush=True)
    return all(bounds)


def row(name: str, outcome: Outcome, tried: int, growth: float, good: bool) -> str:
    """What happened, in one line."""
    slowest = f"{max(outcome.sign_ins):.2f} s" if outcome.sign_ins else "never"
    return (
        f"{'ok' if good else '!!'}  {name}: {outcome.seconds:.0f} s, {dict(outcome.codes)}, "
        f"compared {outcome.tried.total()}, of one address {tried} (≤ {TRIED}); owner in "
        f"{len(outcome.sign_ins)} of {len(outcome.sign_ins) + outcome.refused}, within {slowest}; "
        f"status p95 {p95(outcome.status) * 1000:.0f} ms of {len(outcome.status)} (≤ 300); "
        f"memory {growth:+.1f} MiB (≤ {GROWTH_MIB:.0f})"
    )


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
