"""The double inside this process: for `requests` sessions, proxies included, without sockets."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.utils import select_proxy

from sandbox.steam.proxy import ForwardProxy
from sandbox.transport import SandboxAdapter

App = Any


class SteamAdapter(SandboxAdapter):
    """Hands requests to one service, through the proxy that the session was told."""

    def __init__(self, app: App, proxies: dict[str, ForwardProxy]) -> None:
        super().__init__(app)
        self._proxies = proxies

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        told = select_proxy(str(request.url), dict(proxies or {}))
        if not told:
            return super().send(request, stream, timeout, verify, cert)
        name = (urlsplit(told).hostname or "").partition(".")[0]
        proxy = self._proxies.get(name)
        if proxy is None or proxy.down:
            raise requests.exceptions.ProxyError(f"no connection to {name}", request=request)
        sent = request.copy()
        if urlsplit(told).username:
            sent.headers["Proxy-Authorization"] = _basic(told)
        answer = SandboxAdapter(proxy).send(sent, stream, timeout, verify, cert)
        answer.request = request
        return answer


def _basic(url: str) -> str:
    parts = urlsplit(url)
    told = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return "Basic " + b64encode(told.encode()).decode()
