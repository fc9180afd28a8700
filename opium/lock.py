"""One process on one instance folder, held by a file lock that dies with the process."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

LOCK = "opium.lock"


def try_lock(instance: Path) -> IO[str] | None:
    """The lock, to be kept open as long as it is needed; None if another process has it."""
    file = (instance / LOCK).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
