"""docs/modules/steam_rent.md: its commands lead to a first rental, its tables are complete."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

from rent_cast import PASSWORD, RentShop

from opium.modules.steam_rent.commands import ALIASES
from opium.modules.steam_rent.settings import SteamRentSettings
from sandbox.world import Buyer

PAGE = (Path(__file__).resolve().parents[2] / "docs/modules/steam_rent.md").read_text("utf-8")
TITLE = "CS2 аренда 12 часов"


def section(name: str) -> str:
    return PAGE.split(f"\n## {name}\n")[1].split("\n## ")[0]


def run(shop: RentShop, line: str, values: dict[str, str], mafile: str) -> Any:
    """Do what a line asks for; it must work."""
    line = re.sub(r"\$([A-Z]+)", lambda m: values[m[1]], line.strip())
    words = shlex.split(line.replace("p4ssw0rd", PASSWORD))[1:]
    given = dict(pairwise(words))
    (path,) = [word for word in words if word.startswith("/api/")]
    body = mafile if "--data-binary" in given else given.get("-d", "")
    answer = shop.opium.call(given.get("-X", "GET"), path, data=body.encode())
    assert answer.status_code == 200, (line, answer.get_data(as_text=True))
    return answer.get_json()


def commands(name: str) -> list[str]:
    return [line for line in section(name).splitlines() if line.strip().startswith("curl ")]


def test_the_page_leads_to_a_first_rental(shop: RentShop, ann: Buyer) -> None:
    shop.opium.ok("DELETE", f"/api/accounts/{shop.name}/modules/steam_rent")
    lot = shop.seller.lot(TITLE, amount=None)
    account = shop.steam.add_account("acc1", PASSWORD)
    values = {"SHOP": f"/api/accounts/{shop.name}", "RENT": shop.base, "AUTH": "none needed"}
    said = [
        run(shop, line, values, account.mafile)
        for line in commands("From a maFile to the first rental")
    ]
    overview, active = said[-2:]
    assert (overview["free_accounts"], overview["lot_mappings"], active) == (1, 1, [])
    shop.poll()
    assert shop.enters(shop.rents(ann, lot)).works()
    assert shop.minutes_left() > 700


def test_the_page_s_proxy_is_the_account_s(shop: RentShop) -> None:
    shop.game()
    account = shop.account("acc1")
    values = {"RENT": shop.base, "AUTH": "none needed", "PROXY": ""}
    create, use, check = commands("Proxies")
    values["PROXY"] = run(shop, create, values, account.mafile)["proxy_id"]
    shown = run(shop, use, values, account.mafile)["proxy_settings"]
    assert (shown["fixed_proxy_id"], shown["fallback"]) == (values["PROXY"], "none")
    assert check.strip().endswith('/check -H "$AUTH"')


def test_every_setting_stands_on_the_page_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([\w.]+)` \|", section("Settings"), re.M)
    wanted = {name: field.default for name, field in SteamRentSettings.model_fields.items()}
    assert dict(rows) == {name: str(value).lower() for name, value in wanted.items()}


def test_every_command_of_buyers_stands_on_the_page() -> None:
    assert set(re.findall(r"`!(\w+)", section("What buyers can write"))) == set(ALIASES)
