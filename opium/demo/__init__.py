"""`python app.py demo`: three shops and their buyers on a marketplace of this machine.

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
from opium.demo.owner import Owner
from opium.demo.phone_facts import PhoneFacts
from opium.demo.processes import FOLDER, fresh_folder
from opium.demo.stage import Opened, Stage, Stopped
from opium.demo.steam_facts import SteamFacts
from opium.demo.tenants import Tenants
from opium.demo.timeline import Line, Timeline

TICK = 0.5
TITLE = "Opium demo: a made-up marketplace, Steam and phone, three shops. Ctrl-C ends it.\n"


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
        # In a thread: a handler runs in the main one, which may hold the event's lock just then.
        signal.signal(number, lambda *_: threading.Thread(target=stop.set).start())
    timeline = Timeline()
    stage = Stage(folder, timeline, stop)
    try:
        timeline.say(TITLE)
        with ExitStack() as ends:
            ends.enter_context(fresh_folder(folder))
            ends.callback(stage.close)
            show = Show(timeline, stage, stage.open(port, sandbox_port), stop)
            fine = show.run(seconds)
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


class Show:
    """The open shops: their people, and what is told of them."""

    def __init__(
        self, timeline: Timeline, stage: Stage, opened: Opened, stop: threading.Event
    ) -> None:
        self._timeline, self._stage, self._stop = timeline, stage, stop
        sandbox, steam, api = opened.sandbox, opened.steam, opened.api
        self._facts, self._steam = Facts(sandbox, api, opened.shop), SteamFacts(steam, api)
        self._phone = PhoneFacts(opened.telegram, self._facts.sales)
        self._people: tuple[Buyers | Tenants | Owner, ...] = (
            Buyers(sandbox.again(), api.again(), opened.shop, stop),
            Tenants(sandbox.again(), steam.again(), api.again(), stop),
            Owner(opened.telegram.again(), sandbox.again(), api.again(), stop),
        )

    def run(self, seconds: float | None) -> bool:
        """Let the people in and tell what happens; whether all went as it should."""
        for person in self._people:
            person.start()
        began = time.monotonic()
        while not self._stop.wait(TICK) and (seconds is None or time.monotonic() - began < seconds):
            self._stage.check()
            try:
                self._timeline.add(self._site() + self._opium())
            except DemoError:
                # Opium or the sandbox does not answer; if it is because one died, say that.
                self._stop.wait(TICK)
                self._stage.check()
                raise
        return self._end()

    def _end(self) -> bool:
        self._stop.set()
        for person in self._people:
            person.join(2)
        lines = self._opium()
        # The sandbox ends last: its log shall tell also what Opium did until its end.
        code = self._stage.end_opium()
        self._timeline.add(lines + self._site(), all_now=True)
        sales = self._facts.sales
        sources = (sales, self._steam, self._phone)
        self._timeline.say("\n" + "\n".join(source.summary() for source in sources))
        if code != 0:
            self._timeline.say(f"Opium ended with exit code {code}.")
        trouble = any(person.trouble for person in self._people)
        wrong = [*self._steam.wrong(), *self._phone.wrong()]
        return not (code or trouble or sales.lost() or sales.doubled() or wrong)

    def _site(self) -> list[Line]:
        """What FunPay, Steam, the phone and the people tell."""
        lines = self._facts.site() + self._steam.site() + self._phone.site()
        return lines + [line for person in self._people for line in person.news()]

    def _opium(self) -> list[Line]:
        return self._facts.opium() + self._steam.opium()
