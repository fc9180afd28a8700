"""One process on one instance folder, held by a file lock that dies with the process."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

LOCK = "opium.lock"


def try_lock(instance: Path) -> IO[str] | None:
    """The lock, to be kept open as long as it is needed; None if another process has it."""
    file = _opened(instance / LOCK)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _opened(path: Path) -> IO[str]:
    """A lock needs nothing written: on a disk that has become read-only it is taken all the same,
    so that the server can say what is wrong. Raises OSError."""
    try:
        return path.open("a+")
    except OSError:
        if not path.exists():
            raise
        return path.open()
