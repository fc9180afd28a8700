"""From a record to its line: the one line format, and the chained lines of the security log."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import datetime, tzinfo
from pathlib import Path

from opium.logs.redaction import redact


class Formatter(logging.Formatter):
    """The one line format; what a message smuggles in can neither forge a line nor show a key."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        super().__init__()
        self._zone = zone

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, self._zone)
        account = getattr(record, "account", None)
        prefix = f"[{account}] " if account else ""
        head = f"{moment:%Y-%m-%d %H:%M:%S} | {record.levelname:<8} | {record.name} | {prefix}"
        lines = [head + _escape(redact(record.getMessage()))]
        for text in (self._traceback(record), record.stack_info):
            if text:
                # Redacted as a whole first: a secret may contain a line break.
                lines += [f"  | {_escape(line)}" for line in redact(text).split("\n")]
        return "\n".join(lines)

    def _traceback(self, record: logging.LogRecord) -> str | None:
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        return record.exc_text


class ChainedLines(logging.Formatter):
    """JSON lines that each name the hash of the one before, so that none can be taken out unseen.

    Goes on after the last line of `file`; used by the writer only.
    """

    def __init__(self, file: Path) -> None:
        super().__init__("%(message)s")
        self._file = file
        self._previous: str | None = None

    def format(self, record: logging.LogRecord) -> str:
        line: str | None = getattr(record, "chained", None)
        if line is None:  # a rotating file formats a record twice: to measure it and to write it
            if self._previous is None:
                self._previous = line_hash(_last_line(self._file))
            event = redact(super().format(record)).removesuffix("}")
            line = f'{event}, "previous": "{self._previous}"}}'
            self._previous = line_hash(line)
            record.chained = line
        return line


def line_hash(line: str) -> str:
    """The name that the following line has for this one; the first line of all follows ""."""
    return hashlib.sha256(line.encode("utf-8", "backslashreplace")).hexdigest() if line else ""


def broken_link(lines: list[str]) -> int | None:
    """The index of the first line that does not follow the one before it; None if all do."""
    for at in range(1, len(lines)):
        try:
            previous = json.loads(lines[at])["previous"]
        except (ValueError, KeyError, TypeError):
            return at
        if previous != line_hash(lines[at - 1]):
            return at
    return None


def _last_line(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - 65536))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""


def _escape(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
