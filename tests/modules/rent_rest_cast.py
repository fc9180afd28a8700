"""The cast of the REST stories of steam_rent: a seller in his panel, and rows of rentals."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

from driver import Driver
from sqlalchemy import select
from werkzeug.test import TestResponse

from opium.kit import Handout
from opium.modules.steam_rent.rows import Rental, RentOrder, SteamAccount, SteamJob
from sandbox.world import World

SHARED = base64.b64encode(b"shared-secret-of-20b").decode()
IDENTITY = base64.b64encode(b"identit-secret-of-20").decode()
STEAM_ID = 76561198012345679
CANARY = "c4naryPassw0rd"


def mafile(login: str = "acc1", **fields: Any) -> str:
    """What a seller pastes: raw text with 64-bit numbers."""
    found = {
        "shared_secret": SHARED,
        "identity_secret": IDENTITY,
        "account_name": login,
        "revocation_code": "R12345",
        "device_id": "android:1",
        "Session": {"SteamID": STEAM_ID, "RefreshToken": "refresh-canary"},
        **fields,
    }
    return json.dumps({key: value for key, value in found.items() if value is not None})


class Renter:
    """A seller with steam_rent attached, and what he does in his panel."""

    def __init__(self, opium: Driver, world: World, name: str = "shop") -> None:
        self.opium, self.name = opium, name
        opium.watch(world.seller(name), "steam_rent")
        self.base = f"/api/accounts/{name}/modules/steam_rent"

    def ask(self, method: str, path: str, json: Any = None, **more: Any) -> Any:
        return self.opium.ok(method, self.base + path, json, **more)

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self.opium.call(method, self.base + path, json, **more)

    def refused(self, method: str, path: str, json: Any = None, **more: Any) -> tuple[int, str]:
        answer = self.call(method, path, json, **more)
        assert answer.status_code >= 400, answer.get_data(as_text=True)
        return answer.status_code, answer.get_json()["detail"]

    def status(self, method: str, path: str, json: Any = None, **more: Any) -> int:
        return self.call(method, path, json, **more).status_code

    def game(self, game_id: str = "cs2", **fields: Any) -> Any:
        return self.ask("POST", "/games", {"game_id": game_id, **fields})

    def account(self, login: str = "acc1", **fields: Any) -> Any:
        return self.ask("POST", "/steam-accounts", {"login": login, **fields})

    def imports(self, account: str, text: str | bytes) -> TestResponse:
        path = f"/steam-accounts/{account}/import-mafile"
        return self.call("POST", path, data=text, content_type="text/plain")

    def shown(self, account: str = "acc1") -> Any:
        (found,) = [a for a in self.ask("GET", "/steam-accounts") if a["id"] == account]
        return found

    def proxy(self, **fields: Any) -> str:
        body = {"host": "127.0.0.1", "port": 1080, **fields}
        return str(self.ask("POST", "/proxies", body)["proxy_id"])

    # --- what the panel cannot do

    def row(self, account: str = "acc1") -> SteamAccount:
        """The account as it is stored."""
        with self.opium.core.db.read() as db:
            found = db.scalar(select(SteamAccount).where(SteamAccount.name == account))
            assert found is not None
            return found

    def comes_to(self, *states: str, account: str = "acc1", **fields: Any) -> None:
        """The account goes from state to state."""
        for state in states:
            with self.opium.core.db.write() as db:
                row = db.get_one(SteamAccount, self.row(account).id)
                row.state = state
                for key, value in fields.items():
                    setattr(row, key, value)

    def job(self, *states: str, account: str = "acc1") -> int:
        """A release of this account that has come so far."""
        with self.opium.core.db.write() as db:
            job = SteamJob(
                account_id=self.name,
                steam_account=self.row(account).id,
                kind="release",
                change_password=True,
                kick_devices=True,
                created_at=self.opium.clock.now(),
            )
            db.add(job)
            db.flush()
            for state in states:
                job.state = state
                db.flush()
            return job.id

    def job_row(self, job_id: int) -> SteamJob:
        with self.opium.core.db.read() as db:
            return db.get_one(SteamJob, job_id)

    def rental(self, game_id: str = "cs2", state: str = "active", account: str = "acc1") -> str:
        now, rental_id = self.opium.clock.now(), str(uuid4())
        steam_account = self.row(account).id
        with self.opium.core.db.write() as db:
            db.add(
                Rental(
                    rental_id=rental_id,
                    handout_id=self._handout(db),
                    steam_account=steam_account,
                    login=account,
                    minutes=60,
                    start_at=now,
                    end_at=now + timedelta(hours=1),
                    state=state,
                    **self._buyer(game_id),
                )
            )
        return rental_id

    def waiting(self, game_id: str = "cs2", state: str = "waiting") -> None:
        now = self.opium.clock.now()
        with self.opium.core.db.write() as db:
            db.add(
                RentOrder(
                    handout_id=self._handout(db),
                    minutes=60,
                    bonus_minutes=0,
                    min_rating=4,
                    state=state,
                    paid_at=now,
                    created_at=now,
                    **self._buyer(game_id),
                )
            )

    def _buyer(self, game_id: str) -> dict[str, Any]:
        return {
            "account_id": self.name,
            "order_id": "ABCD1234",
            "buyer_id": 7,
            "buyer": "ann",
            "chat": "users-1-7",
            "chat_id": 70,
            "game_id": game_id,
        }

    def _handout(self, db: Any) -> str:
        handout = Handout(
            id=str(uuid4()),
            fp_id=1,
            order_id=uuid4().hex[:12],
            account_id=self.name,
            module="steam_rent",
            amount=1,
            state="delivered",
            created_at=self.opium.clock.now(),
        )
        db.add(handout)
        db.flush()
        return handout.id

    def alert(self, account: str = "acc1") -> None:
        """The release of this account has failed, and somebody was told."""
        from opium.work import open_work

        core = self.opium.core
        found = core.attachments.ready["steam_rent"]
        with open_work(core.tools, self.name, found) as work:
            work.alert("steam_release", f"release:{self.row(account).id}", "out of hand")

    def open_alerts(self) -> int:
        return int(self.opium.get("/api/alerts?open=true")["total"])

    def audit(self) -> list[tuple[str, str]]:
        items = self.opium.get("/api/audit")["items"]
        return [(item["action"], item["target"]) for item in items]
