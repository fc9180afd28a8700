"""Logging: one queue, one writer, no secrets.

Line format: `2026-02-15 12:00:01 | INFO     | opium.api | GET /api/accounts → 200 (12ms)`.
"""

from opium.logs.brake import Brake
from opium.logs.files import DailyFile
from opium.logs.lines import Formatter, broken_link, security_lines
from opium.logs.redaction import hide, redact
from opium.logs.writer import SECURITY_LOGGER, Logging, Watcher, about, set_up

__all__ = [
    "SECURITY_LOGGER",
    "Brake",
    "DailyFile",
    "Formatter",
    "Logging",
    "Watcher",
    "about",
    "broken_link",
    "hide",
    "redact",
    "security_lines",
    "set_up",
]
