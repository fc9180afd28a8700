"""The cast of the Telegram stories: a shop with a bot, and the phone of its owner.

Everything is real but the outside: FunPay's world and the Telegram double live in this process,
time stands still, and no thread runs: `phone.hears()` is one poll of the bot.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from driver import Driver, frozen_world
from sqlalchemy import select

from opium.job import Job
from opium.modules.telegram_bot import bots, module, polling
from opium.modules.telegram_bot.models import Notice, Update
from sandbox.steam import SteamDouble
from sandbox.telegram import Bot, Callback, Group, Message, TelegramDouble, User
from sandbox.world import Order, Seller

OWNER = 501
STRANGER = 666


class Phone:
    """A shop whose owner has a bot. `says` and `presses` are his; the bot hears them at once."""

    def __init__(self, folder: Path, *modules: str, name: str = "shop") -> None:
        self.world = frozen_world()
        self.telegram = TelegramDouble(seed=1, clock=self.world.clock)
        self.steam = SteamDouble(clock=self.world.clock)
        self.opium = Driver(self.world, folder, telegram=self.telegram, steam=self.steam)
        self._let_workers_answer()
        self.name = name
        self.seller: Seller = self.world.seller(name)
        self.buyer = self.world.buyer("ann")
        self.bot: Bot = self.telegram.add_bot("shop_bot", "Магазин")
        self.owner: User = self.telegram.add_user(OWNER, "Оля")
        self.opens(self.seller, *modules)
        self.owner.starts(self.bot)
        self.hears()

    def opens(self, seller: Seller, *modules: str, bot: Bot | None = None) -> str:
        """A shop of the owner, which talks through the bot."""
        account = self.opium.watch(seller, "telegram_bot", *modules)
        self.ask("PATCH", "/config", {"bot_token": (bot or self.bot).token}, account)
        self.admits(self.owner, account)
        return account

    def admits(self, who: User, account: str | None = None) -> None:
        """Put somebody on the whitelist."""
        body = {"telegram_id": who.id, "label": who.name}
        self.ask("POST", "/whitelist", body, account)

    def dismisses(self, who: User) -> None:
        self.ask("DELETE", f"/whitelist/{who.id}")

    def ask(self, method: str, path: str, json: Any = None, account: str | None = None) -> Any:
        """A route of the module, as the web client calls it."""
        base = f"/api/accounts/{account or self.name}/modules/telegram_bot"
        return self.opium.ok(method, base + path, json)

    def sets(self, account: str | None = None, **settings: Any) -> None:
        """Settings of the module (section 5 of the contract)."""
        path = f"/api/accounts/{account or self.name}/modules/telegram_bot"
        known = {k: v for k, v in self.opium.get(path)["config"].items() if v is not None}
        self.opium.ok("PUT", path, {"config": known | settings})

    # --- what happens on phones

    def says(self, text: str, who: User | None = None) -> list[str]:
        """He writes to the bot, and this is what it answers."""
        who = who or self.owner
        before = len(who.messages(self.bot))
        who.writes(self.bot, text)
        self.hears()
        return who.texts(self.bot)[before:]

    def presses(
        self, button: str, message: Message | None = None, who: User | None = None, **more: Any
    ) -> Callback:
        """He presses a button of the bot's last message, or of another."""
        who = who or self.owner
        pressed = who.presses(message or self.last(who), button, **more)
        self.hears()
        return pressed

    def replies(self, message: Message, text: str, who: User | None = None) -> list[str]:
        """He answers a message of the bot."""
        who = who or self.owner
        before = len(who.messages(self.bot))
        who.replies(message, text)
        self.hears()
        return who.texts(self.bot)[before:]

    def last(self, who: User | None = None) -> Message:
        return (who or self.owner).messages(self.bot)[-1]

    def buttons(self, message: Message | None = None) -> list[str]:
        return [button.text for button in (message or self.last()).buttons]

    def rows(self, message: Message | None = None) -> list[int]:
        """How many buttons each row has."""
        markup = (message or self.last()).markup or {}
        return [len(row) for row in markup.get("inline_keyboard", [])]

    def group(self, **more: Any) -> Group:
        """A forum of the owner and the bot."""
        return self.telegram.add_group("Форум", self.owner, forum=True, admins=(self.bot,), **more)

    # --- the bot

    @property
    def job(self) -> Job:
        return Job(self.opium.core.tools, module)

    def hears(self, times: int = 1) -> float:
        """One poll of the bot; seconds until the next."""
        pause = 0.0
        for _ in range(times):
            pause = polling.poll_once(self.job, self.bot.id, 0)
        return pause

    def notice(self, about: dict[str, Any], html: str = "…", account: str | None = None) -> Message:
        """A notice that the bot has sent, with what its buttons and answers act on."""
        account = account or self.name
        sent = bots.client_of(self.job, account).send(OWNER, html)
        with self.job.work(account) as work:
            work.db.add(
                Notice(
                    account_id=account,
                    bot_id=self.bot.id,
                    chat=OWNER,
                    kind="new_order",
                    key=f"test:{sent}",
                    about=about,
                    state="sent",
                    message_id=sent,
                    created_at=work.now,
                )
            )
        return self.last()

    def restart(self) -> None:
        """The process dies and starts again; the shop polls on."""
        self.opium.restart()
        self._let_workers_answer()
        self.opium.poll(self.seller)

    def travel(self, seconds: float) -> None:
        self.world.travel(seconds)

    # --- what the shop has, and what became of it

    def order(self, title: str = "Ключ") -> Order:
        """An order that the buyer has paid."""
        return self.buyer.buys(self.seller.lot(title))

    @property
    def chat(self) -> int:
        """Where shop and buyer talk."""
        found = self.world.chats.find_between(self.buyer.id, self.seller.id)
        assert found is not None
        return found.id

    def bought(self) -> list[str]:
        """What the buyer has read from the shop."""
        return self.buyer.messages_from(self.seller)

    def audit(self, action: str) -> list[tuple[str, str, str]]:
        """(actor, target, result) of each such line, oldest first."""
        items = self.opium.get("/api/audit?limit=100")["items"]
        return [(i["actor"], i["target"], i["result"]) for i in items if i["action"] == action][
            ::-1
        ]

    def alerts(self) -> list[str]:
        items = self.opium.get("/api/alerts?open=true")["items"]
        return [item["text"] for item in items if item["kind"] == "telegram"]

    def updates(self) -> list[Update]:
        """The inbox, without the owner's own /start."""
        with self.opium.core.db.read() as db:
            return list(db.scalars(select(Update).order_by(Update.update_id)))[1:]

    def _let_workers_answer(self) -> None:
        """A route that waits lets the workers go on, which have no threads of their own here."""
        ends = self.opium.core.ends

        def wait(command_id: int, seconds: float) -> None:
            self._work(until=lambda: ends._ended.get(command_id, True))
            ends._ended.pop(command_id, None)

        def wait_any(account_id: str, seconds: float) -> None:
            before = ends._count[account_id]
            self._work(until=lambda: ends._count[account_id] != before)

        ends.wait, ends.wait_any = wait, wait_any  # type: ignore[method-assign]

    def _work(self, *, until: Any, steps: int = 30) -> None:
        for _ in range(steps):
            if until():
                return
            self.world.travel(1)
            for info in self.opium.core.accounts.list():
                worker = self.opium.core.registry.worker(info.account_id)
                if worker is not None:
                    worker.guarded_step()
