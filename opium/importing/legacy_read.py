"""The folder of the older Opium, read: `accounts/<id>/account.json`, `…/modules/<name>/*.json`.

Nothing of that program is left but what its interface said, so data is found by the names of files
and keys, and by its shape where a name says nothing. What is not recognised is reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opium.importing import files
from opium.importing.report import NotImported, Report, plain

CONFIG = (
    "golden_key", "user_agent", "proxy", "anti_detect", "rate_limit", "reconnect",
    "disable_messages", "disable_orders",
)  # fmt: skip
STATE = {
    "account_id", "id", "username", "fp_id", "enabled", "state", "is_running", "last_error",
    "modules", "config", "created_at", "updated_at",
}  # fmt: skip

KINDS: dict[str, dict[str, set[str]]] = {
    "steam_rent": {
        "config": {"config", "settings"},
        "games": {"games"},
        "steam_accounts": {"steam_accounts", "accounts"},
        "lot_mappings": {"lot_mappings", "mappings", "lots"},
        "rentals": {"rentals", "active_rentals"},
        "pending_orders": {"pending_orders", "pending"},
        "proxies": {"proxies"},
        "proxy_lists": {"proxy_lists"},
        "messages": {"messages", "templates", "message_templates"},
    },
    "telegram_bot": {
        "config": {"config", "settings"},
        "whitelist": {"whitelist", "users"},
        "log_watchers": {"log_watchers", "watchers"},
        "bot_buttons": {"bot_buttons", "buttons"},
        "events": {"events", "event_log"},
    },
    "auto_raise": {
        "config": {"config", "settings"},
        "log": {"log", "raise_log", "history"},
        "status": {"status", "state", "next_raises"},
    },
}
"""What a module keeps, and the names under which it may lie."""

MARKS: dict[str, tuple[tuple[str, str], ...]] = {
    "steam_rent": (
        ("rental_id", "rentals"), ("lot_pattern", "lot_mappings"), ("list_id", "proxy_lists"),
        ("login", "steam_accounts"), ("host", "proxies"), ("aliases", "games"),
    ),
    "telegram_bot": (
        ("telegram_id", "whitelist"), ("pattern", "log_watchers"), ("api_endpoint", "bot_buttons"),
    ),
    "auto_raise": (),
}  # fmt: skip
"""A key that only entries of one kind have, in the order in which they are tried."""

SETTINGS = {
    "steam_rent": {"change_password_on_rent", "kick_devices_on_rent", "expiry_warning_minutes"},
    "telegram_bot": {"bot_token", "notify_events"},
    "auto_raise": {"delay_range_minutes"},
}
"""Keys that only a module's settings have."""


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of a module's data, and the file it is from."""

    file: str
    value: Any


@dataclass(slots=True)
class Old:
    """An account as it was: its configuration, and per module each kind of data."""

    account_id: str
    config: dict[str, Any] = field(repr=False)
    fp_id: int
    modules: dict[str, dict[str, list[Found]]] = field(default_factory=dict, repr=False)


def account_folders(root: Path) -> list[Path]:
    """The folders of accounts at, or under, the place that a person named."""
    for place in (root / "accounts", root):
        if files.is_folder(place):
            found = [path for path in files.folders(place) if files.is_file(path / "account.json")]
            if found:
                return found
    return [root] if files.is_file(root / "account.json") else []


def read(folder: Path, report: Report) -> Old:
    """Everything of one account. Raises NotImported, naming the file."""
    document = files.json_of(folder / "account.json")
    if not isinstance(document, dict):
        raise NotImported("account.json must hold an object.")
    nested = document.get("config")
    values = document | nested if isinstance(nested, dict) else document
    for key in values.keys() - STATE - set(CONFIG):
        report.unknown.append(f"account.json: {plain(key)}")
    fp_id = document.get("fp_id")
    old = Old(
        account_id=report.account_id,
        config={key: values[key] for key in CONFIG if values.get(key) is not None},
        fp_id=fp_id if type(fp_id) is int and fp_id > 0 else 0,
    )
    _listed_modules(old, document.get("modules"), report)
    for path in files.files(folder):
        if path.name != "account.json":
            report.unknown.append(plain(path.name))
    for path in [*files.folders(folder), *files.others(folder)]:
        if path.name != "modules" or not files.is_folder(path):
            report.unknown.append(plain(path.name))
    if files.is_folder(folder / "modules"):
        _module_folders(old, folder / "modules", report)
    return old


def _listed_modules(old: Old, listed: Any, report: Report) -> None:
    """`modules` of account.json: names, or objects with `name` and `config`, or name → config."""
    if isinstance(listed, dict):
        listed = [{"name": name, "config": value} for name, value in listed.items()]
    for entry in listed if isinstance(listed, list) else []:
        name = entry.get("name", entry.get("module_name")) if isinstance(entry, dict) else entry
        if not isinstance(name, str) or name not in KINDS:
            report.unknown.append(f"account.json: module {plain(name)}")
            continue
        kept = old.modules.setdefault(name, {})
        config = entry.get("config") if isinstance(entry, dict) else None
        if isinstance(config, dict) and isinstance(config.get("config"), dict):
            config = config["config"]
        if isinstance(config, dict):
            _sort(name, "config", config, "account.json: modules", kept, report)
    if listed is not None and not isinstance(listed, list):
        report.unknown.append("account.json: modules")


def _module_folders(old: Old, place: Path, report: Report) -> None:
    for path in [*files.files(place), *files.others(place)]:
        report.unknown.append(f"modules/{plain(path.name)}")
    for folder in files.folders(place):
        name, at = folder.name, f"modules/{plain(folder.name)}"
        if name not in KINDS:
            report.unknown.append(at)
            continue
        kept = old.modules.setdefault(name, {})
        for path in [*files.folders(folder), *files.others(folder)]:
            report.unknown.append(f"{at}/{plain(path.name)}")
        for path in files.files(folder):
            file = f"{at}/{plain(path.name)}"
            if path.suffix.lower() != ".json":
                report.unknown.append(file)
            else:
                _sort(name, _stem(path.stem), files.json_of(path), file, kept, report)


def _sort(
    module: str, stem: str, value: Any, file: str, kept: dict[str, list[Found]], report: Report
) -> None:
    """Put a document where it belongs: by its name, else by the names or the shape inside."""
    kind = _kind(module, stem)
    parts = list(_parts(module, value)) if isinstance(value, dict) else []
    if parts and (kind in (None, "config") or len(value) == len(parts) == 1):
        for key, inner_kind in parts:
            kept.setdefault(inner_kind, []).append(Found(f"{file}: {plain(key)}", value[key]))
        value = {key: value[key] for key in value.keys() - {key for key, _kind in parts}}
        kind = "config" if value else None
    elif kind is None:
        kind = _shape(module, value)
    if kind is not None:
        kept.setdefault(kind, []).append(Found(file, value))
    elif not parts:
        report.unknown.append(file)


def _parts(module: str, value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, inner in value.items():
        kind = _kind(module, _stem(key))
        if kind is not None and isinstance(inner, dict | list):
            yield key, kind


def _shape(module: str, value: Any) -> str | None:
    if isinstance(value, dict) and value.keys() & SETTINGS[module]:
        return "config"
    entries = list(value.values()) if isinstance(value, dict) else value
    first = entries[0] if isinstance(entries, list) and entries else None
    if not isinstance(first, dict):
        return None
    return next((kind for mark, kind in MARKS[module] if mark in first), None)


def _kind(module: str, stem: str) -> str | None:
    return next((kind for kind, names in KINDS[module].items() if stem in names), None)


def _stem(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")
