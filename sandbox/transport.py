"""Talks to the sandbox inside this process, through an ordinary `requests` session."""

from collections.abc import Callable, Iterable, Mapping
from email.message import Message
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict, HTTPResponse

from sandbox.funpay import create_app
from sandbox.gate import Dropped
from sandbox.world import World

ORIGIN = "http://funpay.sandbox"


class SandboxAdapter(BaseAdapter):
    """Hands requests to a WSGI application; a dropped one is what `requests` would raise."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        super().__init__()
        self._app = app

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        told: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            told.extend([status, headers])

        try:
            body = self._app(_environ(request, timeout), start_response)
        except Dropped as dropped:
            if dropped.kind == "timeout":
                raise requests.ReadTimeout("Read timed out.", request=request) from dropped
            text = "Connection aborted: closed without an answer"
            raise requests.ConnectionError(text, request=request) from dropped
        return _response(self, request, told[0], told[1], body, stream)

    def close(self) -> None:
        """Nothing is open."""


def mount(session: requests.Session, world: World, origin: str = ORIGIN) -> requests.Session:
    """Let everything this session sends to `origin` go to the world."""
    session.mount(origin, SandboxAdapter(create_app(world)))
    return session


def _environ(request: requests.PreparedRequest, timeout: Any) -> dict[str, Any]:
    url = urlsplit(str(request.url))
    body = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path, "latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": url.netloc,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.version": (1, 0),
        "sandbox.timeout": timeout[1] if isinstance(timeout, tuple) else timeout,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = text
    return environ


def _response(
    adapter: BaseAdapter,
    request: requests.PreparedRequest,
    status: str,
    headers: list[tuple[str, str]],
    body: Iterable[bytes],
    stream: bool,
) -> requests.Response:
    raw = HTTPResponse(
        body=_Body(body),  # type: ignore[arg-type]
        headers=HTTPHeaderDict(headers),
        status=int(status[:3]),
        reason=status[4:],
        preload_content=False,
        original_response=_Original(headers),  # type: ignore[arg-type]
        request_url=request.url,
    )
    response = requests.Response()
    response.status_code, response.reason = raw.status, raw.reason or ""
    response.headers = CaseInsensitiveDict(raw.headers)
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.raw, response.url, response.request = raw, str(request.url), request
    response.connection = adapter  # type: ignore[assignment]
    extract_cookies_to_jar(response.cookies, request, raw)  # type: ignore[no-untyped-call]
    if not stream:
        _ = response.content
    return response


class _Original:
    """What cookie jars look at."""

    def __init__(self, headers: list[tuple[str, str]]) -> None:
        self.msg = Message()
        for name, value in headers:
            self.msg[name] = value

    def info(self) -> Message:
        return self.msg

    def isclosed(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is open."""


class _Body:
    """The parts of an answer as a file, so that a slow one is slow to read."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._left = b""
        self.closed = False

    def read(self, amount: int | None = None) -> bytes:
        while amount is None or len(self._left) < amount:
            part = next(self._parts, None)
            if part is None:
                break
            self._left += part
            if amount is not None:
                break
        end = len(self._left) if amount is None else amount
        given, self._left = self._left[:end], self._left[end:]
        return given

    def close(self) -> None:
        self.closed = True
