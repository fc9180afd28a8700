"""The cast of the REST stories of telegram_bot: a seller in his panel, over the Telegram double."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from driver import Driver, frozen_world
from sqlalchemy import select
from werkzeug.test import TestResponse

from opium.modules.telegram_bot.models import Bot, BotSetup, Button, Listed, Told
from opium.work import open_work
from sandbox.telegram import TelegramDouble
from sandbox.telegram.bots import Bot as DoubleBot


class Panel:
    """A seller with telegram_bot attached, and what he does in his panel."""

    def __init__(self, folder: Path, name: str = "shop") -> None:
        self.world = frozen_world()
        self.telegram = TelegramDouble(seed=1, clock=self.world.clock)
        self.opium = Driver(self.world, folder, telegram=self.telegram)
        self.account_id = name
        self.open(name)

    def open(self, name: str) -> None:
        """One more shop."""
        self.opium.watch(self.world.seller(name), "telegram_bot")

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self.opium.call(method, self.base + path, json, **more)

    def ask(self, method: str, path: str, json: Any = None, **more: Any) -> Any:
        return self.opium.ok(method, self.base + path, json, **more)

    def refused(self, method: str, path: str, json: Any = None) -> tuple[int, str]:
        answer = self.call(method, path, json)
        assert answer.status_code >= 400, answer.get_data(as_text=True)
        return answer.status_code, answer.get_json()["detail"]

    def status(self, method: str, path: str, json: Any = None) -> int:
        return self.call(method, path, json).status_code

    @property
    def base(self) -> str:
        return f"/api/accounts/{self.account_id}/modules/telegram_bot"

    def bot(self, username: str = "shop_bot") -> DoubleBot:
        """A bot that the account has."""
        bot = self.telegram.add_bot(username, "Магазин")
        self.ask("PATCH", "/config", {"bot_token": bot.token})
        return bot

    def lets_in(self, telegram_id: int, label: str = "") -> None:
        self.ask("POST", "/whitelist", {"telegram_id": telegram_id, "label": label})

    def button(self, endpoint: str = "/api/status", **fields: Any) -> Any:
        return self.ask("POST", "/bot-buttons", {"label": "x", "api_endpoint": endpoint, **fields})

    # --- what the panel cannot see

    def setup(self, account_id: str | None = None) -> BotSetup:
        with self.opium.core.db.read() as db:
            return db.get_one(BotSetup, account_id or self.account_id)

    def token(self, account_id: str | None = None) -> str:
        """The token in force."""
        row = self.setup(account_id)
        assert row.token_sealed is not None
        context = f"telegram_bot_setups:{row.account_id}:token"
        return self.opium.core.vault.open(row.token_sealed, context)

    def trouble(self, bot: DoubleBot, text: str) -> None:
        """The poller has met trouble with this bot."""
        with self.opium.core.db.write() as db:
            db.merge(Bot(bot_id=bot.id, offset=0, trouble=text))
        module = self.opium.core.attachments.ready["telegram_bot"]
        with open_work(self.opium.core.tools, self.account_id, module) as work:
            work.alert("telegram", "poll", text)

    def bot_row(self, bot: DoubleBot) -> Bot:
        with self.opium.core.db.read() as db:
            return db.get_one(Bot, bot.id)

    def told(self, kind: str, text: str = "x", account_id: str | None = None) -> None:
        """Something was told a second later."""
        self.world.travel(1)
        with self.opium.core.db.write() as db:
            db.add(
                Told(
                    account_id=account_id or self.account_id,
                    event_type=kind,
                    text_preview=text,
                    sent_to=1,
                    total=2,
                    at=self.opium.clock.now(),
                )
            )

    def user_row(self, telegram_id: int) -> Listed:
        with self.opium.core.db.read() as db:
            return db.get_one(Listed, (self.account_id, telegram_id))

    def button_row(self, button_id: str) -> Button:
        with self.opium.core.db.read() as db:
            found = db.scalar(select(Button).where(Button.button_id == button_id))
            assert found is not None
            return found

    def open_alerts(self) -> int:
        return int(self.opium.get("/api/alerts?open=true")["total"])

    def audit(self) -> list[str]:
        return [item["action"] for item in self.opium.get("/api/audit")["items"]]
