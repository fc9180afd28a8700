"""Logging: one queue, one writer, no secrets.

Line format: `2026-02-15 12:00:01 | INFO     | opium.api | GET /api/accounts → 200 (12ms)`.
Every thread only puts records into a queue; one writer redacts, formats and stores them, so that
neither a slow disk nor a handler that raises ever stops work.
"""

from __future__ import annotations

import logging
import queue
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, tzinfo
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from opium.config import Config

KEPT_DAYS = 30
QUEUE_LIMIT = 20_000
SECURITY_LOGGER = "opium.security"
SECURITY_BYTES, SECURITY_BACKUPS = 50 * 1024 * 1024, 5

Watcher = Callable[[str | None, int, str], None]
"""Gets (account id or None, level, redacted line); called by the writer, must return at once."""

_account: ContextVar[str | None] = ContextVar("account", default=None)


@contextmanager
def about(account_id: str) -> Iterator[None]:
    """Lines logged inside carry this account."""
    token = _account.set(account_id)
    try:
        yield
    finally:
        _account.reset(token)


class Secrets:
    """Values that must never be written; texts shorter than 4 characters are not taken."""

    def __init__(self) -> None:
        self._values: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def hide(self, *values: str | None) -> None:
        forms = {form for value in values if value for form in (value, quote(value, safe=""))}
        new = {form for form in forms if len(form) >= 4}
        with self._lock:
            if not new.issubset(self._values):
                everything = new.union(self._values)
                # Longest first: a secret may be the beginning of another one.
                self._values = tuple(sorted(everything, key=len, reverse=True))

    def redact(self, text: str) -> str:
        """`text` with known secret values and everything that looks like one as `***`."""
        for value in self._values:
            if value in text:
                text = text.replace(value, "***")
        return _PATTERNS.sub(_mask, text)


def hide(*values: str | None) -> None:
    """Never write these values into a log from now on; None and short texts are passed over."""
    _secrets.hide(*values)


def redact(text: str) -> str:
    """`text` as it may be shown or stored."""
    return _secrets.redact(text)


def set_up(config: Config, *, console: bool = True) -> Logging:
    """Start the writer and hand the root logger to it; call `close()` of the result at the end."""
    return Logging(config, console=console)


class Logging:
    """The queue and its writer. `lost` counts records that could not be kept or written."""

    def __init__(self, config: Config, *, console: bool = True) -> None:
        self.lost = 0
        self._watchers: list[Watcher] = []
        self._queue: queue.SimpleQueue[logging.LogRecord | threading.Event | None] = (
            queue.SimpleQueue()
        )
        folder = config.instance / "logs"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        zone = ZoneInfo(config.timezone) if config.timezone else None
        self._formatter = Formatter(zone)
        self._outputs: list[logging.Handler] = [DailyFile(folder, zone)]
        if console:
            self._outputs.append(logging.StreamHandler(sys.stderr))
        for output in self._outputs:
            output.setFormatter(self._formatter)
        self._security = _PrivateFile(
            folder / "security.log",
            maxBytes=SECURITY_BYTES,
            backupCount=SECURITY_BACKUPS,
            encoding="utf-8",
            delay=True,
        )
        self._security.setFormatter(_Redacted("%(message)s"))
        self.entrance = _Entrance(self)
        root = logging.getLogger()
        self._former_level = root.level
        root.setLevel(config.log_level)
        root.addHandler(self.entrance)
        self._writer = threading.Thread(target=self._write_all, name="log-writer", daemon=True)
        self._writer.start()

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Let `watcher` see every line from now on; returns a function that ends it."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def put(self, record: logging.LogRecord) -> None:
        if self._queue.qsize() >= QUEUE_LIMIT:
            self.lost += 1
        else:
            self._queue.put(record)

    def flush(self, seconds: float = 2) -> bool:
        """Wait until everything put so far is written; False if that took too long."""
        done = threading.Event()
        self._queue.put(done)
        return done.wait(seconds)

    def close(self) -> None:
        root = logging.getLogger()
        root.removeHandler(self.entrance)
        root.setLevel(self._former_level)
        self._queue.put(None)
        self._writer.join(2)
        for handler in (*self._outputs, self._security):
            handler.close()

    def _write_all(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
            else:
                self._write(item)

    def _write(self, record: logging.LogRecord) -> None:
        if record.name == SECURITY_LOGGER:
            self._guarded(self._security.emit, record)
            return
        for output in self._outputs:
            self._guarded(output.emit, record)
        for watcher in tuple(self._watchers):
            account = getattr(record, "account", None)
            self._guarded(watcher, account, record.levelno, self._formatter.format(record))

    def _guarded(self, call: Callable[..., object], *values: Any) -> None:
        try:
            call(*values)
        except Exception:
            # Somebody else's code, or a full disk: logging about it here would only loop.
            self.lost += 1


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


class _Entrance(logging.Handler):
    """What the loggers see: takes a record, stamps the account, puts it into the queue."""

    def __init__(self, owner: Logging) -> None:
        super().__init__()
        self._owner = owner

    def createLock(self) -> None:  # noqa: N802 the base class's name
        self.lock = None  # the queue needs none, and threads must not wait for each other here

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if not hasattr(record, "account"):
                record.account = _account.get()
            # Arguments may change before the writer comes to them.
            record.msg, record.args = record.getMessage(), None
            self._owner.put(record)
        except Exception:
            self._owner.lost += 1


class _PrivateFile(RotatingFileHandler):
    """Readable by its owner only, whatever the umask."""

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).touch(mode=0o600)
        return super()._open()


class _Redacted(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def _escape(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


_PATTERNS = re.compile(
    r"(?P<key>(?:golden_key|PHPSESSID|password|passwd|secret|token)[\"']?\s*[=:]\s*[\"']?)"
    r"[^\s\"',;&}]+"
    r"|(?P<bearer>Bearer\s+)[\w.~+/=-]+"
    r"|(?P<scheme>\b[a-z][a-z0-9+.-]{1,10}://)[^\s/@]+@"
    r"|(?P<jwt>\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*)"
    r"|(?P<bot>\b(?:bot)?\d{6,12}:[A-Za-z0-9_-]{30,})",
    re.IGNORECASE,
)


def _mask(match: re.Match[str]) -> str:
    if match["scheme"]:
        return f"{match['scheme']}***@"
    return f"{match['key'] or match['bearer'] or ''}***"


_secrets = Secrets()
