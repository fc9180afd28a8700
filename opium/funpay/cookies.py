"""The cookies of one seller (protocol 1.2): one origin, so a name and a value is all there is."""

from __future__ import annotations

import re
from collections.abc import Iterable

from opium.funpay.errors import SignedOut

GOLDEN_KEY = "golden_key"
SESSION = "PHPSESSID"

_SAFE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")
_EXPIRED = re.compile(r";\s*max-age\s*=\s*(0|-\d+)\s*(;|$)", re.IGNORECASE)
_LIMIT = 32


class Cookies:
    """Keeps every cookie that the site sets, but never lets it replace the golden_key."""

    def __init__(self, golden_key: str) -> None:
        """Raises SignedOut if the key cannot be one."""
        if not _SAFE.fullmatch(golden_key):
            raise SignedOut("The golden_key is empty or has characters that no key has.")
        self._values = {GOLDEN_KEY: golden_key, "cookie_prefs": "1"}
        self._header: str | None = None

    @property
    def header(self) -> str:
        """The value of the Cookie header."""
        if self._header is None:
            self._header = "; ".join(f"{name}={value}" for name, value in self._values.items())
        return self._header

    @property
    def session(self) -> str | None:
        return self._values.get(SESSION)

    def without_session(self) -> Cookies:
        """A copy that asks the site for a new PHP session."""
        copy = Cookies(self._values[GOLDEN_KEY])
        copy._values = {name: v for name, v in self._values.items() if name != SESSION}
        return copy

    def take(self, other: Cookies, *, with_session: bool) -> None:
        """Adopt what the site told the other jar; the PHP session only if it proved to work."""
        for name, value in other._values.items():
            if name != SESSION or with_session:
                self._set(name, value)

    def store(self, lines: Iterable[str]) -> None:
        """Read Set-Cookie lines. Raises SignedOut if the site deletes the golden_key."""
        signed_out = False
        for line in lines:
            name, equals, value = line.partition(";")[0].partition("=")
            name, value = name.strip(), value.strip()
            if not equals or not _SAFE.fullmatch(name):
                continue
            gone = value in ("", "deleted") or bool(_EXPIRED.search(line))
            if name == GOLDEN_KEY:
                signed_out = signed_out or gone
            elif gone:
                self._values.pop(name, None)
                self._header = None
            elif _SAFE.fullmatch(value) and (name in self._values or len(self._values) < _LIMIT):
                self._set(name, value)
        if signed_out:
            raise SignedOut("FunPay has signed this golden_key out.")

    def _set(self, name: str, value: str) -> None:
        if self._values.get(name) != value:
            self._values[name] = value
            self._header = None
