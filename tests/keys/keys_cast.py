"""A shop with all modules and something sealed in every place, and looks into its files that do
not go through the code under test."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from rent_cast import RentShop

from opium.config import ROOT, Config
from opium.keys.commands import rotate_now
from opium.modules.steam_rent import carrying
from opium.security import set_password
from sandbox.telegram import TelegramDouble
from sandbox.world import World

PASSWORD = "correct horse battery"
DATABASE = "opium.db"
LINES = "steam_passwords.jsonl"
TORN = b'\n{"login": "alpha9", "at": "2026-11-20T09:00:00+00:00", "seal'
STOCK = "".join(f"KEY-{n:04d}\n" for n in range(30)).encode()
GOODS = "/api/accounts/shop/modules/auto_delivery"
PROXY = "http://buyer:pr0xy@127.0.0.1:1080"


class Died(BaseException):
    """The process is gone."""


def furnish(world: World, folder: Path) -> None:
    """A shop that has used everything; one Steam account is in the middle of a new password."""
    shop = RentShop(world, folder)
    opium = shop.opium
    opium.telegram = TelegramDouble(seed=1, clock=world.clock)
    opium.restart()
    set_password(opium.core.db, PASSWORD, 1000)
    _sells_goods(shop)
    _rents_out(shop)
    _tells_by_telegram(shop)
    opium.ok("PATCH", "/api/accounts/shop/config", {"proxy": PROXY})
    opium.core.db.checkpoint()
    opium.core.db.close()
    with (folder / LINES).open("ab") as file:
        file.write(TORN)


def _sells_goods(shop: RentShop) -> None:
    opium, ann = shop.opium, shop.world.buyer("ann")
    opium.ok("POST", "/api/accounts/shop/modules", {"module_name": "auto_delivery"})
    opium.ok("POST", "/api/accounts/shop/modules", {"module_name": "auto_raise"})
    static = {"name": "Ссылка", "kind": "static", "static_text": "AAAA"}
    opium.ok("POST", f"{GOODS}/products", static)
    product = opium.ok("POST", f"{GOODS}/products", {"name": "Ключ"})["product_id"]
    assert imports(opium, product) == 30
    mapping = {"product_id": product, "match": "exact", "pattern": "Ключ"}
    opium.ok("POST", f"{GOODS}/lot-mappings", mapping)
    picture = opium.ok("POST", f"{GOODS}/products", {"name": "Фото", "kind": "static_image"})
    data = base64.b64encode(b"\x89PNG\r\n\x1a\n" + os.urandom(9000))
    opium.ok("PUT", f"{GOODS}/products/{picture['product_id']}/image", data=data)
    ann.buys(shop.seller.lot("Ключ", amount=9))
    shop.poll(3)
    assert any("KEY-" in text for text in ann.messages_from(shop.seller))


def _rents_out(shop: RentShop) -> None:
    kim = shop.world.buyer("kim")
    lot = shop.ready(logins=2)
    shop.opium.ok("POST", f"{shop.base}/proxies", {"host": "127.0.0.1", "port": 1, "password": "p"})
    shop.enters(shop.rents(kim, lot))
    shop.pass_minutes(61)
    shop.tick()  # the first account has a past
    shop.rents(kim, lot)
    shop.pass_minutes(61)

    def hit(name: str) -> None:
        if name == "steam_changed":
            raise Died

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carrying, "hit", hit)
        with pytest.raises(Died):
            shop.tick()


def _tells_by_telegram(shop: RentShop) -> None:
    telegram, base = shop.opium.telegram, "/api/accounts/shop/modules/telegram_bot"
    assert telegram is not None
    shop.opium.ok("POST", "/api/accounts/shop/modules", {"module_name": "telegram_bot"})
    bot = telegram.add_bot("shop_bot", "Магазин")
    shop.opium.ok("PATCH", f"{base}/config", {"bot_token": bot.token})
    shop.opium.ok("POST", f"{base}/whitelist", {"telegram_id": 501, "label": "Kim"})
    shop.world.buyer("bob").buys(shop.seller.lot("Ключ", amount=9))
    shop.poll(2)


def imports(opium: Any, product: str) -> int:
    """How many lines of the same file are new to the shelf."""
    path = f"{GOODS}/products/{product}/stock/import"
    answer = opium.ok("POST", path, data=STOCK, content_type="text/plain")
    return int(answer["added"])


def settings(folder: Path, **more: Any) -> Config:
    return Config.load(instance=folder, password_rounds=1000, _env_file=None, **more)


def copy(template: Path, folder: Path) -> Path:
    """An instance of its own; what SQLite shares between processes is not part of it."""
    shutil.copytree(template, folder)
    return folder


def rotate(folder: Path, key_file: Path | None = None) -> str:
    """A new key for everything; what is said at the end."""
    return rotate_now(settings(folder), key_file, lambda _line: None)


# --- looks into the files


def ask(folder: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as db:
        return db.execute(sql, values).fetchall()


def key_of(folder: Path) -> list[str]:
    return (folder / "data.key").read_text().split()


def tokens(folder: Path) -> dict[str, bytes]:
    """Every sealed value by its place: whatever begins as one, in any column or file."""
    found: dict[str, bytes] = {}
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        for table in tables_of(db):
            rows = db.execute(f'SELECT rowid, * FROM "{table}"')
            names = [column[0] for column in rows.description]
            for row in rows:
                for name, value in zip(names, row, strict=True):
                    data = value.encode() if isinstance(value, str) else value
                    if isinstance(data, bytes) and data.startswith(b"gAAAA"):
                        found[f"{table}.{name}.{row[0]}"] = data
    for number, line in enumerate((folder / LINES).read_bytes().splitlines()):
        if line.startswith(b"{") and line.endswith(b"}"):
            found[f"line {number}"] = json.loads(line)["sealed"].encode()
    return found


def tables_of(db: sqlite3.Connection) -> list[str]:
    return [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]


def texts(folder: Path) -> list[bytes]:
    """What the sealed values say to who has the key file; each names the row that it is for.

    InvalidToken if one does not open.
    """
    opener = MultiFernet([Fernet(key) for key in key_of(folder)])
    return sorted(opener.decrypt(token) for token in tokens(folder).values())


def opened_with(folder: Path, key: str) -> list[str]:
    """The places whose value this key alone opens."""
    return [place for place, token in tokens(folder).items() if _opens(key, token)]


def _opens(key: str, token: bytes) -> bool:
    try:
        Fernet(key).decrypt(token)
    except InvalidToken:
        return False
    return True


def lingering(folder: Path, former: dict[str, bytes]) -> list[str]:
    """The places of which any piece of the former ciphertext is left, in any file of a database.

    A token begins with the moment of its sealing, which stays; pieces behind that are compared.
    """
    names = [DATABASE, DATABASE + "-wal", LINES]
    content = b"".join((folder / n).read_bytes() for n in names if (folder / n).exists())
    return [
        place
        for place, token in former.items()
        if any(token[at : at + 48] in content for at in range(24, len(token) - 48, 480))
    ]


def types(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A person at the terminal."""
    return subprocess.run(
        [sys.executable, "app.py", "keys", *words],
        cwd=ROOT,
        env={**os.environ, "OPIUM_INSTANCE": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
