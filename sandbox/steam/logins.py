"""Logins on their way: keys for passwords, and what waits for a Guard code (§5)."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.steam import rsa
from sandbox.steam.accounts import Account

if TYPE_CHECKING:
    from sandbox.steam.state import State


@dataclass(eq=False)
class Key:
    """The RSA key that one login name was given; a new timestamp each time."""

    login: str
    timestamp: int
    expires: float


@dataclass(eq=False)
class Login:
    """An authentication session."""

    client_id: int
    request_id: bytes
    account: Account
    platform: int
    description: str
    ip: str
    of_buyer: bool
    expires: float
    password: str = field(repr=False)
    approved: bool = False
    over: bool = False
    polls: int = 0
    wrong_codes: int = 0


class Keys:
    """The keys handed out. All have one modulus; what differs is the timestamp."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._by_timestamp: dict[int, Key] = {}

    def new(self, login: str) -> Key:
        """A key bound to this name, whether or not such an account exists."""
        now = self._state.now()
        timestamp = int(now) * 1_000_000 + len(self._by_timestamp) + 1
        key = Key(login.lower(), timestamp, now + self._state.switches.key_seconds)
        self._by_timestamp[timestamp] = key
        return key

    def open(self, login: str, timestamp: int, text: str) -> str | None:
        """The password that came sealed; None if the key is not this login's, old or unknown."""
        key = self._by_timestamp.get(timestamp)
        if key is None or key.login != login.lower() or key.expires <= self._state.now():
            return None
        return rsa.decrypt(text)

    def expire(self, account: Account) -> None:
        for key in self._by_timestamp.values():
            if key.login == account.login:
                key.expires = min(key.expires, self._state.now())


class Logins:
    """All authentication sessions."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._by_id: dict[int, Login] = {}

    def begin(
        self, account: Account, platform: int, description: str, ip: str, *, of_buyer: bool
    ) -> Login:
        state = self._state
        login = Login(
            state.chance.u64("client"), state.chance.bytes(16, "request"), account, platform,
            description, ip, of_buyer, state.now() + state.switches.login_seconds,
            account.password, approved=account.guard == "none",
        )  # fmt: skip
        self._by_id[login.client_id] = login
        return login

    def get(self, client_id: int) -> Login | None:
        return self._by_id.get(client_id)

    def rename(self, login: Login) -> None:
        """Another client_id from now on; the old one is unknown."""
        del self._by_id[login.client_id]
        login.client_id = self._state.chance.u64("client")
        self._by_id[login.client_id] = login

    def expired(self, login: Login) -> bool:
        return login.expires <= self._state.now()

    def password_outdated(self, login: Login) -> bool:
        allowed = self._state.switches.login_outlives_password
        return not allowed and login.password != login.account.password

    def expire(self, account: Account) -> None:
        for login in self._by_id.values():
            if login.account is account and not login.of_buyer:
                login.expires = min(login.expires, self._state.now())
