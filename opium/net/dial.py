"""Opening a connection within a total time, directly or through a proxy.

Whatever fails in here fails before the first byte of a request: `NotSent`, nothing was sent
(reliability 3.1). The proxy is named without its credentials when it is the cause.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import Any

from opium.clock import Clock
from opium.net.errors import NotSent
from opium.net.proxy import Proxy

Resolve = Callable[..., Sequence[tuple[Any, ...]]]

_HEAD_LIMIT = 16 * 1024


class Deadline:
    """The end of one request, whatever it waits for."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds

    def left(self) -> float:
        """Seconds that remain. Raises TimeoutError when there are none."""
        left = self._end - self._clock.monotonic()
        if left <= 0:
            raise TimeoutError("the total time of the request is over")
        return left

    def passed(self) -> bool:
        return self._clock.monotonic() >= self._end


def dial(
    host: str,
    port: int,
    deadline: Deadline,
    *,
    proxy: Proxy | None = None,
    tls: ssl.SSLContext | None = None,
    opened: Callable[[socket.socket], None] = lambda sock: None,
    resolve: Resolve = socket.getaddrinfo,
) -> socket.socket:
    """A connected socket to host:port, with TLS if a context is given.

    `opened` sees the raw socket as soon as it exists, so that another thread can shut it down.
    """
    blame = f"the proxy {proxy}" if proxy else host
    sock: socket.socket | None = None
    try:
        near = (proxy.host, proxy.port) if proxy else (host, port)
        sock = _connect(near, deadline, resolve)
        opened(sock)
        if proxy:
            sock = _through(proxy, sock, host, port, deadline, tls)
            blame = f"{host} through the proxy {proxy}"
        if tls:
            sock.settimeout(deadline.left())
            sock = _secure(tls, sock, host)
        return sock
    except BaseException as exc:
        if sock is not None:
            sock.close()
        if isinstance(exc, OSError):
            raise NotSent(f"No connection to {blame}: {_reason(exc)}.") from exc
        raise


def _connect(address: tuple[str, int], deadline: Deadline, resolve: Resolve) -> socket.socket:
    """Each of the host's addresses in turn, together no longer than the deadline."""
    found = _resolved(address, deadline, resolve)
    failure: OSError = OSError("the name has no address")
    for number, (family, kind, protocol, _, target) in enumerate(found):
        sock = socket.socket(family, kind, protocol)
        try:
            # Half of the rest for an address that is not the last: a dead one must not use it up.
            last = number == len(found) - 1
            sock.settimeout(deadline.left() / (1 if last else 2))
            sock.connect(target)
        except OSError as exc:
            sock.close()
            failure = exc
            continue
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock
    raise failure


def _resolved(
    address: tuple[str, int], deadline: Deadline, resolve: Resolve
) -> Sequence[tuple[Any, ...]]:
    """The resolver knows no time-out: a name is looked up in a thread that may be left behind."""
    host, port = address
    if _is_ip(host):
        return resolve(host, port, type=socket.SOCK_STREAM)
    answer: queue.SimpleQueue[Sequence[tuple[Any, ...]] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answer.put(resolve(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as exc:
            answer.put(OSError(f"the name {host} was not found ({exc})"))

    threading.Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
    try:
        found = answer.get(timeout=deadline.left())
    except queue.Empty:
        raise TimeoutError(f"looking up the name {host} took too long") from None
    if isinstance(found, OSError):
        raise found
    return found


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _through(
    proxy: Proxy,
    sock: socket.socket,
    host: str,
    port: int,
    deadline: Deadline,
    tls: ssl.SSLContext | None,
) -> socket.socket:
    """Ask the proxy for a tunnel; plain http targets are tunnelled too, so that a request
    never exists half-way in a proxy's own hands."""
    if proxy.scheme == "https":
        sock.settimeout(deadline.left())
        context = tls or ssl.create_default_context()
        sock = context.wrap_socket(sock, server_hostname=proxy.host)
    if proxy.scheme == "socks5h":
        _socks5(proxy, sock, host, port, deadline)
    else:
        _connect_method(proxy, sock, host, port, deadline)
    return sock


def _secure(context: ssl.SSLContext, sock: socket.socket, host: str) -> socket.socket:
    if isinstance(sock, ssl.SSLSocket):
        raise OSError("a tunnel inside an https proxy is not supported, use http or socks5")
    return context.wrap_socket(sock, server_hostname=host)


def _connect_method(
    proxy: Proxy, sock: socket.socket, host: str, port: int, deadline: Deadline
) -> None:
    """HTTP CONNECT (RFC 9110, 9.3.6)."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
    if proxy.basic:
        lines.append(f"Proxy-Authorization: {proxy.basic}")
    _send(sock, ("\r\n".join(lines) + "\r\n\r\n").encode("ascii"), deadline)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if len(head) > _HEAD_LIMIT:
            raise OSError("its answer to CONNECT has no end")
        # One byte at a time: what follows the head belongs to the tunnel.
        head += _receive(sock, 1, deadline)
    first, _, _ = head.partition(b"\r\n")
    status = first.split(b" ")[1:2]
    if status == [b"407"]:
        raise OSError("it does not accept the user name and password (407)")
    if status != [b"200"]:
        raise OSError(f"it answered {first[:80].decode('latin-1')!r} to CONNECT")


_SOCKS_ERRORS = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "time to live expired",
    7: "command not supported",
    8: "address type not supported",
}


def _socks5(proxy: Proxy, sock: socket.socket, host: str, port: int, deadline: Deadline) -> None:
    """SOCKS 5 with the name resolved by the proxy (RFC 1928, RFC 1929)."""
    with_password = bool(proxy.user or proxy.password)
    _send(sock, b"\x05\x02\x00\x02" if with_password else b"\x05\x01\x00", deadline)
    version, method = _receive(sock, 2, deadline)
    if version != 5:
        raise OSError("it does not speak SOCKS 5")
    if method == 2 and with_password:
        user, password = proxy.user.encode(), proxy.password.encode()
        _send(sock, b"\x01" + _counted(user) + _counted(password), deadline)
        if _receive(sock, 2, deadline)[1] != 0:
            raise OSError("it does not accept the user name and password")
    elif method != 0:
        raise OSError("it asks for a user name and password")
    _send(sock, b"\x05\x01\x00" + _socks_address(host) + port.to_bytes(2, "big"), deadline)
    _, result, _, kind = _receive(sock, 4, deadline)
    if result != 0:
        raise OSError(f"it answered {_SOCKS_ERRORS.get(result, f'error {result}')}")
    length = {1: 4, 4: 16}.get(kind) or _receive(sock, 1, deadline)[0]
    _receive(sock, length + 2, deadline)


def _socks_address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return b"\x03" + _counted(host.encode("idna"))
    return (b"\x01" if address.version == 4 else b"\x04") + address.packed


def _counted(text: bytes) -> bytes:
    return bytes([len(text)]) + text


def _send(sock: socket.socket, data: bytes, deadline: Deadline) -> None:
    sock.settimeout(deadline.left())
    sock.sendall(data)


def _receive(sock: socket.socket, size: int, deadline: Deadline) -> bytes:
    data = b""
    while len(data) < size:
        sock.settimeout(deadline.left())
        more = sock.recv(size - len(data))
        if not more:
            raise OSError("it closed the connection")
        data += more
    return data


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or 'handshake'})"
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return error.strerror or str(error) or type(error).__name__
