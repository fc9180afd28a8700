"""Everything the double knows, in memory, behind one lock."""

import threading
from dataclasses import dataclass

from sandbox.clock import Clock
from sandbox.log import Log
from sandbox.steam.accounts import Account, Accounts
from sandbox.steam.chance import Chance
from sandbox.steam.confirmations import RECOVERY, Confirmation, Confirmations
from sandbox.steam.faults import Faults
from sandbox.steam.limits import Limits
from sandbox.steam.logins import Keys, Logins
from sandbox.steam.switches import Switches
from sandbox.steam.tokens import RefreshToken, Tokens
from sandbox.steam.wizards import Wizards


@dataclass(frozen=True)
class Endpoints:
    """The base URLs of the five services."""

    api: str
    community: str
    store: str
    help: str
    login: str

    def as_settings(self) -> dict[str, str]:
        """As environment of Opium."""
        return {f"OPIUM_STEAM_{name.upper()}_URL": url for name, url in vars(self).items()}


class State:
    """Steam itself: the same seed and the same requests give the same state."""

    def __init__(self, clock: Clock, seed: int, endpoints: Endpoints) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.endpoints = endpoints
        self.switches = Switches()
        self.log = Log(clock.now)
        self.faults = Faults(seed)
        self.chance = Chance(seed)
        self.exits: dict[str, str] = {}
        """Name of a proxy → the IP it shows to Steam."""
        self.wrongdoings: list[str] = []
        """What no client may ever do, as it happened; a test asserts that it is empty."""
        self.accounts = Accounts(self)
        self.keys = Keys(self)
        self.logins = Logins(self)
        self.tokens = Tokens(self)
        self.limits = Limits(self)
        self.confirmations = Confirmations(self)
        self.wizards = Wizards(self)
        self.transfers: dict[tuple[str, str], tuple[RefreshToken, str]] = {}
        """Nonce and proof of a web login on its way → whose, and for which site."""

    def now(self) -> float:
        return self.clock.now().timestamp()

    def wrong(self, what: str) -> None:
        self.wrongdoings.append(what)

    def change_password(self, account: Account, new: str, keep: RefreshToken | None = None) -> None:
        """The password becomes another one, and the sessions die with the old one (§9, K4)."""
        account.set_password(new)
        self.tokens.revoke_all(account, keep)
        self.log.happened("password", account.login, new=new)

    def deauthorize(self, account: Account, keep: RefreshToken | None = None) -> None:
        """Sign out everywhere (§9, K1)."""
        self.tokens.revoke_all(account, keep)
        self.log.happened("deauthorize", account.login)

    def buyer_kicks(self, account: Account) -> None:
        """The buyer presses the button: whoever is not him is out."""
        for token in self.tokens.of(account):
            if not token.of_buyer and token.state == "issued":
                token.state = "revoked"

    def buyer_changes_password(self, account: Account, new: str) -> None:
        account.set_password(new)
        self.buyer_kicks(account)

    def answer_confirmation(self, found: Confirmation, allow: bool) -> None:
        """Accept or cancel; accepting what nobody of ours asked for is the worst of all."""
        found.state = "allowed" if allow else "cancelled"
        self.log.happened(
            "confirmation", found.account.login, id=str(found.id), type=found.type, allow=allow
        )
        wizard = self.wizards.named(str(found.creator_id))
        ours = wizard is not None and not wizard.owner.of_buyer
        if allow and (found.type != RECOVERY or not ours):
            login = found.account.login
            self.wrong(f"{login}: accepted a foreign confirmation of type {found.type}")
