"""The API called from inside the server: buttons on a phone press what a client would call.

The same routes, checks of bodies, answers and audit lines; only token, limits and bans are left
out, since nobody comes from outside. No socket is opened, whatever the path says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

ACTOR = "opium.actor"
"""Key of the WSGI environment that names who acts; no header of a request can set it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a route answered; `data` is the JSON, or the text where it is none."""

    status: int
    data: Any

    @property
    def ok(self) -> bool:
        return self.status < 400


class Inside:
    """Calls routes of the application that it is bound to."""

    def __init__(self) -> None:
        self._app: Flask | None = None

    def bind(self, app: Flask) -> None:
        self._app = app

    def call(
        self, method: str, path: str, body: Any = None, *, actor: str, key: str | None = None
    ) -> Reply:
        """One request in the name of `actor`, who stands in the audit log.

        `key` is its Idempotency-Key: routes that know it do once what is asked twice.
        """
        if self._app is None:
            return Reply(503, {"detail": "Core not initialized"})
        builder = (
            EnvironBuilder(path=path, method=method, json=body)
            if body is not None
            else (EnvironBuilder(path=path, method=method))
        )
        environ = builder.get_environ()
        environ[ACTOR] = actor
        if key is not None:
            environ["HTTP_IDEMPOTENCY_KEY"] = key
        answer, status, headers = run_wsgi_app(self._app.wsgi_app, environ, buffered=True)
        raw = b"".join(answer)
        if headers.get("Content-Type", "").startswith("application/json"):
            return Reply(int(status[:3]), json.loads(raw))
        return Reply(int(status[:3]), raw.decode("utf-8", "replace"))
