"""What docs/sandbox.md promises is what there is."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from flask import Flask

from sandbox import control
from sandbox.faults import KINDS
from sandbox.world import Switches

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sandbox.md").read_text()
TEMPLATES = ROOT / "sandbox" / "funpay" / "templates"


def in_page(word: str) -> bool:
    return re.search(rf"`{re.escape(word)}`", PAGE) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_is_described(kind: str) -> None:
    assert in_page(kind)


@pytest.mark.parametrize("switch", [field.name for field in fields(Switches)])
def test_every_switch_is_described(switch: str) -> None:
    assert in_page(switch)


def test_the_blocks_are_those_of_the_templates() -> None:
    used = set()
    for template in TEMPLATES.glob("*.html"):
        used |= set(re.findall(r"shown\('([a-z-]+)'\)", template.read_text()))
    listed = set(re.findall(r"`([a-z-]+)`", PAGE[PAGE.index("Blocks:") :]))
    assert used - {"webpush"} == listed - {"webpush"}


def test_every_control_call_is_described() -> None:
    app = Flask("sandbox")
    app.register_blueprint(control.bp)
    rules = {str(rule) for rule in app.url_map.iter_rules() if "__sandbox__" in str(rule)}
    for rule in rules - {"/__sandbox__/", "/__sandbox__/web/<name>"}:
        first = rule.removeprefix("/__sandbox__").partition("<")[0].rstrip("/")
        assert f"$B{first}" in PAGE, rule
    for action in control.ACTIONS:
        assert action in PAGE
