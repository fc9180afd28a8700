"""The cast of the moves: folders as other programs leave them, and the instance moved into."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from driver import Driver, frozen_world

from opium.config import Config
from opium.core import DATABASE
from opium.importing.commands import cardinal_now, legacy_now
from opium.importing.report import NotImported, Report
from sandbox.world import World

SHARED = base64.b64encode(b"s" * 20).decode()
IDENTITY = base64.b64encode(b"i" * 20).decode()
TOKEN = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
GOLDEN = "old0golden0key0of0the0shop00000"
PASSWORD = "OldPassw0rd42"
SECRETS = (SHARED, IDENTITY, TOKEN, GOLDEN, PASSWORD, "proxy-pass")

RENTAL = {
    "rental_id": "r-1", "order_id": "ABCD1234", "buyer_id": 77, "buyer_username": "ann",
    "game_id": "cs2", "steam_account_id": "alpha", "start_time": "2026-11-20T11:00:00",
    "end_time": "2026-11-20T15:00:00", "entitled_bonus_minutes": 60, "min_rating_for_bonus": 4,
    "bonus_minutes": 0, "status": "active", "delivered_login": "alpha",
    "delivered_password": PASSWORD, "delivery_pending": False, "chat_id": 9001,
    "chat_name": "ann", "warning_sent": False,
}  # fmt: skip
STEAM_RENT: dict[str, Any] = {
    "config": {"expiry_warning_minutes": 30, "change_password_on_rent": True},
    "games": [{"game_id": "cs2", "aliases": ["cs"], "proxy_settings": None, "frozen": False}],
    "steam_accounts": [
        {"id": "alpha", "login": "alpha", "password": PASSWORD, "game_ids": ["cs2"],
         "status": "rented", "shared_secret": SHARED, "identity_secret": IDENTITY,
         "has_mafile": True, "change_password_on_rent": True, "kick_devices_on_rent": True,
         "proxy_settings": {"mode": "fixed", "fixed_proxy_id": "p1", "proxy_list_id": None,
                            "fallback": "try-all"},
         "frozen": False},
        {"login": "beta", "password": PASSWORD, "game_ids": ["cs2"], "status": "free"},
        {"login": "gamma", "password": PASSWORD, "game_ids": ["cs2"], "status": "rented"},
    ],
    "lot_mappings": [{"lot_pattern": "CS2 час", "game_id": "cs2", "rent_minutes": 60}],
    "rentals": {"r-1": RENTAL, "r-0": {**RENTAL, "rental_id": "r-0", "status": "expired"}},
    "proxies": [{"proxy_id": "p1", "host": "192.0.2.7", "port": 1080, "proxy_type": "socks5",
                 "username": "u", "password": "proxy-pass", "name": "nl", "enabled": True}],
    "proxy_lists": [{"list_id": "l1", "name": "all", "proxy_ids": ["p1"]}],
    "messages": {"no_rentals": "Аренд нет"},
}  # fmt: skip
TELEGRAM: dict[str, Any] = {
    "config": {"bot_token": TOKEN, "notify_events": ["new_order"]},
    "whitelist": [{"telegram_id": 501, "label": "Оля"}],
    "log_watchers": [{"id": "w1", "pattern": "ERROR", "custom_message": "", "enabled": True}],
    "bot_buttons": [
        {"id": "b1", "label": "Статус", "api_endpoint": "/api/status", "api_method": "GET"},
        {"id": "b2", "label": "Код", "api_endpoint": "/api/accounts/x/y", "api_method": "GET"},
    ],
}


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    path.write_bytes(text.encode())


def legacy_account(root: Path, name: str = "my_shop", **config: Any) -> Path:
    """An account with all three modules, one file for each kind of data."""
    folder = root / "accounts" / name
    given = {
        "account_id": name, "golden_key": GOLDEN, "user_agent": None, "proxy": None,
        "disable_messages": False, "anti_detect": {"runner_delay_min": 5, "runner_delay_max": 9},
        "enabled": True, "modules": ["steam_rent", "telegram_bot", "auto_raise"], **config,
    }  # fmt: skip
    write(folder / "account.json", given)
    for module, data in (("steam_rent", STEAM_RENT), ("telegram_bot", TELEGRAM)):
        for kind, value in data.items():
            write(folder / "modules" / module / f"{kind}.json", value)
    raising = {"enabled": True, "delay_range_minutes": 15}
    write(folder / "modules" / "auto_raise" / "config.json", raising)
    return folder


def refusal(read: Callable[[Path, Report], object], folder: Path) -> str | None:
    """How the sentence ends with which a folder is refused; None if it is read."""
    try:
        read(folder, Report("any"))
    except NotImported as exc:
        return str(exc)[-1:]
    return None


@dataclass
class Mover:
    """A person with an instance folder, who moves in."""

    place: Path
    world: World = field(default_factory=frozen_world)

    def config(self) -> Config:
        return Config.load(
            instance=self.place, password_rounds=1000, timezone="Europe/Moscow", _env_file=None
        )

    def legacy(self, path: Path, *, dry_run: bool = False, start: bool = False) -> str:
        told, self.well = legacy_now(self.config(), path, dry_run=dry_run, start=start)
        return self.told(told)

    def cardinal(self, path: Path, account: str = "shop", *, dry_run: bool = False) -> str:
        told, self.well = cardinal_now(self.config(), path, account, dry_run=dry_run, start=False)
        return self.told(told)

    def told(self, text: str) -> str:
        """What was said: never a secret."""
        assert [secret for secret in SECRETS if secret in text] == []
        return text

    def opens(self, **more: Any) -> Driver:
        """The server, started on what was imported."""
        return Driver(self.world, self.place, **more)

    def content(self) -> list[str]:
        """Every row of the database."""
        if not (self.place / DATABASE).exists():
            return []
        with closing(sqlite3.connect(self.place / DATABASE)) as db:
            return [line for line in db.iterdump() if not line.startswith('INSERT INTO "settings"')]

    def leftovers(self) -> list[str]:
        return sorted(path.name for path in self.place.glob("importing-*"))
