"""Two scenes with figures: two hours of silence, and one account of twenty in trouble."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from . import books
from .judge import Sale, judge, marker_of
from .processes import Marketplace, Server, until
from .shops import Shop, fill, open_shop, watch
from .walk import first_contact

KEY = "Ключ"


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    found: str
    wanted: str
    good: bool


def print_figures(figures: Sequence[Figure], out: TextIO) -> None:
    """What was measured, and what was wanted."""
    out.write("\n")
    for figure in figures:
        mark = "" if figure.good else "  <--"
        out.write(f"{figure.name:<52}{figure.found:>12}{figure.wanted:>14}{mark}\n")
    out.write(f"\n{'PASSED' if all(f.good for f in figures) else 'FAILED'}\n")


# --- downtime


def downtime(folder: Path, orders: int = 50, say: Callable[[str], object] = print) -> list[Figure]:
    """Stop the server, pay orders dated within two hours, one of 30 hours ago, one from before the
    first contact; start again."""
    market = Marketplace()
    server = Server(folder / "instance", market.url)
    try:
        return _downtime(market, server, orders, say)
    finally:
        server.close()
        market.close()


def _downtime(
    market: Marketplace, server: Server, orders: int, say: Callable[[str], object]
) -> list[Figure]:
    shop = open_shop(market, "shop1")
    buyers = [f"buyer{n}" for n in range(10)]
    for buyer in buyers:
        market.buyer(buyer)
    server.start()
    server.wait_ready()
    watch(server, shop)
    fill(server, shop, KEY, shop.new_keys(orders + 10))
    _until(server, first_contact, 30, "first contact")
    assert server.end() == 0
    _long_ago(server.database, days=3)
    sales = []
    for n in range(orders):
        order = market.buy(buyers[n % len(buyers)], shop.lots[KEY])
        market.ask("POST", f"/orders/{order}/age", {"hours": 2 * (n + 1) / orders})
        sales.append(Sale(order, shop.name, buyers[n % len(buyers)], 1))
    late, older = (market.buy(buyers[0], shop.lots[KEY]) for _ in range(2))
    market.ask("POST", f"/orders/{late}/age", {"hours": 30})
    market.ask("POST", f"/orders/{older}/age", {"hours": 24 * 4})
    say(f"{orders} orders paid while the server is off")
    began = time.monotonic()
    server.start()
    delivered = f"SELECT count(*) >= {orders} FROM handouts WHERE state = 'delivered'"
    _until(server, lambda db: bool(books.count(db, delivered)), 180, "all delivered")
    took = _last_message(market) - began
    _until(server, lambda db: books.count(db, books.UNDECIDED) == 0, 30, "decided")
    with books.read_only(server.database) as db:
        visible = books.visible_orders(db)
        verdict = judge([*sales, Sale(late, shop.name, buyers[0], 1)], market.log(), visible)
        held = visible.get(late, "nothing")
        alerts = [row[0] for row in db.execute(books.ALERTS) if late in row[0]]
        left = books.taken_for_new(db, [older])
        laws = books.broken_laws(db, shop.imported)
    wrongs = verdict.wrongs
    return [
        Figure(f"{orders} orders delivered, s after the start", f"{took:.1f}", "<= 60", took <= 60),
        Figure("paid 30 h ago", held, "held", held in ("held", "alert")),
        Figure("alerts that name it", str(len(alerts)), ">= 1", bool(alerts)),
        Figure("older than the first contact", str(left or "left alone"), "left alone", not left),
        Figure("lost, doubled, unexpected", str(wrongs or 0), "0", not wrongs),
        Figure("laws broken", str(laws or 0), "0", not laws),
    ]


def _long_ago(database: Path, days: int) -> None:
    """As if the first contact had been some days ago."""
    with contextlib.closing(sqlite3.connect(database)) as db, db:
        (text,) = db.execute("SELECT taken_at FROM baselines").fetchone()
        earlier = datetime.fromisoformat(text) - timedelta(days=days)
        db.execute("UPDATE baselines SET taken_at = ?", (earlier.isoformat(sep=" "),))


def _last_message(market: Marketplace) -> float:
    return max(float(entry["mono"]) for entry in market.log(what="message"))


# --- isolation

ACCOUNTS = 20
ROUNDS = 6
TROUBLES: dict[str, dict[str, Any]] = {
    "hangs": {"kind": "hang", "seconds": 30},
    "is answered 429": {"kind": "429", "retry_after": 5},
}


def isolation(folder: Path, say: Callable[[str], object] = print) -> list[Figure]:
    """From payment to goods, with one account in trouble and without. It has an address of its own:
    what FunPay limits is the address, and all its accounts rest on purpose."""
    market = Marketplace()
    server = Server(folder / "instance", market.url)
    try:
        with _tunnel() as port:
            return _isolation(market, server, port, say)
    finally:
        server.close()
        market.close()


def _isolation(
    market: Marketplace, server: Server, port: int, say: Callable[[str], object]
) -> list[Figure]:
    market.buyer("ann")
    shops = [open_shop(market, f"shop{n}") for n in range(1, ACCOUNTS + 1)]
    server.start()
    server.wait_ready()
    for shop in shops:
        proxy = {"proxy": f"http://127.0.0.1:{port}"} if shop is shops[0] else {}
        watch(server, shop, **proxy)
        fill(server, shop, KEY, shop.new_keys(ROUNDS * 4))
    known = f"SELECT count(*) = {ACCOUNTS} FROM baselines WHERE message_mark IS NOT NULL"
    _until(server, lambda db: bool(books.count(db, known)), 60, "first contacts")
    calm = _p95(market, shops[1:])
    say(f"all well: p95 {calm:.2f} s")
    figures = [Figure("p95 from payment to goods, all well, s", f"{calm:.2f}", "", True)]
    for name, fault in TROUBLES.items():
        market.fault(**fault, account=shops[0].name, count=None)
        market.buy("ann", shops[0].lots[KEY])
        time.sleep(2)
        p95 = _p95(market, shops[1:])
        ratio = p95 / calm
        say(f"one {name}: p95 {p95:.2f} s")
        figures.append(
            Figure(f"the same for 19 others while one {name}", f"{p95:.2f}", "", p95 <= 15)
        )
        figures.append(Figure("  times the calm one", f"{ratio:.2f}", "<= 1.5", ratio <= 1.5))
        market.no_faults()
        time.sleep(2)
    return figures


def _p95(market: Marketplace, shops: Sequence[Shop]) -> float:
    """Pay a few orders in each shop, one after the other; from each payment to its goods."""
    paid: dict[str, float] = {}
    began = time.monotonic()
    for turn in range(ROUNDS):
        for n, shop in enumerate(shops):
            while time.monotonic() < began + 3 * turn + 3 * n / len(shops):
                time.sleep(0.005)
            paid[market.buy("ann", shop.lots[KEY])] = time.monotonic()
    waits: dict[str, float] = {}

    def all_there() -> bool:
        for entry in market.log(what="message"):
            marker = marker_of(entry["text"])
            if marker is not None and marker.order in paid:
                waits.setdefault(marker.order, float(entry["mono"]) - paid[marker.order])
        return len(waits) == len(paid)

    until(all_there, 120, "all orders delivered", pause=0.5)
    return sorted(waits.values())[int(len(waits) * 0.95)]


@contextlib.contextmanager
def _tunnel() -> Iterator[int]:
    """A proxy on loopback that knows CONNECT; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener,), daemon=True).start()
        yield int(listener.getsockname()[1])


def _accept(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_connect, args=(client,), daemon=True).start()


def _connect(client: socket.socket) -> None:
    with contextlib.suppress(OSError, ValueError), client:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096) or b"\r\n\r\n"
        host, _, port = head.split()[1].decode().rpartition(":")
        with socket.create_connection((host, int(port)), 5) as site:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_pump, args=(site, client), daemon=True)
            back.start()
            _pump(client, site)
            back.join(60)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _until(
    server: Server, true: Callable[[sqlite3.Connection], bool], seconds: float, what: str
) -> None:
    def ask() -> bool:
        assert server.alive, f"ended by itself\n{server.printed()[-1500:]}"
        try:
            with books.read_only(server.database) as db:
                return true(db)
        except sqlite3.OperationalError:
            return False

    until(ask, seconds, what)
