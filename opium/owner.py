"""Whose files the command line makes when root runs it."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opium.config import ConfigError


def refuse_stranger(folder: Path) -> None:
    """ConfigError for who cannot look into `folder`, and for root in somebody else's: the server
    could not use what he makes there."""
    if not folder.exists():
        return
    owner = folder.stat().st_uid
    of_root = os.geteuid() == 0 and owner != 0
    if of_root or not os.access(folder, os.R_OK | os.X_OK, effective_ids=True):
        name = _name(owner)
        raise ConfigError(f"The folder {folder} belongs to {name}: run this with sudo -u {name}.")


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"#{user}"


@contextmanager
def as_owner(folder: Path) -> Iterator[None]:
    """Let root act as the owner of `folder` meanwhile, so that the server can use what is made.

    Anybody else, and root in a folder of his own, stays who he is.
    """
    owner = folder.stat()
    user, group = os.geteuid(), os.getegid()
    if user != 0 or owner.st_uid == 0:
        yield
        return
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(user)
        os.setegid(group)
