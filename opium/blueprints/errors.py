"""Errors become answers here and nowhere else: `{"detail": text, "code": word}`."""

from __future__ import annotations

import json
import logging

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from opium.errors import OpiumError
from opium.security import is_api

log = logging.getLogger(__name__)

_TEXTS = {
    400: ("Bad request", "invalid"),
    404: ("Not found", "not_found"),
    405: ("Method not allowed", "method_not_allowed"),
    413: ("The body is too large", "too_large"),
}


def install(app: Flask) -> None:
    """Answer every error of `app` as JSON."""
    app.register_error_handler(OpiumError, _ours)
    app.register_error_handler(HTTPException, _protocol)
    app.register_error_handler(Exception, _unexpected)


def not_found(error: HTTPException) -> Response:
    """The answer to an unknown path."""
    return _protocol(error)


def _ours(error: OpiumError) -> Response:
    if error.status >= 500 and error.__cause__ is not None:
        log.warning("%s %s failed: %s", request.method, request.path, error, exc_info=error)
    return _answer(str(error) or "Internal error", error.code, error.status, error.retry_after)


def _protocol(error: HTTPException) -> Response:
    status = error.code if error.code in _TEXTS else 400
    detail, code = _TEXTS[status or 400]
    answer = _answer(detail, code, status or 400)
    if status == 405:
        methods = getattr(error, "valid_methods", None) or ()
        answer.headers["Allow"] = ", ".join(sorted(methods))
    return answer


def _unexpected(error: Exception) -> Response:
    log.error("%s %s broke", request.method, request.path, exc_info=error)
    return _answer("Internal error", OpiumError.code, 500)


def _answer(detail: str, code: str, status: int, retry_after: int | None = None) -> Response:
    body: dict[str, object] = {"detail": detail, "code": code}
    if retry_after is not None:
        body["retry_after"] = retry_after
    answer = Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json")
    if status in (429, 503):
        answer.headers["Retry-After"] = str(retry_after or 1)
    if status == 401 and is_api(request.path):
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
