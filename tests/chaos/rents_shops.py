"""Sellers who rent out Steam accounts, and the Steam double, through the APIs of all sides."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import requests

from sandbox.steam.codes import guard_code, window_at

from .processes import QUICK_ACCOUNT, Marketplace, Server
from .rents_plan import GAMES, MINUTES, PACE

PASSWORD = "OldPassw0rd42"
KICK_ONLY = 6
"""Of so many Steam accounts one keeps its password, and only signs everybody out."""
SETTINGS = {
    "scheduler_check_interval_sec": 10,
    "command_cooldown_sec": 0,
    "release_retries": 10,
}
RELAXED = {"login_limit": 1_000_000, "wrong_limit": 1_000_000}
"""Switches of the double: its limits would leave little time for anything else."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A tenant who signed in at Steam, between `began` and `ended` (monotonic)."""

    order: str
    login: str
    token_id: str
    began: float
    ended: float
    number: int
    """Which of the double's buyers he is."""


class Steam:
    """The double, moved through its control API; one for each thread."""

    def __init__(self, market: Marketplace) -> None:
        self._url = market.steam_settings["OPIUM_STEAM_API_URL"] + "/__sandbox__"
        self._http = requests.Session()
        self._http.trust_env = False

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, self._url + path, json=body, timeout=30)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def passwords(self) -> dict[str, str]:
        """What is valid now, by login."""
        return {account["login"]: account["password"] for account in self.ask("GET", "/accounts")}

    def guests(self, login: str) -> list[str]:
        """Token ids of the buyers who are signed in."""
        tokens = self.ask("GET", f"/accounts/{login}/sessions")["tokens"]
        return [token["token_id"] for token in tokens if token["of_buyer"] and token["lives"]]

    def enters(self, order: str, login: str, password: str, code: str | None) -> Visit | None:
        """Somebody signs in; None if he is not let in."""
        began = time.monotonic()
        body = {"login": login, "password": password, "code": code, "ip": f"order {order}"}
        answer = self._http.post(f"{self._url}/buyers", json=body, timeout=30)
        if answer.status_code == 409:
            return None
        assert answer.status_code == 201, answer.text
        tokens = self.ask("GET", f"/accounts/{login}/sessions")["tokens"]
        mine = [t["token_id"] for t in tokens if t["of_buyer"] and t["ip"] == f"order {order}"]
        number = int(answer.json()["id"])
        return Visit(order, login, mine[-1], began, time.monotonic(), number)

    def visitor_does(self, visit: Visit, what: str) -> None:
        """`deauthorize` or `wizard`; Steam may refuse."""
        self._http.post(f"{self._url}/buyers/{visit.number}/{what}", timeout=30)

    def earlier_code(self, account: dict[str, Any]) -> str:
        """The code of the window before this one: it is still taken, and nobody else wants it."""
        secret = base64.b64decode(json.loads(account["mafile"])["shared_secret"])
        return guard_code(secret, window_at(time.time()) - 1)

    def fault(self, **fault: Any) -> int:
        return int(self.ask("POST", "/faults", fault)[0]["id"])

    def forget(self, fault: int) -> None:
        """Take a fault back."""
        self.ask("DELETE", f"/faults/{fault}")

    def no_faults(self) -> None:
        self.ask("DELETE", "/faults")

    def log(self) -> list[dict[str, Any]]:
        return list(self.ask("GET", "/log"))

    def close(self) -> None:
        self._http.close()


@dataclass(slots=True)
class RentShop:
    """A seller on both sides; `lots` by game and minutes."""

    name: str
    golden_key: str
    lots: dict[tuple[str, int], int] = field(default_factory=dict)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What Steam knows of each login, with the maFile."""
    kick_only: set[str] = field(default_factory=set)

    @property
    def base(self) -> str:
        return f"/api/accounts/{self.name}/modules/steam_rent"

    @property
    def secrets(self) -> set[str]:
        found = {self.golden_key, PASSWORD}
        for account in self.accounts.values():
            mafile = json.loads(account["mafile"])
            found |= {mafile["shared_secret"], mafile["identity_secret"]}
        return found


def steam_settings(market: Marketplace, pace: float = PACE) -> dict[str, str]:
    """Environment of a server that meets the double."""
    return {**market.steam_settings, "OPIUM_STEAM_PACE": str(pace)}


def open_rents(market: Marketplace, name: str) -> RentShop:
    """A new seller with a lot for each game and time."""
    shop = RentShop(name, market.seller(name)["golden_key"])
    for game in GAMES:
        for minutes in MINUTES:
            shop.lots[game, minutes] = market.lot(name, title(game, minutes))
    return shop


def title(game: str, minutes: int) -> str:
    return f"{game} аренда {minutes} мин"


def watch_rents(server: Server, shop: RentShop) -> None:
    """Add the account with steam_rent, its games and its lots; Steam accounts come apart."""
    account = {"account_id": shop.name, "golden_key": shop.golden_key, **QUICK_ACCOUNT}
    server.ask("POST", "/api/accounts", account)
    module = {"module_name": "steam_rent"}
    server.ask("POST", f"/api/accounts/{shop.name}/modules", module)
    server.ask("PUT", f"{shop.base}/config", SETTINGS)
    for game in GAMES:
        server.ask("POST", f"{shop.base}/games", {"game_id": game})
    for game, minutes in shop.lots:
        body = {"lot_pattern": title(game, minutes), "game_id": game, "rent_minutes": minutes}
        server.ask("POST", f"{shop.base}/lot-mappings", body)


def add_accounts(
    server: Server, steam: Steam, shop: RentShop, logins: Iterable[str], *, alike: bool = False
) -> None:
    """Steam accounts with their maFiles; each serves one game. `alike`: all of them the same game,
    with a new password at the end."""
    for login in logins:
        n = len(shop.accounts)
        known = steam.ask("POST", "/accounts", {"login": login, "password": PASSWORD})
        shop.accounts[login] = known
        body: dict[str, Any] = {"login": login, "password": PASSWORD}
        body["game_ids"] = [GAMES[0 if alike else n % len(GAMES)]]
        if not alike and n % KICK_ONLY == KICK_ONLY - 1:
            shop.kick_only.add(login)
            body["change_password_on_rent"] = False
        server.ask("POST", f"{shop.base}/steam-accounts", body)
        path = f"{shop.base}/steam-accounts/{login}/import-mafile"
        server.ask("POST", path, json.loads(known["mafile"]))


def seller_restarts(server: Server, shop: RentShop) -> int:
    """A person looks after releases that have given up: the same maFile once more. How many."""
    rows = server.call("GET", f"{shop.base}/steam-accounts", seconds=5).json()
    failed = [row["login"] for row in rows if row["release_state"] == "failed"]
    for login in failed:
        path = f"{shop.base}/steam-accounts/{login}/import-mafile"
        server.call("POST", path, json.loads(shop.accounts[login]["mafile"]), seconds=5)
    return len(failed)
