"""Tokens: made and verified by flask-jwt-extended, HS256 only, all our claims required."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, g, jsonify, request
from flask_jwt_extended import JWTManager, create_access_token, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTExtendedException, NoAuthorizationError
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from opium.config import Config
from opium.errors import Unauthorized
from opium.security.events import note
from opium.security.keys import signing_key
from opium.security.sessions import Sessions

CLAIMS = {"sub": str, "iat": int, "exp": int, "jti": str, "ver": str, "sid": str, "auth_time": int}
LEEWAY_SECONDS = 30
KEPT = 256
"""Verified tokens kept in memory: verifying one again costs half of a short request."""
MISSING = "Authentication required"
REFUSED = "Invalid or expired token"


class Tokens:
    """Issues and checks the tokens of one application."""

    def __init__(self, app: Flask, config: Config, sessions: Sessions) -> None:
        self._config, self._sessions = config, sessions
        self._verified: dict[str, dict[str, Any]] = {}
        self.expires_in = config.token_expire_minutes * 60
        app.config.update(
            JWT_SECRET_KEY=signing_key(config),
            JWT_ALGORITHM="HS256",
            JWT_DECODE_ALGORITHMS=["HS256"],
            JWT_TOKEN_LOCATION=["headers"],
            JWT_ACCESS_TOKEN_EXPIRES=timedelta(seconds=self.expires_in),
            JWT_DECODE_LEEWAY=LEEWAY_SECONDS,
            JWT_ENCODE_NBF=False,
            JWT_COOKIE_CSRF_PROTECT=False,
            JWT_ERROR_MESSAGE_KEY="detail",
        )
        _answer_401(JWTManager(app))

    def issue(self, sid: str, ver: str, auth_time: int) -> str:
        """A new token of the session `sid`, opened at `auth_time` (UNIX seconds)."""
        claims = {"sid": sid, "ver": ver, "auth_time": auth_time}
        return str(create_access_token(self._config.admin_username, additional_claims=claims))

    def check(self, *, sessions: bool = True) -> dict[str, Any]:
        """The claims of the request's token; Unauthorized without a good one.

        `sessions` False looks at signature and times only (while the database is being opened);
        otherwise Unavailable if the sessions cannot be read.
        """
        header = request.headers.get("Authorization")
        if header is None:
            raise Unauthorized(MISSING)
        # Signature and form of the same text stay good; only its time can run out.
        claims = self._verified.get(header)
        if claims is None or time.time() > claims["exp"] + LEEWAY_SECONDS:
            claims = self._verify()
            self._remember(header, claims)
        if sessions and not self._sessions.alive(claims["sid"], claims["ver"]):
            note("TOKEN_INVALID", "The session has ended.")
            raise Unauthorized(REFUSED)
        g.actor = claims["sub"]
        return claims

    def _remember(self, header: str, claims: dict[str, Any]) -> None:
        if len(self._verified) >= KEPT:
            self._verified = {}
        self._verified[header] = claims

    def _verify(self) -> dict[str, Any]:
        try:
            found = verify_jwt_in_request()
        except NoAuthorizationError:
            raise Unauthorized(MISSING) from None
        except ExpiredSignatureError:
            note("TOKEN_EXPIRED", "A token is over its time.")
            raise Unauthorized(REFUSED) from None
        except (PyJWTError, JWTExtendedException, ValueError, TypeError, RecursionError):
            # The last three: headers of a token that break its parser.
            note("TOKEN_INVALID", "A token could not be verified.")
            raise Unauthorized(REFUSED) from None
        claims = found[1] if found else {}
        complete = all(type(claims.get(name)) is kind for name, kind in CLAIMS.items())
        if not complete or claims["sub"] != self._config.admin_username:
            note("TOKEN_INVALID", "A token lacks a claim.")
            raise Unauthorized(REFUSED)
        return claims


def new_sid() -> str:
    return str(uuid.uuid4())


def unix(moment: datetime) -> int:
    return int(moment.timestamp())


def _answer_401(manager: JWTManager) -> None:
    """For views that use the library's own decorators: the same answer, never its 422."""

    def refuse(*_: Any) -> Response:
        answer = jsonify(detail=REFUSED, code=Unauthorized.code)
        answer.status_code = 401
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    for loader in (
        manager.unauthorized_loader,
        manager.invalid_token_loader,
        manager.expired_token_loader,
        manager.revoked_token_loader,
        manager.needs_fresh_token_loader,
        manager.user_lookup_error_loader,
        manager.token_verification_failed_loader,
    ):
        loader(refuse)
