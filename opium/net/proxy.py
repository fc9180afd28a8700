"""Proxy addresses of an account: one grammar, one outgoing address (contract 4.3)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

DIRECT = "direct"

_SCHEMES = {"http": "http", "https": "https", "socks5": "socks5h", "socks5h": "socks5h"}
_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z0-9]+)://)?"
    r"(?:(?P<user>[^:@/\s]*)(?::(?P<password>[^@/\s]*))?@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:@/?#\[\]]+):(?P<port>\d{1,5})/?"
)


class BadProxy(ValueError):
    """The text is no proxy address; the message never repeats it, since it may hold a password."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where connections leave from. Names are always resolved by the proxy (`socks5h`)."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """The address without credentials, for logs and answers."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def outgoing(self) -> str:
        """Names the outgoing address: many providers choose it by the user name. Not for logs."""
        return f"{self.scheme}://{self.user}@{self.host}:{self.port}"

    @property
    def basic(self) -> str | None:
        """The value of `Proxy-Authorization`, if the address has credentials."""
        if not self.user and not self.password:
            return None
        pair = f"{self.user}:{self.password}".encode()
        return "Basic " + base64.b64encode(pair).decode("ascii")


def parse_proxy(value: str | Mapping[str, str] | None) -> Proxy | None:
    """The proxy that an account's setting names, for both schemes of the target.

    An object may have the keys `http` and `https`; `https` wins, since FunPay is https.
    Raises BadProxy.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _parse(value)
    text = value.get("https") or value.get("http")
    if not text:
        raise BadProxy("The proxy needs an address under http or https.")
    return _parse(text)


def outgoing(proxy: Proxy | None) -> str:
    """The key under which all accounts of one outgoing address share their pauses."""
    return proxy.outgoing if proxy else DIRECT


def _parse(text: str) -> Proxy:
    found = _URL.fullmatch(text.strip())
    if not found:
        raise BadProxy("The proxy must be [scheme://][user:password@]host:port.")
    scheme = _SCHEMES.get((found["scheme"] or "http").lower())
    if scheme is None:
        raise BadProxy("The proxy's scheme must be http, https, socks5 or socks5h.")
    port = int(found["port"])
    if not 1 <= port <= 65535:
        raise BadProxy("The proxy's port must be 1 to 65535.")
    user, password = unquote(found["user"] or ""), unquote(found["password"] or "")
    if any(ord(char) < 32 for char in user + password):
        raise BadProxy("The proxy's credentials hold control characters.")
    if len(user.encode()) > 255 or len(password.encode()) > 255:
        raise BadProxy("The proxy's credentials are too long.")
    return Proxy(scheme, found["host"].strip("[]"), port, user, password)
