"""Hostile HTTP for the web server itself: bytes on a socket, and what comes back.

What the server refuses by itself, before any route, must be the same JSON as every other error;
one bad connection must not touch the next.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPResponse
from io import BytesIO

from .asked import CLOSED, Seen
from .contract import error_problem

HEALTH = "/api/health"
PATIENCE = 15.0


@dataclass(frozen=True)
class Bytes:
    """`expected` are the good statuses of the answers, in order; {0} is for none at all."""

    name: str
    sent: bytes
    expected: tuple[frozenset[int], ...]

    def problem(self, answers: list[Seen]) -> str | None:
        """What is wrong with what came back, or None."""
        codes = [seen.status for seen in answers] or [CLOSED]
        fits = [code in good for code, good in zip(codes, self.expected, strict=False)]
        if len(codes) != len(self.expected) or not all(fits):
            return f"answers {codes}, expected {[sorted(good) for good in self.expected]}"
        refusals = [seen for seen in answers if seen.status >= 400]
        return next((found for seen in refusals if (found := error_problem(seen))), None)


def _head(line: str, *headers: str) -> bytes:
    return "\r\n".join([line, "Host: opium", *headers, "", ""]).encode("latin-1")


OK, BAD, LARGE, NOTHING = (frozenset({code}) for code in (200, 400, 413, 0))
REFUSED = frozenset({400, 401, 404, 405})
GET = f"GET {HEALTH} HTTP/1.1"
POST = "POST /api/auth/login HTTP/1.1"
CHUNKED = "Transfer-Encoding: chunked"

LIST: tuple[Bytes, ...] = (
    Bytes("plain", _head(GET), (OK,)),
    Bytes("HTTP/1.0", f"GET {HEALTH} HTTP/1.0\r\n\r\n".encode(), (OK,)),
    Bytes("no version", f"GET {HEALTH}\r\n\r\n".encode(), (OK,)),
    Bytes("pipelined", _head(GET) * 3, (OK, OK, OK)),
    Bytes("absolute URI", _head(f"GET http://opium{HEALTH} HTTP/1.1"), (OK,)),
    Bytes("absolute URI of another", _head("GET http://10.0.0.1:1/x HTTP/1.1"), (REFUSED,)),
    Bytes("CONNECT", _head("CONNECT 10.0.0.1:443 HTTP/1.1"), (REFUSED,)),
    Bytes("asterisk", _head("OPTIONS * HTTP/1.1"), (frozenset({200, 400, 404}),)),
    Bytes("no path", _head("GET  HTTP/1.1"), (REFUSED,)),
    Bytes("TLS", b"\x16\x03\x01\x02\x00\x01" + b"\0" * 60 + b"\r\n\r\n", (BAD,)),
    Bytes("noise", bytes(range(256)) + b"\r\n\r\n", (BAD,)),
    Bytes("empty lines", b"\r\n" * 2000 + _head(GET), (frozenset({200, 400}),)),
    Bytes("header without colon", _head(GET, "nonsense"), (BAD,)),
    Bytes("header with a space", _head(GET, "X : 1"), (BAD,)),
    Bytes("folded header", _head(GET, "X: 1\r\n 2"), (frozenset({200, 400}),)),
    Bytes("NUL in a header", _head(GET, "X: \0"), (BAD,)),
    Bytes("bare LF", f"GET {HEALTH} HTTP/1.1\nHost: x\n\n".encode(), (frozenset({200, 400, 0}),)),
    Bytes("huge header", _head(GET, "X: " + "x" * 20_000), (frozenset({431}),)),
    Bytes("many headers", _head(GET, *(f"X-{n}: 1" for n in range(3000))), (frozenset({431}),)),
    Bytes("huge path", _head(f"GET /{'x' * 20_000} HTTP/1.1"), (frozenset({431}),)),
    Bytes("two lengths", _head(POST, "Content-Length: 2", "Content-Length: 5") + b"{}", (BAD,)),
    Bytes("negative length", _head(POST, "Content-Length: -1"), (BAD,)),
    Bytes("length of words", _head(POST, "Content-Length: two"), (BAD,)),
    Bytes("length +2", _head(POST, "Content-Length: +2") + b"{}", (BAD,)),
    Bytes("length 1_0", _head(POST, "Content-Length: 1_0"), (BAD,)),
    Bytes("length 10^30", _head(POST, "Content-Length: 1" + "0" * 30), (LARGE,)),
    Bytes("length and chunked", _head(POST, "Content-Length: 2", CHUNKED) + b"2\r\n[]\r\n0\r\n\r\n",
          (BAD,)),
    Bytes("chunked", _head(POST, CHUNKED) + b"2\r\n[]\r\n0\r\n\r\n", (BAD,)),
    Bytes("chunk of no number", _head(POST, CHUNKED) + b"zz\r\n[]\r\n0\r\n\r\n", (BAD,)),
    Bytes("negative chunk", _head(POST, CHUNKED) + b"-2\r\n[]\r\n0\r\n\r\n", (BAD,)),
    Bytes("chunk of 2^64", _head(POST, CHUNKED) + b"10000000000000000\r\n[]", (NOTHING,)),
    Bytes("chunk without end", _head(POST, CHUNKED) + b"2\r\n[]XX0\r\n\r\n", (BAD,)),
    Bytes("encoding gzip", _head(POST, "Transfer-Encoding: gzip"), (BAD,)),
    Bytes("chunked twice", _head(POST, "Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n",
          (BAD,)),
    Bytes("expects 100", _head(POST, "Expect: 100-continue", "Content-Length: 2") + b"[]",
          (BAD,)),
    Bytes("expects more", _head(GET, "Expect: 200-ok"), (frozenset({200, 417}),)),
    Bytes("body cut short", _head(POST, "Content-Length: 100") + b"{}", (NOTHING,)),
    Bytes("head cut short", _head(GET)[:-6], (NOTHING,)),
    Bytes("smuggled", _head(GET, "Content-Length: 5") + b"GET /" + _head(GET), (OK, OK)),
    Bytes("upgrade", _head(GET, "Connection: Upgrade", "Upgrade: h2c"), (OK,)),
    Bytes("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (frozenset({400, 404, 405}),)),
    Bytes("lower-case method", _head(f"get {HEALTH} HTTP/1.1"), (frozenset({200, 400}),)),
    Bytes("dots in the path", _head("GET /api/../../etc/passwd HTTP/1.1"), (REFUSED,)),
)  # fmt: skip


def exchange(address: tuple[str, int], told: Bytes) -> list[Seen]:
    """Everything that comes back until the server closes."""
    with socket.create_connection(address, timeout=PATIENCE) as sock:
        with suppress(OSError):  # it may have closed already, perhaps with an answer
            sock.sendall(told.sent)
            sock.shutdown(socket.SHUT_WR)
        came = bytearray()
        with suppress(ConnectionResetError):
            while data := sock.recv(65536):
                came += data
    return list(_answers(_Came(bytes(came))))


class _Came(BytesIO):
    """What came, as HTTPResponse wants it: a socket whose file goes on where the last ended."""

    def makefile(self, _mode: str) -> _Came:
        return self

    def close(self) -> None:
        """The next answer is still in it."""


def _answers(came: _Came) -> Iterator[Seen]:
    while came.tell() < len(came.getbuffer()):
        answer = HTTPResponse(came)  # type: ignore[arg-type]
        answer.begin()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        yield Seen(answer.status, headers, answer.read())
