"""Identifiers the way the site hands them out, the same for the same seed."""

import string
from hashlib import blake2b
from random import Random

LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits


class Ids:
    """Counters with random gaps and random words, all from one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = str(seed)
        # A stream for each kind: how often pages are opened must not change order ids.
        self._chances: dict[str, Random] = {}
        # Messages are numbered site-wide and no longer fit 32 bits: a client must not
        # squeeze them, nor expect the next one to be +1.
        self._last = {
            "message": 4_900_000_000,
            "chat": 200_000_000,
            "user": 1_000_000,
            "lot": 30_000_000,
            "transaction": 120_000_000,
            "file": 50_000_000,
        }

    def next(self, kind: str) -> int:
        self._last[kind] += self._chance(kind).randint(1, 90)
        return self._last[kind]

    def order(self) -> str:
        return "".join(self._chance("order").choices(UPPER, k=8))

    def word(self, length: int, kind: str = "word") -> str:
        """Random [a-z0-9], for keys, tokens and file names."""
        return "".join(self._chance(kind).choices(LOWER, k=length))

    def tag(self, *parts: object) -> str:
        """An opaque version of something: equal parts, equal tag."""
        text = "\0".join([self._seed, *map(str, parts)])
        digest = blake2b(text.encode(), digest_size=8).digest()
        return "".join(LOWER[byte % len(LOWER)] for byte in digest)

    def _chance(self, kind: str) -> Random:
        return self._chances.setdefault(kind, Random(f"{self._seed}:{kind}"))
