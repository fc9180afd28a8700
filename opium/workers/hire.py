"""Making a worker: its settings from the row, its client, gate and desk."""

from __future__ import annotations

import json
import logging
import threading
from functools import partial
from typing import Any

from requests.adapters import BaseAdapter
from sqlalchemy import select, update

from opium.account_config import AntiDetect, RateLimit, Reconnect
from opium.config import Config
from opium.db.tables import Account
from opium.dispatch import Dispatch
from opium.errors import NotFound
from opium.funpay.client import FunPay
from opium.funpay.gate import Gate, Pace, Pauses, Wait
from opium.net.proxy import outgoing, parse_proxy
from opium.tools import Tools
from opium.workers.desk import Desk, Settings
from opium.workers.ends import Ends
from opium.workers.status import Status
from opium.workers.worker import Worker

log = logging.getLogger("opium.registry")


class Hire:
    """Builds workers; `adapter` stands in for the network in tests."""

    def __init__(
        self,
        tools: Tools,
        config: Config,
        ends: Ends,
        adapter: BaseAdapter | None = None,
        wait: Wait | None = None,
    ) -> None:
        self._tools, self._config, self._ends, self._adapter = tools, config, ends, adapter
        self._wait = wait or threading.Condition.wait
        self._pauses = Pauses(tools.clock)

    def worker(self, account_id: str, status: Status, dispatch: Dispatch) -> Worker:
        """A worker with a new generation, not started yet."""
        generation = self._raise_generation(account_id)
        settings = self.settings(account_id)
        desk = Desk(
            account_id=account_id,
            generation=generation,
            tools=self._tools,
            config=self._config,
            ends=self._ends,
            settings=settings,
            client=self._client(account_id, settings),
        )
        return Worker(desk, status, dispatch)

    def settings(self, account_id: str) -> Settings:
        """The account's configuration, opened and with defaults."""
        with self._tools.db.read() as db:
            row = db.get(Account, account_id)
            if row is None:
                raise NotFound("Account not found")
            return settings_of(self._tools, row)

    def apply(self, worker: Worker, settings: Settings) -> None:
        """What a running worker can take over at once: pauses, pace, back-off, switches."""
        if settings.reconnect != worker.desk.settings.reconnect:
            worker.retry_now()
        worker.desk.settings = settings
        worker.desk.client.gate.set_pace(pace_of(settings.rate_limit))
        delays = settings.anti_detect
        worker.desk.client.set_refresh(
            delays.session_refresh_interval, delays.session_refresh_jitter
        )
        worker.ring()

    def _client(self, account_id: str, settings: Settings) -> FunPay:
        gate = Gate(
            pace_of(settings.rate_limit),
            clock=self._tools.clock,
            random=self._tools.random,
            pauses=self._pauses,
            address=outgoing(parse_proxy(settings.proxy)),
            wait=self._wait,
        )
        return FunPay(
            self._config.funpay_url,
            settings.golden_key,
            user_agent=settings.user_agent,
            proxy=parse_proxy(settings.proxy),
            gate=gate,
            clock=self._tools.clock,
            random=self._tools.random,
            adapter=self._adapter,
            before_request=self._no_transaction_open,
            heard=partial(self._tools.counters.answered, account_id),
            session_refresh_interval=settings.anti_detect.session_refresh_interval,
            session_refresh_jitter=settings.anti_detect.session_refresh_jitter,
        )

    def _no_transaction_open(self) -> None:
        if self._tools.db.in_transaction:
            raise RuntimeError("the network is used inside a transaction (D13)")

    def _raise_generation(self, account_id: str) -> int:
        """From now on the writes of every earlier worker change nothing."""
        with self._tools.db.write() as db:
            db.execute(
                update(Account)
                .where(Account.id == account_id)
                .values(generation=Account.generation + 1)
            )
            return db.scalars(select(Account.generation).where(Account.id == account_id)).one()


def settings_of(tools: Tools, row: Account) -> Settings:
    """Open an account's row."""
    key = tools.vault.open(row.golden_key_sealed, key_context(row.id))
    proxy = (
        json.loads(tools.vault.open(row.proxy_sealed, proxy_context(row.id)))
        if row.proxy_sealed
        else None
    )
    return Settings(
        golden_key=key,
        user_agent=row.user_agent,
        proxy=proxy,
        anti_detect=AntiDetect.of(_given(row.anti_detect)),
        rate_limit=RateLimit.of(_given(row.rate_limit)),
        reconnect=Reconnect.of(_given(row.reconnect)),
        disable_messages=row.disable_messages,
        disable_orders=row.disable_orders,
    )


def pace_of(limit: RateLimit) -> Pace:
    return Pace(**limit.model_dump())


def key_context(account_id: str) -> str:
    return f"accounts:{account_id}:golden_key"


def proxy_context(account_id: str) -> str:
    return f"accounts:{account_id}:proxy"


def _given(text: str | None) -> dict[str, Any] | None:
    found: dict[str, Any] | None = json.loads(text) if text else None
    return found
