"""Who is asking: the peer's address, as text for people and as a key for limits and bans.

Behind a proxy the web server has already put the client's address in its place, and only if the
peer is the trusted proxy; no header is read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Address:
    """`text` for logs; `key` is the address (IPv4) or its /64 (IPv6); `ip` None if unreadable."""

    text: str
    key: str
    ip: IPv4Address | IPv6Address | None


@lru_cache(maxsize=4096)
def parse(remote: str | None) -> Address:
    """The peer's address. What is no address shares one key and never becomes one itself."""
    try:
        ip = ip_address((remote or "").partition("%")[0])
    except ValueError:
        return Address(UNKNOWN, UNKNOWN, None)
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    ip = mapped or ip
    if isinstance(ip, IPv4Address):
        return Address(str(ip), str(ip), ip)
    return Address(str(ip), str(ip_network((ip, 64), strict=False)), ip)


class Whitelist:
    """Addresses and networks that may come in."""

    def __init__(self, entries: tuple[str, ...]) -> None:
        self._networks = tuple(ip_network(entry, strict=False) for entry in entries)

    def allows(self, address: Address) -> bool:
        """False also for an address that could not be read."""
        return address.ip is not None and any(address.ip in net for net in self._networks)
