"""A shop that has lived: rows in every table, made by the product, for `release`."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, insert, select
from sqlalchemy.orm import Session
from telegram_cast import Phone

from opium.core import DATABASE
from opium.db.guards import GUARDS
from opium.db.tables import Base, Moment
from opium.security import set_password
from sandbox.world import Lot

ALL = ("auto_delivery", "auto_raise", "steam_rent")
STEAM_PASSWORD = "OldPassw0rd42"
PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\npicture").decode()


def furnish(folder: Path) -> Path:
    """Live through a few hours; the database, closed."""
    phone = Phone(folder, *ALL)
    lots = [*_sells(phone), *_rents(phone)]
    _watches(phone)
    phone.opium.poll(phone.seller, 2)
    _trades(phone, lots)
    _signs_in(phone)
    _rest(phone)
    phone.opium.core.db.checkpoint()
    phone.opium.core.db.close()
    return folder / DATABASE


def _module(phone: Phone, name: str, method: str, path: str, json: Any = None, **more: Any) -> Any:
    base = f"/api/accounts/{phone.name}/modules/{name}"
    return phone.opium.ok(method, base + path, json, **more)


def _sells(phone: Phone) -> list[Lot]:
    """Four kinds of goods, one of which is sold out."""

    def ask(method: str, path: str, json: Any = None, **more: Any) -> Any:
        return _module(phone, "auto_delivery", method, path, json, **more)

    lots = []
    goods: dict[str, dict[str, Any]] = {
        "Ключ": {"stock": ["KEY-1", "KEY-2\nзапасной", "KEY-3"], "delivery_text": "Вот: {product}"},
        "Кончился": {"out_of_stock_policy": "wait"},
        "Гайд": {"kind": "static", "static_text": "https://example.org/guide"},
        "Карта": {"kind": "stock_images"},
    }
    for title, fields in goods.items():
        product = ask("POST", "/products", {"name": title, **fields})["product_id"]
        if fields.get("kind") == "stock_images":
            path = f"/products/{product}/stock/import"
            ask("POST", path, data=PICTURE + "\n", content_type="text/plain")
        body = {"product_id": product, "match": "exact", "pattern": title}
        ask("POST", "/lot-mappings", body)
        lots.append(phone.seller.lot(title, amount=100))
    ask("PUT", "/messages", {"delivery_out_of_stock": "Скоро будет: {order_title}"})
    ask("PUT", "/config", {"blacklist": ["mallory"]})
    return lots


def _rents(phone: Phone) -> list[Lot]:
    """Steam accounts of one game, some kept back, and ways to Steam."""

    def ask(method: str, path: str, json: Any = None, **more: Any) -> Any:
        return _module(phone, "steam_rent", method, path, json, **more)

    proxy = ask("POST", "/proxies", {"url": "socks5://user:pw@192.0.2.7:1080"})["proxy_id"]
    ask("POST", "/proxy-lists", {"name": "all", "proxy_ids": [proxy]})
    ask("POST", "/games", {"game_id": "cs2", "aliases": ["cs"]})
    for login in ("alpha", "beta", "gamma", "delta", "epsilon", "zeta"):
        account = phone.steam.add_account(login, STEAM_PASSWORD)
        body = {"login": login, "password": STEAM_PASSWORD, "game_ids": ["cs2"]}
        ask("POST", "/steam-accounts", body)
        path = f"/steam-accounts/{login}/import-mafile"
        ask("POST", path, data=account.mafile, content_type="text/plain")
        if login != "alpha":
            ask("POST", f"/steam-accounts/{login}/freeze", {"frozen": True})
    mapping = {"lot_pattern": "CS2 час", "game_id": "cs2", "rent_minutes": 60}
    ask("POST", "/lot-mappings", {**mapping, "bonus_minutes": 30})
    ask("PUT", "/messages", {"no_rentals": "Аренд нет"})
    return [phone.seller.lot("CS2 час", amount=100)]


def _watches(phone: Phone) -> None:
    phone.ask("POST", "/log-watchers", {"pattern": "ERROR"})
    phone.ask("POST", "/bot-buttons", {"label": "Статус", "api_endpoint": "/api/status"})
    _module(phone, "auto_raise", "PATCH", "/config", {"enabled": True, "delay_range_minutes": 5})


def _trades(phone: Phone, lots: list[Lot]) -> None:
    """Orders that were served, that wait, and a rental; the phone hears of them."""
    bob = phone.world.buyer("bob")
    orders = [phone.buyer.buys(lot) for lot in lots]
    waits = bob.buys(lots[-1])
    for _ in range(4):
        phone.opium.poll(phone.seller, 2)
        for task in ("read_categories", "raise_due"):
            phone.opium.run_task("auto_raise", task)
    phone.buyer.writes(phone.seller, "!код")
    bob.writes(phone.seller, "!товар")
    phone.opium.poll(phone.seller, 3)
    phone.buyer.reviews(orders[-1], 5, "отлично")
    phone.buyer.confirms(orders[0])
    phone.opium.poll(phone.seller, 3)
    phone.says("/menu")
    assert waits.status == "paid"


def _signs_in(phone: Phone) -> None:
    set_password(phone.opium.core.db, "correct horse battery", 1000)
    body = {"username": "admin", "password": "correct horse battery"}
    phone.opium.ok("POST", "/api/auth/login", body)
    for _ in range(10):
        phone.opium.call("POST", "/api/auth/login", {**body, "password": "wrong"})


def _rest(phone: Phone) -> None:
    """What lives for seconds only: a row where a table is empty, and every state that there is."""
    db = phone.opium.core.db
    with db.write() as work:
        for table in Base.metadata.sorted_tables:
            if work.execute(select(table).limit(1)).first() is None:
                work.execute(insert(table).values(_row(table, phone)))
    for known in GUARDS:
        table = Base.metadata.tables[known.table]
        for state in sorted(
            {*known.arrows, *(s for nexts in known.arrows.values() for s in nexts)}
        ):
            with db.write() as work:
                rows = [dict(row) for row in work.execute(select(table)).mappings()]
                if all(row[known.column] != state for row in rows):
                    before = [r for r in rows if state in known.arrows.get(r[known.column], ())]
                    twin = _twin(work, table, (before or rows)[-1], known.column, state)
                    work.execute(insert(table).values(twin))


def _row(table: Any, phone: Phone) -> dict[str, Any]:
    """A plain row of a table without any."""
    return {column.name: _value(column, phone) for column in table.columns if not column.nullable}


def _value(column: Any, phone: Phone) -> Any:
    if column.name == "account_id":
        return phone.name
    if column.default is not None and column.default.is_scalar:
        return column.default.arg
    for key in column.foreign_keys:
        with phone.opium.core.db.read() as db:
            return db.scalar(select(key.column).limit(1))
    if isinstance(column.type, Moment):
        return phone.world.clock.now() + timedelta(hours=1)
    if isinstance(column.type, JSON):
        return {}
    return {bool: False, int: 1, str: "x", bytes: b"x"}[column.type.python_type]


def _twin(
    work: Session, table: Any, row: dict[str, Any], state_column: str, state: str
) -> dict[str, Any]:
    """A copy of a row in another state: what must be unique is new or empty."""
    twin = {**row, state_column: state}
    unique = {column.name for column in table.primary_key.columns}
    for made in (*table.constraints, *table.indexes):
        if getattr(made, "unique", False) or made.__class__.__name__ == "UniqueConstraint":
            unique |= {column.name for column in made.columns} - {"account_id", "fp_id"}
    for name in unique - {state_column}:
        column = table.columns[name]
        if column.foreign_keys and not column.nullable:
            twin[name] = _unused(work, column) or twin[name]
        elif column.nullable:
            twin[name] = None
        elif column.type.python_type is str:
            twin[name] = uuid4().hex[: column.type.length or 32]
        else:
            twin.pop(name, None) if column.primary_key else twin.update({name: -1})
    return twin


def _unused(work: Session, column: Any) -> Any:
    """A row of the other table to which none of this one refers yet."""
    (key,) = column.foreign_keys
    return work.scalar(select(key.column).where(key.column.not_in(select(column))).limit(1))
