"""Patterns that take more than quadratic time on hostile text (S13), by `regexploit`.

It reads a pattern as Python's own parser does; possessive repeats, which it does not know, are
taken for greedy ones, which can only make it more severe.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # sre_parse has moved in the library
    from regexploit.ast.sre import SreOpParser
    from regexploit.redos import find

CUBIC = 3
"""How many repeats can share the same text: 2 is quadratic, which our size limits bear."""
FUNCTIONS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub"}


class _Parser(SreOpParser):  # type: ignore[misc] # it has no types
    def from_POSSESSIVE_REPEAT(self, told: Any) -> Any:  # noqa: N802 its names are sre's
        return self.from_MAX_REPEAT(told)

    def from_ATOMIC_GROUP(self, told: Any) -> Any:  # noqa: N802
        return self.sequence_or_singleton(told)


def slow(pattern: str, flags: int = 0) -> bool:
    """Whether some text makes it take cubic time or worse, alone or with `fullmatch`."""
    read = (_Parser().parse_sre(each, flags) for each in (pattern, f"(?:{pattern})$"))
    return any(found.starriness >= CUBIC for each in read for found in find(each))


def patterns(package: ModuleType) -> Iterator[tuple[str, str, int]]:
    """Where, pattern and flags: all that a package has made, and those written in its functions."""
    seen: set[tuple[str, int]] = set()
    for module in _modules(package):
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and (known := _key(value)) not in seen:
                seen.add(known)
                yield f"{module.__name__}.{name}", *known
        for line, text in _written(Path(str(module.__file__))):
            if (text, 0) not in seen:
                seen.add((text, 0))
                yield f"{module.__name__}:{line}", text, 0


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if ".migrations" not in info.name:
            yield importlib.import_module(info.name)


def _key(pattern: re.Pattern[Any]) -> tuple[str, int]:
    text = pattern.pattern
    readable = text.decode("latin-1") if isinstance(text, bytes) else str(text)
    return readable, pattern.flags & (re.I | re.M | re.S | re.X)


def _written(path: Path) -> Iterator[tuple[int, str]]:
    """Patterns that stand as they are in a call, or as the pattern of a field."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        found = [k.value for k in node.keywords if k.arg == "pattern"]
        if called.startswith("re.") and called.removeprefix("re.") in FUNCTIONS:
            found += node.args[:1]
        for value in found:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield node.lineno, value.value


def scan(package: ModuleType) -> tuple[int, list[str]]:
    """How many there are, and a line for each slow one."""
    found = list(patterns(package))
    return len(found), [f"{where}: {text!r}" for where, text, flags in found if slow(text, flags)]
