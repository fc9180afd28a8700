"""A public section, `/lots/N/` or `/chips/N/` (10)."""

from __future__ import annotations

import re

from opium.funpay.errors import PageChanged
from opium.funpay.models import SectionPage
from opium.funpay.pages.common import require_signed_in, required
from opium.funpay.pages.rows import offer_rows
from opium.funpay.pages.text import fold, node_text, number
from opium.funpay.pages.tree import Part, attr
from opium.funpay.pages.values import as_int

__all__ = ["section"]

_SECTION = re.compile(r"(?P<kind>lot|chip)-(?P<id>[0-9]{1,15})")


def section(html: str, *, guest_ok: bool = False) -> SectionPage:
    """Every lot of the section: those beyond the first screen are in the page as well."""
    page = require_signed_in(
        html, "section", "content-lots-node", "content-chips-chip", guest_ok=guest_ok
    )
    showcase = page.content.part("showcase")
    if showcase is None:
        raise PageChanged("section", "showcase")
    match = _SECTION.fullmatch(attr(showcase.tag, "data-section") or "")
    if match is None:
        raise PageChanged("section", "data-section")
    kind, section_id = match["kind"], int(match["id"])
    title = next(iter(page.content.named("h1")), None)
    return SectionPage(
        section_id=section_id,
        section_type=kind,
        game_id=as_int(attr(showcase.tag, "data-game"), "section", "data-game"),
        title=fold(required(title, "section", "title").get_text()),
        offers=offer_rows(showcase, "section", kind, section_id),
        counters=_counters(page.content),
    )


def _counters(content: Part) -> tuple[tuple[str, int], ...]:
    items = [(item.first("counter-param"), item) for item in content.parts("counter-item")]
    return tuple(
        (node_text(name), number(node_text(item.first("counter-value"))) or 0)
        for name, item in items
        if name
    )
