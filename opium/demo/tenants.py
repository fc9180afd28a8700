"""The people who rent: what they read in their chat they use at Steam."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from queue import SimpleQueue

from opium.demo.calls import DemoError, OpiumApi, Sandbox
from opium.demo.rental import GAME, HERE, LOGINS, LOT, RENTALS, TENANTS, open_rental
from opium.demo.shop import all_running, chance
from opium.demo.timeline import Line

ACCESS = re.compile(r"^Логин: (\S+)\nПароль: (\S+)$", re.M)
CHOICE = re.compile(r"^!продлить (\S+) - ", re.M)
CODE = re.compile(r"^Код для (\S+): (\w{5})$", re.M)
PATIENCE = 240
"""Seconds: longer than two rentals and their ends take."""
PRAISE = ("Всё чётко, спасибо!", "Быстро, вернусь ещё")


class Tenants(threading.Thread):
    """Rent until `stop`; `news` are the lines that no log has."""

    def __init__(
        self, sandbox: Sandbox, steam: Sandbox, api: OpiumApi, stop: threading.Event
    ) -> None:
        super().__init__(name="tenants", daemon=True)
        self.trouble = False
        self._news: SimpleQueue[Line] = SimpleQueue()
        self._sandbox, self._steam, self._api, self._stop_told = sandbox, steam, api, stop
        self._read: dict[str, int] = {}

    def run(self) -> None:
        scenes = self._scenes()
        while not self._stop_told.is_set():
            try:
                self._stop_told.wait(next(scenes))
            except DemoError as exc:
                if not self._stop_told.is_set():
                    self.trouble = True
                    self._tell("trouble", str(exc))
                scenes = self._everyday()  # a generator that raised has ended

    def news(self) -> list[Line]:
        """What is new since the last call."""
        return [self._news.get() for _ in range(self._news.qsize())]

    def _scenes(self) -> Iterator[float]:
        """Seconds of rest between what is done."""
        yield from self._play()
        yield from self._everyday()

    def _play(self) -> Iterator[float]:
        """Two rent, the third has to wait for what the first one leaves."""
        yield 3
        open_rental(self._api, self._steam)
        self._tell("opened", f"{LOT.title}: two Steam accounts with their maFiles")
        self._checks_mafile(LOGINS[0])
        while not all_running(self._api):
            yield 0.5
        self._buys("emma")
        access = yield from self._waits("emma", ACCESS)
        yield from self._plays("emma", *access)
        self._writes("emma", "!данные")
        self._checks_mafile(LOGINS[1])
        yield 3
        order = self._buys("finn")
        yield from self._plays("finn", *(yield from self._waits("finn", ACCESS)))
        yield 3
        self._buys("gleb")
        yield 5
        self._writes("gleb", f"!статус {GAME}")
        yield 4
        self._is_happy(order)
        theirs = yield from self._waits("gleb", ACCESS)
        self._comes_back("emma", *access)
        yield 2
        yield from self._plays("gleb", *theirs)

    def _everyday(self) -> Iterator[float]:
        """One rental after the other, at the pace that two accounts allow."""
        while True:
            yield chance.uniform(15, 30)
            name = chance.choice(list(TENANTS))
            self._buys(name)
            either = re.compile(f"{ACCESS.pattern}|{CHOICE.pattern}", re.M)
            login, password, again = yield from self._waits(name, either)
            if again:
                yield 3
                self._writes(name, f"!продлить {again}")
            else:
                yield from self._plays(name, login, password)

    def _plays(self, name: str, login: str, password: str) -> Iterator[float]:
        """Ask for a code and sign in."""
        yield 1
        self._writes(name, "!код")
        _, code = yield from self._waits(name, CODE)
        yield 2
        who = {"login": login, "password": password, "code": code, "ip": name}
        self._steam.post("/buyers", who)
        yield 2

    def _comes_back(self, name: str, login: str, password: str) -> None:
        """The password of a rental that is over opens nothing."""
        try:
            self._steam.post("/buyers", {"login": login, "password": password, "ip": name})
            self.trouble = True
            self._tell("trouble", f"{name} came back into {login} with the old password")
        except DemoError:
            self._tell("refused", f"{login}: {name} came back with the old password", "Steam")

    def _waits(self, name: str, wanted: re.Pattern[str]) -> Generator[float, None, tuple[str, ...]]:
        """Until the shop has written it to him, after what he read last; its groups."""
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            for message in self._sandbox.get("/messages", viewer=name, other=RENTALS):
                found = wanted.search(message["text"])
                if found and message["id"] > self._read.get(name, 0):
                    self._read[name] = message["id"]
                    return found.groups()
            yield 0.5
        raise DemoError(f"{name} waited in vain for {PATIENCE} s.")

    def _buys(self, name: str) -> str:
        chat = self._sandbox.get("/messages", viewer=name, other=RENTALS)
        self._read[name] = max((message["id"] for message in chat), default=0)
        return str(self._sandbox.post("/orders", {"buyer": name, "lot": LOT.id})["id"])

    def _writes(self, name: str, text: str) -> None:
        self._sandbox.post("/messages", {"from": name, "to": RENTALS, "text": text})

    def _is_happy(self, order: str) -> None:
        """Confirm and praise: that earns the bonus."""
        self._sandbox.post(f"/orders/{order}/confirm")
        review = {"stars": 5, "text": chance.choice(PRAISE)}
        self._sandbox.post(f"/orders/{order}/review", review)

    def _checks_mafile(self, login: str) -> None:
        """The owner signs everybody out once: now he knows that the maFile works."""
        self._api.post(f"{HERE}/steam-accounts/{login}/kick-sessions")
        self._tell("checked", f"{login}: the maFile works, nobody else is signed in")

    def _tell(self, what: str, text: str, account: str = RENTALS) -> None:
        self._news.put(Line(datetime.now(UTC), account, what, "", text))
