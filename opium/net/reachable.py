"""Where a proxy may be: the owner may name private places, never the machine's own metadata."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?", re.ASCII)
_NUMERIC_LABEL = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*", re.ASCII)
_METADATA_HOSTS = {"metadata.google.internal", "metadata", "instance-data"}
_METADATA = {ip_address("100.100.100.200"), ip_address("fd00:ec2::254")}


def check_host(host: str, *, allow_private: bool) -> None:
    """ValueError with one clause if no proxy can, or may, be at `host` (decisions, "proxy
    addresses")."""
    address = _address(host)
    if host.lower() in _METADATA_HOSTS or (address and _never(address)):
        raise ValueError("must not be a link-local, metadata, multicast or unspecified address")
    local_name = host.lower() == "localhost" or host.lower().endswith(".localhost")
    private = local_name or (address is not None and not address.is_global)
    if private and not allow_private:
        raise ValueError("must not be a loopback or private address on this server")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """The address, or None for a name."""
    try:
        address = ip_address(host)
    except ValueError:
        # 2130706433, 127.1 and 0x7f.1 are addresses to the system, though not to us.
        if not _HOST.fullmatch(host) or _NUMERIC_LABEL.fullmatch(host.rsplit(".", 1)[-1]):
            raise ValueError("must be a host name or an IP address") from None
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _never(address: IPv4Address | IPv6Address) -> bool:
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address in _METADATA
    )
