"""`python app.py demo`: two shops and their buyers on a marketplace of this machine.

The sandbox and Opium run as processes of their own; this one plays the people, and tells what
happens from the sandbox's log and Opium's API. Nothing leaves the machine.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from opium.demo.buyers import Buyers
from opium.demo.calls import DemoError
from opium.demo.facts import Facts
from opium.demo.processes import FOLDER, fresh_folder
from opium.demo.stage import Stage, Stopped
from opium.demo.timeline import Timeline

TICK = 0.5
TITLE = "Opium demo: a made-up marketplace with two shops and their buyers. Ctrl-C ends it.\n"


def run(
    port: int = 8000,
    sandbox_port: int = 8100,
    seconds: float | None = None,
    folder: Path = FOLDER,
) -> int:
    """Show the demo until Ctrl-C, or for `seconds` from the opening of the shops; the exit code.

    With `seconds` the end is strict: 1 if an order was lost or something came twice.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    timeline = Timeline()
    stage = Stage(folder, timeline, stop)
    try:
        timeline.say(TITLE)
        with ExitStack() as ends:
            ends.enter_context(fresh_folder(folder))
            ends.callback(stage.close)
            opened = stage.open(port, sandbox_port)
            facts = Facts(opened.sandbox, opened.api, opened.shop)
            buyers = Buyers(opened.sandbox.again(), opened.api.again(), opened.shop, stop)
            fine = _show(timeline, stage, facts, buyers, stop, seconds)
        return 0 if fine or seconds is None else 1
    except Stopped:
        timeline.say("\nEnded before the first order.")
        return 0
    except DemoError as exc:
        print(f"\n{exc}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # who read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _show(
    timeline: Timeline,
    stage: Stage,
    facts: Facts,
    buyers: Buyers,
    stop: threading.Event,
    seconds: float | None,
) -> bool:
    """Let the buyers in and tell what happens; whether all went as it should."""
    buyers.start()
    began = time.monotonic()
    while not stop.wait(TICK) and (seconds is None or time.monotonic() - began < seconds):
        stage.check()
        try:
            timeline.add(facts.site() + facts.opium() + buyers.news())
        except DemoError:
            # Opium or the sandbox does not answer; if it is because one died, say that instead.
            stop.wait(TICK)
            stage.check()
            raise
    stop.set()
    buyers.join(2)
    facts.opium()
    # The sandbox ends last: its log shall tell also what Opium did until its end.
    code = stage.end_opium()
    timeline.add(facts.site() + buyers.news(), all_now=True)
    timeline.say(f"\n{facts.sales.summary()}")
    if code != 0:
        timeline.say(f"Opium ended with exit code {code}.")
    return not (code or buyers.trouble or facts.sales.lost() or facts.sales.doubled())
