"""Job: one run of a module's task. It opens Works, and may use the network between them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from opium.funpay.client import FunPay
from opium.logs import Watcher
from opium.module import Module
from opium.tools import T, Tools
from opium.work import Work, open_work


class Job:
    """One run of a module's task: opens Works, may use the network between them."""

    def __init__(self, tools: Tools, module: Module) -> None:
        self._tools = tools
        self._module = module
        self.clock = tools.clock
        self.random = tools.random
        self.vault = tools.vault
        self.config = tools.config
        self.zone = tools.zone
        self.wait = tools.wait
        self.adapter = tools.adapter
        self.inside = tools.inside

    @property
    def now(self) -> datetime:
        return self._tools.clock.now()

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """What this module keeps in memory under `name`; see `Tools.kept_for`."""
        return self._tools.kept_for(self._module, name, make)

    def at_stop(self, call: Callable[[], None]) -> None:
        """Run `call`, in a thread of its own and for seconds only, when the server stops: whoever
        starts a thread in a task ends it so."""
        self._tools.stops.append(call)

    def watch_log(self, watcher: Watcher) -> None:
        """Let `watcher` see every line of the log from now on, redacted; it must return at once."""
        if self._tools.lines is not None:
            self._tools.lines.watch(watcher)

    def accounts(self) -> list[str]:
        """Accounts that this module is attached to."""
        return self._tools.attachments.accounts_with(self._module.name)

    def running(self, account_id: str) -> bool:
        """Whether the account polls now."""
        return self._tools.running(account_id)

    def reconciling(self, account_id: str) -> bool:
        """Whether the account sends nothing, since its database was put back."""
        return self._tools.reconcile.holds(account_id)

    def settings(self, account_id: str) -> Any:
        return self._tools.attachments.get(account_id, self._module.name).settings

    def read(self) -> AbstractContextManager[Session]:
        return self._tools.db.read()

    def work(self, account_id: str) -> AbstractContextManager[Work]:
        """A Work of this module; commits at the end, or rolls back on an error."""
        return open_work(self._tools, account_id, self._module)

    def funpay(self, account_id: str) -> FunPay:
        """The account's client, for reads, never inside a Work; raises if it is not running."""
        return self._tools.client(account_id)
