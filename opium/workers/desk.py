"""What a worker's parts share: whose account it is, under which generation, with which client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from opium.account_config import AntiDetect, RateLimit, Reconnect
from opium.config import Config
from opium.db.tables import Account
from opium.funpay.client import FunPay
from opium.funpay.errors import FunPayError
from opium.funpay.gate import Busy
from opium.funpay.models import Look
from opium.tools import Tools
from opium.workers.ends import Ends


class Replaced(Exception):
    """This worker was replaced: another generation runs the account; it must fall silent."""


@dataclass(frozen=True, slots=True)
class Settings:
    """An account's configuration with defaults filled in."""

    golden_key: str
    user_agent: str
    proxy: dict[str, str] | str | None
    anti_detect: AntiDetect
    rate_limit: RateLimit
    reconnect: Reconnect
    disable_messages: bool
    disable_orders: bool


@dataclass(slots=True)
class Desk:
    """One account's workplace; used by its worker thread only, but for the client's gate."""

    account_id: str
    generation: int
    tools: Tools
    config: Config
    ends: Ends
    settings: Settings
    client: FunPay
    fp_id: int = 0
    newest_msg: int = 0
    """The largest message id this account has seen anywhere: the baseline of a send."""
    sales_signal: bool = True
    """Something says that the sales list changed."""
    open_sales: int | None = None
    """FunPay's last count of paid orders."""

    @property
    def now(self) -> datetime:
        return self.tools.clock.now()

    @contextmanager
    def write(self) -> Iterator[tuple[Session, Account]]:
        """A transaction in this worker's name; Replaced if the account has a newer worker."""
        with self.tools.db.write() as db:
            account = db.get_one(Account, self.account_id)
            if account.generation != self.generation:
                raise Replaced
            yield db, account

    def look(self) -> Look:
        """One poll, counted; raises what FunPay's answer means."""
        try:
            look = self.client.look()
        except Busy:  # our own pace: FunPay was not asked
            raise
        except FunPayError as exc:
            self.tools.counters.poll_failed(self.account_id, exc)
            raise
        self.tools.counters.polled(self.account_id)
        return look

    def saw(self, message_id: int | None) -> None:
        """Remember the largest message id."""
        if message_id is not None and message_id > self.newest_msg:
            self.newest_msg = message_id

    def listens(self, kind: str) -> bool:
        return bool(self.tools.attachments.listeners(self.account_id, kind))
