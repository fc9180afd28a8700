"""The main page with all games, and the search in them."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.funpay.html import page, render
from sandbox.funpay.visits import visit, xhr_only

bp = Blueprint("games", __name__)


@bp.get("/")
def index() -> ResponseReturnValue:
    """All games; a signed-in person has a list of recent ones before it."""
    world, person = visit().world, visit().person
    mine = {lot.section.game.id for lot in world.lots.of(person)} if person else set()
    recent = [g for g in world.games if g.id in mine] or world.games[:1]
    games = [g for g in world.games if g.sections]
    return page("index.html", "promo-index", games=games, recent=recent if person else [])


@bp.get("/trade/info")
def info() -> ResponseReturnValue:
    return page("not_found.html", "trade-info", title="Правила")


@bp.post("/games/promoFilter")
@xhr_only
def search() -> ResponseReturnValue:
    query = request.form.get("query", "").lower()
    found = [g for g in visit().world.games if query in g.ru.lower() or query in g.en.lower()]
    return jsonify(html=render("promo_games.html", games=found))
