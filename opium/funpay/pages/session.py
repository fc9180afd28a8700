"""The main page as a sign of life: csrf token, counters and runner tags (1.2, 1.7)."""

from __future__ import annotations

from opium.funpay.models import Header
from opium.funpay.pages.common import header, require_signed_in

__all__ = ["front"]


def front(html: str) -> Header:
    """The header of `/`, or of any other page of a signed-in account."""
    return header(require_signed_in(html, "main page"))
