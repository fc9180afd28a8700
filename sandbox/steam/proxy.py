"""A tiny forward proxy in front of the double, with an exit IP and troubles of its own."""

import hmac
from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from sandbox.gate import Dropped, _close
from sandbox.steam.state import State

App = Callable[..., Iterable[bytes]]
TEXT = ("Content-Type", "text/plain")


class ForwardProxy:
    """A WSGI application that stamps requests with its name and hands them to their service.

    For plain HTTP only: the request line holds the whole address. The public fields are its
    troubles and can be changed at any time.
    """

    def __init__(self, state: State, apps: dict[str, App], name: str, login: str = "") -> None:
        self._state, self._apps = state, apps
        self.name = name
        self.login = login
        """`user:password`, or nothing."""
        self.url = f"http://{name}.proxy.sandbox:3128"
        self.down = False
        """Refuses connections."""
        self.slow = 0.0
        """Seconds before each request is handed on."""
        self.dies_after: int | None = None
        """Requests that it will still serve; then it closes connections without a word."""
        self.dies_answering = False
        """When it dies, the last request has reached Steam."""
        self.served = 0

    @property
    def address(self) -> str:
        """What a client is given, with the password in it."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{self.login}@{rest}" if self.login else self.url

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self.down:
            return self._drop(environ)
        if not self._knows(environ.pop("HTTP_PROXY_AUTHORIZATION", "")):
            length = ("Content-Length", "0")
            challenge = ("Proxy-Authenticate", 'Basic realm="proxy"')
            start_response("407 Proxy Authentication Required", [TEXT, length, challenge])
            return [b""]
        target = urlsplit(environ["PATH_INFO"])
        app = self._service(target.netloc or environ.get("HTTP_HOST", ""))
        if app is None:
            start_response("502 Bad Gateway", [TEXT, ("Content-Length", "0")])
            return [b""]
        if self.slow:
            self._state.clock.sleep(self.slow)
        environ["PATH_INFO"], environ["HTTP_X_TEST_PROXY"] = target.path, self.name
        return self._hand_over(app, environ, start_response)

    def _hand_over(self, app: App, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        dying = self.dies_after is not None and self.served >= self.dies_after
        if dying and not self.dies_answering:
            return self._drop(environ)
        self.served += 1
        body = app(environ, start_response)
        if dying:
            b"".join(body)
            return self._drop(environ)
        return body

    def _drop(self, environ: dict[str, Any]) -> list[bytes]:
        _close(environ, Dropped("reset"))
        return []

    def _knows(self, told: str) -> bool:
        wanted = "Basic " + b64encode(self.login.encode()).decode()
        return not self.login or hmac.compare_digest(told, wanted)

    def _service(self, netloc: str) -> App | None:
        for name, base in vars(self._state.endpoints).items():
            if urlsplit(base).netloc == netloc:
                return self._apps[name]
        return None
