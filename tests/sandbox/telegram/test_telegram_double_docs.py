"""What the README of the double promises is what there is; and the double stands alone."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from sandbox.telegram import answering
from sandbox.telegram.call import METHODS
from sandbox.telegram.control import BOT_KNOBS
from sandbox.telegram.faults import ACTIONS, BODIES
from sandbox.telegram.site import create_site
from sandbox.telegram.switches import Switches

FOLDER = Path(__file__).resolve().parents[3] / "sandbox" / "telegram"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")
SWITCHES = [field.name for field in fields(Switches)]


@pytest.mark.parametrize(
    "word", [*ACTIONS, *BODIES, *BOT_KNOBS, *SWITCHES, *(m.name for m in METHODS.values())]
)
def test_every_action_switch_and_method_is_described(word: str) -> None:
    assert re.search(rf"`{re.escape(word)}`", PAGE)


def test_every_module_with_methods_is_known() -> None:
    parts = {part.__name__.rpartition(".")[2] for part in answering.PARTS}
    with_methods = {
        path.stem
        for path in FOLDER.glob("*.py")
        if re.search(r"^@method\(", path.read_text(), re.M)
    }
    assert with_methods == parts


@pytest.mark.parametrize("switch", SWITCHES)
def test_defaults_are_told(switch: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{switch}` |")]
    default = Switches().as_json()[switch]
    shown = str(default).lower() if isinstance(default, bool) else f"{default:g}"
    told = row.split("|")[2].strip()
    assert told == shown or told == str(default)


def test_every_control_call_is_described() -> None:
    rules = {str(r) for r in create_site().url_map.iter_rules() if "__sandbox__" in str(r)}
    assert len(rules) > 30
    for rule in rules - {"/__sandbox__/", "/__sandbox__/web/<name>"}:
        call = rule.removeprefix("/__sandbox__").replace("<username>", "shop_bot")
        call = call.replace("<int:user_id>", "501").replace("<signed:chat_id>", "-100")
        call = call.replace("<int:fault_id>", "3").replace("<int:topic_id>", "7")
        call = call.replace("<file_id>", "AgAC")
        assert f"$B{call}" in PAGE, rule


def test_it_knows_nothing_of_the_product() -> None:
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [str(node.module)]
            assert not [n for n in names if n.split(".")[0] in ("opium", "tests")], path
