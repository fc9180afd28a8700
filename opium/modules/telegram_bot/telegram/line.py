"""How one bot reaches Telegram for one purpose: base URL, proxy, one connection, a total time.

`speak` puts one request of the library on the wire and turns everything that is not a good answer
into an error of ours, so that no exception of `requests` or of the library, which hold the
address with the token, ever goes further.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping
from typing import Any

from requests import PreparedRequest, Request, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectTimeout, ProxyError, RequestException, SSLError

from opium.clock import Clock
from opium.modules.telegram_bot.telegram.errors import (
    BadRequest,
    Blocked,
    Conflict,
    Down,
    Migrated,
    OutcomeUnknown,
    TelegramError,
    TooMany,
    Unauthorized,
)
from opium.net.errors import NotSent
from opium.net.proxy import Proxy
from opium.net.wire import Wire

CONNECT = 10.0
"""Seconds until a request must have started."""
IDLE = 15.0
"""A connection that rested longer is not used again: it may die under the next message."""
LONGEST_WAIT = 3600
UNKNOWN_PERSON = ("chat not found", "user not found", "PEER_ID_INVALID", "user is deactivated")


class Line:
    """One connection at a time to Telegram. `adapter` replaces the network in tests."""

    def __init__(
        self, base: str, clock: Clock, proxy: Proxy | None, adapter: BaseAdapter | None = None
    ) -> None:
        self._base = base
        self.clock = clock
        self._make: Callable[[], BaseAdapter] = (
            (lambda: adapter) if adapter is not None else (lambda: Wire(clock, proxy))
        )
        self._wire = self._make()
        self._used = clock.monotonic()
        self.closed = False

    def speak(
        self, path: str, params: Mapping[str, Any], files: Mapping[str, Any] | None, total: float
    ) -> Response:
        """One request, once; a good answer, or a TelegramError."""
        url = self._base + path
        form = {name: _plain(value) for name, value in params.items()}
        request = Request("POST", url, data=form, files=dict(files) if files else None)
        return _checked(self._exchange(request.prepare(), total))

    def close(self) -> None:
        """Ask nothing any more; a request under way may end."""
        self.closed = True
        self._wire.close()

    def cut(self) -> None:
        """The same, and end the request under way."""
        self.closed = True
        if isinstance(self._wire, Wire):
            self._wire.abort()
        self._wire.close()

    def _exchange(self, request: PreparedRequest, total: float) -> Response:
        wire = self._rested()
        try:
            return wire.send(request, timeout=(min(CONNECT, total), total))
        except NotSent as exc:
            # Its words name host and proxy only; they are the cause that a person needs.
            raise Down(f"No connection to Telegram: {exc}") from None
        except (ConnectTimeout, ProxyError, SSLError):
            raise Down("No connection to Telegram.") from None
        except (RequestException, OSError, http.client.HTTPException):
            # `from None`: the cause holds the address with the token.
            raise OutcomeUnknown("Telegram's answer was lost.") from None

    def _rested(self) -> BaseAdapter:
        """The connection, a new one if it was idle for long."""
        if self.closed:
            raise Down("The connection to Telegram is closed.")
        now = self.clock.monotonic()
        if now - self._used > IDLE and isinstance(self._wire, Wire):
            self._wire.close()
            self._wire = self._make()
        self._used = now
        return self._wire


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _checked(response: Response) -> Response:
    """The answer if it says `ok`; else the error that it means."""
    try:
        told = response.json()
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("ok"), bool):
        if 400 <= response.status_code < 500:
            raise Down(f"The request was stopped on its way ({response.status_code}).")
        raise OutcomeUnknown(f"Telegram's answer is unreadable ({response.status_code}).")
    if not told["ok"]:
        raise _refusal(told, response.status_code)
    if told.get("result") is None:
        raise OutcomeUnknown("Telegram's answer is incomplete.")
    return response


def _refusal(told: dict[str, Any], status: int) -> TelegramError:
    """The error that `ok: false` stands for: it was surely not done."""
    code = told.get("error_code")
    code = code if isinstance(code, int) else status
    text = str(told.get("description") or "no reason given")[:300]
    known = told.get("parameters")
    parameters = known if isinstance(known, dict) else {}
    if isinstance(moved := parameters.get("migrate_to_chat_id"), int):
        return Migrated(moved)
    if code == 429:
        wait = parameters.get("retry_after")
        return TooMany(min(max(wait, 1), LONGEST_WAIT) if isinstance(wait, int) else 5)
    if code in (401, 404):
        return Unauthorized("Telegram does not know this token (any more).")
    if code == 403:
        return Blocked(f"Telegram refused: {text}.")
    if code == 409:
        return Conflict("Another program polls Telegram with this token, or a webhook is set.")
    if code >= 500:
        return Down(f"Telegram is out of order ({code}).")
    if any(word in text for word in UNKNOWN_PERSON):
        return Blocked(f"Telegram refused: {text}.")
    return BadRequest(text)
