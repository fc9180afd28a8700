"""The terminal: the steps of the start, where everything is, and one aligned line per fact."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

COLOURS = {
    "paid": "36",
    "delivered": "1;32",
    "waiting": "33",
    "refilled": "33",
    "rented": "1;32",
    "told": "1;34",
    "pressed": "1;34",
    "answered": "1;34",
    "extended": "32",
    "free": "32",
    "checked": "2",
    "opened": "34",
    "signed in": "36",
    "signed out": "35",
    "password": "35",
    "confirmed": "32",
    "refused": "35",
    "refunded": "35",
    "raised": "34",
    "review": "32",
    "sent again": "32",
    "message": "2",
    "held": "1;31",
    "failed": "1;31",
    "trouble": "1;31",
}
SHOP_WIDTH = 7
TEXT_WIDTH = 60
HELD_BACK = timedelta(seconds=1)
"""Lines come from several sources; after this long they can be put in order."""


class Line(NamedTuple):
    """Something that happened."""

    at: datetime
    account: str
    what: str
    order: str
    text: str


class Timeline:
    """Prints; colours only on a terminal, and not if NO_COLOR is set."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._lines: list[Line] = []
        self._delivered = False
        if isinstance(sys.stdout, io.TextIOWrapper):
            # Titles are Russian; a terminal that cannot show them gets question marks.
            sys.stdout.reconfigure(line_buffering=True, errors="replace")

    def say(self, text: str) -> None:
        print(text)

    def step(self, text: str) -> None:
        """A step of the start that is done, with the seconds since the beginning."""
        self.say(f"  {time.monotonic() - self._began:4.1f} s  {text}")

    def places(self, site: str, steam: str, telegram: str, api: str, password: str) -> None:
        """Where everything is."""
        for name, place in (
            ("API", f"{api}/api"),
            ("API document", f"{api}/docs"),
            ("sign in with", f"admin / {password}"),
            ("play a buyer", f"{site}/__sandbox__/"),
            ("your phone", f"{telegram}/"),
            ("Steam", f"{steam}/__sandbox__/accounts"),
        ):
            self.say(f"  {name}  {'':{12 - len(name)}}{self._painted('1', place)}")
        self.say("")

    def add(self, lines: Sequence[Line], *, all_now: bool = False) -> None:
        """Show lines in the order in which things happened."""
        self._lines = sorted([*self._lines, *lines], key=lambda line: line.at)
        until = datetime.now(UTC) - HELD_BACK
        while self._lines and (all_now or self._lines[0].at < until):
            self._show(self._lines.pop(0))

    def _show(self, line: Line) -> None:
        order = f"#{line.order} " if line.order else ""
        text = line.text if len(line.text) <= TEXT_WIDTH else f"{line.text[: TEXT_WIDTH - 2]}…»"
        what = self._painted(COLOURS.get(line.what, "0"), f"{line.what:<10}")
        shown = (
            f"{line.at.astimezone():%H:%M:%S}  {line.account:<{SHOP_WIDTH}}  {what} {order}{text}"
        )
        if line.what == "delivered" and not self._delivered:
            self._delivered = True
            since = time.monotonic() - self._began - (datetime.now(UTC) - line.at).total_seconds()
            shown += f"; the first, {since:.1f} s after the start"
        self.say(shown)

    def _painted(self, colour: str, text: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._colours else text
