"""`python -m tests.chaos` tries to lose or double an order; `... walk` dies at every failpoint;
`... calls` lets every single call fail; `... restores` puts back old copies of the database;
`... mutants` plants bugs that must be caught."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from random import SystemRandom

from .calls import print_calls, walk_calls
from .mutants import caught, check, chosen, print_findings
from .plan import draw
from .rents import RentTrial, print_rents
from .rents_down import rents_down, rents_limited
from .rents_plan import draw_rents
from .rents_walk import print_releases, walk_releases
from .restores import restores
from .scenes import downtime, isolation, print_figures
from .trial import Trial, print_result
from .walk import print_walk, walk


def main() -> int:
    told = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    good = False
    try:
        good = WHAT[told.what](told, folder)
    finally:
        if good or not told.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"Kept: {folder}")
    return 0 if good else 1


def _trial(told: argparse.Namespace, folder: Path) -> bool:
    seed = told.seed if told.seed is not None else SystemRandom().randrange(1_000_000)
    seconds = told.seconds or max(10.0, told.orders / 14, told.kills * 1.2)
    print(
        f"seed {seed}: {told.orders} orders, {told.accounts} accounts, {told.kills} kills, "
        f"{told.faults:g} % faults, {seconds:.0f} s",
        flush=True,
    )
    plan = draw(seed, told.orders, told.accounts, told.kills, told.faults, seconds, told.kinds)
    result = Trial(plan, seed, folder, say=_say).run(patience=told.patience)
    print_result(result, seed, sys.stdout)
    return result.good


def _rents(told: argparse.Namespace, folder: Path) -> bool:
    seed = told.seed if told.seed is not None else SystemRandom().randrange(1_000_000)
    seconds = told.seconds or max(40.0, told.rentals, told.kills * 8.0)
    print(
        f"seed {seed}: {told.rentals} rentals, {told.accounts} accounts, {told.kills} kills, "
        f"{told.faults:g} % faults, {seconds:.0f} s",
        flush=True,
    )
    plan = draw_rents(seed, told.rentals, told.accounts, told.kills, told.faults, seconds)
    result = RentTrial(plan, seed, folder, say=_say).run(max(told.patience, 300 + 2 * told.rentals))
    print_rents(result, seed, sys.stdout)
    return result.good


def _rents_walk(told: argparse.Namespace, folder: Path) -> bool:
    steps = walk_releases(folder, told.names or None, workers=told.workers, say=_say)
    print_releases(steps, sys.stdout)
    return all(step.good for step in steps)


def _rents_down(_told: argparse.Namespace, folder: Path) -> bool:
    figures = rents_down(folder, say=_say)
    print_figures(figures, sys.stdout)
    return all(figure.good for figure in figures)


def _rents_limited(_told: argparse.Namespace, folder: Path) -> bool:
    figures = rents_limited(folder, say=_say)
    print_figures(figures, sys.stdout)
    return all(figure.good for figure in figures)


def _walk(told: argparse.Namespace, folder: Path) -> bool:
    steps = walk(folder, told.names or None, workers=told.workers, say=_say)
    print_walk(steps, sys.stdout)
    return all(step.good for step in steps)


def _calls(told: argparse.Namespace, folder: Path) -> bool:
    steps = walk_calls(folder, told.names or None, workers=told.workers, say=_say)
    print_calls(steps, sys.stdout)
    return all(step.good for step in steps)


def _mutants(told: argparse.Namespace, folder: Path) -> bool:
    findings = check(folder, chosen(told.names), workers=told.workers, say=_say)
    print_findings(findings, sys.stdout)
    return caught(findings)


def _downtime(_told: argparse.Namespace, folder: Path) -> bool:
    figures = downtime(folder, say=_say)
    print_figures(figures, sys.stdout)
    return all(figure.good for figure in figures)


def _restores(told: argparse.Namespace, folder: Path) -> bool:
    seed = told.seed if told.seed is not None else SystemRandom().randrange(1_000_000)
    print(f"seed {seed}: {told.rounds} restores", flush=True)
    figures = restores(folder, told.rounds, seed, say=_say)
    print_figures(figures, sys.stdout)
    return all(figure.good for figure in figures)


def _isolation(_told: argparse.Namespace, folder: Path) -> bool:
    figures = isolation(folder, say=_say)
    print_figures(figures, sys.stdout)
    return all(figure.good for figure in figures)


WHAT = {
    "run": _trial,
    "rents": _rents,
    "rents-walk": _rents_walk,
    "rents-down": _rents_down,
    "rents-limited": _rents_limited,
    "walk": _walk,
    "calls": _calls,
    "mutants": _mutants,
    "downtime": _downtime,
    "isolation": _isolation,
    "restores": _restores,
}


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("what", nargs="?", choices=tuple(WHAT), default="run")
    parser.add_argument("names", nargs="*", help="only these failpoints, or bugs")
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--rentals", type=int, default=60)
    parser.add_argument("--accounts", type=int, default=4)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--faults", type=float, default=5, help="percent of the sends")
    parser.add_argument("--kinds", nargs="+", default=(), help="sends meet only these faults")
    parser.add_argument("--seed", type=int, help="any number; drawn and printed if not given")
    parser.add_argument("--seconds", type=float, help="how long orders are paid")
    parser.add_argument("--patience", type=float, default=120, help="seconds until all is quiet")
    parser.add_argument("--rounds", type=int, default=100, help="restores")
    parser.add_argument("--workers", type=int, default=3, help="runs at the same time")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a failed run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
