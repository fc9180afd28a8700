"""Who may do what: sign-in, tokens, limits, bans, headers, audit.

`Security(app, core)` puts all of it around an application; everything else is a part of it.
"""

from __future__ import annotations

from typing import Any, Protocol

from flask import Flask, g, has_request_context
from sqlalchemy.orm import Session

from opium.clock import Clock
from opium.config import Config
from opium.db.session import Database
from opium.security import audit
from opium.security.address import Address
from opium.security.front import Front, is_api
from opium.security.gate import Gate
from opium.security.limits import Limits
from opium.security.passwords import check_rules, ensure_password, set_password
from opium.security.sessions import Sessions
from opium.security.signin import SignIns
from opium.security.tokens import Tokens

__all__ = [
    "Address",
    "Security",
    "actor",
    "address",
    "audit",
    "audit_here",
    "check_rules",
    "ensure_password",
    "is_api",
    "set_password",
]


class Guarded(Protocol):
    """What the security layer needs of the core."""

    @property
    def config(self) -> Config: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def db(self) -> Database: ...
    @property
    def ready(self) -> bool: ...
    @property
    def stopping(self) -> bool: ...
    @property
    def unusable(self) -> str | None: ...
    @property
    def accounts(self) -> Any: ...


class Security:
    """All parts for one application; made once, before its blueprints."""

    def __init__(self, app: Flask, core: Guarded) -> None:
        config = core.config
        self.sessions = Sessions(core.db, core.clock)
        self.tokens = Tokens(app, config, self.sessions)
        self.limits = Limits(app, config, core.clock)
        self.sign_ins = SignIns(config, core.db, core.clock, self.sessions, self.tokens)
        self.gate = Gate(
            config,
            self.sessions,
            self.tokens,
            self.limits,
            ready=lambda: core.ready,
            stopping=lambda: core.stopping,
            unusable=lambda: core.unusable,
            account_exists=lambda account_id: core.accounts.info(account_id),
        )
        self.gate.guard(app)
        app.wsgi_app = Front(app.wsgi_app, config)  # type: ignore[method-assign]


def actor() -> str:
    """Who makes this request: the signed-in user, "anonymous" with sign-in switched off.

    Outside a request, on the server's own behalf: "opium".
    """
    return str(g.get("actor", "anonymous")) if has_request_context() else "opium"


def address() -> str:
    """Where this request comes from, as text; "" outside a request."""
    found: Address | None = g.get("address") if has_request_context() else None
    return found.text if found else ""


def audit_here(session: Session, action: str, target: str, result: str) -> None:
    """An audit row in the caller's transaction, in the name of the present request."""
    audit.record(session, actor(), action, target, result, address())
