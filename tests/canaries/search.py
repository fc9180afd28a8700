"""Looks for the canaries of one test in everything that came out of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .places import is_allowed, kind_of

SHORTEST = 8
"""A shorter text, or a plain word, is found in places that know nothing of the secret."""
COMMON = re.compile(r"[A-Za-zА-Яа-яЁё]{1,12}|[0-9]{1,9}|pending.*|https?://[^@]*|\{[^{}]*\}")
"""Words, numbers, addresses without a password, and what a fuzzer puts everywhere."""
INSTANCE = {"opium.db", "data.key"}
OURS = (".out", ".second", ".printed")
LIMIT = 2**53


def told(folder: Path) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Secrets with their kind, and (where, text) of all that the processes said."""
    secrets: dict[str, str] = {}
    outside: list[tuple[str, str]] = []
    for file in folder.glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            entry: dict[str, str] = json.loads(line)
            if "where" in entry:
                outside.append((entry["where"], entry["text"]))
            elif kind := kind_of(entry["kind"]):
                secrets |= dict.fromkeys(_values(entry["secret"], kind), kind)
    return secrets, outside


def leaks(secrets: dict[str, str], outside: list[tuple[str, str]]) -> Iterator[str]:
    """One line per secret and place that may not know it."""
    for where, text in outside:
        for secret, kind in secrets.items():
            if secret in text and not is_allowed(kind, where):
                yield f"{kind}: {where}: {secret[:6]}…"
        if " /api/" in where and where.startswith("answer") and text.startswith(("{", "[")):
            yield from (f"a number beyond 2^53: {where}: {n}" for n in _big(text))


def files(folder: Path) -> Iterator[tuple[str, str]]:
    """Raw bytes of all that the server left: instance folders, copies, what it printed."""
    for path in folder.rglob("*"):
        if not path.is_file() or path.is_symlink() or path.suffix == ".key":
            continue
        instance = any((near / name).exists() for near in path.parents for name in INSTANCE
                       if near.is_relative_to(folder))  # fmt: skip
        data = path.read_bytes()
        if instance or path.suffix in OURS or data.startswith(b"SQLite format 3"):
            yield f"file {path.relative_to(folder)}", data.decode("utf-8", "replace")


def _values(text: str, kind: str) -> Iterator[str]:
    """The words that matter of what was sealed."""
    if kind == "proxy password":
        found = re.findall(r"://[^:/@\s]+:([^@\s\"]+)@", text) or ([] if "://" in text else [text])
    elif kind in ("Steam password", "maFile"):
        found = list(_texts(_read(text)))
    else:
        found = [text]
    yield from (word for word in found if len(word) >= SHORTEST and not COMMON.fullmatch(word))


def _read(text: str) -> Any:
    """Some are sealed as JSON; a password may begin like it."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, (list, dict)) else text


def _texts(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, (list, dict)):
        for value in found.values() if isinstance(found, dict) else found:
            yield from _texts(value)


def _big(text: str) -> list[int]:
    """Numbers of an answer that a browser would round (S14)."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    wrong: list[int] = []

    def walk(value: Any) -> None:
        if isinstance(value, bool):
            return
        if isinstance(value, int) and abs(value) > LIMIT:
            wrong.append(value)
        for child in (
            value.values()
            if isinstance(value, dict)
            else (value if isinstance(value, list) else ())
        ):
            walk(child)

    walk(found)
    return wrong
