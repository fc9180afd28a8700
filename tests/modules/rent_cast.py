"""The cast of the rental stories: a shop that rents out Steam accounts, and the laws it obeys."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from driver import Driver
from sqlalchemy import text

from opium import alerts
from opium.workers.carry import rewritten_key
from sandbox.steam import SteamDouble
from sandbox.steam.accounts import Account
from sandbox.steam.buyer import Buyer as Guest
from sandbox.world import Buyer, Lot, Order, World

PASSWORD = "OldPassw0rd42"
IDENTITY = "steam_rent"


class RentShop:
    """A seller with steam_rent, his accounts at Steam, and what a test may ask of him."""

    def __init__(self, world: World, folder: Path, name: str = "shop", **settings: Any) -> None:
        self.world = world
        self.steam = SteamDouble(clock=world.clock)
        self.opium = Driver(world, folder, steam=self.steam)
        self.name = name
        self.seller = world.seller(name)
        self.opium.watch(self.seller, IDENTITY)
        self.base = f"/api/accounts/{name}/modules/{IDENTITY}"
        self.opium.ok(
            "PUT", f"{self.base}/config", {"scheduler_check_interval_sec": 10, **settings}
        )

    # --- what the seller does

    def game(self, game_id: str = "cs2", **more: Any) -> str:
        self.opium.ok("POST", f"{self.base}/games", {"game_id": game_id, **more})
        return game_id

    def account(self, login: str = "alpha", game: str = "cs2", **more: Any) -> Account:
        """An account at Steam that the seller rents out, with its maFile."""
        account = self.steam.add_account(login, PASSWORD)
        body = {"login": login, "password": PASSWORD, "game_ids": [game], **more}
        self.opium.ok("POST", f"{self.base}/steam-accounts", body)
        path = f"{self.base}/steam-accounts/{login}/import-mafile"
        answer = self.opium.call("POST", path, data=account.mafile, content_type="text/plain")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return account

    def lot(self, title: str = "CS2 аренда 1 час", game: str = "cs2", minutes: int = 60,
            **mapping: Any) -> Lot:  # fmt: skip
        lot = self.seller.lot(title, amount=1000)
        body = {"lot_pattern": title, "game_id": game, "rent_minutes": minutes, **mapping}
        self.opium.ok("POST", f"{self.base}/lot-mappings", body)
        return lot

    def ready(self, logins: int = 1) -> Lot:
        """One game, its accounts alpha0, alpha1, … and a lot of an hour."""
        self.game()
        for n in range(logins):
            self.account(f"alpha{n}")
        lot = self.lot()
        self.poll()
        return lot

    def rents(self, buyer: Buyer, lot: Lot, amount: int = 1) -> Order:
        """The buyer pays, and what can be sent is sent."""
        order = buyer.buys(lot, amount)
        self.poll(2)
        return order

    def sets(self, **settings: Any) -> None:
        self.opium.ok("PUT", f"{self.base}/config", settings)

    def freezes(self, what: str, frozen: bool = True) -> None:
        """A game (`games/cs2`) or a Steam account (`steam-accounts/alpha0`)."""
        self.opium.ok("POST", f"{self.base}/{what}/freeze", {"frozen": frozen})

    def sends_stop(self) -> None:
        """Opium saw its messages rewritten: none goes out until a person has seen the alert."""
        with self.opium.core.db.write() as db:
            key, now = rewritten_key(self.name), self.opium.clock.now()
            alerts.open_alert(db, "rewritten", key, "rewritten", now, self.name)

    def sends_go_on(self) -> None:
        (alert,) = self.opium.get("/api/alerts?open=true")["items"]
        self.opium.ok("POST", f"/api/alerts/{alert['id']}/ack")
        self.pass_minutes(1)
        self.poll(2)

    # --- time

    def poll(self, times: int = 1) -> None:
        """The next polls come; chats are read at the account's quiet pace."""
        for _ in range(times):
            self.opium.poll(self.seller)
            for _ in range(3):
                self.world.travel(1.5)
                self.opium.step(self.seller)

    def tick(self) -> None:
        """The module's tasks run, and what they wished is carried out."""
        self.world.travel(10)
        for task in ("tick", "steam", "read_reviews", "tick"):
            self.opium.run_task(IDENTITY, task)
        self.poll(2)

    def pass_minutes(self, minutes: float) -> None:
        """Time passes; nobody asks anything of Opium meanwhile."""
        self.world.travel(minutes * 60)

    # --- what can be seen

    def shown(self, login: str = "alpha0") -> Any:
        accounts = self.opium.get(f"{self.base}/steam-accounts")
        return next(account for account in accounts if account["login"] == login)

    def rentals(self, status: str = "active") -> list[Any]:
        return list(self.opium.get(f"{self.base}/rentals?status={status}"))

    def rental(self) -> Any:
        """The only active rental."""
        (found,) = self.rentals()
        return found

    def minutes_left(self) -> float:
        """Of the only active rental."""
        end = datetime.fromisoformat(self.rental()["end_time"])
        return (end - self.opium.clock.now()).total_seconds() / 60

    def waits(self) -> list[tuple[str, str]]:
        """Waiting orders and their reasons, oldest first."""
        return [(order["order_id"], order["reason"]) for order in self.pending()]

    def pending(self) -> list[Any]:
        return list(self.opium.get(f"{self.base}/pending-orders"))

    def alerts(self, kind: str | None = None) -> list[str]:
        items = self.opium.get("/api/alerts?open=true")["items"]
        return [item["text"] for item in items if kind in (None, item["kind"])]

    def told(self, buyer: Buyer) -> list[str]:
        return buyer.messages_from(self.seller)

    def last(self, buyer: Buyer) -> str:
        return self.told(buyer)[-1]

    def says(self, buyer: Buyer, command: str) -> str:
        """The buyer writes; the answer that comes."""
        before = len(self.told(buyer))
        buyer.writes(self.seller, command)
        self.poll(3)
        return "\n".join(self.told(buyer)[before:])

    def password_told(self, order: Order) -> tuple[str, str]:
        """Login and password that the buyer of an order was sent."""
        lines = "\n".join(self.told(order.buyer)).splitlines()
        logins = [line.removeprefix("Логин: ") for line in lines if line.startswith("Логин: ")]
        words = [line.removeprefix("Пароль: ") for line in lines if line.startswith("Пароль: ")]
        return logins[-1], words[-1]

    def enters(self, order: Order) -> Guest:
        """The buyer signs in at Steam with what he was sent and a code that he asks for."""
        login, password = self.password_told(order)
        (code,) = re.findall(r"\b[2-9BCDFGHJKMNPQRTVWXY]{5}\b", self.says(order.buyer, "!код"))
        return self.steam.buyer_login(login, password, code)

    # --- the laws

    def obeys_the_laws(self) -> None:
        """D14, D15, one tenant per account, and nothing that no client may do at Steam."""
        assert self.steam.wrongdoings == []
        with self.opium.core.db.read() as db:
            assert db.execute(text(FREE_WITHOUT_PROOF)).all() == []
            assert db.execute(text(TWO_TENANTS)).all() == []
        for row in self.opium.get(f"{self.base}/steam-accounts"):
            assert self.steam.account(row["login"]).password in self.known_passwords(row["login"])

    def known_passwords(self, login: str) -> set[str]:
        """The stored password and the candidate of an account."""
        from opium.modules.steam_rent import accounts
        from opium.modules.steam_rent.rows import SteamAccount

        with self.opium.core.db.read() as db:
            row = db.query(SteamAccount).filter_by(login=login, deleted=False).one()
            vault = self.opium.core.vault
            return {
                accounts.password_of(vault, row),
                accounts.candidate_of(vault, row) or "",
            }


FREE_WITHOUT_PROOF = """
SELECT a.login FROM steam_rent_accounts a WHERE a.state = 'free' AND NOT a.manual_release
AND EXISTS (SELECT 1 FROM steam_rent_rentals r JOIN commands c ON c.handout_id = r.handout_id
            WHERE r.rental_id = a.rental_id AND c.attempt > 0)
AND NOT EXISTS (SELECT 1 FROM steam_rent_jobs j WHERE j.id = a.job_id AND j.state = 'done'
                AND j.rental_id = a.rental_id
                AND (j.password_proved_at IS NOT NULL OR NOT j.change_password)
                AND (j.kick_proved_at IS NOT NULL OR NOT j.kick_devices))
"""
TWO_TENANTS = """
SELECT steam_account FROM steam_rent_rentals WHERE state = 'active'
GROUP BY steam_account HAVING count(*) > 1
"""
