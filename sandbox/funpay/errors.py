"""Not found, as the site says it."""

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.funpay.html import page
from sandbox.funpay.visits import OWN


def init_app(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def not_found(error: HTTPException) -> ResponseReturnValue:
        if request.path.startswith(OWN):
            return jsonify(detail=error.description), error.code or 500
        if error.code in (404, 405):
            return page("not_found.html", "site-error", title=error.description), 404
        return error.get_response()
