"""Cookies by host, kept apart by us: a jar would go by domain, and doubles share one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from opium.modules.steam_rent.steam.endpoints import Host

LOGIN = "steamLoginSecure"
SESSION = "sessionid"

WEB_HOSTS = (Host.COMMUNITY, Host.STORE, Host.HELP)
_MOBILE = {"mobileClient": "android", "mobileClientVersion": "777777 3.10.3"}
_SAFE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")
_EXPIRED = re.compile(r";\s*max-age\s*=\s*(0|-\d+)\s*(;|$)", re.IGNORECASE)
_LIMIT = 32


class Cookies:
    """What each host is sent. Nothing a host sets is ever sent to another one."""

    def __init__(self, session_id: str) -> None:
        self._values: dict[Host, dict[str, str]] = {host: {} for host in Host}
        self._values[Host.API] = dict(_MOBILE)
        self._values[Host.COMMUNITY] = {**_MOBILE, "Steam_Language": "english"}
        for host in WEB_HOSTS:
            self._values[host][SESSION] = session_id

    def header(self, host: Host) -> str:
        """The value of the Cookie header; empty for a host without cookies."""
        return "; ".join(f"{name}={value}" for name, value in self._values[host].items())

    def session_id(self, host: Host) -> str:
        """What forms of this host repeat to prove that they are its own."""
        return self._values[host].get(SESSION, "")

    def sign_in(self, steam_id: int, access_token: str) -> None:
        """Web cookies from the access token of a mobile session (protocol 5.3)."""
        value = quote(f"{steam_id}||{access_token}", safe="")
        for host in WEB_HOSTS:
            self._values[host][LOGIN] = value

    def login_value(self, host: Host) -> str:
        return self._values[host].get(LOGIN, "")

    def sign_out(self) -> None:
        """Forget who we are, everywhere."""
        for values in self._values.values():
            values.pop(LOGIN, None)

    def store(self, host: Host, lines: Iterable[str]) -> None:
        """Read Set-Cookie lines of a host."""
        values = self._values[host]
        for line in lines:
            name, equals, value = line.partition(";")[0].partition("=")
            name, value = name.strip(), value.strip()
            if not equals or not _SAFE.fullmatch(name):
                continue
            if value in ("", "deleted") or _EXPIRED.search(line):
                values.pop(name, None)
            elif _SAFE.fullmatch(value) and (name in values or len(values) < _LIMIT):
                values[name] = value
