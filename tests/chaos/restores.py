"""A hundred times a random copy of the database is put back; the marketplace's log judges.

In one process and with frozen time, so that weeks pass in minutes. Each world is one shop: sales,
confirmations, refunds and lost answers come at random, a copy is taken every few sales, and then
one of the copies is put back: by the command, by hand, or with the whole machine.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

sys.path[:0] = [str(Path(__file__).parents[1] / name) for name in ("", "stories", "backup")]

from backup_cast import (  # noqa: E402
    HOUR,
    copy_by_hand,
    copy_now,
    is_read,
    put_back,
    read_again,
    reconcile_alert,
    release,
    roll_back,
    snapshot,
)
from driver import Driver, frozen_world  # noqa: E402
from story_cast import Shop  # noqa: E402

from sandbox.world import Order  # noqa: E402

from .scenes import Figure  # noqa: E402

PER_WORLD = 10
WAYS = ("command", "by hand", "machine")


def restores(
    folder: Path, rounds: int = 100, seed: int = 1, say: Callable[[str], object] = print
) -> list[Figure]:
    """So many restores, ten to a world. Each world must end without a broken law."""
    logging.disable(logging.CRITICAL)
    found: Counter[str] = Counter()
    for number in range(-(-rounds // PER_WORLD)):
        left = min(PER_WORLD, rounds - number * PER_WORLD)
        _World(folder / str(number), Random(f"{seed}-{number}"), found).play(left)
        say(f"{found['restores']} restores, {found['orders']} orders, {found['wrong']} wrong")
    return [
        Figure("restores of a random copy", str(found["restores"]), str(rounds), True),
        Figure("orders paid", str(found["orders"]), "", True),
        Figure("of these delivered", str(found["delivered"]), "", True),
        Figure("shown as waiting for a person", str(found["waiting"]), "", True),
        *(
            Figure(word, str(found[word]), "0", not found[word])
            for word in ("sent before the release", "not recognised", "wrong")
        ),
    ]


class _World:
    """One shop, its buyers and copies."""

    def __init__(self, folder: Path, chance: Random, found: Counter[str]) -> None:
        self._chance, self._found = chance, found
        self._folder = folder
        self._world = frozen_world(chance.randrange(1 << 30))
        self._opium = Driver(self._world, folder / "instance")
        self._shop = Shop(self._opium)
        self._lot = self._shop.sells(keys=1500)
        self._buyers = [self._world.buyer(name) for name in ("ann", "bob", "eve", "dan")]
        self._orders: list[Order] = []

    def play(self, rounds: int) -> None:
        try:
            for number in range(rounds):
                self._round(number)
            self._shop.pass_time(1800)
            self._judge()
        finally:
            self._opium.core.db.close()

    def _round(self, number: int) -> None:
        copies: list[tuple[str, Path]] = []
        for hour in range(self._chance.randint(2, 5)):
            self._hour()
            way = self._chance.choice(WAYS)
            picture = self._folder / f"picture-{number}-{hour}"
            taken = snapshot(self._opium, picture) if way == "machine" else copy_now(self._opium)
            copies.append((way, taken))
        self._hour(at_least=1)
        # Old copies make room for new ones.
        way, copy = self._chance.choice([each for each in copies if each[1].exists()])
        {"command": put_back, "by hand": copy_by_hand, "machine": roll_back}[way](self._opium, copy)
        self._found["restores"] += 1
        self._come_back()

    def _hour(self, at_least: int = 0) -> None:
        """Some sales, and what buyers and the seller do with them."""
        for _ in range(self._chance.randint(at_least, 3)):
            if self._chance.random() < 0.15:
                kind, when = self._chance.choice([("reset", "after"), ("500", "before")])
                self._shop.strikes(kind, when)
            order = self._chance.choice(self._buyers).buys(
                self._lot, amount=self._chance.choice([1, 1, 1, 2, 5])
            )
            self._orders.append(order)
            self._shop.poll(self._chance.randint(1, 4))
            fate = self._chance.random()
            if fate < 0.4 and self._shop.handout(order) == "delivered":
                order.buyer.confirms(order)
            elif fate < 0.5 and self._shop.handout(order) == "delivered":
                self._shop.seller.refunds(order)
        self._world.travel(self._chance.uniform(0.2, 3) * HOUR)
        self._shop.poll()

    def _come_back(self) -> None:
        """It must notice by itself, read again without a word, and go on when it is told to."""
        posts = len(self._shop.posts())
        buyer = self._chance.choice(self._buyers)
        self._orders.append(buyer.buys(self._lot))  # paid before it was released
        self._shop.poll(2)
        if reconcile_alert(self._shop) is None:
            self._found["not recognised"] += 1
            return
        read_again(self._shop)
        self._found["sent before the release"] += len(self._shop.posts()) - posts
        assert is_read(self._shop)
        release(self._shop)
        self._shop.poll(3)

    def _judge(self) -> None:
        verdict = self._shop.verdict(*self._orders)
        self._found["orders"] += len(self._orders)
        self._found["delivered"] += len(verdict.delivered)
        self._found["waiting"] += len(verdict.waiting)
        self._found["wrong"] += sum(len(cases) for cases in verdict.wrongs.values())
        for word, cases in verdict.wrongs.items():
            print(f"{word}: {', '.join(cases)}")
        self._shop.obeys_the_laws(*self._orders)
