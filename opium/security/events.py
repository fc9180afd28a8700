"""The security log: one JSON line per event, times in UTC, no secrets (contract 1.7)."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from flask import g, has_request_context, request

from opium.logs import SECURITY_LOGGER, Brake

NOISY = {"RATE_LIMITED", "IP_BLOCKED", "ACCESS_DENIED", "TOKEN_INVALID", "TOKEN_EXPIRED"}
"""What any stranger can cause without end."""
PER_MINUTE = 6
"""Lines of one noisy event; otherwise a flood of them would push a year of history out."""

_log = logging.getLogger(SECURITY_LOGGER)


_brake = Brake(PER_MINUTE)


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
