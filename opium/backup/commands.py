"""What `python app.py backup` and `restore` do, and say afterwards."""

from __future__ import annotations

import os
from pathlib import Path

from opium.backup import names
from opium.backup.copies import CopyError
from opium.backup.disk import Disk
from opium.backup.keeper import Keeper
from opium.backup.restoring import chosen, restore
from opium.clock import Clock
from opium.config import Config
from opium.core import DATABASE
from opium.db.session import Database
from opium.lock import try_lock


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
    finally:
        database.close()
    rows = sum(copy.rows.values())
    return (
        f"{copy.path}\n{copy.size // 1024} KiB, {rows} rows in {len(copy.rows)} tables, checked. "
        "The data key is not inside: keep a copy of it elsewhere."
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
    lines = [f"Restored {done.copy} ({sum(done.rows.values())} rows, checked)."]
    if done.aside is not None:
        lines.append(f"The former database is kept at {done.aside}.")
    lines += [
        "At the next start nothing is sent: Opium reads what was sold since then in your chats",
        "and marks those goods as sold. Each account goes on when you acknowledge its alert.",
    ]
    return "\n".join(lines)
