"""One run: requests are sent, answers judged and counted."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from random import Random
from typing import TextIO

from . import hostile
from .asked import CLOSED, OWNER, Asked, Seen, Stage
from .chains import chains, walk
from .contract import PUBLIC, Contract
from .drawn import Drawn
from .memory import Memory

CHAINS_AFTER = 100
"""Requests until time passes, the furniture is put up again, and a chain is walked."""
HEAD = 15_500
"""Bytes of a request's head beyond which the web server may refuse it by itself."""

EXPLAINED = re.compile(r"Steam (?:says|asked|did not) |Enough sign-ins from this address ")
"""The double of Steam refuses the wrong passwords that were made up, and then this address."""

SHAKING = {
    f"/accounts/{{account_id}}{place}"
    for place in ("", "/config", "/start", "/stop", "/modules/{module_name}")
}
Exchange = tuple[str, list[Seen], str | None]
"""A name, the answers, and what is wrong with them."""


@dataclass
class Run:
    """`wrong` holds what was asked and what is wrong with the answer."""

    stage: Stage
    number: int = 1
    heads_are_bounded: bool = False
    chaotic: bool = False
    codes: Counter[int] = field(default_factory=Counter)
    kinds: Counter[tuple[str, int]] = field(default_factory=Counter)
    upstream: Counter[str] = field(default_factory=Counter)
    unavailable: Counter[str] = field(default_factory=Counter)
    opened: set[tuple[str, str]] = field(default_factory=set)
    wrong: list[tuple[Asked, str]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    told: Callable[[int], None] = lambda count: None

    def __post_init__(self) -> None:
        self._chance = Random(self.number)
        self._contract = Contract(self.stage.document())
        self._memory = Memory(self.stage.ids, sorted(self._contract.document["paths"]))

    # --- the three ways to ask

    def draw(self, requests: int) -> None:
        """About that many made-up requests, with chains in between."""
        Drawn(self._contract.document, self._memory, self._chance).ask(
            requests, self.number, self._draw_one
        )
        self.chain()

    def _draw_one(self, asked: Asked) -> None:
        self.send(asked)
        count = self.codes.total()
        if count % CHAINS_AFTER == 0:
            self.stage.rest()  # what the chain leans on may have been deleted
            walk(self._chance.choice(chains(count)), self._chance, self.send)

    def chain(self) -> None:
        """Each chain once."""
        self.stage.rest()
        for chain in chains(self._chance.randrange(10**6)):
            walk(chain, self._chance, self.send)

    def hostile(self, every: int = 1) -> None:
        """The fixed list, or each so-manieth of it; what had to be refused may change no row."""
        before = self.stage.fingerprint()
        for asked in islice(hostile.requests(self._contract, self.stage.ids), 0, None, every):
            self.send(asked)
            after = self.stage.fingerprint()
            if asked.hopeless and after != before:
                self._note_stored(asked, before, after)
            before = after

    def wire(self, exchanges: Iterable[Exchange]) -> None:
        """Count the answers to hostile bytes."""
        for name, answers, problem in exchanges:
            for seen in answers:
                self.codes[seen.status] += 1
                self.kinds["wire", seen.status] += 1
            if problem is not None:
                self.broken.append(f"{name}: {problem}")

    @property
    def mistakes(self) -> int:
        return len(self.wrong) + len(self.broken)

    def _note_stored(self, asked: Asked, before: dict[str, int], after: dict[str, int]) -> None:
        tables = [name for name in after if after[name] != before.get(name)]
        self.wrong.append((asked, f"it was refused, yet it changed {', '.join(tables)}"))

    # --- one request

    def send(self, asked: Asked) -> Seen:
        if self.heads_are_bounded and _head(asked) > HEAD:
            asked = replace(
                asked, expected=frozenset({*self._contract.allowed(asked), 431, CLOSED})
            )
        seen = self.stage.send(asked)
        self.codes[seen.status] += 1
        self.kinds[_class_of(asked), seen.status] += 1
        self._count(asked, seen)
        problem = self._contract.judge(asked, seen)
        if problem is not None:
            shown = seen.body[:300].decode("utf-8", "replace")
            self.wrong.append((asked, f"{problem}: {shown}"))
        elif seen.status < 300 and seen.headers.get("content-type") == "application/json":
            self._memory.learn(asked.route, json.loads(seen.body) if seen.body else None)
        self.told(self.codes.total())
        if seen.status < 300 and _shakes(asked):
            self.stage.rest()
        return seen

    def _count(self, asked: Asked, seen: Seen) -> None:
        place = f"{asked.method} {asked.route}"
        if asked.who != OWNER and (asked.method, asked.route) not in PUBLIC and seen.status != 401:
            self.opened.add((asked.method, asked.route))
        if seen.status == 500 and b"upstream_error" in seen.body:
            detail = json.loads(seen.body)["detail"]
            self.upstream[f"{place}: {detail}"] += 1
            if not self.chaotic and not EXPLAINED.match(detail):
                self.wrong.append((asked, f"nobody injected this: {detail}"))
        if seen.status == 503:
            self.unavailable[place] += 1
            if not self.chaotic:
                self.wrong.append((asked, "503, and nothing was in its way"))


def _shakes(asked: Asked) -> bool:
    """Whether the shop may not run any more after it."""
    return asked.kind != "chain" and asked.method != "GET" and asked.route in SHAKING


def _head(asked: Asked) -> int:
    return len(asked.path) + sum(len(name) + len(value) + 4 for name, value in asked.headers)


def _class_of(asked: Asked) -> str:
    if asked.who != OWNER:
        return asked.who
    return asked.kind if asked.kind in ("drawn", "chain") else "hostile"


def progress(out: TextIO, every: int = 1000) -> Callable[[int], None]:
    """Tells each thousand requests."""
    began = time.monotonic()

    def told(count: int) -> None:
        if count % every == 0:
            print(f"{count} requests, {time.monotonic() - began:.0f} s", file=out, flush=True)

    return told
