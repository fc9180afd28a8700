"""What Opium can say to a person on duty, found by walking its code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from opium.config import ROOT

KIND_AT = {"open_alert": 1, "alert": 0, "_tell": 0, "Verdict": 2}
"""Where a call names the kind of an alert."""
PASSES_ON = {"alert", "_tell", "open_alert"}
"""Functions that hand on the kind they were given."""


class Unreadable(AssertionError):
    """The kind of an alert is neither a text nor a constant of its module."""


@cache
def _trees() -> dict[Path, ast.Module]:
    """Of the server; what the demo tells is its own."""
    code = [p for p in sorted((ROOT / "opium").rglob("*.py")) if "demo" not in p.parts]
    return {path: ast.parse(path.read_text("utf-8")) for path in code}


def alert_kinds() -> set[str]:
    """All kinds of alerts that the code can open."""
    found: set[str] = set()
    for path, tree in _trees().items():
        constants = _constants(tree)
        for call, function in _calls(tree):
            place = KIND_AT.get(_name(call))
            if place is None or len(call.args) <= place:
                continue
            kinds = set(_texts(call.args[place], constants))
            if not kinds and _name(call) == "open_alert" and function not in PASSES_ON:
                raise Unreadable(f"{path}:{call.lineno}")
            found |= kinds
    return found - {""}


def sentences(*errors: str) -> dict[str, str]:
    """The texts of these errors where they are raised: their longest fixed part, and the place."""
    found: dict[str, str] = {}
    for path, tree in _trees().items():
        for call, _function in _calls(tree):
            if _name(call) in errors and call.args:
                parts = [_fixed(node) for node in ast.walk(call.args[0])]
                longest = max(parts, key=len, default="")
                if " " in longest:
                    found[" ".join(longest.split())] = f"{path.relative_to(ROOT)}:{call.lineno}"
    return found


def held_reasons() -> set[str]:
    """The fixed part of each reason that a module holds an order for."""
    found: set[str] = set()
    for tree in _trees().values():
        constants = _constants(tree)
        for call, _function in _calls(tree):
            if _name(call) == "hold" and len(call.args) == 2:
                reason = call.args[1]
                parts = [*map(_fixed, ast.walk(reason)), *_texts(reason, constants)]
                found.add(" ".join(max(parts, key=len, default="").split()))
    return found - {"", "held"}


def doctor_looks() -> set[str]:
    """What `doctor` looks at, as its report names it."""
    return {
        _fixed(node.elts[0])
        for node in ast.walk(_trees()[ROOT / "opium/doctor.py"])
        if isinstance(node, ast.Tuple) and len(node.elts) == 2
        if isinstance(node.elts[1], ast.Lambda)
    }


def _fixed(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@cache
def _calls(tree: ast.Module) -> list[tuple[ast.Call, str]]:
    """Every call, with the name of the function that it stands in."""
    within = {
        id(node): outer.name
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef)
        for node in ast.walk(outer)
    }
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [(call, within.get(id(call), "")) for call in found]


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _texts(node: ast.expr, constants: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name) and node.id in constants:
        yield constants[node.id]
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, constants)
        yield from _texts(node.orelse, constants)


def _constants(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }
