"""Opium as a process, alone or behind a real front with TLS, and a client that can look anywhere.

The front's settings are the files of `deploy/`, with only ports, certificate and folders put in.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench.stand import free_port, until

ROOT = Path(__file__).resolve().parents[2]
NAME = "shop.example.org"
PASSWORD = "a password for the front"
FRONTS = ("caddy", "nginx")
START = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client goes: a port, with TLS or without."""

    port: int
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    plain_port: int = 0
    """Of the front, where only a redirect lives."""

    def dressed(self, plain: socket.socket) -> socket.socket:
        """The connection with TLS on, if this place has it."""
        return self.tls.wrap_socket(plain, server_hostname=NAME) if self.tls else plain

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str = "",
        source: str = "127.0.0.1",
        timeout: float = 30,
        **headers: str,
    ) -> Answer:
        """One request over a connection of its own, from the address `source`."""
        connection = self._connected(source, timeout)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Connection": "close"}
        sent |= {"Authorization": f"Bearer {token}"} if token else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, data, sent)
            return _answered(connection)
        finally:
            connection.close()

    def announce(self, path: str, size: int, token: str) -> Answer:
        """What is said to a body of `size` bytes before it is sent."""
        connection = self._connected("127.0.0.1", 30)
        try:
            connection.putrequest("POST", path)
            connection.putheader("Authorization", f"Bearer {token}")
            connection.putheader("Content-Length", str(size))
            connection.endheaders()
            return _answered(connection)
        finally:
            connection.close()

    def login(self, password: str = PASSWORD, **more: Any) -> Answer:
        body = {"username": "admin", "password": password}
        return self.ask("POST", "/api/auth/login", body, **more)

    def sign_in(self, password: str = PASSWORD) -> str:
        """A token."""
        answer = self.login(password)
        assert answer.status == 200, answer
        return str(answer.json()["access_token"])

    def _connected(self, source: str, timeout: float) -> HTTPConnection:
        connection = HTTPConnection(NAME, timeout=timeout)
        plain = socket.create_connection((self.host, self.port), timeout, (source, 0))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sock = self.dressed(plain)
        return connection


def _answered(connection: HTTPConnection) -> Answer:
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return Answer(answer.status, headers, answer.read())


@contextmanager
def opium_behind(front: str | None, folder: Path, **settings: str) -> Iterator[Place]:
    """Opium, ready, and the way to it: through `front`, or straight if there is none."""
    with ExitStack() as stack:
        port = stack.enter_context(opium(folder / "instance", front is not None, settings))
        if front is None:
            yield Place(port)
            return
        yield stack.enter_context(before(front, folder, port))


@contextmanager
def before(front: str, folder: Path, port: int, *, says: int = 200) -> Iterator[Place]:
    """This front with TLS before whatever listens on `port`, until it says that of health."""
    with _FRONTS[front](folder, port) as place:
        _until_it_says(place, "GET", "/api/health", says)
        yield place


@contextmanager
def opium(instance: Path, trusts: bool, settings: dict[str, str]) -> Iterator[int]:
    """`python app.py` on a free port."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPIUM_")}
    own = {
        "OPIUM_INSTANCE": str(instance),
        "OPIUM_PORT": str(port),
        "OPIUM_ADMIN_PASSWORD": PASSWORD,
        "OPIUM_PASSWORD_ROUNDS": "1000",
        "OPIUM_RATE_LIMIT_PER_MINUTE": "100000",
        "OPIUM_LOGIN_RATE_LIMIT_PER_MINUTE": "10000",
        "OPIUM_TRUSTED_PROXIES": "127.0.0.1" if trusts else "",
        "OPIUM_FUNPAY_URL": "http://127.0.0.1:9",
    }
    environment = {**kept, **own, **settings}
    with running([sys.executable, "app.py"], instance.parent / "opium.log", environment):
        _until_it_says(Place(port), "POST", "/api/auth/login", 400)  # before it is ready: 503
        yield port


@contextmanager
def running(
    command: list[str], log: Path, environment: dict[str, str] | None = None
) -> Iterator[None]:
    """A process for as long as the block; what it prints is in `log`."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _caddy(folder: Path, port: int) -> Iterator[Place]:
    secure, plain = free_port(), free_port()
    own = (
        f"{{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\thttp_port {plain}\n"
        f"\thttps_port {secure}\n\tstorage file_system {folder}/caddy\n"
    )
    text = (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8")
    text = _replaced(text, {"\n{\n": "\n" + own, "127.0.0.1:8000": f"127.0.0.1:{port}"})
    (folder / "Caddyfile").write_text(text, encoding="utf-8")
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    home = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with running(command, folder / "caddy.log", home):
        authority = folder / "caddy/pki/authorities/local/root.crt"
        until(authority.exists, START)
        yield Place(secure, tls=_trusting(authority), plain_port=plain)


@contextmanager
def _nginx(folder: Path, port: int) -> Iterator[Place]:
    secure, plain = free_port(), free_port()
    certificate, key = folder / "tls.crt", folder / "tls.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(key),
         "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    live = f"/etc/letsencrypt/live/{NAME}"
    site = _replaced(
        (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8"),
        {
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl;",
            "\tlisten [::]:80;\n": "",
            "\tlisten [::]:443 ssl;\n": "",
            f"{live}/fullchain.pem": str(certificate),
            f"{live}/privkey.pem": str(key),
            "127.0.0.1:8000": f"127.0.0.1:{port}",
        },
    )
    (folder / "site.conf").write_text(site, encoding="utf-8")
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in
        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )  # fmt: skip
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"daemon off; {user} worker_processes 1; pid {folder}/nginx.pid; error_log stderr;\n"
        f"events {{ worker_connections 768; }}\n"  # as Debian has it
        f"http {{ {paths} access_log off; include {folder}/site.conf; }}\n",
        encoding="utf-8",
    )
    command = [_program("nginx") or "nginx", "-c", str(folder / "nginx.conf")]
    with running(command, folder / "nginx.log"):
        yield Place(secure, tls=_trusting(certificate), plain_port=plain)


_FRONTS = {"caddy": _caddy, "nginx": _nginx}


def missing(front: str) -> str:
    """Which program is not on this machine; empty if all are."""
    needed = [front, "openssl"] if front == "nginx" else [front]
    return ", ".join(name for name in needed if _program(name) is None)


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


def _replaced(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return text


def _trusting(authority: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority))


def _until_it_says(place: Place, method: str, path: str, status: int) -> None:
    def says() -> bool:
        try:
            return place.ask(method, path, timeout=5).status == status
        except OSError:
            return False

    until(says, START)
