"""Tools: what every Work and Job is made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from requests.adapters import BaseAdapter

from opium.attachments import Attachments
from opium.backup.disk import Disk
from opium.backup.mode import Reconcile
from opium.clock import Clock
from opium.config import Config
from opium.db.session import Database
from opium.funpay.client import FunPay
from opium.inside import Inside
from opium.logs import Logging
from opium.metrics.counters import Counters
from opium.module import Module
from opium.vault import Vault

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tools:
    """What every Work and Job is made with; built once by `core`."""

    db: Database
    vault: Vault
    clock: Clock
    random: Random
    zone: ZoneInfo
    attachments: Attachments
    ring: Callable[[str], None]
    """Tell an account's worker that there is something to do."""
    client: Callable[[str], FunPay]
    """The signed-in client of a running account; raises Refused or UpstreamError."""
    running: Callable[[str], bool]
    account_changed: Callable[[str], None]
    """An account's row changed: drop copies in memory."""
    reconcile: Reconcile
    """Accounts that send nothing, since their database was put back."""
    disk: Disk
    config: Config
    wait: Callable[[float], object]
    """Lets seconds pass, in tasks only."""
    adapter: BaseAdapter | None
    """How tests reach the outside without a network."""
    inside: Inside
    counters: Counters
    """What is counted while we work, for `GET /api/metrics`."""
    lines: Logging | None = None
    """The log of this process, for those who watch it."""
    stops: list[Callable[[], None]] = field(default_factory=list)
    """What modules do when the server stops."""
    kept: dict[str, Any] = field(default_factory=dict)

    def kept_for(self, module: Module, name: str, make: Callable[[], T]) -> T:
        """What a module keeps in memory while the process lives; made at its first use."""
        full = f"{module.name}.{name}"
        kept: T = self.kept[full] if full in self.kept else self.kept.setdefault(full, make())
        return kept
