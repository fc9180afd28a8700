"""Requests per second of GET /api/accounts through waitress, everything switched on.

    python bench/api_rate.py [seconds] [connections] [accounts]

The server runs in this process; the clients are a second one, with keep-alive connections, so
that the figure is the server's and not theirs.
"""

from __future__ import annotations

import json
import multiprocessing
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

import waitress

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "web")]

from web_world import World, json_of  # noqa: E402

from opium import logs  # noqa: E402


def main() -> None:
    seconds, connections, accounts = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "instance")
        for n in range(accounts):
            world.shop(f"shop_{n}", modules=("steam_rent", "auto_delivery"))
        logging = logs.set_up(world.config, console=False)
        server = waitress.create_server(
            world.app, host="127.0.0.1", port=0, threads=16, connection_limit=200, ident=None
        )
        port = int(server.effective_port)
        threading.Thread(target=server.run, daemon=True).start()
        token = json_of(world.login())["access_token"]
        _measure(port, token, 1, connections)  # warm
        done, took = _measure(port, token, seconds, connections)
        logging.flush(10)
        print(f"{done / took:.0f} requests/s ({done} in {took:.1f} s, {connections} connections)")
        logging.close()
        server.close()


def _arguments() -> tuple[int, int, int]:
    given = [int(value) for value in sys.argv[1:4]]
    seconds, connections, accounts = given + [5, 8, 3][len(given) :]
    return seconds, connections, accounts


def _measure(port: int, token: str, seconds: int, connections: int) -> tuple[int, float]:
    queue: multiprocessing.Queue[int] = multiprocessing.Queue()
    client = multiprocessing.Process(
        target=_clients, args=(port, token, seconds, connections, queue)
    )
    began = time.perf_counter()
    client.start()
    done = queue.get()
    client.join()
    return done, min(time.perf_counter() - began, seconds)


def _clients(
    port: int, token: str, seconds: int, connections: int, queue: multiprocessing.Queue[int]
) -> None:
    """Plain sockets: a request is one write, an answer is read by its Content-Length."""
    request = (
        f"GET /api/accounts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()
    until = time.perf_counter() + seconds
    counts = [0] * connections

    def run(n: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while time.perf_counter() < until:
                connection.sendall(request)
                _read_answer(connection)
                counts[n] += 1

    threads = [threading.Thread(target=run, args=(n,)) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.put(sum(counts))


def _read_answer(connection: socket.socket) -> None:
    data = connection.recv(65536)
    head, separator, body = data.partition(b"\r\n\r\n")
    while not separator:
        data += connection.recv(65536)
        head, separator, body = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(json.dumps(head.decode()))
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)


if __name__ == "__main__":
    main()
