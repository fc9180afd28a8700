"""The ids that answers have named: later requests use them, also those of things since deleted."""

from __future__ import annotations

from collections import defaultdict, deque
from random import Random
from typing import Any

KEPT = 12
USUAL = 0.85
"""How often an id is one that was named once."""
SAME = {"steam_account": "name", "key": "index"}
"""Parameters whose value stands under another name in the answers."""


class Memory:
    """For each parameter of a path the last values that were seen."""

    def __init__(self, ids: dict[str, str], paths: list[str]) -> None:
        self._first = dict(ids)
        self._seen: defaultdict[str, deque[Any]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._member_of: dict[str, str] = {}
        for path in paths:
            place, _, last = path.rpartition("/")
            if last.startswith("{"):
                self._member_of[place] = last[1:-1]

    def learn(self, route: str, answer: Any) -> None:
        """What a collection, or the answer to a creation, tells of its members."""
        self._walk(answer, self._member_of.get(route), depth=3)

    def _walk(self, value: Any, own: str | None, depth: int) -> None:
        if isinstance(value, dict):
            for name in (own, SAME.get(own or ""), "id") if own else ():
                if isinstance(value.get(name or ""), str | int):
                    self._seen[str(own)].append(value[name or ""])
                    break
            for name, inner in value.items():
                if name in self._first and isinstance(inner, str | int):
                    self._seen[name].append(inner)
                elif depth:
                    self._walk(inner, own, depth - 1)
        elif isinstance(value, list) and depth:
            for inner in value[:KEPT]:
                self._walk(inner, own, depth - 1)

    def recall(self, name: str, chance: Random) -> Any:
        """A value for this parameter; KeyError if none was ever seen."""
        known = self._seen[name]
        if known and chance.random() < 0.5:
            return chance.choice(known)
        return self._first[name]

    def knows(self, name: str) -> bool:
        return name in self._first

    def put_into(self, body: Any, chance: Random) -> None:
        """Members of a body that name something, such as `game_id`, mostly name what exists."""
        for name in body if isinstance(body, dict) else ():
            one = name.removesuffix("s")
            if name in self._first and isinstance(body[name], str | int) and chance.random() < 0.6:
                known = self.recall(name, chance)
                if type(known) is type(body[name]):
                    body[name] = known
            elif one in self._first and isinstance(body[name], list) and chance.random() < 0.6:
                body[name] = [self.recall(one, chance)]
