"""One request on the wire: within a total time, never repeated, never too large.

`Wire` is a `requests` adapter in place of the usual one, whose time-outs are per read (a server
that drips bytes holds a thread for hours) and whose errors do not say whether anything was sent.
Here every read and write gets what is left of the request's total time, and `NotSent` means
that not one byte of the request left; what breaks later is an exception of `requests`.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import io
import select
import socket
import ssl
import threading
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import certifi
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectionError as Broken
from requests.exceptions import ContentDecodingError, ReadTimeout
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict

from opium.clock import Clock
from opium.net.dial import Deadline, Resolve, dial
from opium.net.errors import NotSent
from opium.net.proxy import Proxy

BODY_LIMIT = 5 * 1024 * 1024
"""Bytes of an answer, after unpacking; a larger one counts as cut off."""

_SLICE = 16 * 1024


class Wire(BaseAdapter):
    """Keeps one connection to one origin. A request with `Connection: close` gets its own.

    One request at a time; `abort` may come from another thread.
    """

    def __init__(
        self,
        clock: Clock,
        proxy: Proxy | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = socket.getaddrinfo,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._proxy = proxy
        self._tls = tls
        self._resolve = resolve
        self._kept: _Connection | None = None
        self._raw: socket.socket | None = None
        self._busy = threading.Lock()
        self._closed = False

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """`timeout` is (seconds until the request must have started, seconds in all).

        Raises NotSent (nothing sent), ReadTimeout, ConnectionError, ContentDecodingError.
        """
        start, total = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        with self._busy:
            return self._send(request, Deadline(self._clock, start), Deadline(self._clock, total))

    def close(self) -> None:
        """Drop the kept connection; one that a request is using goes when that is done."""
        self._closed = True
        if self._busy.acquire(blocking=False):
            try:
                self._drop()
            finally:
                self._busy.release()

    def abort(self) -> None:
        """Cut the request under way, if any; its caller gets an error at once."""
        self._closed = True
        raw = self._raw
        if raw is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown, which would pull TLS from under the reading thread.
                socket.socket.shutdown(raw, socket.SHUT_RDWR)

    def _send(self, request: PreparedRequest, start: Deadline, end: Deadline) -> Response:
        connection = self._connection(request, start)
        keep = False
        try:
            connection.deadline = end
            if start.passed():
                raise NotSent("The request was not sent: connecting took too long.")
            answer = connection.exchange(request)
            body = _body(answer)
            keep = connection.sock is not None
        except TimeoutError as exc:
            raise ReadTimeout("no complete answer in time", request=request) from exc
        except (OSError, http.client.HTTPException) as exc:
            raise Broken(str(exc) or type(exc).__name__, request=request) from exc
        finally:
            if not keep:
                self._drop()
        if self._closed or request.headers.get("Connection") == "close":
            self._drop()
        return _response(request, answer, body)

    def _connection(self, request: PreparedRequest, start: Deadline) -> _Connection:
        """The kept connection if it is still good, else a new one. Raises NotSent."""
        kept = self._kept
        fresh = request.headers.get("Connection") == "close"
        if kept and not fresh and not kept.is_dropped():
            return kept
        self._drop()
        url = urlsplit(str(request.url))
        secure = url.scheme == "https"
        host, port = url.hostname or "", url.port or (443 if secure else 80)
        sock = dial(
            host,
            port,
            start,
            proxy=self._proxy,
            tls=self._context() if secure else None,
            opened=self._opened,
            resolve=self._resolve,
        )
        self._raw = sock
        self._kept = _Connection(host, port, sock, secure=secure, deadline=start)
        return self._kept

    def _opened(self, sock: socket.socket) -> None:
        self._raw = sock

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = _default_tls()
        return self._tls

    def _drop(self) -> None:
        kept, self._kept, self._raw = self._kept, None, None
        if kept:
            kept.close()


class _Connection(http.client.HTTPConnection):
    """A connected HTTP connection whose every read and write obeys `deadline`."""

    auto_open = 0

    def __init__(
        self, host: str, port: int, sock: socket.socket, *, secure: bool, deadline: Deadline
    ) -> None:
        super().__init__(host, port)
        self.default_port = 443 if secure else 80
        self.sock = sock
        self.deadline = deadline
        self._written: list[bytes] = []
        self.response_class = functools.partial(_TimedResponse, connection=self)  # type: ignore[assignment]

    def exchange(self, request: PreparedRequest) -> http.client.HTTPResponse:
        headers = {name: str(value) for name, value in request.headers.items()}
        self._written = []
        self.request(str(request.method), request.path_url, body=request.body, headers=headers)
        self._flush(b"".join(self._written))
        return self.getresponse()

    def is_dropped(self) -> bool:
        """Whether the server has closed it, or sent what nobody asked for."""
        if self.sock is None:
            return True
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(0))

    def send(self, data: Any) -> None:
        """Collect head and body, so that a small request is one packet."""
        self._written.append(data)

    def _flush(self, data: bytes) -> None:
        sock = self.sock
        if sock is None:
            raise http.client.NotConnected
        view = memoryview(data)
        for at in range(0, len(view), _SLICE):
            sock.settimeout(self.deadline.left())
            sock.sendall(view[at : at + _SLICE])


class _TimedResponse(http.client.HTTPResponse):
    def __init__(
        self,
        sock: socket.socket,
        debuglevel: int = 0,
        method: str | None = None,
        url: str | None = None,
        *,
        connection: _Connection,
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp.close()
        self.fp = io.BufferedReader(_TimedReader(sock, connection), 64 * 1024)


class _TimedReader(io.RawIOBase):
    """Reads from a socket, giving each read only what is left of the total time."""

    def __init__(self, sock: socket.socket, connection: _Connection) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._connection.deadline.left())
        return self._file.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _body(answer: http.client.HTTPResponse) -> bytes:
    """The whole body, unpacked. Raises HTTPException when it is cut off or too large."""
    with answer:
        if answer.length is not None:
            if answer.length > BODY_LIMIT:
                raise http.client.HTTPException("the answer is too large")
            raw = answer.read()
        else:
            raw = answer.read(BODY_LIMIT + 1)
    if answer.getheader("Content-Encoding", "").lower() == "gzip" and raw:
        raw = _unpacked(raw)
    if len(raw) > BODY_LIMIT:
        raise http.client.HTTPException("the answer is too large")
    return raw


def _unpacked(raw: bytes) -> bytes:
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        body = unpack.decompress(raw, BODY_LIMIT + 1)
    except zlib.error as exc:
        raise ContentDecodingError("the answer is not valid gzip") from exc
    if not unpack.eof and len(body) <= BODY_LIMIT:
        raise http.client.HTTPException("the packed answer was cut off")
    return body


def _response(request: PreparedRequest, answer: http.client.HTTPResponse, body: bytes) -> Response:
    response = Response()
    response.status_code = answer.status
    response.reason = answer.reason
    response.url = str(request.url)
    response.request = request
    response.headers = CaseInsensitiveDict(HTTPHeaderDict(answer.getheaders()))
    response.raw = answer
    response._content = body
    return response


@functools.cache
def _default_tls() -> ssl.SSLContext:
    """One context for all accounts: loading the authorities takes 20 ms and a megabyte."""
    return ssl.create_default_context(cafile=certifi.where())
