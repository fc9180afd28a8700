"""The state of a password change: what was proven so far, and what may come next (§8)."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.steam.accounts import Account
from sandbox.steam.confirmations import NEVER, RECOVERY, Confirmation
from sandbox.steam.tokens import RefreshToken

if TYPE_CHECKING:
    from sandbox.steam.state import State

NEW, SENT, CONFIRMED, VERIFIED = "NEW", "SENT", "CONFIRMED", "VERIFIED"
NEXT, OLD_OK, DONE, CLOSED = "NEXT", "OLD_OK", "DONE", "CLOSED"
WRONG_PASSWORDS = 3


@dataclass(eq=False)
class Wizard:
    """One account recovery session; `s` is its number in every request."""

    s: int
    account: Account
    owner: RefreshToken
    created: float
    expires: float
    state: str = NEW
    confirmations: list[Confirmation] = field(default_factory=list)
    wrong_passwords: int = 0
    sending: bool = False
    """A ChangePassword arrived, and the client was not clearly refused."""

    @property
    def stage(self) -> str:
        """The state, with what happened to the confirmation meanwhile."""
        if self.state == SENT:
            if any(c.state == "allowed" for c in self.confirmations):
                return CONFIRMED
            if any(c.state == "cancelled" for c in self.confirmations):
                return CLOSED
        return self.state


class Wizards:
    """All recovery sessions."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._by_s: dict[int, Wizard] = {}

    def begin(self, account: Account, owner: RefreshToken) -> Wizard:
        state = self._state
        now = state.now()
        s = state.chance.u64("wizard")
        wizard = Wizard(s, account, owner, now, now + state.switches.wizard_seconds)
        self._by_s[s] = wizard
        return wizard

    def named(self, s: str) -> Wizard | None:
        return self._by_s.get(int(s)) if s.isdecimal() else None

    def open(self, s: str, owner: RefreshToken) -> Wizard | None:
        """The wizard if it still runs and belongs to this session."""
        wizard = self.named(s)
        if wizard is None or wizard.owner is not owner or wizard.stage == CLOSED:
            return None
        return wizard if wizard.expires > self._state.now() else None

    def of(self, account: Account) -> list[Wizard]:
        return [w for w in self._by_s.values() if w.account is account]

    def send(self, wizard: Wizard, delay: float | None) -> None:
        """Make the confirmation appear after `delay` seconds; None is never."""
        again = wizard.confirmations and not self._state.switches.resend_adds
        if not again:
            wait = NEVER if delay is None else delay
            made = self._state.confirmations.add(wizard.account, RECOVERY, wizard.s, wait)
            wizard.confirmations.append(made)
        wizard.state = SENT

    def expire(self, account: Account) -> None:
        for wizard in self.of(account):
            wizard.expires = min(wizard.expires, self._state.now())
