"""A plain client of the Bot API: every call is one request, and nothing is clever."""

from __future__ import annotations

from typing import Any

import requests

from sandbox.telegram import Bot, TelegramDouble


class Client:
    """One bot's program."""

    def __init__(self, telegram: TelegramDouble, bot: Bot) -> None:
        self.telegram, self.bot = telegram, bot
        self.token = bot.token
        self.session = telegram.mount(requests.Session())
        self.session.trust_env = False

    def raw(self, method: str, patience: float = 60, **params: Any) -> requests.Response:
        url = f"{self.telegram.url}/bot{self.token}/{method}"
        return self.session.post(url, json=params, timeout=patience)

    def __call__(self, method: str, **params: Any) -> Any:
        """The result; the answer must be a good one."""
        told = self.raw(method, **params).json()
        assert told["ok"], told
        return told["result"]

    def fails(self, method: str, **params: Any) -> str:
        """The code and description of a refusal."""
        answer = self.raw(method, **params)
        told = answer.json()
        assert told["ok"] is False
        assert told["error_code"] == answer.status_code
        return f"{told['error_code']} {told['description']}"

    def polls(self, offset: int = 0, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self("getUpdates", offset=offset, **params)
        return found


def inline(*rows: list[tuple[str, str]]) -> dict[str, Any]:
    """A keyboard of buttons with text and data."""
    return {"inline_keyboard": [[{"text": t, "callback_data": d} for t, d in row] for row in rows]}
