"""`python -m tests.fuzz` sends made-up and hostile requests to every route (docs/fuzz.md)."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import warnings
from pathlib import Path
from random import SystemRandom
from typing import TextIO

from web_cast import make_template

from .asked import Stage
from .real import Real
from .run import Run, progress
from .stage import Inside


def main() -> int:
    told = _arguments()
    number = told.seed if told.seed is not None else SystemRandom().randrange(1_000_000)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    print(f"seed {number}: {told.requests} requests", flush=True)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        template = make_template(Path(folder) / "template")
        stage = _stage(told.real, Path(folder) / "instance", template)
        try:
            run = _run(stage, told, number)
        finally:
            stage.close()
    print_table(run, sys.stdout)
    return 1 if run.mistakes or run.opened else 0


def _stage(real: bool, folder: Path, template: Path) -> Stage:
    return Real(folder, template) if real else Inside(folder, template)


def _run(stage: Stage, told: argparse.Namespace, number: int) -> Run:
    run = Run(stage, number, told.real, told.chaotic, told=progress(sys.stderr))
    try:
        if told.chaotic:
            stage.misbehave()
        else:
            run.hostile()
        if isinstance(stage, Real):
            run.wire(stage.wire())
        run.draw(told.requests)
    except KeyboardInterrupt:
        print("Stopped; these are the figures so far.")
    return run


def print_table(run: Run, out: TextIO) -> None:
    """What was wrong, each with a line that repeats it; then the figures."""
    for asked, problem in run.wrong:
        print(f"WRONG {asked.method} {asked.route} ({asked.kind}): {problem}", file=out)
        print(f"  {asked.curl()}", file=out)
    for line in run.broken:
        print(f"WRONG on the wire: {line}", file=out)
    for method, route in sorted(run.opened):
        print(f"OPEN without a token: {method} {route}", file=out)
    for title, counts in (("upstream_error", run.upstream), ("503", run.unavailable)):
        for place, count in counts.most_common():
            print(f"{title} {count} × {place}", file=out)
    rows = [("requests", run.codes.total())]
    rows += [(f"status {code}", count) for code, count in sorted(run.codes.items())]
    rows += [("upstream_error", run.upstream.total()), ("routes open", len(run.opened))]
    for kind in sorted({kind for kind, _ in run.kinds}):
        codes = {code: count for (k, code), count in run.kinds.items() if k == kind}
        shown = "  ".join(f"{code}: {count}" for code, count in sorted(codes.items()))
        print(f"{kind:16}{sum(codes.values()):8}  {shown}", file=out)
    for name, count in [*rows, ("wrong", run.mistakes)]:
        print(f"{name:16}{count:8}", file=out)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000, help="drawn from the document")
    parser.add_argument("--seed", type=int, default=None, help="repeats a run")
    parser.add_argument("--real", action="store_true", help="a server process over sockets")
    parser.add_argument("--chaotic", action="store_true", help="the doubles answer wrongly too")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
