"""Types what the pages say into a clean clone: python -m tests.documents (some five minutes).

The clone is of the last commit, as a new user would get it. `--all` runs `make lint test` as well.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opium.config import ROOT

PASSWORD = "a password for the clone"
ENDLESS = 15
"""Seconds that a program which serves must go on without ending."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A command of a page; `told` replaces what only a person can give, `lasts`: it never ends."""

    page: str
    command: str
    told: str = ""
    lasts: bool = False
    slow: bool = False

    @property
    def typed(self) -> str:
        return self.told or self.command


TRIALS = (
    Trial("README.md", "make setup"),
    Trial("README.md", "make demo",
          told='make demo ARGS="--port 8300 --sandbox-port 8400 --seconds 60"'),
    Trial("README.md", "make run", lasts=True, told="OPIUM_PORT=8301 make run"),
    Trial("docs/backup.md", ".venv/bin/python app.py backup"),
    Trial("docs/backup.md", ".venv/bin/python app.py restore latest"),
    Trial("docs/backup.md", ".venv/bin/python app.py doctor",
          told=".venv/bin/python app.py doctor || test $? = 1"),
    Trial("docs/sandbox.md", ".venv/bin/python -m sandbox --port 8100 --demo-data &", lasts=True,
          told=".venv/bin/python -m sandbox --port 0 --demo-data"),
    Trial("sandbox/steam/README.md", ".venv/bin/python -m sandbox --steam-port 8110", lasts=True,
          told=".venv/bin/python -m sandbox --port 0 --steam-port 0"),
    Trial("sandbox/telegram/README.md", ".venv/bin/python -m sandbox --telegram-port 8120",
          lasts=True, told=".venv/bin/python -m sandbox --port 0 --telegram-port 0"),
    Trial("docs/chaos.md",
          ".venv/bin/python -m tests.chaos --orders 200 --accounts 4 --kills 20 --faults 5 "
          "--seed 1",
          told="make chaos ARGS='--orders 20 --accounts 2 --kills 2 --faults 5 --seed 1'"),
    Trial("README.md", "make lint test", slow=True),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.documents", description=__doc__)
    parser.add_argument("--all", action="store_true", help="the whole suite of tests, too")
    told = parser.parse_args()
    fine = True
    with tempfile.TemporaryDirectory(prefix="opium-clone-") as folder:
        clone = Path(folder) / "opium"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        print("| page | command | seconds | result |\n|---|---|---|---|", flush=True)
        for trial, seconds, result in _results(clone, all_of_them=told.all):
            cells = (
                f"`{trial.page}`",
                f"`{trial.typed}`",
                f"{seconds:.0f}",
                result.splitlines()[0],
            )
            print("| " + " | ".join(cells) + " |", flush=True)
            if result != "ok":
                print(result, file=sys.stderr)
                fine = False
    return 0 if fine else 1


def _results(clone: Path, *, all_of_them: bool) -> Iterator[tuple[Trial, float, str]]:
    for trial in TRIALS:
        if trial.slow and not all_of_them:
            continue
        began = time.monotonic()
        result = _typed(trial, clone)
        yield trial, time.monotonic() - began, result


def _typed(trial: Trial, clone: Path) -> str:
    """`ok`, or what went wrong and the last lines."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPIUM_")}
    path = f"{clone / '.venv/bin'}:{kept['PATH']}"
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(
            ["bash", "-c", trial.typed],
            cwd=clone,
            env={**kept, "PATH": path, "OPIUM_ADMIN_PASSWORD": PASSWORD},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            code: int | None = process.wait(ENDLESS if trial.lasts else 3600)
        except subprocess.TimeoutExpired:
            code = None
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
        out.seek(0)
        last = "".join(out.readlines()[-15:])
    if code == (None if trial.lasts else 0):
        return "ok"
    return f"ended with {code}\n{last}"


if __name__ == "__main__":
    sys.exit(main())
