"""A seller, a buyer and a client between them, with time that stands still."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from opium.clock import ManualClock
from opium.funpay.client import FunPay
from opium.funpay.gate import Gate, Pace, Pauses
from sandbox.clock import Clock as WorldClock
from sandbox.funpay import create_app
from sandbox.transport import ORIGIN, SandboxAdapter
from sandbox.world import World
from sandbox.world.people import Buyer, Seller

NOW = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)


@dataclass
class Watched(BaseAdapter):
    """Counts what goes on the wire, and can let something happen first."""

    inner: BaseAdapter
    sent: list[PreparedRequest] = field(default_factory=list)
    first: Callable[[PreparedRequest], None] = lambda request: None

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        self.sent.append(request.copy())
        self.first(request)
        return self.inner.send(request, stream, timeout, verify, cert, proxies)

    def close(self) -> None:
        self.inner.close()

    def lines(self) -> list[str]:
        return [f"{request.method} {request.path_url}" for request in self.sent]


@dataclass
class Cast:
    world: World
    shop: Seller
    ann: Buyer
    clock: ManualClock
    pauses: Pauses
    gate: Gate
    wire: Watched
    funpay: FunPay

    def fault(self, kind: str, when: str = "before", **details: Any) -> None:
        self.world.faults.add(kind, when, **details)

    def posts(self, path: str = "/runner/") -> int:
        """How many POSTs the site itself saw."""
        seen = self.world.log.requests(path=path)
        return sum(entry.facts["method"] == "POST" for entry in seen)


def cast(**client: Any) -> Cast:
    world = World(seed=1, clock=WorldClock(frozen_at=NOW))
    shop, ann = world.seller("shop"), world.buyer("ann")
    clock, pauses = ManualClock(NOW), None
    pauses = Pauses(clock)
    gate = Gate(Pace(), clock=clock, random=Random(1), pauses=pauses, wait=moving(clock))
    wire = Watched(SandboxAdapter(create_app(world)))
    funpay = FunPay(
        ORIGIN,
        shop.golden_key,
        gate=gate,
        clock=clock,
        random=Random(2),
        adapter=wire,
        **client,
    )
    return Cast(world, shop, ann, clock, pauses, gate, wire, funpay)


def moving(clock: ManualClock) -> Callable[[threading.Condition, float], None]:
    """Waiting that moves the clock instead."""
    return lambda condition, seconds: clock.advance(seconds)


def answer(status: int, body: bytes | str, **headers: str) -> Response:
    """An answer that the sandbox would never give."""
    response = Response()
    response.status_code = status
    response._content = body.encode() if isinstance(body, str) else body
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


@dataclass
class Canned(BaseAdapter):
    """Gives prepared answers, one after the other; an exception is raised."""

    answers: list[Response | Exception]
    sent: list[PreparedRequest] = field(default_factory=list)

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        self.sent.append(request)
        given = self.answers.pop(0)
        if isinstance(given, Exception):
            raise given
        given.request, given.url = request, str(request.url)
        return given

    def close(self) -> None:
        """Nothing is open."""


HOME = (
    b'<!DOCTYPE html><html><body data-app-data="{&quot;locale&quot;:&quot;ru&quot;,'
    b'&quot;csrf-token&quot;:&quot;a1b2c3d4e5f6g7h8&quot;,&quot;userId&quot;:1000001}">'
    b'<div class="user-link-name">SellerOne</div></body></html>'
)
"""As little of the main page as signing in needs."""
