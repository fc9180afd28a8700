"""Log watchers: lines of the log that hold a text the seller named are told (contract 12).

The log's writer shows every line to `Watch.see`, which compares it in memory and returns; a thread
of its own writes the notices. No more than twenty a minute, then one that says how many more.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import select

from opium.kit import Job, OpiumError, Work
from opium.modules.telegram_bot import outbox, texts
from opium.modules.telegram_bot.html import esc, line, pre, short
from opium.modules.telegram_bot.models import Watcher

log = logging.getLogger("opium.telegram_bot")

PER_MINUTE = 20
MINUTE = 60.0
WAITING = 1000
"""Lines that wait to be written down; more are only counted."""
LOOK = 2.0
"""Seconds until a change of the watchers counts."""
LONGEST = 3000
NOT_OURS = "opium.telegram_bot"

_LINE = re.compile(r"[^|]*\| [A-Z]+ *\| (?P<name>[\w.]+) \| (?:\[(?P<account>[^\]\s]+)\] )?")


@dataclass(frozen=True, slots=True)
class Rule:
    """An enabled watcher."""

    pattern: str
    custom: str


@dataclass(slots=True)
class _Minute:
    """How much was told since `began`, and how much was not."""

    began: float
    told: int = 0
    more: int = 0


class Watch:
    """The watchers of all accounts, and what they have found. One thread sees, another tells."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._rules: dict[str, tuple[Rule, ...]] = {}
        self._found: deque[tuple[str, str, str]] = deque()
        self._minutes: dict[str, _Minute] = {}
        self._lock = threading.Lock()
        self._bell = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def begin(self, job: Job) -> None:
        """See every line from now on."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, args=(job,), name="telegram-log", daemon=True
            )
            job.at_stop(self.stop)
            job.watch_log(self.see)
            self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        self._bell.set()

    def see(self, account: str | None, level: int, text: str) -> None:
        """One line of the log; called by its writer, so it only remembers."""
        if not self._rules or level < logging.INFO:
            return
        head = _LINE.match(text)
        if head is None or not _is_told(head["name"]):
            return
        account = account or head["account"]
        for own, rules in self._rules.items():
            if account in (None, own):
                rule = next((rule for rule in rules if rule.pattern in text), None)
                if rule is not None:
                    self._take(own, rule.custom, text)

    def load(self, job: Job) -> None:
        """Read the watchers anew."""
        attached = set(job.accounts())
        rows = select(Watcher).where(Watcher.enabled).order_by(Watcher.id)
        rules: dict[str, tuple[Rule, ...]] = {}
        with job.read() as db:
            for row in db.scalars(rows):
                if row.account_id in attached:
                    rule = Rule(row.pattern, row.custom_message)
                    rules[row.account_id] = (*rules.get(row.account_id, ()), rule)
        self._rules = rules

    def tell(self, job: Job) -> None:
        """Write down what was found, and how much more there was in a minute that is over."""
        found: dict[str, list[tuple[str, str]]] = {}
        while self._found:
            account, custom, text = self._found.popleft()
            found.setdefault(account, []).append((custom, text))
        for account, lines in found.items():
            self._put(job, account, lines)
        for account, more in self._over():
            self._put_rest(job, account, more)

    def _take(self, account: str, custom: str, text: str) -> None:
        with self._lock:
            minute = self._minutes.setdefault(account, _Minute(self._monotonic()))
            if minute.told >= PER_MINUTE or len(self._found) >= WAITING:
                minute.more += 1
                return
            minute.told += 1
            self._found.append((account, custom, text))
        self._bell.set()

    def _over(self) -> list[tuple[str, int]]:
        now = self._monotonic()
        with self._lock:
            over = [a for a, minute in self._minutes.items() if now - minute.began >= MINUTE]
            ended = [(account, self._minutes.pop(account).more) for account in over]
        return [(account, more) for account, more in ended if more]

    def _put(self, job: Job, account: str, lines: list[tuple[str, str]]) -> None:
        with job.work(account) as work:
            for custom, text in lines:
                body = esc(custom) if custom else pre(short(text, LONGEST))
                words = texts.say(work.settings.language, "log", line=body)
                name = line(custom or text, outbox.NAME)
                _tell(work, words, name)

    def _put_rest(self, job: Job, account: str, more: int) -> None:
        with job.work(account) as work:
            words = texts.say(work.settings.language, "log_rest", count=more)
            _tell(work, words, f"+{more}")

    def _run(self, job: Job) -> None:
        while not self._stopped:
            self._bell.clear()
            try:
                self.load(job)
                self.tell(job)
            except OpiumError as exc:
                log.warning("Log watchers: %s", exc)
            except Exception:
                log.exception("Log watchers failed")
            self._bell.wait(LOOK)


def _is_told(name: str) -> bool:
    if name == NOT_OURS or name.startswith((f"{NOT_OURS}.", f"{NOT_OURS}_")):
        return False
    return name == "opium" or name.startswith("opium.")


def _tell(work: Work, words: str, name: str) -> None:
    html = f"[{esc(work.account.id)}] {words}"
    outbox.put(work, "log", f"log:{uuid4()}", html, name=name)
