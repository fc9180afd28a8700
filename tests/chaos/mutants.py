"""The mutation check: bugs planted on purpose, in a copy of the project, must be caught.

A trial that does not see these proves nothing. Each bug is a few replacements of source text; a
text that is not there exactly once stops the check, so that it cannot quietly test nothing.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copy2, copytree, ignore_patterns, rmtree
from typing import TextIO

from .processes import ROOT, environment

COPIED = ("opium", "sandbox", "tests", "app.py", "pyproject.toml")
TRIAL = "--orders 80 --accounts 4 --kills 8 --faults 25 --seconds 25 --patience 40"
MOST_SECONDS = 400.0


class NotPlanted(Exception):
    """The source has changed: this bug must be written anew."""


@dataclass(frozen=True, slots=True)
class Patch:
    file: str
    old: str
    new: str

    def applied(self, text: str) -> str:
        """Raises NotPlanted unless the old text is there exactly once."""
        if (times := text.count(self.old)) != 1:
            raise NotPlanted(f"{self.file}: {times} times instead of once: {self.old.strip()!r}")
        return text.replace(self.old, self.new)

    def apply(self, root: Path) -> None:
        path = root / self.file
        path.write_text(self.applied(path.read_text("utf-8")), "utf-8")


@dataclass(frozen=True, slots=True)
class Mutant:
    """`shown_by` are the arguments of `python -m tests.chaos`; the seed is added."""

    name: str
    patches: tuple[Patch, ...]
    shown_by: str = TRIAL


@dataclass(slots=True)
class Finding:
    """`seed` is None if no seed showed it."""

    mutant: Mutant
    seed: int | None = None
    shown: list[str] = field(default_factory=list)
    seconds: float = 0.0


MUTANTS = (
    Mutant(
        "deferred BEGIN",
        (
            Patch(
                "opium/db/session.py",
                '"BEGIN IMMEDIATE" if immediate else "BEGIN"',
                '"BEGIN"',
            ),
            # Nor does a queue of our own keep the writers apart.
            Patch(
                "opium/db/session.py",
                "if not self._writer.acquire(timeout=QUEUE):",
                "if False:",
            ),
            Patch(
                "opium/db/session.py",
                "            self._writer.release()\n",
                "            pass\n",
            ),
        ),
    ),
    Mutant(
        "no history look",
        (
            Patch(
                "opium/workers/settle.py",
                "found, valid = self._look(row, command)",
                "found, valid = None, True",
            ),
        ),
    ),
    Mutant(
        "T_settle = 0",
        (
            Patch(
                "opium/workers/carry.py",
                "timedelta(seconds=self._desk.config.settle_seconds)",
                "timedelta(0)",
            ),
            Patch(
                "opium/workers/mailbox.py",
                "timedelta(seconds=self._desk.config.settle_seconds)",
                "timedelta(0)",
            ),
        ),
        TRIAL + " --kinds late",
    ),
    Mutant(
        "send before T2",
        (
            Patch(
                "opium/workers/carry.py",
                """            if not self._begin(row):
                return
            hit("after_t2")
""",
                """            row.baseline_msg_id = self._desk.newest_msg
            try:
                self.early = perform(self._desk.client, command, row)
            except Exception as exc:
                self.early = exc
            if not self._begin(row):
                return
            hit("after_t2")
""",
            ),
            Patch(
                "opium/workers/carry.py",
                "            data, message = perform(self._desk.client, command, row)\n",
                """            if isinstance(self.early, Exception):
                raise self.early
            data, message = self.early
""",
            ),
        ),
    ),
    Mutant(
        # The database's own guard of D11 is taken away as well: it alone would stop this bug.
        "goods back to stock on failure",
        (
            Patch(
                "opium/journal.py",
                'to be looked for in the history at `look_at`."""\n',
                """\"\"\"
    db.connection().exec_driver_sql(
        "UPDATE auto_delivery_stock SET state = 'free', handout_id = NULL WHERE handout_id = ?",
        (row.handout_id,),
    )
""",
            ),
            Patch(
                "opium/modules/auto_delivery/models.py",
                "commands.attempt > 0)",
                "commands.attempt > 99)",
            ),
        ),
    ),
    Mutant(
        "POST in transport retries",
        (
            Patch(
                "opium/funpay/transport.py",
                "= self._adapter.send(request, timeout=(start, seconds), verify=True)\n",
                """= None
            try:
                response = self._adapter.send(request, timeout=(start, seconds))
            except RequestException:
                response = self._adapter.send(request, timeout=(start, seconds))
""",
            ),
        ),
    ),
    Mutant(
        # What is in the list at the first look after a start is no news.
        "events only",
        (
            Patch(
                "opium/workers/intake.py",
                "if is_old(row.date, first.taken_at)]",
                "if not self.caught_up or is_old(row.date, first.taken_at)]",
            ),
        ),
    ),
    Mutant(
        "failed first read taken as baseline",
        (
            Patch(
                "opium/workers/intake.py",
                """        rows = self._all_paid()
        hit("before_baseline")
""",
                """        try:
            rows = self._all_paid()
        except Exception:
            rows = []
        hit("before_baseline")
""",
            ),
        ),
    ),
    Mutant(
        "cursor moved first",
        (
            Patch(
                "opium/workers/intake.py",
                "            orders = self._desk.client.orders([p.order_id for p in batch])\n",
                """            with self._desk.write() as (db, _account):
                for p in batch:
                    db.get_one(OrderSeen, (self._desk.fp_id, p.order_id)).decision = "offered"
            orders = self._desk.client.orders([p.order_id for p in batch])
""",
            ),
        ),
    ),
    Mutant(
        # Without the constraint that would stop this bug.
        "marker without part number",
        (
            Patch(
                "opium/work.py",
                "Marker(handout.order_id, kind, n, len(parts))",
                "Marker(handout.order_id, kind, 1, len(parts))",
            ),
            Patch(
                "opium/db/migrations/001_first.py",
                '        sa.UniqueConstraint("marker"),\n',
                "",
            ),
        ),
    ),
    Mutant(
        "author not checked",
        (
            Patch(
                "opium/workers/match.py",
                "    for message in written_by(user_id, messages):\n",
                "    for message in messages:\n",
            ),
        ),
        TRIAL + " --kinds quoted",
    ),
    Mutant(
        "`started` treated as `waiting` at start",
        (
            Patch(
                "opium/journal.py",
                """            state="unknown",
            reason=lost,
            since=now,
            next_at=look_at,
""",
                """            state="waiting",
            reason=lost,
            since=now,
            next_at=None,
""",
            ),
        ),
    ),
)
NOTHING = Mutant("(nothing planted)", ())
"""Must pass where the others must fail."""


