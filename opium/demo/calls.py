"""JSON over HTTP: the two programs of the demo as its script sees them."""

from __future__ import annotations

from typing import Any

import requests

TIMEOUT = 40


class DemoError(Exception):
    """The demo cannot go on; the text is one sentence for the person at the terminal."""


class Calls:
    """One server. Not shared between threads: `again` makes another one."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment does not know our loopback

    def get(self, path: str, **query: Any) -> Any:
        return self._call("GET", path, params=query)

    def post(self, path: str, body: Any = None) -> Any:
        return self._call("POST", path, json=body)

    def put(self, path: str, body: Any) -> Any:
        return self._call("PUT", path, json=body)

    def patch(self, path: str, body: Any) -> Any:
        return self._call("PATCH", path, json=body)

    def _call(self, method: str, path: str, **more: Any) -> Any:
        answer = self._send(method, path, **more)
        if answer.ok:
            return answer.json()
        try:
            detail = answer.json()["detail"]
        except (ValueError, KeyError):
            detail = answer.text[:200]
        raise DemoError(f"{method} {path} was answered {answer.status_code}: {detail}")

    def _send(self, method: str, path: str, **more: Any) -> requests.Response:
        try:
            return self._session.request(method, self.base + path, timeout=TIMEOUT, **more)
        except requests.RequestException as exc:
            raise DemoError(f"{method} {self.base}{path} failed: {type(exc).__name__}") from exc


class Sandbox(Calls):
    """The control API of the marketplace, or of Steam."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        self.site, self.base = base, f"{base}/__sandbox__"

    def ready(self) -> bool:
        """Whether it listens yet."""
        try:
            return self._send("GET", "/clock").ok
        except DemoError:
            return False

    def again(self) -> Sandbox:
        return Sandbox(self.site)


class OpiumApi(Calls):
    """Opium's public API, signed in as its owner would be."""

    def __init__(self, base: str, password: str) -> None:
        super().__init__(base)
        self._password = password

    def again(self) -> OpiumApi:
        return OpiumApi(self.base, self._password)

    def ready(self) -> bool:
        """Whether it lets us in yet."""
        try:
            return self._sign_in().status_code == 200
        except DemoError:
            return False

    def _sign_in(self) -> requests.Response:
        who = {"username": "admin", "password": self._password}
        answer = super()._send("POST", "/api/auth/login", json=who)
        if answer.ok:
            self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return answer

    def _send(self, method: str, path: str, **more: Any) -> requests.Response:
        answer = super()._send(method, path, **more)
        if answer.status_code != 401:
            return answer
        signed_in = self._sign_in()  # for the first time, or since the token has expired
        return super()._send(method, path, **more) if signed_in.ok else signed_in
