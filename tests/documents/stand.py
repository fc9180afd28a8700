"""What docs/api.md is typed at: Opium over the three doubles, as processes, and a bot."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from chaos.processes import QUICK_ACCOUNT, ROOT, STEAM_SERVICES, Server, until

from sandbox.demo import DEMO_KEY

PASSWORD = "a password for the page"
OWNER = 123456789
"""The Telegram id that the page shows."""


class Stand:
    """`changes` are what a reader would put in for himself, and a quicker pace."""

    def __init__(self, folder: Path, addresses: dict[str, str]) -> None:
        self._telegram = addresses["OPIUM_TELEGRAM_URL"] + "/__sandbox__"
        signing_in = {"OPIUM_AUTH_ENABLED": "true", "OPIUM_ADMIN_PASSWORD": PASSWORD}
        self.site = site = addresses["OPIUM_FUNPAY_URL"]
        self.server = Server(folder / "instance", site, **{**addresses, **signing_in})
        self.changes = {
            "http://localhost:8000": self.server.url,
            "your_password": PASSWORD,
            "your_golden_key": DEMO_KEY,
            "123456789:AA...": self._bot(),
            '"proxy":null}': f'"proxy":null,{json.dumps(QUICK_ACCOUNT)[1:]}',
        }

    def ready(self) -> bool:
        """Whether its owner may sign in."""
        who = {"username": "admin", "password": PASSWORD}
        try:
            answer = self.server.call("POST", "/api/auth/login", who)
        except requests.ConnectionError:
            return False
        assert answer.status_code in (200, 503), answer.text
        return bool(answer.status_code == 200)

    def _bot(self) -> str:
        """A bot, and its owner who wrote to it; the bot's token."""
        token = self._post("/bots", {"username": "my_shop_bot", "name": "Opium"})["token"]
        self._post("/users", {"id": OWNER, "name": "Me"})
        self._post(f"/users/{OWNER}/write", {"bot": "my_shop_bot", "text": "/start"})
        return str(token)

    def _post(self, path: str, body: Any) -> Any:
        answer = requests.post(self._telegram + path, json=body, timeout=20)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """Both processes, ready; they end with the block."""
    double = _sandbox()
    try:
        made = Stand(folder, _addresses(double))
        try:
            made.server.start()
            until(made.ready, 30, "nobody may sign in")
            yield made
        finally:
            made.server.close()
    finally:
        double.kill()
        double.communicate()


def _addresses(double: subprocess.Popen[str]) -> dict[str, str]:
    """The settings that point Opium to it."""
    assert double.stdout is not None
    lines = [double.stdout.readline().strip() for _ in range(2 + STEAM_SERVICES)]
    site = re.search(r"http://[\d.:]+", lines[0])
    assert site is not None, "the sandbox did not start"
    return {"OPIUM_FUNPAY_URL": site[0], **dict(line.split("=", 1) for line in lines[1:])}


def _sandbox() -> subprocess.Popen[str]:
    ports = [word for name in ("", "steam-", "telegram-") for word in (f"--{name}port", "0")]
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--demo-data", *ports],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
