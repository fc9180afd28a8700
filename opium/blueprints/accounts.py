"""/api/accounts: the accounts we watch and their configuration (contract 4)."""

from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint
from typing_extensions import TypedDict

from opium.account_config import (
    MASK,
    AccountConfig,
    AntiDetectGiven,
    CreateBody,
    PatchBody,
    Proxy,
    RateLimitGiven,
    ReconnectGiven,
    check_proxy,
    mask_proxy,
)
from opium.blueprints.audited import audited
from opium.blueprints.parts import AccountInfo, Core
from opium.errors import Invalid
from opium.schema import AccountId, Query, closed, typed

REGISTERED = (
    "Account registered. Initializing in background. Poll GET /api/accounts/{id} for status."
)


@closed
class AccountShown(TypedDict):
    account_id: str
    username: str | None
    fp_id: int | None
    state: str
    is_running: bool
    last_error: str | None
    modules: list[str]


@closed
class Created(TypedDict):
    status: Literal["initializing"]
    account_id: str
    state: Literal["initializing"]
    message: str


@closed
class Deleted(TypedDict):
    status: Literal["deleted"]
    account_id: str


@closed
class Starting(TypedDict):
    status: Literal["starting"]
    account_id: str
    state: str


@closed
class Stopping(TypedDict):
    status: Literal["stopping"]
    account_id: str
    state: str


@closed
class ConfigShown(TypedDict):
    golden_key: str
    user_agent: str
    proxy: Proxy
    anti_detect: AntiDetectGiven
    rate_limit: RateLimitGiven
    reconnect: ReconnectGiven
    disable_messages: bool
    disable_orders: bool


class Deletion(Query):
    purge: bool = False


def blueprint(core: Core) -> Blueprint:
    bp = Blueprint("accounts", __name__, url_prefix="/api/accounts")

    @bp.get("")
    @typed
    def list_accounts() -> list[AccountShown]:
        """All accounts, from memory."""
        return [shown(info) for info in core.accounts.list()]

    @bp.post("")
    @typed(status=202)
    def create_account(body: CreateBody) -> Created:
        """Register an account; it signs in to FunPay in the background."""
        _allow(core, body.proxy)
        core.accounts.create(body)
        audited(core, "ACCOUNT_CREATED", body.account_id)
        return {
            "status": "initializing",
            "account_id": body.account_id,
            "state": "initializing",
            "message": REGISTERED,
        }

    @bp.get("/<account_id>")
    @typed
    def get_account(account_id: AccountId) -> AccountShown:
        """One account."""
        return shown(core.accounts.info(account_id))

    @bp.delete("/<account_id>")
    @typed
    def delete_account(account_id: AccountId, query: Deletion) -> Deleted:
        """Stop the account and keep it away; with `purge` its data goes too."""
        core.accounts.delete(account_id, purge=query.purge)
        audited(core, "ACCOUNT_DELETED", account_id, "purged" if query.purge else "ok")
        return {"status": "deleted", "account_id": account_id}

    @bp.get("/<account_id>/config")
    @typed
    def get_account_config(account_id: AccountId) -> ConfigShown:
        """The configuration, golden_key in clear unless secrets are masked."""
        config = core.accounts.config(account_id)
        return _revealed(core, account_id, config)

    @bp.patch("/<account_id>/config")
    @typed
    def patch_account_config(account_id: AccountId, body: PatchBody) -> ConfigShown:
        """Change what is named; the answer is the whole configuration."""
        try:
            changes = body.changes(core.accounts.config(account_id))
        except ValueError as exc:
            raise Invalid(f"{exc}.") from None
        _allow(core, changes.get("proxy"))
        config = core.accounts.patch(account_id, changes)
        audited(core, "CONFIG_CHANGED", account_id, ", ".join(sorted(changes)) or "nothing")
        return _revealed(core, account_id, config)

    @bp.post("/<account_id>/start")
    @typed(status=202, errors=(400,))
    def start_account(account_id: AccountId) -> Starting:
        """Begin to poll, in the background."""
        state = core.accounts.start(account_id)
        audited(core, "ACCOUNT_STARTED", account_id)
        return {"status": "starting", "account_id": account_id, "state": state}

    @bp.post("/<account_id>/stop")
    @typed(status=202)
    def stop_account(account_id: AccountId) -> Stopping:
        """Stop polling, in the background."""
        state = core.accounts.stop(account_id)
        audited(core, "ACCOUNT_STOPPED", account_id)
        return {"status": "stopping", "account_id": account_id, "state": state}

    return bp


def shown(info: AccountInfo) -> AccountShown:
    return {
        "account_id": info.account_id,
        "username": info.username,
        "fp_id": info.fp_id,
        "state": info.state,
        "is_running": info.is_running,
        "last_error": info.last_error,
        "modules": list(info.modules),
    }


def _allow(core: Core, proxy: Any) -> None:
    try:
        check_proxy(proxy, allow_private=core.config.proxy_private)
    except ValueError as exc:
        raise Invalid(f"proxy {exc}.") from None


def _revealed(core: Core, account_id: str, config: AccountConfig) -> ConfigShown:
    masked = core.config.mask_secrets
    if not masked:
        audited(core, "SECRET_REVEALED", f"{account_id}:golden_key")
    return {
        "golden_key": MASK if masked else config.golden_key,
        "user_agent": config.user_agent,
        "proxy": mask_proxy(config.proxy) if masked else config.proxy,
        "anti_detect": config.anti_detect,
        "rate_limit": config.rate_limit,
        "reconnect": config.reconnect,
        "disable_messages": config.disable_messages,
        "disable_orders": config.disable_orders,
    }
