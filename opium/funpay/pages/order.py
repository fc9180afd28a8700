"""The page of one order (6.2)."""

from __future__ import annotations

import re
from datetime import datetime

from bs4 import Tag

from opium.funpay.errors import PageChanged
from opium.funpay.models import Order, OrderStatus
from opium.funpay.pages.common import Page, require_signed_in, required
from opium.funpay.pages.params import params
from opium.funpay.pages.reviews import order_review
from opium.funpay.pages.status import order_status
from opium.funpay.pages.system import order_in
from opium.funpay.pages.text import fold, money, node_text, number, parse_date, section_link
from opium.funpay.pages.text import user_link as _user
from opium.funpay.pages.tree import Part, attr, classes
from opium.funpay.pages.values import maybe_int

__all__ = ["order_page"]

_GAME = ("игра", "game", "гра")
_SECTION = ("категория", "category", "категорія")
_SHORT = ("краткое описание", "short description", "короткий опис")
_DETAILED = ("подробное описание", "detailed description", "докладний опис")
_AMOUNT = ("количество", "amount", "кількість")
_SUM = ("сумма", "total", "сума")
_OPENED = ("открыт", "open", "відкрито")
_NOT_FIELDS = (
    *_GAME, *_SECTION, *_SHORT, *_DETAILED, *_AMOUNT, *_SUM, *_OPENED,
    "закрыт", "closed", "закрито",
    "картинки", "pictures", "images", "картинки",
    "оплаченный товар", "оплаченные товары", "paid product", "paid products",
    "оплачений товар", "оплачені товари",
    "действия", "actions", "дії",
)  # fmt: skip
_CHAT = re.compile(r"users-(?P<a>[0-9]{1,15})-(?P<b>[0-9]{1,15})")


def order_page(html: str, now: datetime) -> Order:
    """An order as its seller or its buyer sees it."""
    page = require_signed_in(html, "order", "content-orders-order")
    content = page.content
    found = params(content)
    title = required(_title(content), "order", "title")
    section = found.tag(_SECTION)
    kind, section_id = _section(section)
    chat = content.part("chat")
    if chat is None:
        raise PageChanged("order", "chat")
    me, other = page.app.user_id, _other(chat, page.app.user_id)
    selling = _i_sell(page)
    name = _other_name(chat)
    price = required(found.tag(_SUM), "order", "sum").get_text()
    return Order(
        order_id=_order_id(title, content),
        status=_status(title),
        summary=found.text(_SHORT) or "",
        description=found.text(_DETAILED) or "",
        amount=_amount(found.text(_AMOUNT)),
        price=money(price, "order", "sum"),
        buyer_id=other if selling else me,
        buyer=name if selling else None,
        seller_id=me if selling else other,
        chat_name=attr(chat.tag, "data-name") or None,
        chat_id=maybe_int(attr(chat.tag, "data-id")),
        section_id=section_id,
        section_type=kind,
        section_text=found.text(_SECTION),
        game=found.text(_GAME),
        date=parse_date(found.text(_OPENED) or "", now),
        review=order_review(content),
        secrets=_secrets(content),
        fields=found.others(_NOT_FIELDS),
        can_refund=content.first("btn-refund") is not None,
    )


def _title(content: Part) -> Tag | None:
    return next(iter(content.named("h1")), None)


def _order_id(title: Tag, content: Part) -> str:
    box = content.first("review-container")
    order = order_in(title.get_text()) or attr(box, "data-order")
    if not order:
        raise PageChanged("order", "order id")
    return order


def _status(title: Tag) -> OrderStatus:
    """No mark beside the title is a paid order (6.2)."""
    mark = title.find("span")
    if not isinstance(mark, Tag):
        return OrderStatus.PAID
    return order_status("order", node_text(mark), classes(mark))


def _section(cell: Tag | None) -> tuple[str | None, int | None]:
    """A deleted section has no link."""
    links = cell.find_all("a") if cell else []
    return next((found for link in links if (found := section_link(link))), (None, None))


def _amount(text: str | None) -> int:
    """«3 шт.»; without the heading it was bought once."""
    if text is None:
        return 1
    amount = number(text)
    if not amount:
        raise PageChanged("order", "amount")
    return amount


def _i_sell(page: Page) -> bool:
    """The buttons tell my role; a closed order has neither, then the active menu item (5.3)."""
    content = page.content
    if content.first("btn-refund") or content.first("btn-complete"):
        return content.first("btn-refund") is not None
    active = [Part(item) for item in page.whole.all("active")]
    if any(item.first("menu-item-trade") for item in active):
        return True
    if any(item.first("menu-item-orders") for item in active):
        return False
    raise PageChanged("order", "role")


def _other(chat: Part, me: int) -> int:
    """The other one: of the chat's name, else of the chat's header."""
    match = _CHAT.fullmatch(attr(chat.tag, "data-name") or "")
    others = {int(user) for user in match.groups()} - {me} if match else set()
    if len(others) == 1:
        return others.pop()
    top = chat.part("chat-header")
    for link in top.named("a") if top else []:
        if found := _user(link):
            return found
    raise PageChanged("order", "buyer")


def _other_name(chat: Part) -> str | None:
    top = chat.part("chat-header")
    return fold(node_text(top.first("media-user-name"))) or None if top else None


def _secrets(content: Part) -> tuple[str, ...]:
    box = content.part("order-secrets-list")
    copies = [attr(button, "data-copy") for button in box.all("btn-copy")] if box else []
    shown = [node_text(item) for item in box.all("secret-placeholder")] if box else []
    return tuple(secret for secret in copies if secret) or tuple(shown)
