"""A public offer (11); my own lots and their form are in `own_lots`."""

from __future__ import annotations

import re

from opium.funpay.errors import PageChanged
from opium.funpay.models import Money, OfferPage
from opium.funpay.pages.balance import select_balance
from opium.funpay.pages.common import require_signed_in, required
from opium.funpay.pages.forms import submitted
from opium.funpay.pages.own_lots import offer_form, own_lots
from opium.funpay.pages.params import params
from opium.funpay.pages.reviews import in_list
from opium.funpay.pages.text import fold, money_in, node_text, section_link, user_link
from opium.funpay.pages.tree import Part, attr, classes, parse
from opium.funpay.pages.values import maybe_int

__all__ = ["offer_form", "offer_page", "own_lots"]

_SHORT = ("краткое описание", "short description", "короткий опис")
_DETAILED = ("подробное описание", "detailed description", "докладний опис")
_PICTURES = ("картинки", "pictures", "images", "зображення")
_REF = re.compile(r"(?:lot|chip)[:-](?P<id>[0-9][0-9-]{0,80})")


def offer_page(html: str, *, guest_ok: bool = False) -> OfferPage:
    """An offer: whose it is, what it is, and what I could pay it with."""
    page = require_signed_in(
        html, "offer", "content-lots-offer", "content-chips-offer", guest_ok=guest_ok
    )
    content = page.content
    back = section_link(content.first("js-back-link"))
    if back is None:
        raise PageChanged("offer", "section link")
    chat = content.part("chat")
    if chat is None:
        raise PageChanged("offer", "seller")
    form = _form(content)
    found = params(content)
    select = form.part("selectpicker") if form else None
    return OfferPage(
        offer_id=_offer_id(chat, form),
        section_id=back[1],
        section_type=back[0],
        params=found.originals((*_SHORT, *_DETAILED, *_PICTURES)),
        short=found.text(_SHORT) or "",
        detailed=found.text(_DETAILED) or "",
        seller=fold(required(chat.first("media-user-name"), "offer", "seller").get_text()),
        seller_id=_seller_id(chat),
        seller_online="online" in classes(chat.first("media-user")),
        auto_delivery=content.first("offer-header-auto-dlv-label") is not None,
        images=tuple(url for tag in content.all("attachments-thumb") if (url := attr(tag, "href"))),
        chat_name=attr(chat.tag, "data-name") or None,
        chat_id=maybe_int(attr(chat.tag, "data-id")),
        tag=attr(chat.tag, "data-tag") or None,
        form=_inputs(form),
        methods=_methods(select),
        min_price=_min_price(select),
        balance=select_balance(select),
        reviews=in_list(content),
    )


def _form(content: Part) -> Part | None:
    """The order form; offline sellers and an empty stock have none."""
    forms = (Part(tag) for tag in content.named("form"))
    return next((form for form in forms if form.input("offer_id") is not None), None)


def _inputs(form: Part | None) -> dict[str, str]:
    return submitted(form, lambda control: control.name == "input") if form else {}


def _offer_id(chat: Part, form: Part | None) -> str:
    match = _REF.fullmatch(attr(chat.tag, "data-offer") or "")
    offer = form.input("offer_id") if form else None
    if not offer and match is None:
        raise PageChanged("offer", "offer id")
    return offer or (match["id"] if match else "")


def _seller_id(chat: Part) -> int:
    top = chat.part("chat-header")
    linked = (user_link(tag) for tag in top.named("a")) if top else iter(())
    found = maybe_int(attr(chat.tag, "data-seller")) or next(
        (user for user in linked if user), None
    )
    if found is None:
        raise PageChanged("offer", "seller id")
    return found


def _methods(select: Part | None) -> tuple[str, ...]:
    """Ids of the payment methods; 0 is «not chosen»."""
    values = [attr(option, "value") for option in select.named("option")] if select else []
    return tuple(value for value in values if value and value != "0")


def _min_price(select: Part | None) -> Money | None:
    """The site's own «от 1664.96 ₽», of the option that means «not chosen»."""
    for option in select.named("option") if select else []:
        if attr(option, "value") == "0":
            shown = parse(attr(option, "data-content") or "")
            return money_in(node_text(shown.first("payment-value")))
    return None
