"""steam_rent of the older Opium: proxies, games, Steam accounts, lots, texts, running rentals."""

from __future__ import annotations

import json
from typing import Any

from opium.importing import legacy_rentals
from opium.importing.draft import Draft
from opium.importing.entries import Entry, entries, known
from opium.importing.legacy_read import Old
from opium.importing.report import NotImported, Report, plain
from opium.kit import OpiumError
from opium.modules.steam_rent import accounts
from opium.modules.steam_rent.steam import parse_mafile

NAME = "steam_rent"
PROXY = ("host", "port", "proxy_type", "username", "password", "name", "enabled")
GAME = ("game_id", "name", "aliases", "proxy_settings", "frozen")
ACCOUNT = (
    "id", "login", "password", "game_ids", "change_password_on_rent", "kick_devices_on_rent",
    "shared_secret", "identity_secret", "proxy_settings",
)  # fmt: skip
ACCOUNT_STATE = (
    "status", "frozen", "has_mafile", "mafile", "password_history", "release_state", "last_error",
    "created_at",
)  # fmt: skip
MAPPING = ("lot_pattern", "game_id", "rent_minutes", "bonus_minutes", "min_rating_for_bonus")
WAY = ("mode", "fixed_proxy_id", "proxy_list_id", "fallback")


def write(draft: Draft, old: Old, base: str, report: Report) -> None:
    """Store all of it, in an order in which nothing names what is not there yet."""
    for where, entry in entries(old, NAME, "config"):
        draft.ask(where, "PUT", f"{base}/config", _settings(entry, where, report))
    proxies = _proxies(draft, old, base, report)
    lists = _proxy_lists(draft, old, base, proxies, report)
    ways = {"fixed_proxy_id": proxies, "proxy_list_id": lists}
    for where, entry in entries(old, NAME, "games", "game_id"):
        body = _with_way(known(entry, GAME, where, report), ways, where, report)
        draft.ask(where, "POST", f"{base}/games", body)
        report.taken["games"] += 1
    doubtful = [
        _steam_account(draft, old, base, where, entry, ways, report)
        for where, entry in entries(old, NAME, "steam_accounts", "id")
    ]
    for where, entry in entries(old, NAME, "lot_mappings"):
        body = known(entry, MAPPING, where, report, ignored={"mapping_id", "id"})
        draft.ask(where, "POST", f"{base}/lot-mappings", body)
        report.taken["lot mappings"] += 1
    for where, entry in entries(old, NAME, "messages"):
        _messages(draft, base, where, entry, report)
    rented = legacy_rentals.take_over(draft, old, report)
    legacy_rentals.keep_back(draft, old, {d for d in doubtful if d} - rented, report)


def _settings(entry: Entry, where: str, report: Report) -> Entry:
    body = {key: value for key, value in entry.items() if value is not None}
    if body.get("on_release_failure", "freeze") != "freeze":
        del body["on_release_failure"]
        report.left_out.append(f"{where}: on_release_failure, which has one value now: freeze")
    return body


def _proxies(draft: Draft, old: Old, base: str, report: Report) -> dict[str, str]:
    """Old proxy id → ours. Proxies are shared by all accounts: a known one is used again."""
    there = {
        _address(row): row["proxy_id"] for row in draft.ask("proxies", "GET", f"{base}/proxies")
    }
    ids: dict[str, str] = {}
    for where, entry in entries(old, NAME, "proxies", "proxy_id"):
        body = known(entry, PROXY, where, report, ignored={"proxy_id", "id"})
        mine = _address({"proxy_type": "http", "username": "", **body})
        if mine not in there:
            there[mine] = draft.ask(where, "POST", f"{base}/proxies", body)["proxy_id"]
            report.taken["proxies"] += 1
        ids[str(entry.get("proxy_id", entry.get("id")))] = there[mine]
    return ids


def _address(row: Entry) -> str:
    return json.dumps([row.get(key) for key in ("host", "port", "proxy_type", "username")])


def _proxy_lists(
    draft: Draft, old: Old, base: str, proxies: dict[str, str], report: Report
) -> dict[str, str]:
    rows = draft.ask("proxy_lists", "GET", f"{base}/proxy-lists")
    there = {row["name"]: row["list_id"] for row in rows}
    ids: dict[str, str] = {}
    for where, entry in entries(old, NAME, "proxy_lists", "list_id"):
        body = known(entry, ("name", "proxy_ids"), where, report, ignored={"list_id", "id"})
        members = body.get("proxy_ids", [])
        if not isinstance(members, list):
            raise NotImported(f"{where}: proxy_ids must be a list.")
        body["proxy_ids"] = [proxies[str(m)] for m in members if str(m) in proxies]
        name = str(body.get("name"))
        if name not in there:
            there[name] = draft.ask(where, "POST", f"{base}/proxy-lists", body)["list_id"]
            report.taken["proxy lists"] += 1
        ids[str(entry.get("list_id", entry.get("id")))] = there[name]
    return ids


def _with_way(body: Entry, ways: dict[str, dict[str, str]], where: str, report: Report) -> Entry:
    """An entry whose way to Steam names our proxies."""
    way = body.get("proxy_settings")
    if not isinstance(way, dict):
        return body
    mine = known(way, WAY, f"{where}: proxy_settings", report)
    for key, ids in ways.items():
        if key in mine:
            if str(mine[key]) not in ids:
                raise NotImported(f"{where}: {key} names no proxy or list that is there.")
            mine[key] = ids[str(mine[key])]
    return {**body, "proxy_settings": mine}


def _steam_account(
    draft: Draft,
    old: Old,
    base: str,
    where: str,
    entry: Entry,
    ways: dict[str, dict[str, str]],
    report: Report,
) -> str | None:
    """Store a Steam account; its id if it was in somebody's hands."""
    body = _with_way(known(entry, ACCOUNT, where, report, ACCOUNT_STATE), ways, where, report)
    name = str(draft.ask(where, "POST", f"{base}/steam-accounts", body)["id"])
    report.taken["Steam accounts"] += 1
    if entry.get("mafile"):
        _mafile(draft, old.account_id, name, where, entry["mafile"])
    elif entry.get("has_mafile") and not body.get("shared_secret"):
        report.left_out.append(f"{where}: its maFile is not in this file; import it by hand")
    if entry.get("frozen") is True:
        path = f"{base}/steam-accounts/{name}/freeze"
        draft.ask(where, "POST", path, {"frozen": True})
    in_hands = entry.get("status") not in (None, "free") or (
        entry.get("release_state") not in (None, "idle")
    )
    return name if in_hands else None


def _mafile(draft: Draft, account_id: str, name: str, where: str, given: Any) -> None:
    text = given if isinstance(given, str) else json.dumps(given)
    try:
        mafile = parse_mafile(text)
        with draft.work(account_id, NAME) as work:
            row = accounts.find(work.db, account_id, name)
            accounts.store_mafile(work.vault, row, mafile)
    except OpiumError as exc:
        raise NotImported(f"{where}: mafile: {exc}") from None


def _messages(draft: Draft, base: str, where: str, entry: Entry, report: Report) -> None:
    texts = draft.ask(where, "GET", f"{base}/messages")["messages"]
    for key in entry.keys() - texts.keys():
        report.unknown.append(f"{where}: {plain(key)}")
    body = {key: text for key, text in entry.items() if key in texts}
    draft.ask(where, "PUT", f"{base}/messages", body)
    report.taken["texts"] += len(body)
