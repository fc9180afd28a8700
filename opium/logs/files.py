"""Where lines end up: a file per day, and the security log, which is kept for a year.

All are files that only their owner can read.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

KEPT_DAYS = 30

SECURITY_FILE = "security.log"
SECURITY_KEPT = timedelta(days=366)
SECURITY_BYTES = 10 * 1024 * 1024
"""Of one file; a month that is full of events has several."""
SECURITY_FILES = 30
"""Of them in all, so that no flood of events can fill the disk."""


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
        self._stream = _append(self._folder / name)
        self._name = name
        for old in sorted(self._folder.glob("opium_????-??-??.log"))[:-KEPT_DAYS]:
            old.unlink(missing_ok=True)


class SecurityFile(logging.Handler):
    """`security.log`, put aside as `security_YYYY-MM-DD_NNNN.log` each month or when it is full.

    The date is the day (UTC) on which it was put aside: its lines are not younger.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._file = folder / SECURITY_FILE
        self._stream: Any = None

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        moment = datetime.fromtimestamp(record.created, UTC)
        if self._is_over(moment):
            self._put_aside(moment)
        if self._stream is None:
            self._stream = _append(self._file)
        self._stream.write(line + "\n")
        self._stream.flush()

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        super().close()

    def _is_over(self, moment: datetime) -> bool:
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return False
        written = datetime.fromtimestamp(found.st_mtime, UTC)
        former = (written.year, written.month) < (moment.year, moment.month)
        return found.st_size > 0 and (former or found.st_size >= SECURITY_BYTES)

    def _put_aside(self, moment: datetime) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        former = security_files(self._folder)[:-1]
        number = _number(former[-1]) + 1 if former else 1
        self._file.rename(self._folder / f"security_{moment:%Y-%m-%d}_{number:04}.log")
        oldest = f"security_{moment - SECURITY_KEPT:%Y-%m-%d}"
        aside = security_files(self._folder)
        for at, path in enumerate(aside):
            if path.name < oldest or at <= len(aside) - SECURITY_FILES:
                path.unlink(missing_ok=True)


def security_files(folder: Path) -> list[Path]:
    """All files of the security log that exist, oldest first, the present one last."""
    aside = sorted(folder.glob("security_????-??-??_*.log"), key=_number)
    present = folder / SECURITY_FILE
    return [*aside, present] if present.exists() else aside


def _number(path: Path) -> int:
    number = path.stem.rpartition("_")[2]
    return int(number) if number.isdigit() else 0


def _append(path: Path) -> Any:
    """Open for writing at the end, on a line of its own even after a crash in the last one."""
    path.touch(mode=0o600)
    with path.open("rb") as found:
        size = found.seek(0, 2)
        found.seek(max(0, size - 1))
        torn = found.read(1) not in (b"", b"\n")
    stream = path.open("a", encoding="utf-8", errors="backslashreplace")
    if torn:
        stream.write("\n")
    return stream
