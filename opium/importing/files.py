"""Reading another program's folder: small regular files, nothing behind a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from opium.errors import OpiumError
from opium.importing.report import NotImported, plain
from opium.schema import read_json

MAX_JSON = 1024 * 1024
MAX_ENTRIES = 10_000


def folders(place: Path) -> list[Path]:
    """Folders in a folder, by name; links are none."""
    return [path for path in _entries(place) if _is(path, stat.S_ISDIR)]


def files(place: Path) -> list[Path]:
    """Regular files in a folder, by name; links are none."""
    return [path for path in _entries(place) if _is(path, stat.S_ISREG)]


def others(place: Path) -> list[Path]:
    """What is neither: links above all."""
    known = {*folders(place), *files(place)}
    return [path for path in _entries(place) if path not in known]


def is_folder(path: Path) -> bool:
    return _is(path, stat.S_ISDIR)


def is_file(path: Path) -> bool:
    return _is(path, stat.S_ISREG)


def read(path: Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes. Raises NotImported."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise NotImported(f"{plain(path.name)} is not a regular file.")
            raw = file.read(limit + 1)
    except OSError as exc:
        raise NotImported(f"{plain(path.name)} cannot be read: {exc.strerror}.") from None
    if len(raw) > limit:
        raise NotImported(f"{plain(path.name)} is larger than {limit // 1024} KiB.")
    return raw


def json_of(path: Path) -> Any:
    """The document in a file, by the rules for requests. Raises NotImported."""
    raw = read(path, MAX_JSON).removeprefix(b"\xef\xbb\xbf")
    try:
        return read_json(raw)
    except OpiumError as exc:
        why = str(exc).partition(";")[0].replace("The body", "it").replace("the body", "it")
        raise NotImported(f"{plain(path.name)} cannot be used: {why.rstrip('.')}.") from None


def text_of(path: Path, limit: int) -> str:
    """A text file: UTF-8 with or without a mark, else Windows' Cyrillic. Raises NotImported."""
    raw = read(path, limit)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1251", "replace")
    if "\0" in text:
        raise NotImported(f"{plain(path.name)} holds NUL characters, so it is no text.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _entries(place: Path) -> list[Path]:
    try:
        found = sorted(place.iterdir())
    except OSError as exc:
        raise NotImported(f"{plain(place.name)} cannot be read: {exc.strerror}.") from None
    if len(found) > MAX_ENTRIES:
        raise NotImported(f"{plain(place.name)} has more than {MAX_ENTRIES} entries.")
    return found


def _is(path: Path, kind: Any) -> bool:
    try:
        return bool(kind(path.lstat().st_mode))
    except OSError:
        return False
