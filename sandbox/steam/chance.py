"""Everything random, from one seed, a stream for each kind."""

from random import Random


class Chance:
    """The same seed and the same verbs give the same ids, tokens and nonces."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._streams: dict[str, Random] = {}

    def stream(self, kind: str) -> Random:
        return self._streams.setdefault(kind, Random(f"{self._seed}:{kind}"))

    def u64(self, kind: str) -> int:
        """Any 64-bit number above zero; about half of them do not fit a signed one."""
        return self.stream(kind).getrandbits(64) or 1

    def hex(self, length: int, kind: str) -> str:
        return "".join(self.stream(kind).choices("0123456789abcdef", k=length))

    def bytes(self, length: int, kind: str) -> bytes:
        return self.stream(kind).randbytes(length)

    def happens(self, probability: float, kind: str) -> bool:
        return probability > 0 and self.stream(kind).random() < probability
