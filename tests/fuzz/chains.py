"""Chains: create something, use it, change it, delete it, and use it again.

A step names a method, a path below the shop and a body; `{id}` stands for what the creation has
named. After the deletion every use of it must be refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

from .asked import Asked, Seen

SHOP = "/accounts/{account_id}"
DELIVERY, RENT, BOT = (
    f"{SHOP}/modules/{name}" for name in ("auto_delivery", "steam_rent", "telegram_bot")
)
GOOD = frozenset({200, 202})
GONE = frozenset({400, 404, 409})

Step = tuple[str, str, Any]
Send = Callable[[Asked], Seen]


@dataclass(frozen=True)
class Chain:
    """`parameter` is what the document calls the id of the `route`'s things."""

    create: Step
    member: str
    """of the creation's answer: the id"""
    parameter: str
    uses: tuple[Step, ...]
    delete: str


def chains(n: int) -> list[Chain]:
    """One of each kind; `n` makes their names new."""
    return [
        Chain(
            ("POST", f"{DELIVERY}/products", {"product_id": f"p{n}", "name": "Товар",
                                              "stock": ["A", "B", "C"]}),
            "product_id",
            "product_id",
            (
                ("GET", f"{DELIVERY}/products/{{product_id}}", None),
                ("PUT", f"{DELIVERY}/products/{{product_id}}", {"delivery_text": "{goods}"}),
                ("POST", f"{DELIVERY}/products/{{product_id}}/stock", {"lines": ["D", "E"]}),
                ("GET", f"{DELIVERY}/products/{{product_id}}/stock", None),
                ("POST", f"{DELIVERY}/products/{{product_id}}/stock/import", "F\nG\n"),
                ("POST", f"{DELIVERY}/products/{{product_id}}/preview", {}),
                ("GET", f"{DELIVERY}/products/{{product_id}}/stock/export", None),
                ("POST", f"{DELIVERY}/lot-mappings", {"product_id": f"p{n}", "match": "exact",
                                                      "pattern": f"Лот {n}"}),
            ),
            f"{DELIVERY}/products/{{product_id}}?force=true",
        ),
        Chain(
            ("POST", f"{DELIVERY}/lot-mappings", {"product_id": "p_keys", "match": "exact",
                                                  "pattern": f"Другой лот {n}"}),
            "mapping_id",
            "mapping_id",
            (("PUT", f"{DELIVERY}/lot-mappings/{{mapping_id}}", {"pattern": f"Третий {n}"}),),
            f"{DELIVERY}/lot-mappings/{{mapping_id}}",
        ),
        Chain(
            ("POST", f"{RENT}/games", {"game_id": f"g{n}", "aliases": [f"alias{n}"]}),
            "game_id",
            "game_id",
            (
                ("PUT", f"{RENT}/games/{{game_id}}", {"name": "Игра"}),
                ("POST", f"{RENT}/games/{{game_id}}/freeze", {"frozen": True}),
            ),
            f"{RENT}/games/{{game_id}}",
        ),
        Chain(
            ("POST", f"{RENT}/steam-accounts", {"login": f"login{n}", "password": "x",
                                                "game_ids": ["cs2"]}),
            "id",
            "steam_account",
            (
                ("PUT", f"{RENT}/steam-accounts/{{steam_account}}", {"password": "y"}),
                ("POST", f"{RENT}/steam-accounts/{{steam_account}}/freeze", {"frozen": True}),
                ("GET", f"{RENT}/steam-accounts/{{steam_account}}/password", None),
            ),
            f"{RENT}/steam-accounts/{{steam_account}}",
        ),
        Chain(
            ("POST", f"{RENT}/proxies", {"host": "127.0.0.1", "port": 1 + n % 60_000}),
            "proxy_id",
            "proxy_id",
            (("PUT", f"{RENT}/proxies/{{proxy_id}}", {"enabled": False}),),
            f"{RENT}/proxies/{{proxy_id}}",
        ),
        Chain(
            ("POST", f"{BOT}/whitelist", {"telegram_id": 1_000_000 + n, "label": "гость"}),
            "telegram_id",
            "telegram_id",
            (("PATCH", f"{BOT}/whitelist/{{telegram_id}}", {"label": "друг"}),),
            f"{BOT}/whitelist/{{telegram_id}}",
        ),
        Chain(
            ("POST", f"{BOT}/log-watchers", {"pattern": f"слово {n}"}),
            "id",
            "watcher_id",
            (("PATCH", f"{BOT}/log-watchers/{{watcher_id}}", {"enabled": False}),),
            f"{BOT}/log-watchers/{{watcher_id}}",
        ),
        Chain(
            ("POST", f"{BOT}/bot-buttons", {"label": "Кнопка", "api_endpoint": "/api/status"}),
            "id",
            "button_id",
            (("PATCH", f"{BOT}/bot-buttons/{{button_id}}", {"api_body": {"a": 1}}),),
            f"{BOT}/bot-buttons/{{button_id}}",
        ),
        Chain(
            ("POST", "/accounts", {"account_id": f"a{n}", "golden_key": f"key{n}" * 4}),
            "account_id",
            "account_id",
            (
                ("GET", SHOP, None),
                ("GET", f"{SHOP}/config", None),
                ("PATCH", f"{SHOP}/config", {"disable_orders": True}),
                ("POST", f"{SHOP}/modules", {"module_name": "auto_raise"}),
                ("GET", f"{SHOP}/modules", None),
                ("POST", f"{SHOP}/stop", None),
            ),
            SHOP,
        ),
    ]  # fmt: skip


def walk(chain: Chain, chance: Random, send: Send) -> None:
    """The whole chain once; its middle in any order."""
    given = {"account_id": "my_shop"}
    seen = _step(chain.create, given, send, GOOD)
    if seen.status not in GOOD:
        return
    given[chain.parameter] = str(_member(json.loads(seen.body), chain.member))
    uses = [chance.choice(chain.uses) for _ in range(2)] + list(chain.uses)
    chance.shuffle(uses)
    for step in uses:
        _step(step, given, send, None)
    _step(("DELETE", chain.delete, None), given, send, GOOD)
    for step in uses:
        if f"{{{chain.parameter}}}" in step[1]:
            _step(step, given, send, GONE)
    _step(("DELETE", chain.delete, None), given, send, GONE)


def _step(step: Step, given: dict[str, str], send: Send, expected: frozenset[int] | None) -> Seen:
    method, route, body = step
    path, data = route, body.encode() if isinstance(body, str) else None
    for name, value in given.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    if isinstance(body, dict):
        data = json.dumps(body).encode()
    return send(Asked(method, route.partition("?")[0], path, data, kind="chain", expected=expected))


def _member(answer: Any, name: str) -> Any:
    """The id, in the answer or in the object that it holds."""
    if name in answer:
        return answer[name]
    return next(inner[name] for inner in answer.values() if isinstance(inner, dict))
