"""The third shop: it rents out two Steam accounts, a minute at a time.

It opens when the others sell already, so that nobody waits for it.
"""

from __future__ import annotations

import json

from opium.demo.calls import OpiumApi, Sandbox
from opium.demo.shop import LIVELY, Lot, golden_key, module

RENTALS = "rentals"
SELLERS = {RENTALS: 710_003}
TENANTS = {"emma": 720_005, "finn": 720_006, "gleb": 720_007}
LOGINS = ("cs2_alpha", "cs2_bravo")
GAME = "cs2"
PASSWORD = "OldPassw0rd42"  # noqa: S105 of made-up accounts
LOT = Lot(RENTALS, "Аренда CS2, 1 минута", "15", 2875, "", None)
HERE = module(RENTALS, "steam_rent")
SETTINGS = {"scheduler_check_interval_sec": 10, "expiry_warning_minutes": 1}


def furnish(sandbox: Sandbox, steam: Sandbox) -> None:
    """The seller, his lot and his tenants on the marketplace; his accounts at Steam."""
    seller = {"name": RENTALS, "golden_key": golden_key(RENTALS), "user_id": SELLERS[RENTALS]}
    sandbox.post("/sellers", seller)
    for name, user_id in TENANTS.items():
        sandbox.post("/buyers", {"name": name, "user_id": user_id})
    told = {"seller": RENTALS, "title": LOT.title, "price": LOT.price, "node": LOT.node}
    LOT.id = sandbox.post("/lots", {**told, "amount": None})["id"]
    for login in LOGINS:
        steam.post("/accounts", {"login": login, "password": PASSWORD})
    # Opium keeps Steam's pace twice as fast here, so this Steam must bear with more sign-ins.
    steam.patch("/switches", {"login_limit": 1000})


def open_rental(api: OpiumApi, steam: Sandbox) -> None:
    """As docs/modules/steam_rent.md tells a seller to do it."""
    account = {"account_id": RENTALS, "golden_key": golden_key(RENTALS), **LIVELY}
    api.post("/api/accounts", account)
    api.post(f"/api/accounts/{RENTALS}/modules", {"module_name": "steam_rent"})
    api.put(f"{HERE}/config", SETTINGS)
    api.post(f"{HERE}/games", {"game_id": GAME, "name": "CS2", "aliases": ["кс2"]})
    for login in LOGINS:
        body = {"login": login, "password": PASSWORD, "game_ids": [GAME]}
        api.post(f"{HERE}/steam-accounts", body)
        mafile = json.loads(steam.get(f"/accounts/{login}")["mafile"])
        api.post(f"{HERE}/steam-accounts/{login}/import-mafile", mafile)
    mapping = {"lot_pattern": LOT.title, "game_id": GAME, "rent_minutes": 1, "bonus_minutes": 1}
    api.post(f"{HERE}/lot-mappings", mapping)
