"""The same shop in a server process, over sockets: waitress has its say too."""

from __future__ import annotations

import http.client
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chaos.processes import QUICK, Marketplace, Server, until
from web_cast import KEY, PASSWORD

from sandbox.clock import Clock
from sandbox.steam import SteamDouble
from sandbox.telegram import TelegramDouble

from .asked import BAD_TOKEN, CLOSED, FORGED, OWNER, Asked, Seen
from .furniture import (
    ACCOUNT,
    HOUR,
    KEYS,
    LOGIN,
    SHOP,
    STEAM_PASSWORD,
    encoded,
    named,
    open_shop,
    put_up,
    thin_out,
)
from .wire import HEALTH, LIST, Bytes, exchange

FAULTS = ("cut", "502", "429", "maintenance", "error_text", "empty", "cut_body")
OFTEN = 0.2


class Real:
    """A stage of processes. Whoever asks comes from one address; time is the real one."""

    def __init__(self, folder: Path, template: Path) -> None:
        folder.mkdir(mode=0o700)
        for name in ("opium.db", "data.key"):
            shutil.copy(template / name, folder)
        self._steam = SteamDouble(clock=Clock()).start()
        self._telegram = TelegramDouble(clock=Clock()).start()
        self._market = Marketplace()
        self._golden_key = str(self._market.seller(ACCOUNT)["golden_key"])
        for buyer in ("ann", "bob"):
            self._market.buyer(buyer)
        lots = [self._market.lot(ACCOUNT, title) for title in (KEYS, HOUR)]
        self._mafile = self._steam.add_account(LOGIN, STEAM_PASSWORD).mafile
        bot = self._telegram.add_bot("shop_bot", "Магазин")
        self._telegram.add_user(501, "Оля").starts(bot)
        self._bot_token = bot.token
        self._server = Server(folder, self._market.url, **self._settings())
        self._address = ("127.0.0.1", self._server.port)
        self._connection = http.client.HTTPConnection(*self._address, timeout=60)
        self._token: str | None = None
        try:
            self._open(lots)
        except BaseException:
            self.close()
            raise

    def _open(self, lots: list[int]) -> None:
        self._server.start()
        until(self._answers, 30, "the server does not answer")
        self.rest()
        for lot in lots:
            for buyer in ("ann", "bob"):
                self._market.buy(buyer, lot)
        until(lambda: self._call("GET", f"{SHOP}/modules/steam_rent/rentals"), 30, "no rental")
        self.ids = named(self._call)

    def _settings(self) -> dict[str, str]:
        steam = {f"OPIUM_STEAM_{n.upper()}_URL": u for n, u in vars(self._steam.endpoints).items()}
        own = {
            "OPIUM_AUTH_ENABLED": "true",
            "OPIUM_SECRET_KEY": KEY,
            "OPIUM_DOCS": "true",
            "OPIUM_TOKEN_EXPIRE_MINUTES": "600",
            "OPIUM_LOGIN_MAX_FAILURES": "1000",
        }
        return {**QUICK, **steam, **self._telegram.settings, **own}

    def _answers(self) -> bool:
        try:
            return self._sign_in().status == 200
        except OSError:
            self._connection.close()
            return False

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = self._server.call("GET", "/openapi.json").json()
        return found

    def send(self, asked: Asked) -> Seen:
        headers = dict(asked.headers)
        if asked.who == OWNER and (asked.method, asked.route) != ("POST", "/auth/login"):
            headers["Authorization"] = f"Bearer {self._signed_in()}"
        elif asked.who == BAD_TOKEN:
            headers["Authorization"] = f"Bearer {FORGED}"
        seen = self._exchange(asked.method, "/api" + asked.path, asked.body, headers)
        if seen.status == 401 or asked.route == "/auth/logout":
            self._token = None
        return seen

    def _signed_in(self) -> str:
        if self._token is None:
            self._token = str(json.loads(self._sign_in().body)["access_token"])
        return self._token

    def _sign_in(self) -> Seen:
        body = json.dumps({"username": "admin", "password": PASSWORD}).encode()
        return self._exchange("POST", "/api/auth/login", body, {})

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Seen:
        try:
            return self._once(method, path, body, headers)
        except (http.client.HTTPException, OSError):
            # Kept open too long, or refused while the body was still under way.
            self._connection.close()
        try:
            return self._once(method, path, body, headers)
        except (http.client.HTTPException, ConnectionError):
            self._connection.close()
            return Seen(CLOSED, {}, b"")

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Seen:
        self._connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            self._connection.putheader(name, value.encode("latin-1"))
        if body is not None:
            self._connection.putheader("Content-Length", str(len(body)))
        self._connection.endheaders(body)
        answer = self._connection.getresponse()
        named_headers = {name.lower(): value for name, value in answer.getheaders()}
        return Seen(answer.status, named_headers, answer.read())

    def fingerprint(self) -> dict[str, int]:
        return {}  # here workers write all the time

    def rest(self) -> None:
        thin_out(self._call)
        open_shop(self._call, self._golden_key)
        put_up(self._call, self._mafile, self._bot_token)
        until(lambda: self._call("GET", SHOP)["state"] == "running", 60, "the shop does not run")

    def misbehave(self) -> None:
        for kind in FAULTS:
            chance = OFTEN / len(FAULTS)
            self._market.fault(kind, count=None, probability=chance, text="Ошибка")

    def wire(self) -> Iterator[tuple[str, list[Seen], str | None]]:
        """The hostile bytes by name, what came back, and what is wrong with it."""
        for told in LIST:
            yield told.name, *self._judged(told)

    def _judged(self, told: Bytes) -> tuple[list[Seen], str | None]:
        answers = exchange(self._address, told)
        if problem := told.problem(answers):
            return answers, problem
        health = self._exchange("GET", HEALTH, None, {})
        return answers, None if health.status == 200 else "the next request is refused"

    def _call(self, method: str, path: str, body: Any = None, data: bytes | None = None) -> Any:
        sent = encoded(body) if data is None else data
        return json.loads(self.send(Asked(method, "", path.removeprefix("/api"), sent)).body)

    def close(self) -> None:
        self._connection.close()
        self._server.close()
        self._market.close()
        self._steam.close()
        self._telegram.close()
