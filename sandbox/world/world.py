"""Everything that exists on the marketplace, in memory, behind one lock."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from sandbox.clock import Clock
from sandbox.faults import FaultPlan
from sandbox.log import Log
from sandbox.world.chats import Chat, Chats, Message
from sandbox.world.errors import Unknown
from sandbox.world.files import Files
from sandbox.world.games import Game, Section, standard_games
from sandbox.world.ids import Ids
from sandbox.world.lots import Lots
from sandbox.world.notices import Notice
from sandbox.world.orders import Order, Orders
from sandbox.world.people import Buyer, Person, Seller
from sandbox.world.reviews import Reviews
from sandbox.world.sessions import Sessions
from sandbox.world.switches import Switches

Anybody = TypeVar("Anybody", bound=Person)


class World:
    """A marketplace. The same seed and the same verbs give the same world.

    >>> world = World(seed=1)
    >>> shop, ann = world.seller("shop"), world.buyer("ann")
    >>> order = ann.buys(shop.lot("Ключ Steam", price="99.90"))
    """

    def __init__(self, seed: int = 1, clock: Clock | None = None) -> None:
        self.lock = threading.RLock()
        self.clock = clock or Clock()
        self.switches = Switches()
        self.log = Log(self.now)
        self.faults = FaultPlan(seed)
        self.base_url = ""
        """What absolute links begin with; empty is the address the client asked for."""
        self._build(seed)

    def _build(self, seed: int) -> None:
        self.seed = seed
        self.ids = Ids(seed)
        self.games: list[Game] = standard_games()
        self.people: dict[int, Person] = {}
        self._keys: dict[str, Person] = {}
        self.files = Files(self)
        self.chats = Chats(self)
        self.lots = Lots(self)
        self.orders = Orders(self)
        self.reviews = Reviews(self)
        self.sessions = Sessions(self)
        self._due: list[tuple[datetime, Callable[[], object]]] = []

    def reset(self, seed: int | None = None) -> None:
        """Begin again, as if the process had just started."""
        with self.lock:
            self.switches = Switches()
            self.faults.clear()
            self.log.clear()
            self._build(self.seed if seed is None else seed)

    def now(self) -> datetime:
        return self.clock.now()

    def travel(self, seconds: float) -> None:
        """Let time pass, and with it what was put off."""
        self.clock.advance(seconds)
        self.run_due()

    def later(self, seconds: float, job: Callable[[], object]) -> None:
        """Put something off; it happens when the clock has moved and anybody looks."""
        with self.lock:
            self._due.append((self.now() + timedelta(seconds=seconds), job))

    def run_due(self) -> None:
        if not self._due:
            return
        with self.lock:
            now = self.now()
            due = [job for at, job in self._due if at <= now]
            self._due = [(at, job) for at, job in self._due if at > now]
        for job in due:
            job()

    # People

    def seller(self, name: str, golden_key: str | None = None, **more: Any) -> Seller:
        """The seller of this name, registered when first asked for."""
        return self._person(Seller, name, golden_key, **more)

    def buyer(self, name: str, golden_key: str | None = None, **more: Any) -> Buyer:
        """The buyer of this name, registered when first asked for."""
        return self._person(Buyer, name, golden_key, **more)

    def person(self, who: str | int) -> Person:
        """By name or user id."""
        for person in self.people.values():
            if who in (person.name, person.id):
                return person
        raise Unknown(f"no person {who!r}")

    def by_key(self, golden_key: str | None) -> Person | None:
        """Who signs in with this key."""
        if not golden_key:
            return None
        known = self._keys.get(golden_key)
        if known is None or known.golden_key != golden_key:
            known = next((p for p in self.people.values() if p.golden_key == golden_key), None)
            if known:
                self._keys[golden_key] = known
        return known

    # Places

    def section(self, node: int, kind: str = "lot") -> Section:
        for game in self.games:
            for section in game.sections:
                if section.id == node and section.kind == kind:
                    return section
        raise Unknown(f"no {kind} section {node}")

    def game(self, game_id: int) -> Game:
        for game in self.games:
            if game.id == game_id:
                return game
        raise Unknown(f"no game {game_id}")

    def add_section(self, game_id: int, game: str, node: int, name: str) -> Section:
        """A place of one's own, for tests that need a particular number."""
        with self.lock:
            found = next((g for g in self.games if g.id == game_id), None)
            if found is None:
                found = Game(game_id, game, game)
                self.games.append(found)
            return found.section(node, name, name)

    # Things that happen

    def order(self, order_id: str) -> Order:
        return self.orders.get(order_id)

    def ages(self, order: Order, hours: float) -> None:
        """Make an order look as old as this."""
        with self.lock:
            order.opened = self.now() - timedelta(hours=hours)

    def says(self, one: Person, other: Person, kind: str) -> Message:
        """A notice of the site between two people, e.g. `dear_vendors` or `unknown`."""
        with self.lock:
            return self.chats.notify(self.chats.between(one, other), Notice(kind))

    def chat(self, one: Person, other: Person) -> Chat:
        with self.lock:
            return self.chats.between(one, other)

    def _person(
        self, kind: type[Anybody], name: str, golden_key: str | None, **more: Any
    ) -> Anybody:
        with self.lock:
            for person in self.people.values():
                if person.name == name:
                    if not isinstance(person, kind):
                        raise ValueError(f"{name} is registered as a buyer")
                    return person
            user_id = more.pop("id", None) or self.ids.next("user")
            if user_id in self.people or (golden_key and self.by_key(golden_key)):
                raise ValueError("this user id or golden_key is taken")
            balances = {"RUB": Decimal(0), "USD": Decimal(0), "EUR": Decimal(0)}
            balances.update(more.pop("balances", {}))
            made = kind(
                world=self,
                id=user_id,
                name=name,
                golden_key=golden_key or self.ids.word(32),
                registered=self.now() - timedelta(days=400),
                seen=self.now(),
                balances=balances,
                **more,
            )
            self.people[user_id] = made
            return made
