"""What `python app.py keys` does, and says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

from opium.backup.copies import CopyError, open_read_only
from opium.clock import Clock
from opium.config import Config
from opium.core import DATABASE
from opium.errors import Unavailable
from opium.keys import census
from opium.keys.census import Count
from opium.keys.rotation import Rotated, Tell, rotate
from opium.lock import try_lock
from opium.owner import as_owner
from opium.vault import Vault, VaultError, formers, key_file, load_keys, read_keys

CREDENTIALS = Path("/run/credentials")
"""Where systemd puts copies that live as long as the service (`LoadCredential`)."""


class KeysError(Exception):
    """It could not be done; the text is one sentence for a person."""


def show_keys(config: Config, given: Path | None) -> tuple[str, bool]:
    """What is known of the data key without showing it, and whether all is well."""
    with _explained():
        path = given or key_file(config)
        keys = read_keys(given) if given else _keys(config)
        Vault(keys)
        with as_owner(_folder(config)):
            counts = _counts(config, keys)
    well = not any(count.unreadable for count in counts)
    where = str(path) if path else "given by value, in OPIUM_DATA_KEY"
    lines = [f"The data key: {where}"]
    lines += [f"A former key: {former}" for former in (formers(path) if path else [])]
    lines += [_verdict(counts, len(keys)), "", *_table(counts)]
    return "\n".join(lines), well


def rotate_now(config: Config, given: Path | None, tell: Tell) -> str:
    """Seal everything with a new key while nobody else uses the folder."""
    with _explained():
        path = _real_file(config, given)
        with as_owner(_folder(config)):
            os.umask(0o077)
            lock = try_lock(config.instance)
        if lock is None:
            raise KeysError("Opium is running here; stop the service first.")
        with lock:
            return _told(rotate(config, path, Clock(), tell), path)


def _told(done: Rotated, path: Path) -> str:
    key = "the first key of the file" if done.continued else "a new key"
    return "\n".join(
        [
            f"{done.values} values were sealed anew with {key}.",
            f"{path} holds only this key now; keep a copy of it apart from the backups.",
            f"The former key is kept at {done.former}.",
            f"Every backup up to {done.backup.name}, and every database in set-aside/, needs it. "
            "Before you",
            f"restore one, add it to the present key: cat {done.former} >> {path}",
            "If the former key was stolen, make a new backup now and delete the former key "
            "together with",
            "those backups, here and wherever else they are: who has both can read your secrets.",
        ]
    )


def _verdict(counts: list[Count], keys: int) -> str:
    older, lost = (sum(getattr(c, kind) for c in counts) for kind in ("older", "unreadable"))
    if lost:
        first = next(count.lost for count in counts if count.unreadable)
        return f"It does not open {lost} of the sealed values, first {first}."
    if keys > 1:
        needed = f"{older} values need an older one" if older else "no value needs an older one"
        return f"It holds {keys} keys and fits the database; {needed}: python app.py keys rotate"
    return "It holds one key and fits the database."


def _table(counts: list[Count]) -> list[str]:
    width = max((len(count.place) for count in counts), default=0)
    rows = [("", "newest key", "older keys", "unreadable")]
    rows += [(c.place, f"{c.newest}", f"{c.older}", f"{c.unreadable}") for c in counts]
    return [f"{row[0]:{width}}  {row[1]:>10}  {row[2]:>10}  {row[3]:>10}" for row in rows]


def _counts(config: Config, keys: list[str]) -> list[Count]:
    path = config.instance / DATABASE
    engine = create_engine("sqlite://", creator=lambda: open_read_only(path), poolclass=StaticPool)
    try:
        with engine.connect() as connection:
            return census.take(connection, config.instance, keys)
    finally:
        engine.dispose()


def _real_file(config: Config, given: Path | None) -> Path:
    path = given or key_file(config)
    if path is None:
        raise KeysError(
            "The data key is given by value: write it into a file, name that with "
            "OPIUM_DATA_KEY_FILE instead of OPIUM_DATA_KEY, and run this again."
        )
    path = path.resolve()
    if path.is_relative_to(CREDENTIALS):
        raise KeysError(
            f"{path} is a copy that systemd made: name the file behind LoadCredential= with "
            "--key-file."
        )
    return path


def _folder(config: Config) -> Path:
    if not (config.instance / DATABASE).exists():
        raise KeysError(f"There is no database in {config.instance}: start Opium once.")
    return config.instance


def _keys(config: Config) -> list[str]:
    given = config.data_key.get_secret_value() if config.data_key else None
    return load_keys(config.instance, given, may_create=False)


@contextmanager
def _explained() -> Iterator[None]:
    """Whatever fails becomes one sentence."""
    try:
        yield
    except (VaultError, CopyError, Unavailable) as exc:
        raise KeysError(str(exc)) from None
    except OSError as exc:
        raise KeysError(f"{exc.filename} cannot be used: {exc.strerror}.") from None
    except DatabaseError as exc:
        reason = f"The database cannot be used ({exc.orig}): see python app.py doctor."
        raise KeysError(reason) from None