def check(
    folder: Path,
    mutants: Sequence[Mutant] = (NOTHING, *MUTANTS),
    *,
    seeds: int = 3,
    workers: int = 2,
    say: Callable[[str], object] = print,
) -> list[Finding]:
    """Try each mutant with seeds 1, 2, … until one shows it; `workers` mutants at a time."""
    for mutant in mutants:  # a text that has changed is told at once, not after an hour
        if changed := plantable(mutant):
            raise NotPlanted("; ".join(changed))

    def one(mutant: Mutant) -> Finding:
        finding = _try(folder, mutant, seeds)
        say(_line(finding))
        return finding

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, mutants))


def chosen(words: Sequence[str]) -> list[Mutant]:
    """The mutants whose name has one of these words; all, and the control run, without words."""
    everyone = [NOTHING, *MUTANTS]
    return [m for m in everyone if any(word in m.name for word in words)] if words else everyone


def plantable(mutant: Mutant) -> list[str]:
    """Why this bug cannot be planted; empty if it can."""
    changed = []
    for patch in mutant.patches:
        try:
            patch.applied((ROOT / patch.file).read_text("utf-8"))
        except NotPlanted as exc:
            changed.append(str(exc))
    return changed


def _planted(folder: Path, mutant: Mutant) -> Path:
    """A copy of the project with this bug."""
    root = folder / re.sub(r"\W+", "-", mutant.name).strip("-")
    root.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            copytree(source, root / name, ignore=ignore_patterns("__pycache__"))
        else:
            copy2(source, root / name)
    for patch in mutant.patches:
        patch.apply(root)
    return root


def _try(folder: Path, mutant: Mutant, seeds: int) -> Finding:
    began = time.monotonic()
    finding = Finding(mutant)
    root = _planted(folder, mutant)
    try:
        for seed in range(1, seeds + 1):
            wrong = _run(root, mutant, seed)
            if wrong:
                finding.seed, finding.shown = seed, wrong
                break
    finally:
        rmtree(root, ignore_errors=True)
        finding.seconds = time.monotonic() - began
    return finding


def _run(root: Path, mutant: Mutant, seed: int) -> list[str]:
    """What one run found wrong."""
    command = [sys.executable, "-m", "tests.chaos", *mutant.shown_by.split(), "--seed", str(seed)]
    own = root.with_suffix(".tmp")
    own.mkdir(exist_ok=True)
    done = subprocess.run(
        command,
        cwd=root,
        env=environment({"TMPDIR": str(own)}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    rmtree(own, ignore_errors=True)
    if done.returncode == 0:
        return []
    marked = [line.split("  <--")[0] for line in done.stdout.splitlines() if "  <--" in line]
    found = [re.sub(r"\s+", " ", line.rsplit(maxsplit=1)[0]).strip() for line in marked]
    if found == ["quiet at the end no"]:
        return []  # a busy machine is slow, too: this alone shows nothing
    return found or ["ended early: " + done.stdout.strip().rsplit("\n", 1)[-1][:150]]


def _line(finding: Finding) -> str:
    shown = ", ".join(finding.shown)
    where = f"seed {finding.seed}: {shown}" if finding.seed is not None else "not shown"
    return f"{finding.mutant.name}: {where} ({finding.seconds:.0f} s)"


def caught(findings: Sequence[Finding]) -> bool:
    """Whether every planted bug was shown, and nothing where nothing was planted."""
    return all((f.seed is None) == (not f.mutant.patches) for f in findings)


def print_findings(findings: Sequence[Finding], out: TextIO) -> None:
    """Bug, seed, and what of the table was wrong."""
    out.write(f"\n{'planted bug':<42}{'seed':>5}  shown as\n{'-' * 78}\n")
    for f in findings:
        seed = "-" if f.seed is None else str(f.seed)
        wanted = "" if (f.seed is None) == (not f.mutant.patches) else "  <--"
        out.write(f"{f.mutant.name:<42}{seed:>5}  {', '.join(f.shown) or 'nothing'}{wanted}\n")
    planted = [f for f in findings if f.mutant.patches]
    found = sum(f.seed is not None for f in planted)
    verdict = "PASSED" if caught(findings) else "FAILED"
    out.write(f"\n{verdict}: {found} of {len(planted)} caught\n")
