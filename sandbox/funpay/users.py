"""Profiles, reviews and the doors of the account."""

from collections import Counter
from typing import Any

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from sandbox.funpay.html import page, render
from sandbox.funpay.visits import visit
from sandbox.world import Order, Person
from sandbox.world.games import Section
from sandbox.world.lots import Lot
from sandbox.world.orders import FEE

bp = Blueprint("users", __name__)


@bp.get("/users/<int:user_id>/")
def profile(user_id: int) -> ResponseReturnValue:
    current = visit()
    person = _person(user_id)
    sections: dict[Section, list[Lot]] = {}
    for lot in current.world.lots.of(person):
        active = sections.setdefault(lot.section, [])
        if lot.active and (person is current.person or not person.offers_hidden):
            active.append(lot)
    chat = None
    if current.person and current.person is not person:
        chat = current.world.chats.find_between(current.person.id, person.id)
    return page("user.html", "users-user", person=person, sections=sections, chat=chat, fee=FEE,
                **_reviews(person))  # fmt: skip


@bp.post("/users/reviews")
def reviews() -> ResponseReturnValue:
    person = _person(int(request.form.get("user_id") or 0))
    return render("reviews.html", person=person, **_reviews(person))


@bp.get("/account/login")
def login() -> ResponseReturnValue:
    return page("login.html", "account-login")


@bp.get("/account/blocked")
def blocked() -> ResponseReturnValue:
    person = visit().person
    if person is None or not person.banned:
        raise NotFound
    return page("blocked.html", "account-blocked", reason=person.ban_reason)


@bp.get("/account/logout")
def logout() -> ResponseReturnValue:
    current = visit()
    if current.person and request.args.get("token") == current.session.csrf:
        current.person.loses_key()
    answer = redirect(current.url("/"))
    answer.set_cookie("golden_key", "deleted", max_age=0)
    return answer


def _person(user_id: int) -> Person:
    person = visit().world.people.get(user_id)
    if person is None:
        raise NotFound("Пользователь не найден")
    return person


def _reviews(person: Person) -> dict[str, Any]:
    """One page of reviews, newest first, with the rating over all of them."""
    world = visit().world
    reviewed = [o for o in world.orders.sales(person) if o.review and not o.review.hidden]
    reviewed.sort(key=lambda o: o.review.at if o.review else o.opened, reverse=True)
    stars = Counter(o.review.stars for o in reviewed if o.review)
    wanted = request.form.get("filter", "")
    shown = [o for o in reviewed if o.review and wanted in ("", str(o.review.stars))]
    start = _start(shown)
    size = world.switches.reviews_size
    rest = shown[start + size :]
    total = sum(stars.values())
    return {
        "reviewed": shown[start : start + size],
        "cursor": world.ids.tag("reviews", rest[0].id) if rest else "",
        "count": total,
        "rating": f"{sum(s * n for s, n in stars.items()) / total:.1f}" if total else "?",
        "bars": {s: round(100 * stars[s] / total) if total else 0 for s in (5, 4, 3, 2, 1)},
        "filter": wanted,
        "own": visit().person is person,
    }


def _start(shown: list[Order]) -> int:
    """The cursor is opaque: it is found again, not read."""
    cursor = request.form.get("continue", "")
    if not cursor:
        return 0
    tag = visit().world.ids.tag
    return next((i for i, o in enumerate(shown) if tag("reviews", o.id) == cursor), len(shown))
