"""Opium: `create_app` is the only place that knows every part."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from opium.core import Opium

__version__ = "0.1.0"


def create_app(core: Opium) -> Flask:
    """The web application over a core; starts nothing."""
    from flask import Flask

    from opium.blueprints import register

    app = Flask("opium")
    app.extensions["opium"] = core
    register(app, core)
    return app
