"""The HTTP API: `create_app(core)` puts security, routes and error answers together."""

from __future__ import annotations

from flask import Flask

from opium.blueprints import (
    accounts,
    auth,
    chats,
    docs,
    errors,
    metrics,
    modules,
    orders,
    person,
    system,
)
from opium.blueprints.parts import Core
from opium.live import Live
from opium.schema import MAX_IMPORT
from opium.security import Security


def create_app(core: Core) -> Flask:
    """A Flask application that serves this core; nothing is started."""
    app = Flask("opium", static_folder=None)
    register(app, core)
    return app


def register(app: Flask, core: Core) -> None:
    """Give `app` all routes of the API, its guards and its error answers."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_IMPORT
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False  # a redirect would answer before the token is checked
    app.extensions["opium"] = core
    live = Live(core.clock)
    app.extensions["opium.live"] = live
    errors.install(app)
    security = Security(app, core)
    app.extensions["opium.security"] = security
    app.register_blueprint(auth.blueprint(core, security))
    app.register_blueprint(system.blueprint(core))
    app.register_blueprint(metrics.blueprint(core))
    app.register_blueprint(person.blueprint(core))
    app.register_blueprint(accounts.blueprint(core))
    app.register_blueprint(modules.blueprint(core))
    app.register_blueprint(chats.blueprint(core, live))
    app.register_blueprint(orders.blueprint(core, live))
    modules.mount(app, core)
    if core.config.docs:
        app.register_blueprint(docs.blueprint())
    system.serve_web(app, core.config.web_dir)
    core.inside.bind(app)
