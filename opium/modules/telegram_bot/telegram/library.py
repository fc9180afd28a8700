"""pyTelegramBotAPI, imported at its first use (25 MiB), with our way to the network.

The library's settings are process-wide. Its one sender is ours: it finds the line of the call by
the thread that speaks, and checks that the bot in the address is the one that the line is for.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from requests import Response

from opium.modules.telegram_bot.telegram.line import Line

_lock = threading.Lock()
_ready: Any = None
_speaking = threading.local()


@contextmanager
def speaking(line: Line, bot_id: int, total: float) -> Iterator[Any]:
    """The library's `apihelper`, whose calls in this block go over `line`."""
    api = _apihelper()
    _speaking.now = (line, bot_id, total)
    try:
        yield api
    finally:
        _speaking.now = None


def types() -> Any:
    """The library's `types`."""
    from telebot import types as found

    return found


def _apihelper() -> Any:
    global _ready
    with _lock:
        if _ready is None:
            import telebot
            from telebot import apihelper

            found: Any = apihelper
            found.CUSTOM_REQUEST_SENDER = _send
            found.LONG_POLLING_TIMEOUT = 0
            found.RETRY_ON_ERROR = False
            # It would tell texts and answers at DEBUG, past our redaction.
            telebot.logger.handlers.clear()
            telebot.logger.setLevel(logging.CRITICAL)
            _ready = found
        return _ready


def _send(method: str, url: str, params: Any = None, files: Any = None, **_more: Any) -> Response:
    """What the library calls for each request; its own timeout and proxy are left out."""
    line, bot_id, total = _speaking.now
    path = urlsplit(url).path
    if not path.startswith(f"/bot{bot_id}:"):
        raise RuntimeError("a call for another bot came over this line")
    response: Response = line.speak(path, params or {}, files, total)
    return response
