"""docs/install.md: what it says under "The first order" ends with goods in a buyer's chat."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import requests
from chaos.processes import QUICK_ACCOUNT, ROOT, Marketplace, until

from sandbox.demo import DEMO_KEY

from .stand import PASSWORD, Stand, stand

PAGE = (ROOT / "docs/install.md").read_text("utf-8")
TITLE = "Аккаунт Dota 2, 1000 MMR"
GOODS = "AAAA-BBBB"


def block(server: str) -> str:
    """The lines of the page, with what a reader puts in for himself, and a quicker pace."""
    text = PAGE.split("## 3. The first order")[1].split("```sh\n")[1].split("```")[0]
    changes = {
        "http://127.0.0.1:8000": server,
        "read -rsp 'Password: ' PASSWORD": f"PASSWORD='{PASSWORD}'",
        '"golden_key": "YOUR_GOLDEN_KEY"': f'"golden_key": "{DEMO_KEY}", '
        + json.dumps(QUICK_ACCOUNT)[1:-1],
        "TITLE OF YOUR LOT": TITLE,
    }
    for old, new in changes.items():
        assert old in text, f"the page no longer says {old}"
        text = text.replace(old, new)
    return text


def told(market: Marketplace) -> list[str]:
    return [entry["text"] for entry in market.log(what="message") if entry["via"] == "http"]


@pytest.mark.system
def test_the_next_buyer_gets_the_first_key(tmp_path: Path) -> None:
    with stand(tmp_path) as made:
        typed = subprocess.run(
            ["bash", "--norc", "-euo", "pipefail", "-c", block(made.server.url)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert typed.returncode == 0, typed.stderr
        assert '"detail"' not in typed.stdout
        until(lambda: running(made), 30, "the account does not run")
        market = Marketplace.at(made.site)
        market.buy("bob", lot(market))
        until(lambda: told(market), 40, "the buyer got nothing")
        assert re.match(rf"{GOODS}\s*\n#[A-Z0-9]{{8}}-D1/1$", told(market)[0])


def running(made: Stand) -> bool:
    """Whether it polls: what is paid before the first contact is left alone."""
    who = {"username": "admin", "password": PASSWORD}
    token = made.server.call("POST", "/api/auth/login", who).json()["access_token"]
    answer = requests.get(
        f"{made.server.url}/api/accounts/shop",
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    return bool(answer.json()["state"] == "running")


def lot(market: Marketplace) -> int:
    return int(next(lot["id"] for lot in market.ask("GET", "/lots") if lot["title"] == TITLE))
