"""Servers that misbehave, on real sockets of this machine."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket, bytes], None]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Server:
    """Reads whole requests and lets `behave` answer them; counts what arrived."""

    behave: Behaviour
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(behave: Behaviour, *, greet: Behaviour | None = None) -> Iterator[Server]:
    """A server on a free port. `greet` speaks first, as a TLS-less or mute proxy would."""
    server = Server(behave)
    listener = socket.create_server(("127.0.0.1", 0))
    server.port = listener.getsockname()[1]
    open_ones: list[socket.socket] = []
    stop = threading.Event()

    def talk(sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            if greet:
                greet(sock, b"")
            while request := _request(sock):
                server.requests.append(request)
                server.behave(sock, request)

    def accept() -> None:
        while not stop.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            server.connections += 1
            open_ones.append(sock)
            threading.Thread(target=talk, args=[sock], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        stop.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for sock in open_ones:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def answers(data: bytes) -> Behaviour:
    return lambda sock, request: sock.sendall(data)


def mute(sock: socket.socket, request: bytes) -> None:
    """Reads on, says nothing."""
    sock.recv(1)


def closes(sock: socket.socket, request: bytes) -> None:
    sock.shutdown(socket.SHUT_RDWR)


def resets(sock: socket.socket, request: bytes) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def drips(data: bytes, every: float, start: bytes = b"") -> Behaviour:
    """`start` at once, then a byte at a time, for ever if need be."""

    def behave(sock: socket.socket, request: bytes) -> None:
        pause = threading.Event()
        sock.sendall(start)
        for byte in data * 1000:
            sock.sendall(bytes([byte]))
            pause.wait(every)

    return behave


def _request(sock: socket.socket) -> bytes:
    """One whole request, or b"" at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(body) < length:
        more = sock.recv(65536)
        if not more:
            return b""
        body += more
    return head + b"\r\n\r\n" + body
