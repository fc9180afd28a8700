"""The five places that are Steam, and nothing else is (protocol 0)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin, urlsplit


class Host(StrEnum):
    """What a request is for; each host has its own address, cookies and connection."""

    API = "api"
    COMMUNITY = "community"
    STORE = "store"
    HELP = "help"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class Place:
    """A path on one of the five hosts."""

    host: Host
    path: str
    query: str = ""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Base addresses; the defaults are the real ones."""

    api: str = "https://api.steampowered.com"
    community: str = "https://steamcommunity.com"
    store: str = "https://store.steampowered.com"
    help: str = "https://help.steampowered.com"
    login: str = "https://login.steampowered.com"

    def base(self, host: Host) -> str:
        """The address of a host, without a slash at its end."""
        return str(getattr(self, host.value)).rstrip("/")

    def origin(self, host: Host) -> str:
        """As browsers send it in `Origin`."""
        parts = urlsplit(self.base(host))
        return f"{parts.scheme}://{parts.netloc}"

    def place(self, url: str, seen_at: Place) -> Place | None:
        """Where an address leads that Steam sent us; None if it leads away from the five.

        Only path and query of what Steam sent are ever used: the rest is our own base address.
        """
        if re.search(r"[\x00-\x20\x7f\\]", url):
            return None
        base = self.base(seen_at.host) + seen_at.path
        try:
            parts = urlsplit(urljoin(base, url))
            there = _origin(parts.scheme, parts.hostname, parts.port)
        except ValueError:
            return None
        if "@" in parts.netloc:
            return None
        for host in Host:
            ours = urlsplit(self.base(host))
            if _origin(ours.scheme, ours.hostname, ours.port) == there:
                return Place(host, parts.path or "/", parts.query)
        return None


def _origin(scheme: str, host: str | None, port: int | None) -> tuple[str, str, int]:
    return scheme, (host or "").lower(), port or (443 if scheme == "https" else 80)
