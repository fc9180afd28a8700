"""`python -m tests.chaos` tries to lose or double an order; `... walk` dies at every failpoint."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from random import SystemRandom

from .plan import draw
from .trial import Trial, print_result
from .walk import print_walk, walk


def main() -> int:
    told = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    good = False
    try:
        good = _walk(told, folder) if told.what == "walk" else _trial(told, folder)
    finally:
        if good or not told.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"Kept: {folder}")
    return 0 if good else 1


def _trial(told: argparse.Namespace, folder: Path) -> bool:
    seed = told.seed if told.seed is not None else SystemRandom().randrange(1_000_000)
    seconds = told.seconds or max(10.0, told.orders / 8, told.kills * 1.8)
    print(
        f"seed {seed}: {told.orders} orders, {told.accounts} accounts, {told.kills} kills, "
        f"{told.faults:g} % faults, {seconds:.0f} s",
        flush=True,
    )
    plan = draw(seed, told.orders, told.accounts, told.kills, told.faults, seconds)
    result = Trial(plan, seed, folder, say=_say).run(patience=told.patience)
    print_result(result, seed, sys.stdout)
    return result.good


def _walk(told: argparse.Namespace, folder: Path) -> bool:
    steps = walk(folder, told.names or None, workers=told.workers, say=_say)
    print_walk(steps, sys.stdout)
    return all(step.good for step in steps)


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("run", "walk"), default="run")
    parser.add_argument("names", nargs="*", help="walk: only these failpoints")
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--accounts", type=int, default=4)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--faults", type=float, default=5, help="percent of the sends")
    parser.add_argument("--seed", type=int, help="any number; drawn and printed if not given")
    parser.add_argument("--seconds", type=float, help="how long orders are paid")
    parser.add_argument("--patience", type=float, default=120, help="seconds until all is quiet")
    parser.add_argument("--workers", type=int, default=3, help="walk: runs at the same time")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a failed run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
