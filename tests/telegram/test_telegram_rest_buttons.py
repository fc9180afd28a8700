"""`/bot-buttons` of telegram_bot: what a button is, and what it may call (contract 11)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from telegram_rest_cast import Panel
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder

from opium.kit import Refused
from opium.modules.telegram_bot import buttons

OWN = "/api/accounts/{account_id}"
ALLOWED = [
    ("GET", "/api/status"),
    ("GET", "/api/health"),
    ("GET", OWN),
    ("POST", f"{OWN}/start"),
    ("POST", f"{OWN}/stop"),
    ("GET", "/api/accounts/shop/balance"),
    ("GET", f"{OWN}/modules/steam_rent/overview"),
    ("GET", f"{OWN}/modules/steam_rent/config"),
    ("GET", f"{OWN}/modules/steam_rent/guard/login"),
    ("PUT", f"{OWN}/modules/steam_rent/games/каток 2"),
    ("POST", f"{OWN}/modules/steam_rent/steam-accounts/acc.1/change-password"),
    ("PATCH", f"{OWN}/modules/steam_rent/rentals/a-b/time"),
    ("DELETE", f"{OWN}/modules/steam_rent/pending-orders/ABC"),
    ("GET", f"{OWN}/modules/auto_delivery/deliveries?status=held&limit=5"),
]
FORBIDDEN = [
    ("DELETE", OWN),
    ("DELETE", "/api/accounts/shop"),
    ("GET", f"{OWN}/config"),
    ("PATCH", f"{OWN}/config"),
    ("PATCH", f"{OWN}/Config"),
    ("GET", f"{OWN}/modules/telegram_bot"),
    ("PUT", f"{OWN}/modules/telegram_bot"),
    ("GET", f"{OWN}/modules/telegram_bot/config"),
    ("POST", f"{OWN}/modules/telegram_bot/whitelist"),
    ("GET", f"{OWN}/modules/steam_rent/steam-accounts/acc1/password"),
    ("POST", f"{OWN}/modules/x/y/password"),
    ("GET", f"{OWN}/modules/auto_delivery/deliveries/1?reveal=true"),
    ("GET", "/api/accounts/other/balance"),
    ("GET", "/api/accounts/shop2/balance"),
    ("GET", "/api/accounts"),
    ("POST", "/api/accounts"),
    ("GET", "/api/auth/me"),
    ("GET", "/api/audit"),
    ("GET", "/openapi.json"),
    ("GET", "/"),
    ("GET", "api/status"),
    ("GET", "/api/status/"),
    ("GET", "/api/Status"),
    ("GET", "@evil.example/api/status"),
    ("GET", "//evil.example/api/status"),
    ("GET", "http://evil.example/api/status"),
    ("GET", "/api/accounts/{account_id}@evil.example/"),
    ("GET", f"{OWN}/../other/balance"),
    ("GET", f"{OWN}/./config"),
    ("GET", f"{OWN}/..;/config"),
    ("GET", f"{OWN}//config"),
    ("GET", f"{OWN}/%2e%2e/other/balance"),
    ("GET", f"{OWN}/%63onfig"),
    ("GET", f"{OWN}/config%20"),
    ("GET", f"{OWN}/config "),
    ("GET", f"{OWN}\\config"),
    ("GET", f"{OWN}/balance#x"),
    ("GET", f"{OWN}/balance?x=%2e"),
    ("GET", f"{OWN}/balance?x=a b"),
    ("GET", f"{OWN}/balance?x=../y"),
    ("GET", f"{OWN}/balance\n"),
    ("GET", f"{OWN}/bal\tance"),
    ("GET", f"{OWN}/{{account}}"),
    ("GET", ""),
]


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    made = Panel(tmp_path / "instance")
    yield made
    made.opium.core.db.close()


def test_a_button_has_the_members_of_the_contract(panel: Panel) -> None:
    assert panel.ask("GET", "/bot-buttons") == []
    endpoint = f"{OWN}/modules/steam_rent/overview"
    made = panel.ask("POST", "/bot-buttons", {"label": " Аренды ", "api_endpoint": endpoint})
    assert re.fullmatch("[0-9a-f]{8}", made["id"])
    assert made == {
        "id": made["id"],
        "label": "Аренды",
        "api_endpoint": endpoint,
        "api_method": "GET",
        "api_body": None,
        "description": "",
        "confirm": False,
        "enabled": True,
    }
    full = {
        "label": "Стоп",
        "api_endpoint": f"{OWN}/stop",
        "api_method": "POST",
        "api_body": {"a": [1, None, "я"]},
        "description": "остановить",
        "confirm": True,
        "enabled": False,
    }
    second = panel.ask("POST", "/bot-buttons", full)
    assert second == full | {"id": second["id"]}
    assert panel.ask("GET", "/bot-buttons") == [made, second]
    assert panel.ask("DELETE", f"/bot-buttons/{made['id']}") == {"ok": True}
    assert panel.ask("GET", "/bot-buttons") == [second]
    assert {"BUTTON_ADDED", "BUTTON_REMOVED"} <= set(panel.audit())


def test_only_what_is_given_changes_and_null_clears_the_body(panel: Panel) -> None:
    made = panel.button(f"{OWN}/start", api_method="POST", api_body={"x": 1}, description="d")
    path = f"/bot-buttons/{made['id']}"
    assert panel.ask("PATCH", path, {}) == {"ok": True}
    assert panel.ask("PATCH", path, {"label": "Пуск", "confirm": True}) == {"ok": True}
    assert panel.ask("GET", "/bot-buttons") == [made | {"label": "Пуск", "confirm": True}]
    panel.ask("PATCH", path, {"api_body": None, "enabled": False})
    assert panel.ask("GET", "/bot-buttons")[0]["api_body"] is None
    assert panel.button_row(made["id"]).enabled is False
    for name in ("label", "api_endpoint", "api_method", "description", "confirm", "enabled"):
        assert panel.status("PATCH", path, {name: None}) == 400
    for call in (("PATCH", {"label": "x"}), ("DELETE", None)):
        assert panel.status(call[0], "/bot-buttons/00000000", call[1]) == 404


def test_a_button_belongs_to_one_account(panel: Panel) -> None:
    made = panel.button()
    panel.open("second")
    panel.account_id = "second"
    assert panel.ask("GET", "/bot-buttons") == []
    assert panel.status("PATCH", f"/bot-buttons/{made['id']}", {"label": "x"}) == 404
    assert panel.status("DELETE", f"/bot-buttons/{made['id']}") == 404


@pytest.mark.parametrize(
    "fields",
    [
        *({"label": label} for label in ("", "  ", "\u200b", "x" * 65, None)),
        *({"api_method": method} for method in ("HEAD", "get")),
        {"api_body": []},
        {"api_body": "{}"},
        {"api_body": {"x": "я" * 2100}},
        {"description": None},
        {"confirm": 1},
        {"api_endpoint": "/api/accounts/shop/" + "x" * 500},
    ],
    ids=str,
)
def test_what_is_no_button_is_refused(panel: Panel, fields: dict[str, Any]) -> None:
    body = {"label": "x", "api_endpoint": "/api/status"}
    assert panel.status("POST", "/bot-buttons", body | fields) == 400
    made = panel.button()
    assert panel.status("PATCH", f"/bot-buttons/{made['id']}", fields) == 400
    assert panel.ask("GET", "/bot-buttons") == [made]


def test_label_and_endpoint_must_be_there_and_fifty_are_enough(panel: Panel) -> None:
    assert panel.status("POST", "/bot-buttons", {"label": "x"}) == 400
    assert panel.status("POST", "/bot-buttons", {"api_endpoint": "/api/status"}) == 400
    for _ in range(buttons.MOST):
        made = panel.button()
    assert panel.refused("POST", "/bot-buttons", {"label": "x", "api_endpoint": "/api/status"}) == (
        400,
        "There are too many buttons: at most 50.",
    )
    panel.ask("DELETE", f"/bot-buttons/{made['id']}")
    panel.button()


@pytest.mark.parametrize(("method", "endpoint"), ALLOWED)
def test_endpoints_that_a_button_may_call(method: str, endpoint: str) -> None:
    assert buttons.checked(method, endpoint, "shop") == endpoint.replace("{account_id}", "shop")


@pytest.mark.parametrize(("method", "endpoint"), FORBIDDEN)
def test_endpoints_that_a_button_may_not_call(method: str, endpoint: str) -> None:
    """S12: each kind of path that leads elsewhere."""
    with pytest.raises(Refused):
        buttons.checked(method, endpoint, "shop")


def test_the_routes_know_the_same_rules(panel: Panel) -> None:
    body = {"label": "x", "api_endpoint": f"{OWN}/config"}
    assert panel.refused("POST", "/bot-buttons", body)[0] == 400
    made = panel.button(OWN)
    path = f"/bot-buttons/{made['id']}"
    assert panel.refused("PATCH", path, {"api_endpoint": f"{OWN}/../x"})[0] == 400
    assert panel.refused("PATCH", path, {"api_method": "DELETE"})[0] == 400
    both = {"api_method": "DELETE", "api_endpoint": f"{OWN}/modules/auto_raise"}
    assert panel.ask("PATCH", path, both) == {"ok": True}


def test_a_row_is_judged_again_when_it_is_pressed(panel: Panel) -> None:
    made = panel.button(f"{OWN}/balance")
    row = panel.button_row(made["id"])
    assert buttons.resolved(row, "shop") == "/api/accounts/shop/balance"
    for wrong in (f"{OWN}/config", "@evil.example/", "/api/accounts/other/balance"):
        row.api_endpoint = wrong
        with pytest.raises(Refused):
            buttons.resolved(row, "shop")
    row.api_endpoint, row.api_method = f"{OWN}/balance", "TRACE"
    with pytest.raises(Refused):
        buttons.resolved(row, "shop")


# --- whatever is written into a row

SIGNS = ("/", "//", ".", "..", "%2e", "%2f", "%25", "@", "\\", "?", "#", ";", ":", " ", "\t", "\n",
         "\0", "&", "{", "}", "／", "\u2024", "\ud800", "http:", "reveal=true")  # fmt: skip
WORDS = ("api", "accounts", "shop", "other", "{account_id}", "config", "Config", "ｃonfig", "1",
         "password", "start", "modules", "telegram_bot", "steam_rent", "steam-accounts",
         "whitelist", "status", "chats", "orders")  # fmt: skip
PIECES = st.sampled_from(SIGNS + WORDS)
WILD = st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join)
TAME = st.lists(st.sampled_from(WORDS), max_size=5).map(lambda parts: f"{OWN}/" + "/".join(parts))
METHODS = st.sampled_from([*buttons.METHODS, "HEAD", "TRACE", ""])
PLAIN = re.compile(r"/api/(?:status|health|accounts/shop(?:/[^/]+)*)")


@given(METHODS, WILD | TAME)
def test_whatever_passes_is_a_plain_path_of_the_account(method: str, endpoint: str) -> None:
    """S12: the endpoint of a button."""
    try:
        target = buttons.checked(method, endpoint, "shop")
    except Refused:
        return
    path = target.partition("?")[0]
    assert PLAIN.fullmatch(path)
    assert not any(bad in target for bad in ("..", "//", "@", "\\", "%", "#", ";", "\n", "\t"))
    assert (method, path) != ("DELETE", "/api/accounts/shop")
    assert not path.lower().startswith(("/api/accounts/shop/config",))
    assert not path.lower().startswith("/api/accounts/shop/modules/telegram_bot")
    assert not path.lower().endswith("/password")


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=st.sampled_from(buttons.METHODS), endpoint=WILD | TAME)
def test_whatever_passes_reaches_no_forbidden_view(
    panel: Panel, method: str, endpoint: str
) -> None:
    """Asked of the server's own routing, as a press would be."""
    try:
        target = buttons.checked(method, endpoint, "shop")
    except Refused:
        return
    environ = EnvironBuilder(path=target, method=method).get_environ()
    try:
        rule, values = panel.opium.app.url_map.bind_to_environ(environ).match(return_rule=True)
    except HTTPException:
        return  # 404 or 405 when it is pressed
    assert values.get("account_id", "shop") == "shop"
    assert may_press(method, rule.rule, values)


def test_a_button_reaches_all_routes_of_its_account_but_the_forbidden_ones(panel: Panel) -> None:
    seen = {True: 0, False: 0}
    for rule in panel.opium.app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", filled, rule.rule)
        for method in sorted((rule.methods or set()) & set(buttons.METHODS)):
            may = may_press(method, rule.rule, {})
            seen[may] += 1
            try:
                buttons.checked(method, path, "shop")
            except Refused:
                assert not may, (method, path)
            else:
                assert may, (method, path)
    assert seen[True] > 60
    assert seen[False] > 25


def filled(place: re.Match[str]) -> str:
    return "{account_id}" if place[1] == "account_id" else "x1"


def may_press(method: str, rule: str, values: Mapping[str, Any]) -> bool:
    """The rules of the contract, said of routes."""
    account = "/api/accounts/<account_id>"
    if rule in ("/api/status", "/api/health"):
        return True
    if rule != account and not rule.startswith(f"{account}/"):
        return False
    if rule == f"{account}/config" or rule.endswith("/password"):
        return False
    if rule.startswith(f"{account}/modules/telegram_bot"):
        return False
    if values.get("module_name") == "telegram_bot":
        return False
    return (method, rule) != ("DELETE", account)
