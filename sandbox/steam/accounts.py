"""Accounts of Steam, their secrets and their passwords."""

import json
from base64 import b32encode, b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.steam import codes

if TYPE_CHECKING:
    from sandbox.steam.state import State

FIRST_STEAMID = 76561197960265728
COMMON = ("password", "12345678", "qwerty123", "qwertyui", "steam123", "11111111", "password1")
GUARDS = ("totp", "email", "none", "moved")
"""`moved`: another phone has the authenticator, so codes of our secret are wrong."""
DEMANDS = ("", "email", "phone", "remove_guard", "error")
BLOCKS = {"disabled": 43, "banned": 17, "locked": 73}


@dataclass(eq=False)
class Account:
    """One Steam account. The fields from `guard` on can be changed by tests and the control API."""

    state: "State" = field(repr=False)
    login: str
    password: str
    steamid: int
    shared_secret: bytes
    identity_secret: bytes
    device_id: str
    token_gid: str
    guard: str = "totp"
    blocked: str = ""
    agreement_pending: bool = False
    throttled: bool = False
    """BeginAuth answers 87."""
    need_fresh_web_login: bool = False
    """The help site wants a web login of the last ten minutes."""
    email_proof_required: bool = False
    """The wizard answers `html` with another demand instead of going on."""
    wizard_demand: str = ""
    """What the wizard's first page asks for instead of a confirmation; see DEMANDS."""
    proxy: str = ""
    """Name of the proxy that all requests of ours must come through."""
    history: list[str] = field(default_factory=list)
    last_password_change: float | None = None
    guard_removed: bool = False
    used_windows: dict[int, int] = field(default_factory=dict)
    """Window → client_id of the login that it served."""
    tags: dict[int, str] = field(default_factory=dict)
    """`t` of a `/mobileconf` request → its tag."""
    last_getlist: float | None = None

    @property
    def accountid(self) -> int:
        return self.steamid - FIRST_STEAMID

    @property
    def mafile(self) -> str:
        """What the seller uploads: the text of `<steamid64>.maFile` (§4)."""
        return json.dumps(self.secrets())

    def secrets(self) -> dict[str, Any]:
        secret = b64encode(self.shared_secret).decode()
        base32 = b32encode(self.shared_secret).decode()
        return {
            "shared_secret": secret,
            "serial_number": str(self.state.chance.stream(f"serial {self.login}").getrandbits(63)),
            "revocation_code": "R" + str(self.steamid)[-5:],
            "uri": f"otpauth://totp/Steam:{self.login}?secret={base32}&issuer=Steam",
            "server_time": int(self.state.now()),
            "account_name": self.login,
            "token_gid": self.token_gid,
            "identity_secret": b64encode(self.identity_secret).decode(),
            "secret_1": b64encode(self.identity_secret[::-1]).decode(),
            "status": 1,
            "device_id": self.device_id,
            "phone_number_hint": None,
            "confirm_type": 0,
            "fully_enrolled": True,
            "Session": {
                "SteamID": self.steamid,
                "AccessToken": None,
                "RefreshToken": None,
                "SessionID": None,
            },
        }

    def takes_code(self, code: str, client_id: int) -> bool:
        """Whether this Guard code is good for this login; it is then used up (§3) [A]."""
        if self.guard == "moved":
            return False
        now, spread = codes.window_at(self.state.now()), int(self.state.switches.skew_windows)
        for window in range(max(0, now - spread), now + spread + 1):
            if codes.guard_code(self.shared_secret, window) == code:
                return self.used_windows.setdefault(window, client_id) == client_id
        return False

    def allows_password(self, new: str) -> bool:
        """Steam's rules for a new password (§11)."""
        return (
            new.isascii()
            and len(new) >= 8
            and new.lower() != self.login
            and new.lower() not in COMMON
            and new not in (self.password, *self.history)
        )

    def set_password(self, new: str) -> None:
        self.history.append(self.password)
        self.password, self.last_password_change = new, self.state.now()


class Accounts:
    """All accounts, by login and by id."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._by_login: dict[str, Account] = {}

    def __iter__(self) -> Iterator[Account]:
        return iter(list(self._by_login.values()))

    def add(self, login: str, password: str, **more: Any) -> Account:
        """Secrets may be bytes or base64; whatever is not told is made from the seed."""
        login = login.lower()
        if login in self._by_login:
            raise ValueError(f"there is an account {login!r}")
        chance = self._state.chance.stream(f"account {login}")
        steamid = int(more.pop("steamid", 0)) or FIRST_STEAMID + chance.randint(1, 2**31)
        settings: dict[str, Any] = {
            "shared_secret": _secret(more.pop("shared_secret", None) or chance.randbytes(20)),
            "identity_secret": _secret(more.pop("identity_secret", None) or chance.randbytes(20)),
            "device_id": more.pop("device_id", None) or codes.device_id(steamid),
            "token_gid": more.pop("token_gid", None) or f"{chance.getrandbits(64):x}",
        }
        account = Account(self._state, login, password, steamid, **settings)
        change(account, more)
        self._by_login[login] = account
        return account

    def get(self, login: str) -> Account | None:
        return self._by_login.get(login.lower())

    def by_steamid(self, steamid: int) -> Account | None:
        return next((a for a in self if a.steamid == steamid), None)


def change(account: Account, changes: dict[str, Any]) -> None:
    """Set what may be set from outside; ValueError names what may not."""
    for name, value in changes.items():
        old = getattr(account, name) if name in CHANGEABLE else None
        if type(value) is not type(old) or (name in CHOICES and value not in CHOICES[name]):
            raise ValueError(f"`{name}` cannot be {value!r}")
    for name, value in changes.items():
        setattr(account, name, value)


CHOICES = {"guard": GUARDS, "blocked": ("", *BLOCKS), "wizard_demand": DEMANDS}
CHANGEABLE = ("guard", "blocked", "agreement_pending", "throttled", "need_fresh_web_login",
              "email_proof_required", "wizard_demand", "proxy", "history", "device_id",
              "password")  # fmt: skip


def _secret(told: str | bytes) -> bytes:
    return told if isinstance(told, bytes) else b64decode(told, validate=True)
