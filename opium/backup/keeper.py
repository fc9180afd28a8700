"""While it serves: a copy every hour, checked and rotated, and an eye on the disk.

`run` is called every minute by the scheduler. A failure is an alert, and is tried again soon.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from pathlib import Path

from opium import alerts
from opium.backup import copies, epoch, names
from opium.backup.copies import Copy, CopyError
from opium.backup.disk import MIB, Disk
from opium.backup.restoring import BACKUPS
from opium.clock import Clock
from opium.db.session import Database
from opium.db.tables import Setting
from opium.errors import Unavailable

log = logging.getLogger("opium.backup")

EVERY = 60.0
"""Seconds between two looks at what is due."""

HOUR = 3600.0
SOON = 300.0
WEEK = timedelta(days=7)
SPARE = 100 * MIB
"""Room that a copy must leave."""

CHECKED = "backup_checked_at"


class Keeper:
    """Owns the folder of copies."""

    def __init__(self, database: Database, instance: Path, clock: Clock, disk: Disk) -> None:
        self._database, self._instance = database, instance
        self._clock, self._disk = clock, disk
        self._folder = instance / BACKUPS
        self._lock = threading.Lock()
        self._next: float | None = None

    def run(self) -> None:
        """What is due now; never raises, since it is nobody's request."""
        try:
            self._watch_disk()
            if self._due():
                self._hourly()
                self._weekly()
        except Unavailable as exc:
            log.error("Backups: %s", exc)

    def take(self, label: str = "", to: Path | None = None) -> Copy:
        """A copy now, beside the running server; older ones make way. Raises CopyError."""
        with self._lock:
            target = to or self._free_name(label)
            try:
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._refuse_without_room()
            except OSError as exc:
                raise CopyError(f"{target.parent} cannot be made: {exc.strerror}.") from None
            copy = copies.take(self._database.path, target)
            self._rotate()
        log.info("Backup %s: %d KiB", copy.path.name, copy.size // 1024)
        try:
            epoch.raise_after_copy(self._database, self._instance, self._clock.now())
        except Unavailable as exc:  # the next start or copy raises it
            log.warning("The epoch could not be raised: %s", exc)
        return copy

    def _free_name(self, label: str) -> Path:
        """A name that nobody has: the command line may have taken a copy in this very second."""
        at = self._clock.now()
        while (path := self._folder / names.Name(at, label).text).exists():
            at += timedelta(seconds=1)
        return path

    def _due(self) -> bool:
        now = self._clock.monotonic()
        if self._next is None:
            found = [name for name, _path in names.in_folder(self._folder) if not name.label]
            age = (self._clock.now() - found[-1].at).total_seconds() if found else HOUR
            self._next = now + (HOUR - age if 0 <= age <= HOUR else 0.0)
        return now >= self._next

    def _hourly(self) -> None:
        try:
            self.take()
        except CopyError as exc:
            self._next = self._clock.monotonic() + SOON
            self._tell("backup", f"The hourly backup failed: {exc}")
        else:
            self._next = self._clock.monotonic() + HOUR
            self._settled("backup")

    def _weekly(self) -> None:
        """Look through the newest copy as thoroughly as SQLite can, once a week."""
        now = self._clock.now()
        found = names.in_folder(self._folder)
        with self._database.read() as db:
            last = db.get(Setting, CHECKED)
        if not found or (last and now - datetime.fromisoformat(last.value) < WEEK):
            return
        try:
            copies.check(found[-1][1], thorough=True)
        except CopyError as exc:
            self._tell("backup_damaged", f"The newest backup, and so the database: {exc}")
            return
        with self._database.write() as db:
            db.merge(Setting(key=CHECKED, value=now.isoformat()))
        self._settled("backup_damaged")

    def _watch_disk(self) -> None:
        if self._disk.short:
            self._tell("disk", self._disk.words)
        else:
            self._settled("disk")

    def _refuse_without_room(self) -> None:
        size = self._database.path.stat().st_size
        if self._disk.free < size + SPARE:
            raise CopyError(f"there is no room for {size // MIB} MiB more on this disk.")

    def _rotate(self) -> None:
        found = names.in_folder(self._folder)
        keep = names.kept(name for name, _path in found)
        for name, path in found:
            if name not in keep:
                path.unlink(missing_ok=True)

    def _tell(self, kind: str, text: str) -> None:
        log.error("%s", text)
        with self._database.write() as db:
            alerts.open_alert(db, kind, kind, text, self._clock.now())

    def _settled(self, kind: str) -> None:
        with self._database.read() as db:
            if not alerts.is_open(db, kind):
                return
        with self._database.write() as db:
            alerts.close_alert(db, kind, self._clock.now())
