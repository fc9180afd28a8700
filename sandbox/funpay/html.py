"""Pages and pieces of pages, from the templates beside this file."""

import json
import re
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal
from functools import cache
from typing import Any

from flask import request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from sandbox.funpay import dates
from sandbox.funpay.visits import Visit, visit
from sandbox.world import Lot, Message, Person
from sandbox.world.notices import Link
from sandbox.world.orders import CENT, FEE

NBSP = "\u00a0"
SIGNS = {"RUB": "₽", "USD": "$", "EUR": "€"}
AVATAR = "/img/layout/avatar.png"
ADDRESS = re.compile(r"https?://[^\s<>\"']+")


def page(template: str, content: str, *, active: str = "", **more: Any) -> str:
    """A whole page; `content` is what follows `content-` in its root's class."""
    current = visit()
    words = content.split("-")
    return render(template, content=content, controller=words[0], active=active, **more,
                  app_data=_app_data(current), tags=tags(current))  # fmt: skip


def render(template: str, **more: Any) -> str:
    current = visit()
    return _templates().get_template(template).render(**_words(current), **more)


def tags(current: Visit) -> dict[str, str]:
    """The runner's tags of the four things a person watches."""
    person = current.person
    if person is None:
        return {}
    tag = current.world.ids.tag
    unread = len(person.unread)
    return {
        "orders_counters": tag("orders", person.id, person.open_purchases, person.open_sales),
        "chat_counter": tag("chat", person.id, unread, person.newest_message),
        "chat_bookmarks": tag("bookmarks", person.id, person.bookmarks_version),
    }


def message_html(message: Message, previous: Message | None, *, first: bool = False) -> str:
    """One message as the runner and the history give it."""
    return render("message.html", m=message, head=first or needs_head(message, previous),
                  new_day=is_new_day(message, previous)).strip()  # fmt: skip


def needs_head(message: Message, previous: Message | None) -> bool:
    """A second message within a minute of the same author goes without a head."""
    return (
        previous is None
        or message.author == 0
        or message.author != previous.author
        or message.label != previous.label
        or (message.at - previous.at).total_seconds() > 60
        or is_new_day(message, previous)
    )


def is_new_day(message: Message, previous: Message | None) -> bool:
    if previous is None:
        return True
    return message.at.astimezone(dates.MOSCOW).date() != previous.at.astimezone(dates.MOSCOW).date()


def body_html(message: Message) -> Markup:
    """The text with its links and line breaks, safe to show."""
    current = visit()
    if message.notice is None:
        return _linked(message.text)
    out = Markup()
    for part in message.notice.parts(current.locale):
        if isinstance(part, Link):
            outside = "discord" in part.href or "trade/info" in part.href
            more = Markup(' rel="nofollow noopener" target="_blank"') if outside else ""
            link = Markup('<a href="{}"{}>{}</a>')
            out += link.format(current.url(part.href), more, part.text)
        else:
            out += escape(part)
    return out


def money(value: Decimal) -> str:
    """`10.00`, as in lists of orders."""
    return f"{value:.2f}"


def plain(value: Decimal) -> str:
    """Without needless zeros: `10.5`, `100`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def payable(lot: Lot, factor: Decimal) -> Decimal:
    """What one piece costs by a method of payment: rounded up after each factor."""
    value = (lot.price * FEE).quantize(CENT, ROUND_UP)
    return (value * factor).quantize(CENT, ROUND_UP)


def rounded(value: Decimal) -> str:
    """As in price lists: `91 998`, `2.14`, `0.0113`; the spaces do not break."""
    if value >= 1000:
        whole = value.quantize(Decimal(1), ROUND_HALF_UP)
        return f"{whole:,}".replace(",", NBSP)
    if value >= 1 or value == 0:
        return plain(value.quantize(Decimal("0.01"), ROUND_HALF_UP))
    digits = Decimal(1).scaleb(value.adjusted() - 2)
    return plain(value.quantize(digits, ROUND_HALF_UP))


def state(person: Person, now: Any) -> str:
    """`Онлайн`, or when last seen."""
    current = visit()
    english = current.locale == "en"
    if person.online:
        return "Online" if english else "Онлайн"
    passed = dates.ago(person.seen, now, current.locale)
    return f"was online {passed}" if english else f"Был {passed}"


def _linked(text: str) -> Markup:
    out, end = Markup(), 0
    for found in ADDRESS.finditer(text):
        out += escape(text[end : found.start()])
        out += Markup('<a href="{0}" rel="nofollow noopener" target="_blank">{0}</a>').format(
            found[0]
        )
        end = found.end()
    out += escape(text[end:])
    return Markup(str(out).replace("\n", "<br>"))  # noqa: S704 - escaped above


def _app_data(current: Visit) -> str:
    data: dict[str, Any] = {"locale": current.locale, "csrf-token": current.session.csrf}
    person = current.person
    data["userId"] = person.id if person else 0
    if person and current.shown("webpush"):
        data["webpush"] = {"app": "AAAAA-BBBBB", "enabled": False, "hwid-required": False}
    data["runnerCoordId"] = current.world.ids.tag("coord", current.session.id) if person else "0"
    return json.dumps(data, separators=(",", ":"))


def _words(current: Visit) -> dict[str, Any]:
    """What every template may use."""
    locale, now, english = current.locale, current.world.now(), current.locale == "en"
    return {
        "v": current,
        "me": current.person,
        "path": request.path,
        "locale": locale,
        "now": now,
        "url": current.url,
        "shown": current.shown,
        "csrf": current.session.csrf,
        "_": lambda ru, en: en if english else ru,
        "state": lambda person: state(person, now),
        "day_and_time": lambda at: dates.day_and_time(at, now, locale),
        "said": lambda at: dates.said(at, now, locale),
        "date_title": lambda at: dates.date_title(at, locale),
        "day_title": lambda at: dates.day_title(at, locale),
        "full": lambda at: dates.full(at, locale),
        "short": lambda at: dates.short(at, now),
        "contact": lambda at: dates.contact(at, now, locale),
        "ago": lambda at: dates.ago(at, now, locale),
        "lasting": lambda at: dates.lasting(at, now, locale),
        "coarse": lambda at: dates.coarse(at, now, locale),
        "people": current.world.people,
    }


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("sandbox.funpay", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        money=money,
        plain=plain,
        payable=payable,
        rounded=rounded,
        signs=SIGNS,
        avatar=AVATAR,
        body=body_html,
        needs_head=needs_head,
        is_new_day=is_new_day,
        plural=dates.plural,
        tojson_attr=json.dumps,
    )
    return made
