"""My lots of one section, `/lots/N/trade` (12.1), and the edit form of one (12.2)."""

from __future__ import annotations

import json
import re
from typing import Any

from bs4 import Tag

from opium.funpay.errors import Missing, PageChanged
from opium.funpay.models import OfferForm, OwnLots
from opium.funpay.pages.common import require_signed_in
from opium.funpay.pages.forms import submitted
from opium.funpay.pages.rows import offer_rows
from opium.funpay.pages.text import fold, section_link
from opium.funpay.pages.tree import Part, attr
from opium.funpay.pages.values import as_int, as_list, as_object, maybe_int

__all__ = ["offer_form", "own_lots"]

_NODE = re.compile(r"[?&]node=(?P<id>[0-9]{1,15})(?:&|#|$)")
_LOT_FIELD = re.compile(r"fields\[(?P<id>[^\]]*)\]")


def own_lots(html: str) -> OwnLots:
    """My lots of a section, also the inactive ones; without lots there is no table."""
    page = require_signed_in(html, "own lots", "content-lots-trade")
    button = page.content.first("js-lot-raise")
    section_id = _section_id(page.content, button)
    return OwnLots(
        section_id=section_id,
        game_id=as_int(attr(button, "data-game"), "own lots", "data-game") if button else None,
        offers=offer_rows(page.content, "own lots", "lot", section_id),
    )


def _section_id(content: Part, button: Tag | None) -> int:
    """Of the raise button, else of the link that adds a lot, else of the way back."""
    if found := maybe_int(attr(button, "data-node")):
        return found
    links = content.named("a")
    for link in links:
        if match := _NODE.search(attr(link, "href") or ""):
            return int(match["id"])
    for place in map(section_link, links):
        if place and place[0] == "lot":
            return place[1]
    raise PageChanged("own lots", "section id")


def offer_form(html: str) -> OfferForm:
    """The edit form of a lot; `Missing` for one that is not mine."""
    page = require_signed_in(html, "lot form", "content-lots-offeredit")
    form = page.content.part("form-offer-editor")
    if form is None:
        lead = page.content.first("lead")
        if lead:
            raise Missing(fold(lead.get_text()) or "FunPay does not know this lot.")
        raise PageChanged("lot form", "form")
    everything = submitted(form)
    unused = _unused(form, everything)
    fields = submitted(form, lambda control: _field_id(control) not in unused)
    for name in ("csrf_token", "offer_id", "node_id"):
        if not fields.get(name):
            raise PageChanged("lot form", name)
    return OfferForm(
        offer_id=fields["offer_id"],
        node_id=as_int(fields["node_id"], "lot form", "node_id"),
        fields={_xhr_name(name): value for name, value in fields.items()},
        active="active" in fields,
        auto_delivery="auto_delivery" in fields,
    )


def _xhr_name(name: str) -> str:
    """The one name that the page's script changes when it saves (12.2)."""
    return "deactivate_after_sale[]" if name == "deactivate_after_sale" else name


def _field_id(control: Tag) -> str | None:
    match = _LOT_FIELD.match(attr(control, "name") or "")
    return match["id"] if match else None


def _unused(form: Part, values: dict[str, str]) -> set[str]:
    """The lot fields whose conditions do not hold: the browser does not submit them."""
    box = form.first("lot-fields")
    text = attr(box, "data-fields")
    if not text:
        return set()
    try:
        raw = as_list(json.loads(text), "lot form", "data-fields")
    except (ValueError, RecursionError) as exc:
        raise PageChanged("lot form", "data-fields") from exc
    rules = [as_object(item, "lot form", "data-fields") for item in raw]
    conditions = {str(rule.get("id")): rule.get("conditions") or [] for rule in rules}
    used: set[str] = set()
    while more := {
        field
        for field, list_ in conditions.items()
        if field not in used and _holds(list_, conditions, used, values)
    }:
        used |= more
    return set(conditions) - used


def _holds(
    conditions: object, known: dict[str, Any], used: set[str], values: dict[str, str]
) -> bool:
    """No conditions, or one whose field is used and has one of its values."""
    wanted = as_list(conditions, "lot form", "conditions")
    for item in wanted:
        condition = as_object(item, "lot form", "condition")
        field = str(condition.get("id"))
        allowed = condition.get("list", [condition.get("value")])
        value = values.get(f"fields[{field}]", "").lower()
        texts = [str(text)[:1000].lower() for text in as_list(allowed, "lot form", "condition")]
        if (field in used or field not in known) and value in texts:
            return True
    return not wanted
