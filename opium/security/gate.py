"""The one check before every request, in the order of contract 0.4.

whitelist 403 → ban 429 → limit 429 → token 401 → route 404/405 → core 503 → account 404; what
follows is the view's. It runs for paths that do not exist too, so no route can be left open.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, g, request

from opium import logs
from opium.config import Config
from opium.errors import Forbidden, TooMany, Unauthorized, Unavailable
from opium.inside import ACTOR
from opium.security.address import Whitelist, parse
from opium.security.events import note
from opium.security.front import is_api
from opium.security.limits import Hit, Limits
from opium.security.sessions import Sessions
from opium.security.tokens import Tokens

LOGIN = "/api/auth/login"
METRICS = "/api/metrics"
READS = ("GET", "HEAD")
UNBANNED = {"/api/health", "/api/auth/config"}
ANONYMOUS = {"sub": "anonymous", "iat": 0, "exp": 0}
READER = {"sub": "metrics", "iat": 0, "exp": 0}


class Gate:
    """Guards one application. `ready` and `stopping` say what the core can do."""

    def __init__(
        self,
        config: Config,
        sessions: Sessions,
        tokens: Tokens,
        limits: Limits,
        *,
        ready: Callable[[], bool],
        stopping: Callable[[], bool],
        unusable: Callable[[], str | None],
        account_exists: Callable[[str], object],
    ) -> None:
        self._config, self._sessions = config, sessions
        self._tokens, self._limits = tokens, limits
        self._ready, self._stopping = ready, stopping
        self._unusable = unusable
        self._account_exists = account_exists
        token = config.metrics_token
        self._reader = f"Bearer {token.get_secret_value()}" if token else None
        logs.hide(token.get_secret_value() if token else None)
        self._whitelist = Whitelist(config.ip_whitelist) if config.ip_whitelist_enabled else None

    def guard(self, app: Flask) -> None:
        """Put the check in front of everything that `app` serves."""
        app.before_request(self.answer_options)
        app.before_request(self.check)
        app.after_request(self.add_headers)

    def answer_options(self) -> Response | None:
        """OPTIONS comes without a token, so no blueprint's check may tell it what exists."""
        known = request.method == "OPTIONS" and request.routing_exception is None
        return current_app.make_default_options_response() if known else None

    def check(self) -> None:
        """Let the request pass, or raise what it is refused with."""
        if request.method == "OPTIONS":
            return
        if (actor := request.environ.get(ACTOR)) is not None:
            g.actor, g.address, g.claims = actor, parse(None), {"sub": actor, "iat": 0, "exp": 0}
            self._check_route()
            return
        g.address = address = parse(request.remote_addr)
        if self._whitelist is not None and not self._whitelist.allows(address):
            note("ACCESS_DENIED", "The address is not in the whitelist.")
            raise Forbidden("Access denied")
        if not is_api(request.path):
            return
        public, login = self._public()
        claims = self._pass_ban(address.key, public, login)
        g.hit = hit = self._limits.hit("login" if login else "api", address.key)
        if hit.wait:
            note("RATE_LIMITED", "Too many requests.")
            raise TooMany(f"Too many requests. Try again in {hit.wait} s.", retry_after=hit.wait)
        if not public:
            g.claims = claims or self._claims()
        self._check_route()

    def _check_route(self) -> None:
        if request.routing_exception is not None:
            raise request.routing_exception
        if request.path in UNBANNED:
            return
        self._check_core()
        account_id = (request.view_args or {}).get("account_id")
        if account_id is not None:
            self._account_exists(account_id)
            g.account_id = account_id

    def add_headers(self, response: Response) -> Response:
        """The limit's headers, on every counted answer and on bans."""
        hit: Hit | None = g.get("hit")
        if hit is not None:
            response.headers["X-RateLimit-Limit"] = str(hit.limit)
            response.headers["X-RateLimit-Remaining"] = str(hit.remaining)
        return response

    def _public(self) -> tuple[bool, bool]:
        login = request.path == LOGIN and request.method == "POST"
        open_read = request.path in UNBANNED and request.method in READS
        return login or open_read, login

    def _pass_ban(self, key: str, public: bool, login: bool) -> dict[str, Any] | None:
        """Refuse a banned address unless it has a good token, whose claims come back then."""
        if public and not login:
            return None
        left = self._sessions.ban_left(key) if self._ready() else 0
        if not left:
            return None
        try:
            if not login:
                return self._claims()
        except Unauthorized:
            pass
        g.hit = self._limits.full("login" if login else "api")
        note("IP_BLOCKED", "The address is banned.")
        raise TooMany(f"Too many failed sign-ins. Try again in {left} s.", retry_after=left)

    def _claims(self) -> dict[str, Any]:
        if not self._config.auth_enabled:
            g.actor = ANONYMOUS["sub"]
            return ANONYMOUS
        if self._reads_metrics():
            g.actor = READER["sub"]
            return READER
        return self._tokens.check(sessions=self._ready())

    def _reads_metrics(self) -> bool:
        """Whether it is Prometheus with its own token, which is good for nothing else."""
        if self._reader is None or request.path != METRICS or request.method not in READS:
            return False
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), self._reader.encode())

    def _check_core(self) -> None:
        if self._stopping():
            raise Unavailable("Opium is stopping.", retry_after=1)
        if reason := self._unusable():
            raise Unavailable(reason, retry_after=5)
        if not self._ready():
            raise Unavailable("Core not initialized", retry_after=1)
