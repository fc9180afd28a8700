"""/openapi.json and /docs: the description of this application, made from its routes."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, send_from_directory
from werkzeug.exceptions import NotFound

from opium.schema.openapi import document

FILES = {"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png", "favicon-16x16.png"}
OPIUM = Path(__file__).resolve().parent.parent


def blueprint() -> Blueprint:
    bp = Blueprint("docs", __name__, template_folder=str(OPIUM / "templates"))
    made: dict[str, Any] = {}

    @bp.get("/openapi.json")
    def openapi() -> Response:
        if not made:
            made.update(document(current_app))
        return jsonify(made)

    @bp.get("/docs")
    def page() -> str:
        return render_template("docs.html")

    @bp.get("/docs/<name>")
    def file(name: str) -> Response:
        if name == "start.js":
            return send_from_directory(OPIUM / "static", "docs.js")
        if name not in FILES:
            raise NotFound
        return send_from_directory(_swagger_files(), name)

    return bp


def _swagger_files() -> Path:
    # Found without importing it: the package builds its own blueprint, which we do not want.
    spec = find_spec("flask_swagger_ui")
    if spec is None or spec.origin is None:
        raise NotFound
    return Path(spec.origin).parent / "dist"
