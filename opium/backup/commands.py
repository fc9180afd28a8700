"""What `python app.py backup` and `restore` do, and say afterwards."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from opium.backup import names
from opium.backup.copies import CopyError
from opium.backup.disk import Disk
from opium.backup.keeper import Keeper
from opium.backup.restoring import chosen, restore
from opium.clock import Clock
from opium.config import Config
from opium.core import DATABASE
from opium.db.session import Database
from opium.errors import OpiumError
from opium.lock import try_lock
from opium.security import audit


def backup_now(config: Config, to: Path | None) -> str:
    """A copy in the backups, or where the person says. CopyError if it cannot be made."""
    path = config.instance / DATABASE
    if not path.exists():
        raise CopyError(f"there is no database in {config.instance}.")
    os.umask(0o077)
    clock = Clock()
    if to is not None and to.is_dir():
        to = to / names.Name(clock.now()).text
    disk = Disk(config.instance, clock, alert_mib=0, stop_mib=0)
    database = Database(path, pool_size=1)
    try:
        copy = Keeper(database, config.instance, clock, disk).take(to=to)
        untold = _audited(database, "BACKUP", copy.path)
    finally:
        database.close()
    rows = sum(copy.rows.values())
    return (
        f"{copy.path}\n{copy.size // 1024} KiB, {rows} rows in {len(copy.rows)} tables, checked. "
        f"The data key is not inside: keep a copy of it elsewhere.{untold}"
    )


def restore_now(config: Config, which: str) -> str:
    """Restore while nobody else uses the folder. CopyError if nothing was changed."""
    if not config.instance.is_dir():
        raise CopyError(f"there is no folder {config.instance}.")
    os.umask(0o077)
    lock = try_lock(config.instance)
    if lock is None:
        raise CopyError("Opium is running here; stop the service first.")
    with lock:
        done = restore(config, config.instance / DATABASE, chosen(config, which), Clock().now())
        database = Database(config.instance / DATABASE, pool_size=1)
        try:
            untold = _audited(database, "RESTORE", done.copy)
        finally:
            database.close()
    lines = [f"Restored {done.copy} ({sum(done.rows.values())} rows, checked).{untold}"]
    if done.aside is not None:
        lines.append(f"The former database is kept at {done.aside}.")
    lines += [
        "At the next start nothing is sent: Opium reads what was sold since then in your chats",
        "and marks those goods as sold. Each account goes on when you acknowledge its alert.",
    ]
    return "\n".join(lines)


def _audited(database: Database, action: str, copy: Path) -> str:
    """Leave a row in the audit log; what to tell the person if that cannot be done.

    A full disk, or a database too old to have the log, is no reason to fail after the work.
    """
    try:
        with database.write() as session:
            audit.record(session, audit.COMMAND_LINE, action, str(copy), "ok", "")
    except (OpiumError, SQLAlchemyError) as exc:
        return f" No row about it could be left in the audit log: {exc}"
    return ""
