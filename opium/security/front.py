"""The outermost layer: request log, CORS and security headers of every answer.

A WSGI layer and not hooks of the application, so that refusals, errors and files carry the same
headers, and because lists of ready tuples cost next to nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

from opium.config import Config
from opium.logs import Brake

Environ = dict[str, Any]
Headers = list[tuple[str, str]]

METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
REQUEST_HEADERS = "Authorization, Content-Type, Idempotency-Key"
EXPOSED = "X-RateLimit-Limit, X-RateLimit-Remaining, Retry-After"
HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")

REFUSED = {"400", "401", "403", "404", "405", "429"}
PER_MINUTE = 120
"""Lines of one status that strangers may cause; more of them would fill the disk."""

_log = logging.getLogger("opium.api")


def is_api(path: str) -> bool:
    """Whether the rules of the API (token, limits, no-store) hold for this path."""
    return path.startswith("/api/") or path == "/api"


class Front:
    """Wraps the WSGI application `inner`."""

    def __init__(self, inner: Any, config: Config) -> None:
        self._inner = inner
        self._origins = frozenset(config.cors_origins)
        self._https = bool(config.trusted_proxies)
        self._always = _security_headers(config) if config.secure_headers_enabled else []
        self._api = [*self._always, ("Cache-Control", "no-store"), ("Vary", "Origin")]
        self._hsts = config.secure_headers_enabled
        self._brake = Brake(PER_MINUTE)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        began = time.perf_counter()
        path: str = environ.get("PATH_INFO", "")
        extra = self._headers(environ, path)
        status_seen = "500"

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            nonlocal status_seen
            status_seen = status
            headers.extend(extra)
            return start_response(status, headers, exc_info)

        try:
            if self._is_preflight(environ):
                start("204 No Content", [])
                return []
            answer: Iterable[bytes] = self._inner(environ, start)
            return answer
        finally:
            took = round((time.perf_counter() - began) * 1000)
            self._note(environ, path, status_seen[:3], took)

    def _note(self, environ: Environ, path: str, status: str, took: int) -> None:
        """The request's line in the log, unless strangers caused too many in this minute."""
        more = ""
        if status in REFUSED or "HTTP_AUTHORIZATION" not in environ:
            if not self._brake.passes(status, int(time.time()) // 60):
                return
            left_out = self._brake.left_out(status)
            more = f" ({left_out} more were not written)" if left_out else ""
        method = environ.get("REQUEST_METHOD", "")
        _log.info("%s %s → %s (%dms)%s", method, _shown(path), status, took, more)

    def _headers(self, environ: Environ, path: str) -> Headers:
        headers = self._api if is_api(path) else self._always
        origin = environ.get("HTTP_ORIGIN")
        if origin in self._origins:
            headers = headers + self._cors(environ, origin)
        if self._hsts and self._https and environ.get("wsgi.url_scheme") == "https":
            headers = [*headers, HSTS]
        return headers

    def _cors(self, environ: Environ, origin: str) -> Headers:
        allowed = [("Access-Control-Allow-Origin", origin)]
        if self._is_preflight(environ):
            return [
                *allowed,
                ("Access-Control-Allow-Methods", METHODS),
                ("Access-Control-Allow-Headers", REQUEST_HEADERS),
                ("Access-Control-Max-Age", "600"),
            ]
        return [*allowed, ("Access-Control-Expose-Headers", EXPOSED)]

    def _is_preflight(self, environ: Environ) -> bool:
        return (
            environ["REQUEST_METHOD"] == "OPTIONS"
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        )


def _security_headers(config: Config) -> Headers:
    return [
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-XSS-Protection", "1; mode=block"),
        ("Referrer-Policy", config.referrer_policy),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()"),
        ("Content-Security-Policy", config.csp_policy),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]


def _shown(path: str) -> str:
    """WSGI hands bytes over as latin-1; the log shows the text that was meant."""
    if path.isascii():
        return path
    return path.encode("latin-1", "replace").decode("utf-8", "replace")
