"""One queue, one writer.

Every thread only puts records into a queue; one writer redacts, formats and stores them, so that
neither a slow disk nor a handler that raises ever stops work.
"""

from __future__ import annotations

import logging
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from zoneinfo import ZoneInfo

from opium.config import Config
from opium.logs.files import DailyFile, SecurityFile
from opium.logs.lines import ChainedLines, Formatter, JsonFormatter

QUEUE_LIMIT = 20_000
SECURITY_LOGGER = "opium.security"

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


def set_up(config: Config, *, console: bool = True) -> Logging:
    """Start the writer and hand the root logger to it; call `close()` of the result at the end."""
    return Logging(config, console=console)


class Logging:
    """The queue and its writer. `lost` counts records that could not be kept or written."""

    def __init__(self, config: Config, *, console: bool = True) -> None:
        self.lost = 0
        self._watchers: list[Watcher] = []
        self._asked: tuple[threading.Event, float] | None = None
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
            output.setFormatter(self._formatter if config.log_format == "text" else JsonFormatter())
        self._security = SecurityFile(folder)
        self._security.setFormatter(ChainedLines(folder))
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

    def silence(self) -> float:
        """Seconds that the writer has not answered for; each call asks it anew."""
        if self._asked is None or self._asked[0].is_set():
            self._asked = (threading.Event(), time.monotonic())
            self._queue.put(self._asked[0])
        return time.monotonic() - self._asked[1]

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
