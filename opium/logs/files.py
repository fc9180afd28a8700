"""Where lines end up: a file per day, and files that only their owner can read."""

from __future__ import annotations

import logging
from datetime import datetime, tzinfo
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

KEPT_DAYS = 30


class DailyFile(logging.Handler):
    """`opium_YYYY-MM-DD.log`, a new file each day, the last `KEPT_DAYS` of them kept."""

    def __init__(self, folder: Path, zone: tzinfo | None) -> None:
        super().__init__()
        self._folder, self._zone = folder, zone
        self._name = ""
        self._stream: Any = None

    def emit(self, record: logging.LogRecord) -> None:
        moment = datetime.fromtimestamp(record.created, self._zone)
        name = f"opium_{moment:%Y-%m-%d}.log"
        if name != self._name or self._stream is None:
            self._open(name)
        self._stream.write(self.format(record) + "\n")
        self._stream.flush()

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        super().close()

    def _open(self, name: str) -> None:
        if self._stream is not None:
            self._stream.close()
        path = self._folder / name
        path.touch(mode=0o600)
        self._stream = path.open("a", encoding="utf-8", errors="backslashreplace")
        self._name = name
        for old in sorted(self._folder.glob("opium_????-??-??.log"))[:-KEPT_DAYS]:
            old.unlink(missing_ok=True)


class PrivateFile(RotatingFileHandler):
    """Readable by its owner only, whatever the umask."""

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).touch(mode=0o600)
        return super()._open()
