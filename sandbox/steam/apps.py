"""The five services as WSGI applications over one state."""

from functools import cache

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.gate import OWN
from sandbox.steam import api, community, control, help, login, recovery, settoken, store, visit  # noqa: A004
from sandbox.steam.gate import Gate
from sandbox.steam.state import State
from sandbox.steam.switches import SERVICES

PARTS = {
    "api": (api.bp,),
    "community": (community.bp, settoken.bp),
    "store": (store.bp, settoken.bp),
    "help": (help.bp, recovery.bp, settoken.bp),
    "login": (login.bp,),
}


def create_apps(state: State, double: object) -> dict[str, Gate]:
    """Each service with its gate (log, faults, proxies) around it."""
    return {name: Gate(state, double, name, _site(name).wsgi_app) for name in SERVICES}


@cache
def _site(service: str) -> Flask:
    """The addresses of one service, for all states: each request brings its own."""
    app = Flask(f"sandbox.steam.{service}", static_folder=None, template_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    for part in (*PARTS[service], control.bp):
        app.register_blueprint(part)
    app.register_error_handler(404, _unexpected)
    app.register_error_handler(405, _wrong_verb)
    return app


def _unexpected(error: Exception) -> ResponseReturnValue:
    """No such path here, maybe at another service: nobody should have asked."""
    if request.path.startswith(OWN):
        return jsonify(detail=f"no call {request.path}"), 404
    return api.visit_unknown()


def _wrong_verb(error: Exception) -> ResponseReturnValue:
    """Flask's own answer, and a mark."""
    visit.wrong_verb()
    return error.get_response()  # type: ignore[attr-defined, no-any-return]
