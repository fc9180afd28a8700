"""Mobile confirmations of an account, ours and those that others made appear (§7)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.steam.accounts import Account

if TYPE_CHECKING:
    from sandbox.steam.state import State

RECOVERY = 6
KINDS = {
    2: ("Trade Offer", "Trade with Mallory"),
    3: ("Market Listing", "Sell - AK-47"),
    6: ("Account details", "Account recovery"),
    9: ("Register API Key", "Create a Web API key"),
    11: ("Join Family", "Join Mallory's family"),
}
NEVER = float("inf")


@dataclass(eq=False)
class Confirmation:
    """One line of the list in the phone app."""

    account: Account
    id: int
    nonce: int
    type: int
    creator_id: int
    created: float
    visible_from: float
    state: str = "pending"

    def as_json(self) -> dict[str, Any]:
        name, headline = KINDS[self.type]
        return {
            "type": self.type,
            "type_name": name,
            "id": str(self.id),
            "creator_id": str(self.creator_id),
            "nonce": str(self.nonce),
            "creation_time": int(self.created),
            "cancel": "Cancel",
            "accept": "Confirm",
            "icon": "",
            "multi": self.type in (2, 3),
            "headline": headline,
            "summary": [""],
            "warn": None,
        }


class Confirmations:
    """All confirmations, in the order they were made."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._all: list[Confirmation] = []

    def add(
        self, account: Account, kind: int, creator_id: int = 0, delay: float = 0
    ) -> Confirmation:
        state = self._state
        now = state.now()
        made = Confirmation(
            account, state.chance.u64("confirmation") >> 1, state.chance.u64("nonce"), kind,
            creator_id or state.chance.u64("creator"), now, now + delay,
        )  # fmt: skip
        self._all.append(made)
        return made

    def decoys(self, account: Account) -> None:
        """Trade, market, API key, family, and an account recovery that is not ours."""
        for kind in KINDS:
            self.add(account, kind)

    def of(self, account: Account) -> list[Confirmation]:
        return [c for c in self._all if c.account is account]

    def listed(self, account: Account) -> list[Confirmation]:
        now = self._state.now()
        shown = [c for c in self.of(account) if c.state == "pending" and c.visible_from <= now]
        return shown[::-1]

    def find(self, account: Account, cid: str, nonce: str) -> Confirmation | None:
        wanted = (cid, nonce)
        listed = self.listed(account)
        return next((c for c in listed if (str(c.id), str(c.nonce)) == wanted), None)
