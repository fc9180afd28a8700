"""The security log: one JSON line per event, times in UTC, no secrets (contract 1.7)."""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime
from typing import Any

from flask import g, has_request_context, request

from opium.logs import SECURITY_LOGGER

NOISY = {"RATE_LIMITED", "IP_BLOCKED", "ACCESS_DENIED", "TOKEN_INVALID", "TOKEN_EXPIRED"}
"""What any stranger can cause without end."""
PER_MINUTE = 6
"""Lines of one noisy event; otherwise a flood of them would push a year of history out."""

_log = logging.getLogger(SECURITY_LOGGER)


class Brake:
    """Lets a few of each kind through per minute and counts the others."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minutes: dict[str, tuple[int, int]] = {}
        self._left_out: dict[str, int] = {}

    def passes(self, event: str, minute: int) -> bool:
        """Whether this one may be written."""
        with self._lock:
            last, said = self._minutes.get(event, (minute, 0))
            said = said if last == minute else 0
            if said >= PER_MINUTE:
                self._left_out[event] = self._left_out.get(event, 0) + 1
                return False
            self._minutes[event] = (minute, said + 1)
            return True

    def left_out(self, event: str) -> int:
        """How many were not written since the last one that was; asking forgets them."""
        with self._lock:
            return self._left_out.pop(event, 0)


_brake = Brake()


def note(event: str, detail: str = "", *, username: str = "", **metadata: Any) -> None:
    """Write one event, for example LOGIN_FAILED; address and route come from the request.

    Of the noisy ones only a few per minute; the next line says how many were left out (`more`).
    """
    now = datetime.now(UTC)
    if event in NOISY:
        if not _brake.passes(event, int(now.timestamp()) // 60):
            return
        if more := _brake.left_out(event):
            metadata["more"] = more
    line: dict[str, Any] = {"timestamp": now.isoformat(), "event": event}
    if has_request_context():
        address = g.get("address")
        line |= {
            "ip": address.text if address else "",
            "username": username or g.get("actor", ""),
            "path": request.path,
            "method": request.method,
        }
    else:
        line |= {"ip": "", "username": username, "path": "", "method": ""}
    line["detail"] = detail
    if metadata:
        line["metadata"] = metadata
    _log.info("%s", json.dumps(line, ensure_ascii=False))
