"""The entries of one kind of data, one after the other, and what of them is understood."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from opium.importing.legacy_read import Found, Old
from opium.importing.report import NotImported, Report, plain

Entry = dict[str, Any]


def entries(
    old: Old, module: str, kind: str, key: str | None = None
) -> Iterator[tuple[str, Entry]]:
    """Where each entry stands, and the entry. A list of objects, or an object of objects by their
    `key`; settings are one object. Raises NotImported where it is something else."""
    for found in old.modules[module].get(kind, []):
        if kind in ("config", "messages"):
            yield found.file, _object(found)
            continue
        for number, entry in enumerate(_listed(found, key), start=1):
            where = f"{found.file}: entry {number}"
            if not isinstance(entry, dict):
                raise NotImported(f"{where} must be an object.")
            yield where, entry


def known(
    entry: Entry,
    keys: Collection[str],
    where: str,
    report: Report,
    ignored: Collection[str] = (),
) -> Entry:
    """What our routes know of an entry; null is left to the default. The rest is reported."""
    for key in entry.keys() - set(keys) - set(ignored):
        report.unknown.append(f"{where}: {plain(key)}")
    return {key: entry[key] for key in keys if entry.get(key) is not None}


def _object(found: Found) -> Entry:
    if not isinstance(found.value, dict):
        raise NotImported(f"{found.file} must hold an object.")
    return found.value


def _listed(found: Found, key: str | None) -> list[Any]:
    if isinstance(found.value, list):
        return found.value
    if not isinstance(found.value, dict):
        raise NotImported(f"{found.file} must hold a list.")
    return [_with_key(name, entry, key) for name, entry in found.value.items()]


def _with_key(name: str, entry: Any, key: str | None) -> Any:
    """An entry of an object of objects, with its name as what it lacks."""
    if isinstance(entry, str) and key == "telegram_id":
        entry = {"label": entry}
    if not isinstance(entry, dict) or key is None or entry.get(key) is not None:
        return entry
    return {
        **entry,
        key: int(name)
        if key == "telegram_id" and name.isascii() and name.isdigit() and len(name) < 19
        else name,
    }
