"""docs/troubleshooting.md has an entry for all that Opium says to a person on duty."""

from __future__ import annotations

import re

import pytest

from opium.config import ROOT

from .sentences import alert_kinds, doctor_looks, held_reasons, sentences

PAGE = (ROOT / "docs/troubleshooting.md").read_text("utf-8")
WORDS = " ".join(PAGE.replace("`", "").split())


def section(name: str) -> str:
    return PAGE.split(f"\n## {name}\n")[1].split("\n## ")[0]


def first_cells(name: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", section(name), re.MULTILINE))


def test_every_kind_of_alert_has_its_row_and_no_row_is_of_the_past() -> None:
    assert first_cells("Alerts") == alert_kinds()


@pytest.mark.parametrize(
    ("where", "errors"),
    [
        ("opium/", ("ConfigError",)),
        (("opium/vault.py", "opium/core.py"), ("VaultError",)),
        ("opium/funpay/", ("SignedOut", "Banned", "Limited", "Unreachable")),
    ],
    ids=["settings", "data key", "FunPay"],
)
def test_every_sentence_has_its_row(where: str | tuple[str, ...], errors: tuple[str, ...]) -> None:
    said = {text: at for text, at in sentences(*errors).items() if at.startswith(where)}
    assert len(said) > 5
    assert {text: at for text, at in said.items() if text not in WORDS} == {}


def test_every_reason_to_hold_an_order_has_its_row() -> None:
    reasons = held_reasons()
    assert len(reasons) > 5
    assert [reason for reason in reasons if reason not in WORDS] == []


def test_every_line_of_the_doctor_has_its_row() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \|", section("What doctor looks at"), re.MULTILINE)
    assert set(re.findall(r"`([a-z ]+)`", " ".join(rows))) == doctor_looks()
