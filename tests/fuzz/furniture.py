"""What a furnished shop has: something of everything that a path can name.

It is put up through the API, and again whenever made-up requests have taken it away.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

ACCOUNT = "my_shop"
SHOP = f"/api/accounts/{ACCOUNT}"
DELIVERY, RENT, BOT = (
    f"{SHOP}/modules/{name}" for name in ("auto_delivery", "steam_rent", "telegram_bot")
)
MODULES = ("auto_delivery", "auto_raise", "steam_rent", "telegram_bot")
KEYS, HOUR = "Ключ Steam", "CS2 аренда 1 час"
LOGIN, STEAM_PASSWORD = "alpha", "OldPassw0rd42"
NOTHING_YET = "1"

Call = Callable[..., Any]
"""`call(method, path, json=None, data=None)` → the JSON of the answer, whatever it is."""

CONFIG: dict[str, Any] = {
    "proxy": None,
    "anti_detect": {"runner_delay_min": 1, "runner_delay_max": 1},
    "rate_limit": {"base_delay": 0, "burst_limit": 100},
    "reconnect": {"base_delay": 0.2, "max_delay": 2},
    "disable_orders": False,
}
THINGS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", f"{DELIVERY}/products", {"product_id": "p_keys", "name": "Ключи",
                                      "stock": [f"AAAA-{n}" for n in range(50)]}),
    ("POST", f"{DELIVERY}/products/p_keys/stock", {"lines": [f"BBBB-{n}" for n in range(9)]}),
    ("POST", f"{DELIVERY}/lot-mappings", {"product_id": "p_keys", "match": "exact",
                                          "pattern": KEYS}),
    ("PUT", f"{RENT}/config", {"scheduler_check_interval_sec": 10}),
    ("POST", f"{RENT}/games", {"game_id": "cs2"}),
    ("POST", f"{RENT}/games/cs2/freeze", {"frozen": False}),
    ("POST", f"{RENT}/lot-mappings", {"lot_pattern": HOUR, "game_id": "cs2", "rent_minutes": 60}),
    ("POST", f"{RENT}/steam-accounts", {"login": LOGIN, "password": STEAM_PASSWORD,
                                        "game_ids": ["cs2"]}),
    ("PUT", f"{RENT}/steam-accounts/{LOGIN}", {"game_ids": ["cs2"]}),
    ("POST", f"{RENT}/steam-accounts/{LOGIN}/freeze", {"frozen": False}),
    ("POST", f"{BOT}/whitelist", {"telegram_id": 501, "label": "Оля"}),
    ("POST", f"{BOT}/log-watchers", {"pattern": "продан"}),
    ("POST", f"{BOT}/bot-buttons", {"label": "Баланс", "api_endpoint": f"{SHOP}/balance"}),
)  # fmt: skip
NAMED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("order_id", f"{SHOP}/orders", ("id", "order_id")),
    ("chat_id", f"{SHOP}/chats", ("id", "chat_id")),
    ("line_id", f"{DELIVERY}/products/p_keys/stock", ("line_id", "id")),
    ("mapping_id", f"{DELIVERY}/lot-mappings", ("mapping_id", "id")),
    ("delivery_id", f"{DELIVERY}/deliveries", ("delivery_id", "id")),
    ("proxy_id", f"{RENT}/proxies", ("proxy_id", "id")),
    ("list_id", f"{RENT}/proxy-lists", ("list_id", "id")),
    ("rental_id", f"{RENT}/rentals", ("rental_id", "id")),
    ("watcher_id", f"{BOT}/log-watchers", ("watcher_id", "id")),
    ("button_id", f"{BOT}/bot-buttons", ("button_id", "id")),
    ("alert_id", "/api/alerts", ("id",)),
    ("command_id", "/api/commands", ("id",)),
)
GROWING = (
    (f"{DELIVERY}/products", "product_id"),
    (f"{DELIVERY}/lot-mappings", "mapping_id"),
    (f"{RENT}/games", "game_id"),
    (f"{RENT}/steam-accounts", "id"),
    (f"{RENT}/proxies", "proxy_id"),
    (f"{BOT}/whitelist", "telegram_id"),
    (f"{BOT}/log-watchers", "id"),
    (f"{BOT}/bot-buttons", "id"),
)
KEPT = 15
"""Things of a kind."""
FIXED = {
    "account_id": ACCOUNT,
    "module_name": "auto_raise",
    "product_id": "p_keys",
    "game_id": "cs2",
    "key": "0",
    "steam_account": LOGIN,
    "name": LOGIN,
    "telegram_id": "501",
}


def open_shop(call: Call, golden_key: str) -> None:
    """The account exists, has its modules and shall run."""
    call("POST", "/api/accounts", {"account_id": ACCOUNT, "golden_key": golden_key})
    call("PATCH", f"{SHOP}/config", {"golden_key": golden_key, **CONFIG})
    for name in MODULES:
        call("POST", f"{SHOP}/modules", {"module_name": name})
    call("POST", f"{SHOP}/start")


def thin_out(call: Call) -> None:
    """What made-up requests have created is a burden to the next thousand, and lists have ends."""
    for account in call("GET", "/api/accounts"):
        if account["account_id"] != ACCOUNT:
            call("DELETE", f"/api/accounts/{account['account_id']}")
    for path, name in GROWING:
        for row in _rows(call("GET", path))[KEPT:]:
            call("DELETE", f"{path}/{quote(str(row[name]), safe='')}?force=true")


def put_up(call: Call, mafile: str, bot_token: str) -> None:
    """Things of all modules; what is there already is refused, which is well."""
    for method, path, body in THINGS:
        call(method, path, body)
    call("POST", f"{RENT}/steam-accounts/{LOGIN}/import-mafile", data=mafile.encode())
    call("PATCH", f"{BOT}/config", {"bot_token": bot_token})
    if not call("GET", f"{RENT}/proxies"):
        call("POST", f"{RENT}/proxies", {"host": "127.0.0.1", "port": 9})
        call("POST", f"{RENT}/proxy-lists", {"name": "Запасные"})


def named(call: Call) -> dict[str, str]:
    """For each parameter of a path the value of something that exists."""
    found = dict(FIXED)
    for parameter, path, names in NAMED:
        rows = _rows(call("GET", path))
        row = rows[0] if rows else {}
        value = next((row[name] for name in names if name in row), NOTHING_YET)
        found[parameter] = str(value)
    return found


def _rows(answer: Any) -> list[Any]:
    """The list that is the answer, or that is in it."""
    if isinstance(answer, list):
        return answer
    return next((value for value in answer.values() if isinstance(value, list)), [])


def encoded(body: Any) -> bytes | None:
    return None if body is None else json.dumps(body).encode()
