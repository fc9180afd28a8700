"""The commands of docs/moving-in.md do what the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from moving_cast import SECRETS, Mover, legacy_account
from test_import_cardinal import shop

from opium.cli import main
from opium.config import ROOT
from opium.importing.cardinal_texts import SAME, WITHOUT
from opium.lock import try_lock

PAGE = (ROOT / "docs" / "moving-in.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\.venv/bin/python app\.py (import-.+)$", PAGE, re.M)


@pytest.fixture(autouse=True)
def _instance(mover: Mover, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPIUM_INSTANCE", str(mover.place))


def run(command: str, **places: Path) -> Result:
    """A command of the page, with our folders in the place of its examples."""
    for name, place in places.items():
        command = re.sub(rf"/opt/{name}\b", str(place), command.replace("old-opium", "legacy"))
    result = CliRunner().invoke(main, shlex.split(command))
    assert [secret for secret in SECRETS if secret in result.output] == []
    return result


def test_the_page_s_commands_work_in_their_order(mover: Mover, old: Path, tmp_path: Path) -> None:
    legacy_account(old, "old_shop")
    cardinal = shop(tmp_path / "cardinal")
    assert len(COMMANDS) == 4
    for command in COMMANDS:
        done = run(command, legacy=old, FunPayCardinal=cardinal)
        assert done.exit_code == 0, done.output
        assert ("This was a dry run" in done.output) == ("--dry-run" in command)
    opium = mover.opens()
    accounts = {row["account_id"]: row["state"] for row in opium.get("/api/accounts")}
    assert accounts == {"old_shop": "stopped", "my_shop": "stopped"}
    opium.core.db.close()


def test_a_refusal_is_a_sentence_and_a_code(mover: Mover, old: Path) -> None:
    nothing = run(f"import-legacy {old}")
    assert nothing.exit_code == 1
    assert nothing.output.startswith("Error: Nothing was imported: there is no account in")
    legacy_account(old, golden_key="a b")
    bad = run(f"import-legacy {old}")
    assert bad.exit_code == 1
    assert "my_shop: not imported: account.json: golden_key must be" in bad.output
    lock = try_lock(mover.place)
    assert lock is not None
    with lock:
        busy = run(f"import-cardinal {old} --account x")
    assert busy.exit_code == 1
    assert "stop the service first" in busy.output


def test_variables_that_the_page_names_are_what_it_says() -> None:
    line = PAGE[PAGE.index("* `$username`") : PAGE.index("* A line that stands")]
    ours, lost = (set(re.findall(r"`(\$[\w=]+)`", part)) for part in line.split("are translated"))
    assert "$product" in ours <= set(SAME)
    assert "$sleep=" in lost <= set(WITHOUT)
