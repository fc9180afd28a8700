"""Requests drawn from the document's schemas: half of them hold it, half break it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode

from .asked import BAD_TOKEN, NOBODY, OWNER, Asked
from .memory import USUAL, Memory

STRANGERS = 0.04
"""How many come without a token; as many again with a bad one."""
ROUND = 8
"""Requests of each kind and operation before the next has its turn."""


class Drawn:
    """`ask` all operations in turn, in rounds, with ids from `memory`."""

    def __init__(self, document: dict[str, Any], memory: Memory, chance: Random) -> None:
        found: list[Any] = list(schemathesis.openapi.from_dict(document).get_all_operations())
        self._operations = [operation.ok() for operation in found]
        self._memory, self._chance = memory, chance

    def ask(self, requests: int, number: int, send: Callable[[Asked], object]) -> None:
        """About so many; `number` is the seed."""
        each = max(1, -(-requests // len(self._operations)))
        for turn, size in enumerate(_rounds(each)):
            for operation in self._shuffled():
                good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
                self._draw(good, -(-size // 2), number * 10_000 + turn, send)
                breakable = operation.definition.raw.get("parameters") or operation.body
                mode = GenerationMode.NEGATIVE if breakable else GenerationMode.POSITIVE
                other = operation.as_strategy(generation_mode=mode)
                self._draw(other, size // 2, number * 10_000 + turn, send)

    def _shuffled(self) -> list[Any]:
        operations = list(self._operations)
        self._chance.shuffle(operations)
        return operations

    def _draw(self, cases: Any, times: int, number: int, send: Callable[[Asked], object]) -> None:
        if not times:
            return

        @seed(number)
        @settings(
            max_examples=times,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases)
        def ask(case: Any) -> None:
            send(self._asked(case))

        ask()

    def _asked(self, case: Any) -> Asked:
        given = dict(case.path_parameters or {})
        for name in given:
            if self._memory.knows(name) and self._chance.random() < USUAL:
                given[name] = self._memory.recall(name, self._chance)
        if self._chance.random() < 0.9:
            given |= {"account_id": "my_shop"} if "account_id" in given else {}
        path = case.path
        for name, value in given.items():
            path = path.replace(f"{{{name}}}", quote(_bytes(_text(value)), safe=""))
        if isinstance(case.query, dict) and case.query:
            path += "?" + urlencode({n: _bytes(_text(v)) for n, v in case.query.items()})
        self._memory.put_into(case.body, self._chance)
        key = (case.headers or {}).get("Idempotency-Key")
        shown = () if key is None else (("Idempotency-Key", _header(key)),)
        lot = self._chance.random()
        who = NOBODY if lot < STRANGERS else BAD_TOKEN if lot < 2 * STRANGERS else OWNER
        return Asked(case.method, case.path, path, _body(case.body), shown, who)


def _rounds(each: int) -> Iterator[int]:
    while each > 0:
        yield min(each, 2 * ROUND)
        each -= 2 * ROUND


def _body(body: Any) -> bytes | None:
    if isinstance(body, bytes | str):
        return _bytes(body)
    if isinstance(body, dict | list | int | float | None):
        return _bytes(json.dumps(body))
    return None


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _header(value: Any) -> str:
    """What a client library lets through: one line of latin-1."""
    text = str(value).encode("latin-1", "replace").decode("latin-1")
    return "".join(char for char in text if char not in "\r\n\0")
