"""funpay.com over a `World`: addresses, pages and answers as the site gives them."""

from functools import cache

from flask import Flask

from sandbox import control
from sandbox.funpay import (
    account,
    buying,
    chat,
    chips,
    errors,
    games,
    lots,
    money,
    offers,
    orders,
    runner,
    users,
    visits,
)
from sandbox.gate import Gate
from sandbox.world import World


def create_app(world: World) -> Gate:
    """The site of this world as a WSGI application, with the gate (log, faults) around it."""
    return Gate(world, _site().wsgi_app)


@cache
def _site() -> Flask:
    """The addresses, one for all worlds: each request brings its own."""
    app = Flask("sandbox.funpay", static_folder=None, template_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    visits.init_app(app)
    errors.init_app(app)
    for part in (
        runner, chat, orders, buying, lots, chips, offers, users, account, money, games, control,
    ):  # fmt: skip
        app.register_blueprint(part.bp)
    return app
