"""/api/auth: sign in, who am I, another token, sign out."""

from __future__ import annotations

from flask import Blueprint, g
from pydantic import Field
from typing_extensions import TypedDict

from opium.blueprints.parts import Core
from opium.errors import Refused
from opium.schema import Body, closed, typed
from opium.security import Security


class Login(Body):
    username: str = Field(min_length=1, max_length=128)
    password: str = Field(min_length=1, max_length=1024, repr=False)


class Logout(Body):
    everywhere: bool = False


@closed
class SignedIn(TypedDict):
    access_token: str
    token_type: str
    expires_in: int
    username: str


@closed
class Refreshed(TypedDict):
    access_token: str
    token_type: str
    expires_in: int


@closed
class Me(TypedDict):
    username: str
    issued_at: int
    expires_at: int


@closed
class AuthConfig(TypedDict):
    auth_enabled: bool


@closed
class Done(TypedDict):
    ok: bool


def blueprint(core: Core, security: Security) -> Blueprint:
    bp = Blueprint("auth", __name__, url_prefix="/api/auth")

    @bp.post("/login")
    @typed
    def login(body: Login) -> SignedIn:
        """Sign in with name and password."""
        issued = security.sign_ins.sign_in(body.username, body.password, g.address)
        return {
            "access_token": issued.token,
            "token_type": "bearer",
            "expires_in": issued.expires_in,
            "username": issued.username,
        }

    @bp.get("/me")
    @typed
    def me() -> Me:
        """Whose token this is, and its times in UNIX seconds."""
        claims = g.claims
        return {
            "username": claims["sub"],
            "issued_at": claims["iat"],
            "expires_at": claims["exp"],
        }

    @bp.post("/refresh")
    @typed(errors=(400,))
    def refresh() -> Refreshed:
        """Another token of the same session."""
        if not core.config.auth_enabled:
            raise Refused("Sign-in is switched off; there is no token to refresh.")
        issued = security.sign_ins.refresh(g.claims)
        return {
            "access_token": issued.token,
            "token_type": "bearer",
            "expires_in": issued.expires_in,
        }

    @bp.post("/logout")
    @typed
    def logout(body: Logout | None) -> Done:
        """End this session, or all of them with `everywhere`."""
        everywhere = body is not None and body.everywhere
        security.sign_ins.sign_out(g.claims, g.address, everywhere=everywhere)
        return {"ok": True}

    @bp.get("/config")
    @typed
    def config() -> AuthConfig:
        """Whether requests need a token."""
        return {"auth_enabled": core.config.auth_enabled}

    return bp
