"""From a record to its line: the one line format, and the chained lines of the security log."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from opium.logs.files import security_files
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


class JsonFormatter(Formatter):
    """One JSON object per line, for machines that read the log; the same is hidden and escaped.

    time (UTC, milliseconds), level, logger, message; account and exception where there are any.
    """

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        traces = [text for text in (self._traceback(record), record.stack_info) if text]
        members: dict[str, str] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "account": getattr(record, "account", None) or "",
            "message": record.getMessage(),
            "exception": "\n".join(traces),
        }
        # Redacted as plain text: in JSON a secret's quotes and line breaks would look different.
        shown = {name: redact(text) for name, text in members.items() if text or name == "message"}
        return _escape(json.dumps(shown, ensure_ascii=False), _json_escaped)


class ChainedLines(logging.Formatter):
    """JSON lines that each name the hash of the one before, so that none can be taken out unseen.

    Goes on after the last line of the files in `folder`; used by the writer only.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__("%(message)s")
        self._folder = folder
        self._previous: str | None = None

    def format(self, record: logging.LogRecord) -> str:
        if self._previous is None:
            self._previous = line_hash(_last_line(self._folder))
        event = redact(super().format(record)).removesuffix("}")
        line = f'{event}, "previous": "{self._previous}"}}'
        self._previous = line_hash(line)
        return line


def line_hash(line: str) -> str:
    """The name that the following line has for this one; the first line of all follows ""."""
    return hashlib.sha256(line.encode("utf-8", "backslashreplace")).hexdigest() if line else ""


def broken_link(lines: Iterable[str]) -> int | None:
    """The index of the first line that does not follow the one before it; None if all do.

    The first line may follow one that was dropped for its age.
    """
    before: str | None = None
    for at, line in enumerate(lines):
        if before is not None and _previous(line) != line_hash(before):
            return at
        before = line
    return None


def security_lines(folder: Path) -> Iterator[str]:
    """All lines of the security log, oldest first."""
    for file in security_files(folder):
        with file.open(encoding="utf-8", errors="replace", newline="\n") as stream:
            yield from (line.removesuffix("\n") for line in stream)


def _previous(line: str) -> str | None:
    try:
        return str(json.loads(line)["previous"])
    except (ValueError, KeyError, TypeError):
        return None


def _last_line(folder: Path) -> str:
    for file in reversed(security_files(folder)):
        with suppress(OSError), file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - 65536))
            lines = stream.read().decode("utf-8", "replace").split("\n")
            if last := (lines[-1] or (lines[-2] if len(lines) > 1 else "")):
                return last
    return ""


def _escape(text: str, escaped: Callable[[str], str] | None = None) -> str:
    if text.isprintable():
        return text
    write = escaped or _escaped
    return "".join(char if char.isprintable() else write(char) for char in text)


def _json_escaped(char: str) -> str:
    return json.dumps(char)[1:-1]


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
