"""The cast of the outbox: a seller whose phone is at the other end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select
from telegram_rest_cast import Panel

from opium.job import Job
from opium.modules.telegram_bot import outbox, sending
from opium.modules.telegram_bot.models import Listed, Notice
from sandbox.telegram.messages import Message
from sandbox.telegram.users import User

MINUTE = 60.0
HOUR = 3600.0


class Office(Panel):
    """A shop with a bot, and Kim, who reads what it tells."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.shop_bot = self.bot()
        self.kim = self.phone(501, "Kim")

    def phone(self, telegram_id: int, name: str, *, starts: bool = True) -> User:
        """Somebody on the whitelist, who has pressed /start."""
        user = self.telegram.add_user(telegram_id, name)
        if starts:
            user.starts(self.shop_bot)
        self.lets_in(telegram_id, name)
        return user

    @property
    def job(self) -> Job:
        return Job(self.opium.core.tools, self.opium.core.attachments.ready["telegram_bot"])

    def tells(self, text: str, kind: str = "new_order", **more: Any) -> int:
        """Something to tell happened."""
        with self.job.work(self.account_id) as work:
            name = more.pop("name", text)
            return outbox.put(work, kind, f"{kind}:{text}", f"[shop] {text}", name=name, **more)

    def sends(self, seconds: float = 0) -> None:
        """The outbox is carried out for so long, and until nothing may go at once."""
        end = self.opium.clock.monotonic() + seconds
        while True:
            wait = sending.send_due(self.job)
            left = end - self.opium.clock.monotonic()
            if wait > left:
                self.world.travel(max(left, 0))
                return
            self.world.travel(max(wait, 0.001))

    def travel(self, seconds: float) -> None:
        self.world.travel(seconds)

    def shown(self, user: User | None = None) -> list[str]:
        """What stands in his chat with the bot."""
        return [message.text for message in self.messages(user)]

    def messages(self, user: User | None = None) -> list[Message]:
        return (user or self.kim).messages(self.shop_bot)

    def notices(self) -> list[Notice]:
        with self.opium.core.db.read() as db:
            return list(db.scalars(select(Notice).order_by(Notice.id)))

    def states(self) -> list[str]:
        return [notice.state for notice in self.notices()]

    def listed(self, telegram_id: int) -> Listed:
        with self.opium.core.db.read() as db:
            return db.get_one(Listed, (self.account_id, telegram_id))

    def log(self) -> list[tuple[str, int, int]]:
        """The event log that the panel shows."""
        found = self.ask("GET", "/events?limit=200")
        return [(e["event_type"], e["sent_to"], e["total"]) for e in found]

    def fails(self, action: str, phase: str = "before", **more: Any) -> Any:
        more.setdefault("method", "sendMessage")
        return self.telegram.faults.add(action, phase, **more)
