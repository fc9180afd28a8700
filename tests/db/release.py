"""`python -m tests.db.release`: keep a furnished database of this version for ever.

The dump in `released/` is what later versions prove their migrations on: a shop that has lived,
made by the product itself over the sandbox. Its data key is public, like all of its secrets.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASED = Path(__file__).parent / "released"
KEY = base64.urlsafe_b64encode(b"a key that everybody has 32bytes").decode()
STEPS = "opium/**/migrations/[0-9][0-9][0-9]_*.py"
CHANGED = "a released migration was changed: add a new one"


def dump(database: Path) -> bytes:
    """A database as SQL, the same bytes for the same rows."""
    with closing(sqlite3.connect(database)) as db:
        text = "\n".join(db.iterdump()) + "\n"
    return gzip.compress(text.encode(), mtime=0)


def load(stored: Path, database: Path) -> None:
    """A stored database as a file, in the mode in which the server leaves it."""
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(sqlite3.connect(database)) as db:
        db.executescript(gzip.decompress(stored.read_bytes()).decode())
        db.execute("PRAGMA journal_mode=WAL")


def steps() -> dict[str, str]:
    """The sha256 of each migration of core and modules, by its path."""
    return {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(ROOT.glob(STEPS))
    }


def listed(sums: Path) -> dict[str, str]:
    """What a release has written down of its migrations."""
    lines = [line.split("  ") for line in sums.read_text(encoding="utf-8").splitlines()]
    return {path: digest for digest, path in lines}


def changed(then: dict[str, str], now: dict[str, str]) -> list[str]:
    """Released migrations that are not any more what they were."""
    return sorted(path for path, digest in then.items() if now.get(path) != digest)


def main() -> None:
    """Write the dump and the sums of this version; a version is released once."""
    from opium import __version__

    os.environ["OPIUM_DATA_KEY"] = KEY
    target = RELEASED / f"{__version__}.sql.gz"
    if target.exists():
        sys.exit(f"{target} exists: raise the version first.")
    for old in sorted(RELEASED.glob("*.sha256")):
        if wrong := changed(listed(old), steps()):
            sys.exit(f"{CHANGED} ({', '.join(wrong)}).")
    sys.path[:0] = [str(ROOT / "tests" / part) for part in ("", "db", "telegram")]
    from furnished import furnish

    RELEASED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        content = dump(furnish(Path(folder) / "instance"))
    target.write_bytes(content)
    sums = "".join(f"{digest}  {path}\n" for path, digest in steps().items())
    target.with_name(f"{__version__}.sha256").write_text(sums, encoding="utf-8")
    print(f"{target.relative_to(ROOT)}: {len(content) // 1024} KiB")


if __name__ == "__main__":
    main()
