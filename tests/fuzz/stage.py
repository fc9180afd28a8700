"""A furnished shop in this process: all modules, something of everything, healthy doubles."""

from __future__ import annotations

import itertools
import json
import sqlite3
import zlib
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from driver import Outside
from web_cast import HOME, MODULES, Web
from werkzeug.datastructures import Headers

from sandbox.faults import Fault as FunPayFault
from sandbox.steam import SteamDouble
from sandbox.steam.double import ORIGINS as STEAM
from sandbox.steam.faults import Fault as SteamFault
from sandbox.telegram import TelegramDouble
from sandbox.telegram.double import ORIGIN as TELEGRAM
from sandbox.telegram.faults import Fault as TelegramFault

from .asked import BAD_TOKEN, FORGED, OWNER, Asked, Seen
from .furniture import (
    ACCOUNT,
    HOUR,
    KEYS,
    LOGIN,
    STEAM_PASSWORD,
    encoded,
    named,
    open_shop,
    put_up,
    thin_out,
)

SECURITY = {"sign_ins", "login_attempts", "bans", "audit", "settings"}
"""Tables in which a refusal too may leave a row."""
FIRST = IPv4Address("10.0.0.0")
OFTEN = 0.2
FUNPAY = ("cut", "reset", "502", "429", "maintenance", "error_text", "empty", "cut_body")
STEAM_FAULTS = ("eresult", "status", "html", "redirect_login", "half", "reset")
TELEGRAM_FAULTS = ("error", "status", "half", "reset")


class Shop(Web):
    """The cast of the web tests with Steam and Telegram in reach."""

    def _outside(self) -> Outside:
        self.valve = SteamDouble(clock=self.world.clock)
        self.phones = TelegramDouble(seed=1, clock=self.world.clock)
        return Outside(self.world, self.valve, self.phones)


class Inside:
    """A stage without threads and sockets, whose time moves only when it rests."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.web = Shop(
            folder,
            template=template,
            modules=MODULES,
            token_expire_minutes=600,
            login_max_failures=1000,
            telegram_url=TELEGRAM,
            **{f"steam_{name}_url": url for name, url in vars(STEAM).items()},
        )
        self._strangers = itertools.count()
        world = self.web.world
        self._seller, ann, bob = world.seller(ACCOUNT), world.buyer("ann"), world.buyer("bob")
        self._mafile = self.web.valve.add_account(LOGIN, STEAM_PASSWORD).mafile
        bot = self.web.phones.add_bot("shop_bot", "Магазин")
        self.web.phones.add_user(501, "Оля").starts(bot)
        self._token = bot.token
        keys, hour = (self._seller.lot(title, amount=1000) for title in (KEYS, HOUR))
        self.rest()
        for buyer, lot in ((ann, keys), (bob, keys), (ann, hour), (bob, hour)):
            buyer.buys(lot)
        ann.writes(self._seller, "Здравствуйте!")
        self.rest()
        self.ids = named(self._call)
        self._tables = Tables(folder / "opium.db")

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = self.web.get("/openapi.json")
        return found

    def send(self, asked: Asked) -> Seen:
        headers = Headers(list(asked.headers))
        address = HOME
        if asked.who == OWNER and (asked.method, asked.route) != ("POST", "/auth/login"):
            if self.web.token is None:
                self.web.token = self.web.sign_in()
            headers["Authorization"] = f"Bearer {self.web.token}"
        else:
            # Each from an address of its own: what they do may ban it.
            address = str(FIRST + next(self._strangers))
            if asked.who == BAD_TOKEN:
                headers["Authorization"] = f"Bearer {FORGED}"
        answer = self.web.app.test_client().open(
            "/api" + asked.path,
            method=asked.method,
            data=asked.body,
            headers=headers,
            environ_base={"REMOTE_ADDR": address},
            buffered=True,
        )
        if answer.status_code == 401 or asked.route == "/auth/logout":
            self.web.token = None
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Seen(answer.status_code, named, answer.get_data())

    def fingerprint(self) -> dict[str, int]:
        return self._tables.sums()

    def rest(self) -> None:
        thin_out(self._call)
        open_shop(self._call, str(self._seller.golden_key))
        self.web.staff()
        put_up(self._call, self._mafile, self._token)
        if self.web.core.registry.worker(ACCOUNT) is not None:
            self.web.poll(self._seller, 2)
        for task in ("tick", "steam"):
            self.web.run_task("steam_rent", task)

    def misbehave(self) -> None:
        for kind in FUNPAY:
            fault = FunPayFault(kind, count=None, probability=OFTEN / len(FUNPAY), text="Ошибка")
            self.web.world.faults.put(fault)
        for action in STEAM_FAULTS:
            chance = OFTEN / len(STEAM_FAULTS)
            self.web.valve.faults.put(SteamFault(action, count=None, probability=chance))
        for action in TELEGRAM_FAULTS:
            chance = OFTEN / len(TELEGRAM_FAULTS)
            self.web.phones.faults.put(TelegramFault(action, count=None, probability=chance))

    def _call(self, method: str, path: str, body: Any = None, data: bytes | None = None) -> Any:
        sent = encoded(body) if data is None else data
        answer = self.send(Asked(method, "", path.removeprefix("/api"), sent))
        return json.loads(answer.body)

    def close(self) -> None:
        self._tables.close()
        self.web.close()


class Tables:
    """The sums of all tables of a database file, made anew only when somebody has committed."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._version, self._sums = -1, dict[str, int]()

    def sums(self) -> dict[str, int]:
        (version,) = self._db.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._version, self._sums = version, {name: self._sum(name) for name in self._names()}
        return self._sums

    def close(self) -> None:
        self._db.close()

    def _names(self) -> list[str]:
        rows = self._db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        return sorted({name for (name,) in rows} - SECURITY)

    def _sum(self, name: str) -> int:
        return zlib.crc32(repr(self._db.execute(f'SELECT * FROM "{name}"').fetchall()).encode())
