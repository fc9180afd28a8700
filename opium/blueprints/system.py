"""Status, health, the modules that exist, and the built web client."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from flask import Blueprint, Flask, Response, request, send_from_directory
from typing_extensions import TypedDict
from werkzeug.exceptions import NotFound

from opium.blueprints import errors
from opium.blueprints.parts import Core
from opium.schema import closed, typed
from opium.security import is_api

YEAR = 365 * 24 * 3600


@closed
class Status(TypedDict):
    running: bool
    accounts: int
    modules: int


@closed
class Health(TypedDict):
    status: Literal["ok"]
    timestamp: float


@closed
class Available(TypedDict):
    modules: list[str]


@closed
class Root(TypedDict):
    name: str
    status: str


def blueprint(core: Core) -> Blueprint:
    bp = Blueprint("system", __name__)

    @bp.get("/api/status")
    @typed
    def get_status() -> Status:
        """Whether the core runs, accounts, and module instances over all accounts."""
        accounts = list(core.accounts.list())
        instances = sum(len(info.modules) for info in accounts)
        return {
            "running": core.ready and not core.stopping,
            "accounts": len(accounts),
            "modules": instances,
        }

    @bp.get("/api/health")
    @typed
    def get_health() -> Health:
        """Alive; UNIX seconds."""
        return {"status": "ok", "timestamp": core.clock.now().timestamp()}

    @bp.get("/api/modules/available")
    @typed
    def get_available_modules() -> Available:
        """Names of all modules that can be attached, sorted."""
        return {"modules": sorted(core.modules.available())}

    return bp


def serve_web(app: Flask, web_dir: Path | None) -> None:
    """`GET /` and, if there is a built client, its files; other paths lead to its index page."""
    if web_dir is None or not (web_dir / "index.html").is_file():
        app.add_url_rule("/", "root", _bare_root)
        return

    def index() -> Response:
        return send_from_directory(web_dir, "index.html")

    def asset(name: str) -> Response:
        return send_from_directory(web_dir / "assets", name, max_age=YEAR)

    def file_or_index(error: NotFound) -> Response:
        if is_api(request.path) or request.method not in ("GET", "HEAD"):
            return errors.not_found(error)
        try:
            return send_from_directory(web_dir, request.path.lstrip("/"))
        except NotFound:
            # Routes of the client's own; a file that is missing must not become a page.
            return errors.not_found(error) if request.path.startswith("/assets/") else index()

    app.add_url_rule("/", "root", index)
    app.add_url_rule("/assets/<path:name>", "asset", asset)
    app.register_error_handler(NotFound, file_or_index)


@typed
def _bare_root() -> Root:
    """What stands here without a web client."""
    return {"name": "Opium API", "status": "ok"}
