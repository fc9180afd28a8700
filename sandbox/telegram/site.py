"""What lies beside the Bot API on the same port: the phone's page and the control calls."""

from functools import cache
from pathlib import Path

from flask import Flask, jsonify, request, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.routing import BaseConverter

from sandbox.telegram import control

WEB = Path(__file__).parent / "web"


class SignedNumber(BaseConverter):
    """Ids of groups are negative."""

    regex = r"-?\d+"

    def to_python(self, value: str) -> int:
        return int(value)


@cache
def create_site() -> Flask:
    """For all doubles: each request brings its own."""
    app = Flask("sandbox.telegram", static_folder=None, template_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.url_map.converters["signed"] = SignedNumber
    app.register_blueprint(control.bp)
    app.add_url_rule("/", "page", page)
    app.add_url_rule("/__sandbox__/", "page_too", page)
    app.add_url_rule("/__sandbox__/web/<name>", "web", web)
    app.register_error_handler(404, unexpected)
    return app


def page() -> ResponseReturnValue:
    return send_from_directory(WEB, "index.html")


def web(name: str) -> ResponseReturnValue:
    return send_from_directory(WEB, name)


def unexpected(error: Exception) -> ResponseReturnValue:
    return jsonify(ok=False, error_code=404, description="Not Found", detail=request.path), 404
