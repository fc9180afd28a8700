"""What must never be written: known secret values, and everything that looks like one."""

from __future__ import annotations

import re
import threading
from urllib.parse import quote


class Secrets:
    """Values that must never be written; texts shorter than 4 characters are not taken."""

    def __init__(self) -> None:
        self._values: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def hide(self, *values: str | None) -> None:
        forms = {form for value in values if value for form in (value, quote(value, safe=""))}
        new = {form for form in forms if len(form) >= 4}
        with self._lock:
            if not new.issubset(self._values):
                everything = new.union(self._values)
                # Longest first: a secret may be the beginning of another one.
                self._values = tuple(sorted(everything, key=len, reverse=True))

    def redact(self, text: str) -> str:
        """`text` with known secret values and everything that looks like one as `***`."""
        for value in self._values:
            if value in text:
                text = text.replace(value, "***")
        return _PATTERNS.sub(_mask, text)


def hide(*values: str | None) -> None:
    """Never write these values into a log from now on; None and short texts are passed over."""
    _secrets.hide(*values)


def redact(text: str) -> str:
    """`text` as it may be shown or stored."""
    return _secrets.redact(text)


_PATTERNS = re.compile(
    r"(?P<key>(?:golden_key|PHPSESSID|password|passwd|secret|token)[\"']?\s*[=:]\s*[\"']?)"
    r"[^\s\"',;&}]+"
    r"|(?P<bearer>Bearer\s+)[\w.~+/=-]+"
    r"|(?P<scheme>\b[a-z][a-z0-9+.-]{1,10}://)[^\s/@]+@"
    r"|(?P<jwt>\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*)"
    r"|(?P<bot>\b(?:bot)?\d{6,12}:[A-Za-z0-9_-]{30,})",
    re.IGNORECASE,
)


def _mask(match: re.Match[str]) -> str:
    if match["scheme"]:
        return f"{match['scheme']}***@"
    return f"{match['key'] or match['bearer'] or ''}***"


_secrets = Secrets()
