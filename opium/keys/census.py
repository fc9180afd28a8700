"""How many sealed values there are, and which key opens them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Connection

from opium.keys.places import SETTINGS, Place, files, sealed_lines, tables

CHUNK = 100
"""Rows that are in memory at a time: a picture may have 10 MiB."""


class Ring:
    """Keys, newest first, that tell which of them a value was sealed with."""

    def __init__(self, keys: list[str]) -> None:
        self._newest = Fernet(keys[0])
        self._all = MultiFernet([Fernet(key) for key in keys])

    def is_newest(self, sealed: bytes | str) -> bool:
        return _opens(self._newest, sealed)

    def is_known(self, sealed: bytes | str) -> bool:
        return _opens(self._all, sealed)

    def renewed(self, sealed: bytes) -> bytes:
        """The same text and moment sealed with the newest key. InvalidToken if none opens it."""
        return self._all.rotate(sealed)


@dataclass(slots=True)
class Count:
    """The sealed values of one place by the key that opens them."""

    place: str
    newest: int = 0
    older: int = 0
    unreadable: int = 0
    lost: str = ""
    """The first one that no key opens, in words."""


def take(connection: Connection, instance: Path, keys: list[str]) -> list[Count]:
    """Look at every value; places without any are left out."""
    ring = Ring(keys)
    found = [
        _counted(place.name, ring, _cells(connection, place))
        for place in (*tables(connection), SETTINGS)
    ]
    found += [_counted(path.name, ring, _lines(path)) for path in files(instance)]
    return [count for count in found if count.newest or count.older or count.unreadable]


def _counted(place: str, ring: Ring, values: Iterable[tuple[str, bytes | str]]) -> Count:
    count = Count(place)
    for words, sealed in values:
        if ring.is_newest(sealed):
            count.newest += 1
        elif ring.is_known(sealed):
            count.older += 1
        else:
            count.unreadable += 1
            count.lost = count.lost or words
    return count


def _cells(connection: Connection, place: Place) -> Iterator[tuple[str, Any]]:
    width = len(place.key)
    for row in connection.execute(place.rows(), execution_options={"yield_per": CHUNK}):
        for name, sealed in zip(place.columns, row[width:], strict=True):
            if sealed is not None:
                yield f"{name} of row {_words(row[:width])} of the table {place.name}", sealed


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    for number, sealed in sealed_lines(path.read_bytes()):
        yield f"line {number} of {path}", sealed


def _words(key: Iterable[Any]) -> str:
    return "/".join(str(part) for part in key)


def _opens(fernet: Fernet | MultiFernet, sealed: bytes | str) -> bool:
    try:
        fernet.decrypt(sealed)
    except (InvalidToken, TypeError, ValueError):  # text with other letters, a number, …
        return False
    return True
