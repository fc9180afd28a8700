"""Sections: the public list, my own offers there, raising and price calculation."""

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from sandbox.funpay.dates import plural
from sandbox.funpay.html import SIGNS, page, rounded
from sandbox.funpay.visits import refused, signed_in, visit, xhr_only
from sandbox.world import Refused, Unknown
from sandbox.world.games import Game, Section
from sandbox.world.orders import FEE

bp = Blueprint("lots", __name__)
METHODS = (
    (21, "СБП (оплата по QR)", Decimal("1.0183")),
    (7, "Банковская карта RU", Decimal("1.0288")),
)


@bp.get("/lots/<int:node>/")
def lots(node: int) -> ResponseReturnValue:
    section = section_or_404(node, "lot")
    offers = visit().world.lots.in_section(section)
    return page("section.html", "lots-node", section=section, offers=offers, fee=FEE)


@bp.get("/chips/<int:node>/")
def chips(node: int) -> ResponseReturnValue:
    section = section_or_404(node, "chip")
    offers = visit().world.lots.in_section(section)
    return page("section.html", "chips-chip", section=section, offers=offers, fee=FEE)


@bp.get("/lots/<int:node>/trade")
@signed_in
def my_lots(node: int) -> ResponseReturnValue:
    """Mine here, inactive ones too."""
    section = section_or_404(node, "lot")
    mine = [lot for lot in visit().world.lots.of(visit().me) if lot.section is section]
    return page("lots_trade.html", "lots-trade", section=section, lots=mine)


@bp.post("/lots/raise")
@signed_in
@xhr_only
def raise_lots() -> ResponseReturnValue:
    """Lift my lots of a game; which sections, or a modal that asks."""
    current = visit()
    world, me, switches = current.world, current.me, current.world.switches
    try:
        game = world.game(int(request.form.get("game_id", "")))
        node = int(request.form.get("node_id", ""))
    except (ValueError, Unknown):
        return refused(Refused("Раздел не найден.", "The section was not found."))
    named = {int(n) for n in request.form.getlist("node_ids[]") if n.isdecimal()}
    mine = {lot.section.id: lot.section for lot in world.lots.of(me)
            if lot.active and lot.section.game is game and lot.section.kind == "lot"}  # fmt: skip
    wait = world.lots.wait_to_raise(me, game)
    if wait > timedelta():
        return jsonify(error=True, msg=wait_text(wait, current.locale), **_until(wait))
    if switches.raise_upsell:
        return jsonify(url=current.url("/account/balance"))
    if not named and len(mine) > 1 and switches.raise_modal:
        return jsonify(modal=_modal(game, node, list(mine.values())))
    try:
        world.lots.raise_in(me, game, named or {node})
    except Refused as error:
        return refused(error)
    text = "Offers have been raised." if current.locale == "en" else "Предложения были подняты."
    return jsonify(error=False, msg=text, **_until(world.lots.wait_to_raise(me, game)))


@bp.post("/lots/calc")
@signed_in
@xhr_only
def calc() -> ResponseReturnValue:
    """What buyers will pay, by payment method."""
    raw = request.form.get("price", "").replace(" ", "").replace(",", ".")
    try:
        price = Decimal(raw)
    except InvalidOperation:
        return jsonify(methods=[], error="Неверная цена")
    sign = SIGNS[visit().me.currency]
    methods = [
        {"name": name, "price": rounded(price * FEE * factor), "unit": sign, "pos": i}
        for i, (_, name, factor) in enumerate(METHODS, 1)
    ]
    return jsonify(methods=methods, error=False)


def section_or_404(node: int, kind: str) -> Section:
    try:
        return visit().world.section(node, kind)
    except Unknown:
        raise NotFound from None


def wait_text(wait: timedelta, locale: str) -> str:
    """`Подождите 3 часа.`: rounded up, as the site tells it."""
    seconds = max(1, -(-int(wait.total_seconds()) // 1))
    for size, ru, en in (
        (3600, ("час", "часа", "часов"), "hour"),
        (60, ("минуту", "минуты", "минут"), "minute"),
        (1, ("секунду", "секунды", "секунд"), "second"),
    ):
        if seconds >= size:
            n = -(-seconds // size)
            if locale == "en":
                return f"Please wait {n} {en}s." if n > 1 else f"Please wait a {en}."
            return f"Подождите {n} {plural(n, ru)}." if n > 1 else f"Подождите {ru[0]}."
    return ""


def _until(wait: timedelta) -> dict[str, Any]:
    if not visit().world.switches.raise_wait:
        return {}
    unlock = visit().world.now() + wait
    return {"wait": int(wait.total_seconds()), "unlock_at": f"{unlock:%Y-%m-%dT%H:%M:%SZ}"}


def _modal(game: Game, node: int, sections: list[Section]) -> str:
    boxes = "".join(
        f'<div class="checkbox"><label><input type="checkbox" value="{s.id}"'
        f"{' checked' if s.id == node else ''}><i></i>{s.ru}</label></div>"
        for s in sections
    )
    return (
        f'<div class="raise-box" data-game="{game.id}" data-node="{node}">{boxes}'
        '<button type="button" class="btn btn-primary btn-block js-lot-raise-ex">Поднять</button>'
        "</div>"
    )
