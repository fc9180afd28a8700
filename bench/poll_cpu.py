"""CPU that one quiet poll costs this process, against a keep-alive server in another one.

    python -m bench.poll_cpu [polls]

Prints the thread CPU time per poll of the whole client (gate, cookies, classification), in
milliseconds; the aim is 0.6 or less.
"""

from __future__ import annotations

import multiprocessing
import socket
import statistics
import sys
import time
from random import Random

from opium.clock import Clock
from opium.funpay.client import FunPay
from opium.funpay.gate import Gate, Pace

HOME = (
    b'<!DOCTYPE html><html><body data-app-data="{&quot;locale&quot;:&quot;ru&quot;,'
    b'&quot;csrf-token&quot;:&quot;a1b2c3d4e5f6g7h8&quot;,&quot;userId&quot;:1000001}">'
    b'<header><div class="user-link-name">SellerOne</div></header>'
    b'<div id="content" class="content-promo-index"></div></body></html>'
)
QUIET = b'{"objects":[],"response":false}'
HEAD = (
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: %s\r\nContent-Length: %d\r\n"
    b"Cache-Control: no-store, no-cache, must-revalidate\r\nPragma: no-cache\r\n"
    b"Expires: Thu, 19 Nov 1981 08:52:00 GMT\r\nStrict-Transport-Security: max-age=31536000\r\n"
    b"Vary: Accept-Encoding\r\nConnection: keep-alive\r\n"
)


def serve(listener: socket.socket) -> None:
    sock, _ = listener.accept()
    while request := sock.recv(65536):
        if request.startswith(b"GET"):
            extra = b"Set-Cookie: PHPSESSID=abc; path=/\r\n\r\n"
            sock.sendall(HEAD % (b"text/html", len(HOME)) + extra + HOME)
        else:
            sock.sendall(HEAD % (b"application/json", len(QUIET)) + b"\r\n" + QUIET)


def main() -> None:
    polls = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    listener = socket.create_server(("127.0.0.1", 0))
    server = multiprocessing.Process(target=serve, args=[listener], daemon=True)
    server.start()
    clock, random = Clock(), Random(1)
    pace = Pace(base_delay=0.0, burst_limit=100, cooldown_after_burst=0.0)
    client = FunPay(
        f"http://127.0.0.1:{listener.getsockname()[1]}",
        "k" * 32,
        gate=Gate(pace, clock=clock, random=random),
        clock=clock,
        random=random,
    )
    costs = []
    for _ in range(polls + 100):
        begun = time.thread_time()
        client.look()
        client.accept()
        costs.append((time.thread_time() - begun) * 1000)
    client.close()
    server.terminate()
    costs = sorted(costs[100:])
    mean, p99 = statistics.fmean(costs), costs[int(len(costs) * 0.99)]
    print(
        f"{polls} quiet polls: mean {mean:.3f} ms CPU, median {costs[len(costs) // 2]:.3f}, "
        f"p99 {p99:.3f}"
    )


if __name__ == "__main__":
    main()
