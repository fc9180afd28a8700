"""/api/accounts/<account>/modules: attach, configure, detach (contract 5); modules' own routes."""

from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint, Flask, g, request
from pydantic import Field
from typing_extensions import TypedDict

from opium.blueprints.audited import audited
from opium.blueprints.parts import Core
from opium.errors import NotFound
from opium.schema import AccountId, Body, closed, typed


class Attach(Body):
    module_name: str = Field(min_length=1, max_length=64)
    config: dict[str, Any] | None = None


class Replace(Body):
    config: dict[str, Any]


@closed
class Entry(TypedDict):
    name: str
    config: dict[str, Any]


@closed
class Detail(TypedDict):
    name: str
    config: dict[str, Any]
    storage_path: str


@closed
class Added(TypedDict):
    status: Literal["added"]
    module: str
    account_id: str


@closed
class Updated(TypedDict):
    status: Literal["updated"]
    module: str
    config: dict[str, Any]


@closed
class Removed(TypedDict):
    status: Literal["removed"]
    module: str
    account_id: str


def blueprint(core: Core) -> Blueprint:
    bp = Blueprint("modules", __name__, url_prefix="/api/accounts/<account_id>/modules")

    def attached(account_id: str, name: str) -> None:
        if name not in core.accounts.info(account_id).modules:
            raise NotFound("Module not found")

    @bp.before_request
    def module_exists() -> None:
        # Before the view checks its body: an unknown module is told before a bad value.
        name = (request.view_args or {}).get("module_name")
        if name is not None:
            attached(g.account_id, name)

    @bp.get("")
    @typed
    def list_modules(account_id: AccountId) -> list[Entry]:
        """The modules attached, in attach order, secrets masked."""
        return [{"name": n, "config": c or {}} for n, c in core.modules.attached(account_id)]

    @bp.post("")
    @typed
    def attach_module(account_id: AccountId, body: Attach) -> Added:
        """Attach a module and start it."""
        core.modules.attach(account_id, body.module_name, body.config)
        audited(core, "MODULE_ATTACHED", f"{account_id}:{body.module_name}")
        return {"status": "added", "module": body.module_name, "account_id": account_id}

    @bp.get("/<module_name>")
    @typed
    def get_module(account_id: AccountId, module_name: str) -> Detail:
        """The module's effective settings, secrets masked."""
        return {
            "name": module_name,
            "config": core.modules.config(account_id, module_name) or {},
            "storage_path": f"accounts/{account_id}/modules/{module_name}",
        }

    @bp.put("/<module_name>")
    @typed
    def replace_module_config(account_id: AccountId, module_name: str, body: Replace) -> Updated:
        """Replace the stored settings; what is left out falls to its default."""
        config = core.modules.replace(account_id, module_name, body.config)
        audited(core, "CONFIG_CHANGED", f"{account_id}:{module_name}")
        return {"status": "updated", "module": module_name, "config": config or {}}

    @bp.delete("/<module_name>")
    @typed
    def detach_module(account_id: AccountId, module_name: str) -> Removed:
        """Stop the module for this account; its data stays."""
        core.modules.detach(account_id, module_name)
        audited(core, "MODULE_DETACHED", f"{account_id}:{module_name}")
        return {"status": "removed", "module": module_name, "account_id": account_id}

    return bp


def mount(app: Flask, core: Core) -> None:
    """Nest each module's blueprint under `/api/accounts/<account_id>/modules/<name>`.

    The parent is made anew for each application: a check added to the module's own blueprint
    would fail at the second application of a test run.
    """
    for name, child in core.modules.blueprints():
        app.register_blueprint(_parent(core, name, child))


def _parent(core: Core, name: str, child: Blueprint) -> Blueprint:
    prefix = f"/api/accounts/<account_id>/modules/{name}"
    parent = Blueprint(f"module_{name}", __name__, url_prefix=prefix)

    @parent.before_request
    def attached() -> None:
        account_id = (request.view_args or {})["account_id"]
        if name not in core.accounts.info(account_id).modules:
            raise NotFound("Module not found")
        g.account_id = account_id

    parent.register_blueprint(child)
    return parent
