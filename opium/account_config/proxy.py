"""Proxy addresses: [scheme://][user:password@]host:port, one or one per scheme."""

from __future__ import annotations

import re
from urllib.parse import unquote

from opium.net.reachable import check_host

MASK = "***"
BOTH = ("http", "https")


def proxies(proxy: dict[str, str] | str | None) -> dict[str, str] | None:
    """What `requests` takes: both schemes always filled, names resolved by a SOCKS proxy.

    A single URL serves both schemes: with only `http` set, FunPay, which is https, would be
    reached without any proxy.
    """
    if proxy is None:
        return None
    given = {"http": proxy} if isinstance(proxy, str) else proxy
    first = given.get("https") or given["http"]
    return {scheme: _normal(given.get(scheme) or first) for scheme in BOTH}


def check_proxy(proxy: object, *, allow_private: bool = True) -> dict[str, str] | str | None:
    """`proxy` unchanged if it is usable; ValueError with one clause that never shows it."""
    if proxy is None:
        return None
    if isinstance(proxy, dict):
        if not proxy or not set(proxy) <= set(BOTH):
            raise ValueError("must hold the keys http or https and nothing else")
        for url in proxy.values():
            _check_url(url, allow_private)
        return proxy
    if isinstance(proxy, str):
        _check_url(proxy, allow_private)
        return proxy
    raise ValueError("must be null, a proxy address or an object of http and https addresses")


def mask_proxy(proxy: dict[str, str] | str | None) -> dict[str, str] | str | None:
    """`proxy` with its credentials masked."""
    if isinstance(proxy, dict):
        return {scheme: _masked(url) for scheme, url in proxy.items()}
    return None if proxy is None else _masked(proxy)


_URL = re.compile(
    r"(?:(?P<scheme>http|https|socks5|socks5h)://)?"
    r"(?:(?P<user>[!-9;-?A-Z\[-~]{1,128}):(?P<password>[!-?A-Z\[-~]{0,255})@)?"
    r"(?:(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?)|\[(?P<v6>[0-9A-Fa-f:.]{2,45})\])"
    r":(?P<port>[0-9]{1,5})",
    re.ASCII,
)
_WRONG = "must look like socks5://user:password@host:port"


def _check_url(url: object, allow_private: bool) -> None:
    match = _URL.fullmatch(url) if isinstance(url, str) else None
    if match is None or not _usable((match["user"] or "") + (match["password"] or "")):
        raise ValueError(_WRONG)
    if not 1 <= int(match["port"]) <= 65535:
        raise ValueError("must have a port between 1 and 65535")
    host = match["host"] or match["v6"]
    check_host(host, allow_private=allow_private)


def _usable(credentials: str) -> bool:
    """Nothing that ends the address early, nor control characters behind a percent sign."""
    if any(char in credentials for char in "/?#\\"):
        return False
    return unquote(credentials).isprintable()


def _normal(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator:
        return f"http://{url}"
    return f"socks5h://{rest}" if scheme == "socks5" else url


def _masked(url: str) -> str:
    head, separator, place = url.rpartition("@")
    if not separator:
        return url
    scheme = f"{head.partition('://')[0]}://" if "://" in head else ""
    return f"{scheme}{MASK}:{MASK}@{place}"
