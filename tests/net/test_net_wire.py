"""One request on real sockets: total time, nothing sent, outcome unknown, never twice."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from requests import PreparedRequest, Request
from requests.exceptions import ConnectionError as Broken
from requests.exceptions import ReadTimeout
from sloppy_servers import (
    OK,
    Behaviour,
    answers,
    closes,
    drips,
    mute,
    resets,
    serving,
)

from opium.clock import Clock
from opium.net.errors import NotSent
from opium.net.proxy import Proxy
from opium.net.wire import BODY_LIMIT, Wire

LIMIT = 0.15
"""Seconds in all for requests that must be cut."""
SLACK = 0.25


def get(url: str, **headers: str) -> PreparedRequest:
    return Request("GET", url, headers=headers).prepare()


def post(url: str, body: bytes = b"text=hello", **headers: str) -> PreparedRequest:
    return Request("POST", url, headers={"Connection": "close", **headers}, data=body).prepare()


def ask(request: PreparedRequest, proxy: Proxy | None = None, **how: Any) -> bytes:
    seconds = how.pop("seconds", LIMIT)
    wire = Wire(Clock(), proxy, **how)
    try:
        return bytes(wire.send(request, timeout=seconds).content)
    finally:
        wire.close()


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(mute, id="says nothing"),
        pytest.param(drips(b"H", 0.01), id="drips its first line"),
        pytest.param(drips(b"X: y\r\n", 0.01, b"HTTP/1.1 200 OK\r\n"), id="drips headers"),
        pytest.param(
            drips(b"x", 0.01, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
            id="drips its body",
        ),
        pytest.param(
            drips(b"1\r\nx\r\n", 0.01, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            id="drips chunks",
        ),
        pytest.param(drips(b"x", 0.01, b"HTTP/1.1 200 OK\r\n\r\n"), id="drips until it closes"),
        pytest.param(drips(b"HTTP/1.1 100 Continue\r\n\r\n", 0.001), id="continues for ever"),
    ],
)
def test_the_total_time_cuts_a_server_that(behave: Behaviour) -> None:
    with serving(behave) as server:
        begun = time.monotonic()
        with pytest.raises((ReadTimeout, Broken)):
            ask(post(server.url))
        assert time.monotonic() - begun < LIMIT + SLACK
        assert len(server.requests) == 1


def test_the_total_time_cuts_an_upload_that_nobody_reads() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    begun = time.monotonic()
    with listener, pytest.raises(ReadTimeout):
        ask(post(f"http://127.0.0.1:{listener.getsockname()[1]}", b"x" * 20_000_000))
    assert time.monotonic() - begun < LIMIT + SLACK


@pytest.mark.parametrize("behave", [closes, resets])
def test_a_lost_answer_is_not_a_request_that_was_not_sent(behave: Behaviour) -> None:
    with serving(behave) as server:
        with pytest.raises(Broken):
            ask(post(server.url))
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n"
        + gzip.compress(b"hello")[:20],
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"this is not HTTP\r\n\r\n",
    ],
    ids=["short", "no last chunk", "half a gzip", "too large", "too many headers", "no HTTP"],
)
def test_an_answer_that_cannot_be_whole_is_a_lost_one(answer: bytes) -> None:
    def behave(sock: socket.socket, request: bytes) -> None:
        sock.sendall(answer)
        sock.shutdown(socket.SHUT_RDWR)

    with serving(behave) as server, pytest.raises(Broken):
        ask(post(server.url))


def test_a_packed_answer_is_unpacked_but_never_beyond_the_limit() -> None:
    def packed(body: bytes) -> bytes:
        data = gzip.compress(body)
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
        return head % len(data) + data

    with serving(answers(packed(b"hello"))) as server:
        assert ask(get(server.url)) == b"hello"
    with (
        serving(answers(packed(b"0" * (BODY_LIMIT + 1)))) as server,
        pytest.raises(Broken, match="too large"),
    ):
        ask(get(server.url), seconds=2)


def test_nothing_was_sent_when_nobody_listens() -> None:
    with pytest.raises(NotSent, match=r"No connection to 127\.0\.0\.1: connection refused"):
        ask(post(f"http://127.0.0.1:{free_port()}"))


def test_nothing_was_sent_when_the_name_is_unknown() -> None:
    def resolve(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(NotSent, match="not found"):
        ask(post("http://nowhere.example"), resolve=resolve)


def test_a_name_that_nobody_answers_costs_no_more_than_the_total_time() -> None:
    never = threading.Event()

    def resolve(*_: Any, **__: Any) -> Any:
        never.wait(5)
        raise OSError

    begun = time.monotonic()
    with pytest.raises(NotSent, match="took too long"):
        ask(post("http://slow.example"), resolve=resolve)
    assert time.monotonic() - begun < LIMIT + SLACK
    never.set()


def test_a_dead_address_leaves_time_for_the_next() -> None:
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    blockers = [socket.socket() for _ in range(4)]
    for sock in blockers:  # a full queue: further connections hang
        sock.setblocking(False)
        sock.connect_ex(full.getsockname())
    with serving(answers(OK)) as server:
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", full.getsockname()),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port)),
        ]
        assert ask(get("http://two.example"), resolve=lambda *a, **k: found) == b"ok"
    for sock in (full, *blockers):
        sock.close()


def test_a_request_that_could_not_start_in_time_is_not_sent() -> None:
    def slow(*_: Any, **__: Any) -> Any:
        time.sleep(0.06)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]

    with serving(answers(OK)) as server:
        with pytest.raises(NotSent):
            Wire(Clock(), resolve=slow).send(post("http://slow.example"), timeout=(0.05, 5))
        assert server.requests == []


def test_reads_share_a_connection_and_sends_never_do() -> None:
    with serving(answers(OK)) as server:
        wire = Wire(Clock())
        for _ in range(3):
            wire.send(get(server.url), timeout=1)
        assert server.connections == 1
        wire.send(post(server.url), timeout=1)
        wire.send(post(server.url), timeout=1)
        assert server.connections == 3
        wire.send(get(server.url), timeout=1)
        assert server.connections == 4
        wire.close()


def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    closed = threading.Event()

    def behave(sock: socket.socket, request: bytes) -> None:
        sock.sendall(OK)
        sock.shutdown(socket.SHUT_RDWR)
        closed.set()

    with serving(behave) as server:
        wire = Wire(Clock())
        for _ in range(2):
            assert wire.send(get(server.url), timeout=1).content == b"ok"
            assert closed.wait(1)
            closed.clear()
        assert (server.connections, len(server.requests)) == (2, 2)
        wire.close()


def test_aborting_frees_the_thread_at_once() -> None:
    arrived = threading.Event()

    def behave(sock: socket.socket, request: bytes) -> None:
        arrived.set()
        mute(sock, request)

    outcome: list[Exception] = []

    def send() -> None:
        try:
            wire.send(post(server.url), timeout=10)
        except Exception as exc:
            outcome.append(exc)

    with serving(behave) as server:
        wire = Wire(Clock())
        thread = threading.Thread(target=send)
        thread.start()
        assert arrived.wait(1)
        wire.abort()
        thread.join(1)
        assert not thread.is_alive()
        assert isinstance(outcome[0], Broken)


# Proxies


def connect_proxy(status: bytes) -> Behaviour:
    def behave(sock: socket.socket, request: bytes) -> None:
        sock.sendall(b"HTTP/1.1 " + status + b"\r\nX: y\r\n\r\n")
        if status.startswith(b"200"):
            assert sock.recv(65536)
            sock.sendall(OK)

    return behave


def http_proxy(port: int) -> Proxy:
    return Proxy("http", "127.0.0.1", port, "seller", "s3cret")


def test_requests_go_through_an_http_proxy_by_connect() -> None:
    with serving(connect_proxy(b"200 OK")) as server:
        assert ask(get("http://funpay.example/"), http_proxy(server.port)) == b"ok"
        head = server.requests[0]
        assert head.startswith(b"CONNECT funpay.example:80 HTTP/1.1\r\n")
        assert b"Proxy-Authorization: Basic c2VsbGVyOnMzY3JldA==" in head


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (b"407 Proxy Authentication Required", "does not accept the user name and password"),
        (b"502 Bad Gateway", "502 Bad Gateway"),
        (b"403 Forbidden", "403"),
    ],
)
def test_a_proxy_that_refuses_is_named_without_its_credentials(status: bytes, says: str) -> None:
    with serving(connect_proxy(status)) as server:
        with pytest.raises(NotSent, match=says) as refused:
            ask(post("http://funpay.example/"), http_proxy(server.port))
        assert f"the proxy http://127.0.0.1:{server.port}" in str(refused.value)
        assert "s3cret" not in str(refused.value)
        assert b"hello" not in b"".join(server.requests)


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
@pytest.mark.parametrize(
    "behave", [mute, closes, drips(b"\x05", 0.01), drips(b"HTTP/1.1 200 OK\r\nA: b\r\n", 0.01)]
)
def test_a_proxy_that_stalls_costs_no_more_than_the_total_time(
    scheme: str, behave: Behaviour
) -> None:
    begun = time.monotonic()
    with serving(behave, greet=behave) as server, pytest.raises(NotSent, match="the proxy"):
        ask(post("http://funpay.example/"), Proxy(scheme, "127.0.0.1", server.port))
    assert time.monotonic() - begun < LIMIT + SLACK


def socks_proxy(result: int, seen: list[bytes], *, password: bool = True) -> Behaviour:
    def greet(sock: socket.socket, _: bytes) -> None:
        seen.append(sock.recv(4))
        sock.sendall(b"\x05\x02" if password else b"\x05\x00")
        if password:
            seen.append(sock.recv(64))
            sock.sendall(b"\x01\x00")
        seen.append(sock.recv(64))
        sock.sendall(b"\x05" + bytes([result]) + b"\x00\x01\x00\x00\x00\x00\x00\x00")

    return greet


def test_requests_go_through_a_socks_proxy_that_resolves_the_name() -> None:
    seen: list[bytes] = []
    with serving(answers(OK), greet=socks_proxy(0, seen)) as server:
        proxy = Proxy("socks5h", "127.0.0.1", server.port, "ann", "pw")
        assert ask(get("http://funpay.example:8080/"), proxy) == b"ok"
    assert seen == [
        b"\x05\x02\x00\x02",
        b"\x01\x03ann\x02pw",
        b"\x05\x01\x00\x03\x0efunpay.example\x1f\x90",
    ]


def test_a_socks_proxy_that_cannot_reach_the_site_says_why() -> None:
    with serving(answers(OK), greet=socks_proxy(5, [], password=False)) as server:
        with pytest.raises(NotSent, match="connection refused"):
            ask(post("http://127.0.0.9/"), Proxy("socks5h", "127.0.0.1", server.port))
        assert server.requests == []


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `localhost` that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def secure_port(certificate: Path) -> Iterator[int]:
    """A TLS server that answers one request per connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
                with context.wrap_socket(plain, server_side=True) as sock:
                    if sock.recv(65536):
                        sock.sendall(OK)
                        sock.recv(1)
            except ssl.SSLError:
                continue
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_a_certificate_that_nobody_vouches_for_stops_everything(secure_port: int) -> None:
    with pytest.raises(NotSent, match="certificate is not valid"):
        ask(post(f"https://localhost:{secure_port}/"), seconds=1)


def test_a_trusted_certificate_is_accepted(secure_port: int, certificate: Path) -> None:
    tls = ssl.create_default_context(cafile=str(certificate))
    assert ask(get(f"https://localhost:{secure_port}/"), tls=tls, seconds=1) == b"ok"


def test_a_server_that_does_not_speak_tls_is_unreachable() -> None:
    with serving(answers(OK), greet=answers(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        with pytest.raises(NotSent, match="TLS failed"):
            ask(post(f"https://127.0.0.1:{server.port}/"))
        assert server.requests == []


def test_a_stalled_handshake_costs_no_more_than_the_total_time() -> None:
    begun = time.monotonic()
    with serving(mute, greet=mute) as server, pytest.raises(NotSent, match="too long"):
        ask(post(f"https://127.0.0.1:{server.port}/"))
    assert time.monotonic() - begun < LIMIT + SLACK


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])
