"""A new data key in the place of the old one, with the server stopped.

The order makes every crash safe. A backup comes first; the new key is added to the file before
anything is sealed with it; the old one leaves the file only when a count of everything finds no
value that needs it. Until then both are in the file, the server opens all, and the same command
goes on where it was. The canary is sealed last: as long as values need the old key, so does it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from opium.backup import names
from opium.backup.disk import Disk
from opium.backup.keeper import Keeper
from opium.clock import Clock
from opium.config import Config
from opium.core import DATABASE
from opium.db import overhaul
from opium.db.session import Database
from opium.db.tables import Setting
from opium.failpoints import hit
from opium.keys import census, stored
from opium.keys.census import Count, Ring
from opium.keys.places import SETTINGS, files, tables
from opium.keys.resealing import reseal_file, reseal_rows, reseal_table
from opium.owner import as_owner
from opium.security import audit
from opium.vault import (
    CANARY,
    CANARY_CONTEXT,
    DRAFT,
    FORMER,
    Vault,
    VaultError,
    formers,
    new_key,
    read_keys,
    write_private,
)

BEFORE = "before-key-rotation"
ACTION = "KEY_ROTATED"
EVERY = 5000
"""Values between two lines of progress."""

Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Rotated:
    """What was done: values sealed anew, the copy taken before, and where the former key is."""

    values: int
    backup: Path
    former: Path
    continued: bool
    """Whether the file held several keys already; then no new one was made."""


def rotate(config: Config, path: Path, clock: Clock, tell: Tell) -> Rotated:
    """Seal everything with a new key in the file `path`. The caller holds the lock.

    `tell` hears of the progress. Raises VaultError, CopyError or Unavailable, each one sentence;
    whatever it was, the keys in the file open everything.
    """
    keys, instance = read_keys(path), config.instance
    vault = Vault(keys)
    database = Database(instance / DATABASE, pool_size=1)
    try:
        with as_owner(instance):
            _refuse_misfit(database, vault, path)
            counts = _counted(database, instance, keys)
            _refuse_unreadable(counts, path)
        _write(path, keys)  # before anything begins: whether it can be written at all
        with as_owner(instance):
            backup = _keeper(config, database, clock).take(BEFORE).path
        if continued := len(keys) > 1:
            tell(f"{path} holds {len(keys)} keys: everything is sealed with the first one.")
        else:
            keys = [new_key(), *keys]
            _write(path, keys)
        hit("keys_added")
        with as_owner(instance):
            values = _reseal_all(database, instance, keys, clock, _progress(counts, tell))
            hit("keys_resealed")
            tell("Writing the database anew, so that nothing old lingers in it…")
            overhaul.rewrite(database)
            _refuse_leftovers(_counted(database, instance, keys))
    finally:
        with as_owner(instance):
            database.close()
    former = _keep(path, keys[1:], clock)
    hit("keys_kept")
    _write(path, keys[:1])
    return Rotated(values, backup, former, continued)


def _refuse_misfit(database: Database, vault: Vault, path: Path) -> None:
    with database.read() as db:
        canary = db.get(Setting, CANARY)
    if canary is None:
        raise VaultError("The database holds nothing sealed yet: start Opium once.")
    try:
        vault.open(canary.value.encode(), CANARY_CONTEXT)
    except VaultError:
        raise VaultError(
            f"The data key in {path} does not fit this database: name the right file with "
            "--key-file."
        ) from None


def _refuse_unreadable(counts: list[Count], path: Path) -> None:
    lost = [count for count in counts if count.unreadable]
    if lost:
        many = sum(count.unreadable for count in lost)
        raise VaultError(
            f"No key in {path} opens {lost[0].lost}{f' and {many - 1} more' * (many > 1)}: add "
            "the key that does as one more line of that file, or delete what is lost; nothing "
            "was changed."
        )


def _refuse_leftovers(counts: list[Count]) -> None:
    left = [count for count in counts if count.older or count.unreadable]
    if left:
        raise VaultError(
            f"{sum(count.older + count.unreadable for count in left)} values still need the old "
            f"key, first in {left[0].place}: it stays in the file; run this again."
        )


def _reseal_all(
    database: Database, instance: Path, keys: list[str], clock: Clock, done: Callable[[int], int]
) -> int:
    """How many values were sealed anew: tables, files, and last the settings with the canary."""
    ring = Ring(keys)
    with database.write() as db:
        stored.settle(db, Vault(keys))  # what the oldest key was good for survives it
        found = tables(db.connection())
    for place in found:
        reseal_table(database, place, ring, done)
    for file in files(instance):
        done(reseal_file(file, ring))
        hit("keys_file")
    with database.write() as db:
        rows = db.execute(SETTINGS.rows()).all()
        changed = reseal_rows(db, SETTINGS, rows, ring)
        total = done(changed)
        if changed:
            result = f"{total} values"
            audit.record(db, audit.COMMAND_LINE, ACTION, "data key", result, "", at=clock.now())
    return total


def _progress(counts: list[Count], tell: Tell) -> Callable[[int], int]:
    """Adds up what was done, says so now and then, and returns the sum."""
    needed = sum(count.newest + count.older for count in counts)
    total = 0

    def done(values: int) -> int:
        nonlocal total
        before, total = total, total + values
        if total // EVERY > before // EVERY:
            tell(f"{total} of {needed} values are sealed anew…")
        return total

    return done


def _counted(database: Database, instance: Path, keys: list[str]) -> list[Count]:
    with database.read() as db:
        return census.take(db.connection(), instance, keys)


def _keeper(config: Config, database: Database, clock: Clock) -> Keeper:
    disk = Disk(config.instance, clock, alert_mib=0, stop_mib=0)
    return Keeper(database, config.instance, clock, disk)


def _keep(path: Path, keys: list[str], clock: Clock) -> Path:
    """Put former keys into a file beside the present one, unless they lie there already."""
    content = "\n".join(keys) + "\n"
    for known in formers(path):
        if known.read_text(encoding="ascii") == content:
            return known
    for draft in path.parent.glob(f"{path.name}{FORMER}*{DRAFT}"):
        draft.unlink()
    former = path.with_name(f"{path.name}{FORMER}{names.stamp(clock.now())}")
    write_private(former, content, owner_of=path)
    return former


def _write(path: Path, keys: list[str]) -> None:
    try:
        write_private(path, "\n".join(keys) + "\n")
    except OSError as exc:
        raise VaultError(
            f"The data key {path} cannot be written ({exc.strerror}): name the file itself, not a "
            "copy of it, with --key-file, and run this as a user who may write there."
        ) from None
