"""Opium: `create_app` is the only place that knows every part."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from opium.core import Opium

__version__ = "0.1.0"


def create_app(core: Opium) -> Flask:
    """The web application over a core; starts nothing."""
    from opium.blueprints import create_app as build

    app = build(core)
    app.extensions["opium"] = core
    return app
