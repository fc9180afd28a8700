"""How fast the API answers: the server as it is started in life, keep-alive clients beside it.

python -m bench.api_rate [--seconds 5] [--connections 8] [--accounts 3] [--processes 2]

First requests per second of GET /api/accounts, then its waiting times while FunPay hangs on
everything and other clients wait for it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import threading
import time
from collections.abc import Callable

import requests

from bench.stand import Stand

Outcome = tuple[list[float], set[int]]
"""Seconds that each request took, and the statuses seen."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--accounts", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    with Stand(OPIUM_RATE_LIMIT_ENABLED="false") as stand:
        shops = stand.shops(options.accounts)
        throughput(stand, options)
        quiet(stand, options.seconds, "idle")
        hanging(stand, shops, options.seconds)


def throughput(stand: Stand, options: argparse.Namespace) -> None:
    """As many requests as the clients can make."""
    request = accounts_request(stand)
    for seconds in (1.0, options.seconds):  # the first is to warm up
        cpu = stand.cpu_seconds()
        waits, statuses = clients(stand.port, request, seconds, options)
        spent = stand.cpu_seconds() - cpu
    assert statuses == {200}, statuses
    print(
        f"GET /api/accounts: {len(waits) / seconds:.0f} requests/s with {options.accounts} "
        f"accounts over {options.connections} connections; {quantiles(waits)}; "
        f"{1e6 * spent / len(waits):.0f} us of processor each ({spent / seconds:.2f} cores)"
    )


def hanging(stand: Stand, shops: list[str], seconds: float) -> None:
    """FunPay takes every request and answers none, while browsers wait for live reads."""
    stand.sandbox("POST", "/faults", {"kind": "hang", "count": None, "seconds": 60})
    over = threading.Event()
    paths = [f"/api/accounts/{shop}/{what}" for shop in shops for what in ("orders", "chats")]
    others = [threading.Thread(target=impatient, args=(stand, p, over), daemon=True) for p in paths]
    for thread in others:
        thread.start()
    time.sleep(1)
    quiet(stand, max(seconds, 20), f"FunPay hangs, {len(paths)} live reads at once")
    over.set()
    states = {account["state"] for account in stand.api("GET", "/api/accounts")}
    print(f"states at the end: {', '.join(sorted(states))}")


def impatient(stand: Stand, path: str, over: threading.Event) -> None:
    """A browser that asks for something live again and again."""
    headers = {"Authorization": str(stand.session.headers["Authorization"])}
    while not over.wait(0.2):
        try:
            requests.get(stand.url(path), headers=headers, timeout=60)
        except requests.RequestException:
            continue


def quiet(stand: Stand, seconds: float, what: str) -> None:
    """One client that asks fifty times a second, as many browsers together do."""
    waits, statuses = ask(stand.port, accounts_request(stand), seconds, pause=0.02)
    assert statuses == {200}, statuses
    print(f"GET /api/accounts, {what}: {quantiles(waits)}")


def accounts_request(stand: Stand) -> bytes:
    token = str(stand.session.headers["Authorization"])
    lines = ["GET /api/accounts HTTP/1.1", "Host: localhost", f"Authorization: {token}", "", ""]
    return "\r\n".join(lines).encode()


def clients(port: int, request: bytes, seconds: float, options: argparse.Namespace) -> Outcome:
    """The connections, spread over processes, so that the figure is the server's."""
    each = max(1, options.connections // options.processes)
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        pool.map(len, [b""] * options.processes)  # started and imported before the clock runs
        calls = [(port, request, seconds, each)] * options.processes
        found = pool.starmap(threads, calls)
    return together(found)


def threads(port: int, request: bytes, seconds: float, count: int) -> Outcome:
    found: list[Outcome] = []

    def run() -> None:
        found.append(ask(port, request, seconds))

    running = [threading.Thread(target=run) for _ in range(count)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return together(found)


def ask(port: int, request: bytes, seconds: float, pause: float = 0) -> Outcome:
    """One keep-alive connection; a request is one write."""
    waits: list[float] = []
    statuses: set[int] = set()
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            connection.sendall(request)
            statuses.add(read_answer(lambda: connection.recv(65536)))
            waits.append(time.perf_counter() - began)
            if pause:
                time.sleep(pause)
    return waits, statuses


def read_answer(receive: Callable[[], bytes]) -> int:
    """The status of an answer, read to its end by its Content-Length."""
    data = receive()
    head, separator, body = data.partition(b"\r\n\r\n")
    while not separator:
        data += receive()
        head, separator, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += receive()
    return int(head[9:12])


def together(found: list[Outcome]) -> Outcome:
    waits = [wait for outcome in found for wait in outcome[0]]
    return waits, set().union(*(outcome[1] for outcome in found))


def quantiles(waits: list[float]) -> str:
    ordered = sorted(waits)

    def at(share: float) -> float:
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    return f"median {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, worst {at(1):.1f} ms"


if __name__ == "__main__":
    main()
