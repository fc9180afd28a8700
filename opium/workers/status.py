"""How an account is doing right now: kept in memory, shown by the API (contract 4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from opium.funpay.models import Contact

State = Literal[
    "created",
    "initializing",
    "ready",
    "starting",
    "running",
    "reconnecting",
    "stopping",
    "stopped",
    "error",
]

LIVE = ("starting", "running", "reconnecting")


@dataclass(slots=True)
class Status:
    """Written by the account's worker and the registry, read by everybody; one word each."""

    state: State = "created"
    initialised: bool = False
    error: str | None = None
    error_since: datetime | None = None
    last_poll: datetime | None = None
    chats: tuple[Contact, ...] = ()
    """The chat list as of the last look, newest first."""

    @property
    def is_running(self) -> bool:
        return self.state in LIVE

    @property
    def last_error(self) -> str | None:
        """What is wrong, and since when."""
        if self.error is None or self.error_since is None:
            return None
        since = self.error_since.isoformat(timespec="seconds").replace("+00:00", "Z")
        return f"{self.error.rstrip('.')}, since {since}"

    def trouble(self, text: str, now: datetime) -> None:
        """Something is wrong; the moment it began is kept while the text stays the same."""
        if self.error != text:
            self.error, self.error_since = text, self.error_since or now

    def fine(self) -> None:
        self.error = self.error_since = None
