"""The security log: one JSON line per event, times in UTC, no secrets (contract 1.7)."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from flask import g, has_request_context, request

from opium.logs import SECURITY_LOGGER

_log = logging.getLogger(SECURITY_LOGGER)


def note(event: str, detail: str = "", *, username: str = "", **metadata: Any) -> None:
    """Write one event, for example LOGIN_FAILED; address and route come from the request."""
    line: dict[str, Any] = {"timestamp": datetime.now(UTC).isoformat(), "event": event}
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
