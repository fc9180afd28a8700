"""Bugs planted on purpose against S1 to S17, each of which must be caught.

`python -m tests.security.mutants [words] [--workers N]`. For each bug of bugs.txt the tests that
docs/security.md names for its invariant are run in a copy of the project, with those that the bug
names itself. With words only bugs whose heading has one of them. Exit 1 if a bug survives.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from shutil import copytree, ignore_patterns

from chaos.mutants import NotPlanted, Patch
from chaos.processes import ROOT

BUGS = Path(__file__).with_name("bugs.txt")
PAGE = ROOT / "docs" / "security.md"
LEFT_OUT = ignore_patterns(".*", "__pycache__", "instance", "demo-instance")
MOST_SECONDS = 300.0


@dataclass(slots=True)
class Bug:
    """`rule` is S1 to S17 or a section; `near` are tests that are run after those of the page."""

    rule: str
    name: str
    near: list[str] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)

    @property
    def heading(self) -> str:
        return f"{self.rule}: {self.name}"

    @property
    def tests(self) -> list[str]:
        return [*named(self.rule), *self.near]


@dataclass(frozen=True, slots=True)
class Finding:
    """`caught_by` is a test, or None if all passed."""

    bug: Bug
    caught_by: str | None
    seconds: float


def bugs(text: str | None = None) -> list[Bug]:
    """The bugs of bugs.txt; its head says how they are written."""
    found: list[Bug] = []
    file, old, new = "", "", ""
    for line in [*(text or BUGS.read_text("utf-8")).splitlines(), "end"]:
        if old and (line[:1] not in "-+" or (new and line[:1] == "-")):
            found[-1].patches.append(Patch(file, old, new))
            old = new = ""
        if line.startswith("## "):
            rule, _, name = line[3:].partition(": ")
            found.append(Bug(rule, name))
        elif line.startswith("tests: "):
            found[-1].near = line[7:].split()
        elif line.startswith("file: "):
            file = line[6:]
        elif line.startswith("-"):
            old += line[1:] + "\n"
        elif line.startswith("+"):
            new += line[1:] + "\n"
    return found


def named(rule: str) -> list[str]:
    """The tests that the page names for an invariant; none for a section."""
    rows = re.findall(rf"^\| {re.escape(rule)} \|.*$", PAGE.read_text("utf-8"), re.M)
    return re.findall(r"`(tests/[\w/]+\.py::\w+)`", rows[0]) if rows else []


def plantable(bug: Bug) -> list[str]:
    """Why this bug cannot be planted; empty if it can."""
    wrong = [] if bug.patches else [f"{bug.heading}: no patch"]
    for file in {patch.file for patch in bug.patches}:
        text = (ROOT / file).read_text("utf-8")
        try:
            for patch in bug.patches:
                text = patch.applied(text) if patch.file == file else text
        except NotPlanted as exc:
            wrong.append(f"{bug.heading}: {exc}")
    return wrong


def tried(root: Path, bug: Bug) -> Finding:
    """Plant a bug in the copy, run its tests, and put the files back."""
    began = time.monotonic()
    former = {patch.file: (root / patch.file).read_text("utf-8") for patch in bug.patches}
    try:
        for patch in bug.patches:
            patch.apply(root)
        caught_by = _failed(root, bug.tests)
    finally:
        for file, text in former.items():
            (root / file).write_text(text, "utf-8")
    return Finding(bug, caught_by, time.monotonic() - began)


def _failed(root: Path, tests: Sequence[str]) -> str | None:
    """The first test that fails; a test that runs for ever has failed, too."""
    options = ["-x", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider", "-p", "no:randomly"]
    # A copy of a bug must not be run from what Python keeps of another one.
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *dict.fromkeys(tests)],
            cwd=root,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"nothing ended in {MOST_SECONDS:.0f} s"
    if done.returncode == 0:
        return None
    told = re.search(r"^(?:FAILED|ERROR) (tests/\S+::.+?)(?: - .*)?$", done.stdout, re.M)
    if told is None:  # not even collected: that shows nothing
        raise NotPlanted(done.stdout[-2000:] + done.stderr[-2000:])
    return told[1]


def check(chosen: Sequence[Bug], workers: int) -> Iterator[Finding]:
    """Findings in the order of the bugs; `workers` copies are used at a time."""
    copies: SimpleQueue[Path] = SimpleQueue()

    def one(bug: Bug) -> Finding:
        root = copies.get()
        try:
            return tried(root, bug)
        finally:
            copies.put(root)

    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for number in range(workers):
            copies.put(copytree(ROOT, Path(folder) / str(number), ignore=LEFT_OUT))
        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(one, chosen)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.security.mutants", description=__doc__)
    parser.add_argument("words", nargs="*", help="only bugs whose heading has one of these")
    parser.add_argument("--workers", type=int, default=2, help="copies at the same time")
    given = parser.parse_args()
    chosen = [b for b in bugs() if not given.words or any(w in b.heading for w in given.words)]
    if changed := [reason for bug in chosen for reason in plantable(bug)]:
        print("\n".join(changed))
        return 2
    clean = Bug("-", "(nothing planted)", [test for bug in chosen for test in bug.tests])
    survivors = 0
    print("bug | invariant | caught by | seconds", flush=True)
    for finding in check([clean, *chosen], given.workers):
        bug, wrong = finding.bug, (finding.caught_by is None) == bool(finding.bug.patches)
        survivors += wrong
        mark = "  <--" if wrong else ""
        shown = finding.caught_by or "nothing"
        print(f"{bug.name} | {bug.rule} | {shown} | {finding.seconds:.0f}{mark}", flush=True)
    print(f"{'FAILED' if survivors else 'PASSED'}: {len(chosen)} bugs, {survivors} wrong")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main())
