"""What the README of the double promises is what there is; and the double stands alone."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from sandbox.steam.accounts import CHANGEABLE
from sandbox.steam.apps import _site
from sandbox.steam.faults import ACTIONS, EXPIRABLE
from sandbox.steam.switches import SERVICES, Switches

FOLDER = Path(__file__).resolve().parents[3] / "sandbox" / "steam"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "word",
    [*ACTIONS, *EXPIRABLE, *SERVICES, *CHANGEABLE, *(field.name for field in fields(Switches))],
)
def test_every_action_switch_and_member_is_described(word: str) -> None:
    assert re.search(rf"`{re.escape(word)}`", PAGE)


@pytest.mark.parametrize("switch", [field.name for field in fields(Switches)])
def test_defaults_are_told(switch: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| `") and
              f"`{switch}`" in line.split("|")[1]]  # fmt: skip
    names = re.findall(r"`(\w+)`", row.split("|")[1])
    told = row.split("|")[2].strip().strip("`")
    values = told.split(", ") if len(told.split(", ")) == len(names) else [told] * len(names)
    default = Switches().as_json()[switch]
    shown = str(default).lower() if isinstance(default, bool) else f"{default}"
    assert values[names.index(switch)] == shown


def test_every_control_call_is_described() -> None:
    rules = {str(r) for r in _site("api").url_map.iter_rules() if "__sandbox__" in str(r)}
    assert len(rules) > 20
    for rule in rules:
        call = rule.removeprefix("/__sandbox__").replace("<int:number>", "0")
        call = call.replace("<int:fault_id>", "3").replace("<name>", "berlin")
        assert f"$B{call}" in PAGE, rule


def test_it_knows_nothing_of_the_product() -> None:
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [str(node.module)]
            assert not [n for n in names if n.split(".")[0] in ("opium", "tests")], path
